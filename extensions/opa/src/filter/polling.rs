//! Fetches policies over callouts of the root context.

use std::{cell::Cell, cell::RefCell, time::Duration, time::SystemTime};

use extension_common::{config, hostcalls};
use proxy_wasm::types::{BufferType, MapType};

use super::active::Active;
use crate::{
    config::Poll,
    poll::{Answer, Change, MAX_BODY, Part, Poller},
};

/// What is fetched, and when it was last.
pub(super) struct Polling {
    poller: RefCell<Poller>,
    asked: Cell<Option<SystemTime>>,
}

/// How soon to try again while there is no policy at all.
const FIRST_INTERVAL: Duration = Duration::from_secs(1);

impl Polling {
    /// Begins at once.
    pub(super) fn new(poll: &Poll) -> Self {
        Self {
            poller: RefCell::new(Poller::new(poll)),
            asked: Cell::new(None),
        }
    }

    /// Whether it is time; if so, notes that it is asked now.
    fn is_due(&self) -> bool {
        let now = hostcalls::current_time().unwrap_or(SystemTime::UNIX_EPOCH);
        let poller = self.poller.borrow();
        let interval = match poller.is_complete() {
            true => poller.poll().interval,
            false => FIRST_INTERVAL.min(poller.poll().interval),
        };
        // A clock that went back must not stop it.
        let is_due = self.asked.get().is_none_or(|asked| {
            now.duration_since(asked)
                .map_or(true, |since| since >= interval)
        });
        if is_due {
            self.asked.set(Some(now));
        }
        is_due
    }
}

/// Asks for what is to be fetched, if it is time: the tokens of the callouts.
pub(super) fn ask(active: &Active) -> Vec<(u32, Part)> {
    let Some(polling) = &active.polling else {
        return Vec::new();
    };
    if !polling.is_due() {
        return Vec::new();
    }
    let mut poller = polling.poller.borrow_mut();
    let mut asked = Vec::new();
    for part in poller.begin().unwrap_or_default() {
        let poll = poller.poll();
        let sent = proxy_wasm::hostcalls::dispatch_http_call(
            &poll.cluster,
            poller.headers(part),
            None,
            Vec::new(),
            poll.timeout,
        );
        match sent {
            Ok(token) => asked.push((token, part)),
            Err(status) => {
                log::warn!("the policy cannot be fetched: the proxy answered {status:?}");
                active.metrics.policy_error();
                poller.end();
            }
        }
    }
    asked
}

/// Takes the answer that the host has called with.
pub(super) fn take_answer(active: &Active, part: Part, body_size: usize) {
    let Some(polling) = &active.polling else {
        return;
    };
    let header = |name| {
        hostcalls::get_map_value(MapType::HttpCallResponseHeaders, name)
            .ok()
            .flatten()
    };
    let (status, etag) = (header(":status").unwrap_or_default(), header("etag"));
    // One byte more than there may be shows that there is more.
    let size = body_size.min(MAX_BODY.saturating_add(1));
    let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size);
    let body = body.ok().flatten().unwrap_or_default();
    let answer = Answer {
        status: &status,
        etag: etag.as_deref(),
        body: &body,
    };
    let taken = polling.poller.borrow_mut().answer(part, &answer);
    if let Err(problem) = taken {
        let status = String::from_utf8_lossy(&status);
        log::warn!("the policy cannot be fetched: {problem} ({status})");
        active.metrics.policy_error();
    }
    let change = polling.poller.borrow_mut().end();
    if let Some(change) = change {
        replace(active, change);
    }
}

fn replace(active: &Active, change: Change) {
    let data = change.data.as_deref().map(str::as_bytes);
    let data = data.map(config::parse::<serde_json::Map<_, _>>).transpose();
    let replaced = data.and_then(|data| {
        let data = data.map(serde_json::Value::Object);
        active.replace_policy(change.policy.as_deref(), data.as_ref())
    });
    match replaced {
        Ok(()) => {
            log::info!("another policy is in force");
            active.metrics.policy_updated();
        }
        Err(error) => {
            log::warn!("the policy that was fetched is refused, the one before stays: {error}");
            active.metrics.policy_error();
            if let Some(polling) = &active.polling {
                polling.poller.borrow_mut().refuse(change);
            }
        }
    }
}
