//! Requests whose body is waited for.

use std::{rc::Rc, time::Duration};

use extension_common::{headers::HeaderView, hostcalls};

use super::{
    super::{
        enforce::Verdict,
        stream::{Phase, Stream},
    },
    Active,
};

/// How long the first bytes of a body may take.
const BODY_WAIT: Duration = Duration::from_secs(5);

impl Active {
    pub(in crate::filter) fn body_limit(&self) -> usize {
        let body = self.input.rules().body.as_ref();
        body.map_or(0, |body| body.max_bytes)
    }

    /// Whether the policy sees the body of such a request. The bytes after an upgrade are none.
    pub(in crate::filter) fn wants_body(&self, headers: &HeaderView) -> bool {
        let Some(body) = &self.input.rules().body else {
            return false;
        };
        headers
            .get("content-type")
            .is_some_and(|content_type| body.wants(content_type))
            && headers.get("upgrade").is_none()
            && headers.get(":method") != Some(b"CONNECT")
    }

    pub(in crate::filter) fn await_body(&self, stream: &Rc<Stream>) {
        stream.set_phase(Phase::AwaitsBody);
        let waiting = (self.ticks.get(), Rc::downgrade(stream));
        self.bodiless.borrow_mut().push(waiting);
    }

    /// Ends the wait of requests whose body does not come. Where the proxy's config lacks
    /// `allow_on_headers_stop_iteration`, none ever does.
    pub(in crate::filter) fn refuse_bodiless(&self) {
        self.ticks.set(self.ticks.get().wrapping_add(1));
        let Some(period) = self.tick_period else {
            return;
        };
        let patience = BODY_WAIT.as_millis().div_euclid(period.as_millis().max(1));
        let mut late = Vec::new();
        self.bodiless.borrow_mut().retain(|(since, stream)| {
            let Some(stream) = stream.upgrade().filter(|stream| stream.awaits_any_body()) else {
                return false;
            };
            let is_late = u128::from(self.ticks.get().wrapping_sub(*since)) > patience;
            if is_late {
                late.push(stream);
            }
            !is_late
        });
        for stream in late {
            // Clients could fill the log with it.
            let level = match self.has_missed_body.replace(true) {
                false => log::Level::Warn,
                true => log::Level::Debug,
            };
            log::log!(
                level,
                "no body came for 5 s: does the plugin's config in the proxy say \
                 `allow_on_headers_stop_iteration: true`?"
            );
            if hostcalls::set_effective_context(stream.id).is_ok() {
                self.conclude_later(&stream, &Verdict::NoBody);
            }
        }
    }
}
