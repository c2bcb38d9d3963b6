//! The Proxy-Wasm callbacks: read from the host, ask the core, act.
//!
//! A request that waits for a decision is held back whole: headers, body and trailers. Requests with
//! equal inputs wait for one answer, which the stream that asked hands to the others.

mod active;
mod callout;
mod enforce;
mod facts;
mod metrics;
mod polling;
mod stream;

use std::{collections::HashMap, rc::Rc, time::Duration};

use extension_common::{
    config::{self, ConfigError},
    headers::HeaderView,
    hostcalls, metric,
    reply::LocalReply,
};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, BufferType, ContextType, MapType},
};

use crate::{answer::Failure, config::ConfigJson, flights::Key, poll::Part};
use active::Active;
use metrics::Metrics;
use stream::{Phase, Stream};

/// The plugin, as the SDK wants it.
pub fn root_context() -> Box<dyn RootContext> {
    Box::new(Root::default())
}

/// One per worker and configuration.
#[derive(Default)]
struct Root {
    /// Defined once: the host keeps every definition.
    metrics: Option<Metrics>,
    active: Option<Rc<Active>>,
    /// Configurations that are no longer in force, but that requests still wait under.
    retired: Vec<Rc<Active>>,
    /// What this context itself has asked, by the callouts' tokens.
    asked: HashMap<u32, (Rc<Active>, Asked)>,
}

/// What an answer is about.
enum Asked {
    /// Requests that wait for a decision, and whose own callout is gone.
    Decision(Key),
    /// A part of the policy.
    Policy(Part),
}

impl Root {
    fn configure(&mut self, metrics: Metrics) -> Result<(), ConfigError> {
        let config = config::read::<ConfigJson>()?.validate()?;
        let active = Active::new(config, metrics)?;
        if let Some(period) = active.tick_period() {
            hostcalls::set_tick_period(period)?;
        }
        let active = Rc::new(active);
        self.forget_retired();
        if let Some(before) = self.active.replace(active.clone()) {
            self.retired.push(before);
        }
        self.poll(&active);
        Ok(())
    }
}

impl Root {
    /// Requests hold a configuration that is not in force while they wait under it.
    fn forget_retired(&mut self) {
        self.retired.retain(|active| Rc::strong_count(active) > 1);
    }

    /// Fetches the policy, if it is time.
    fn poll(&mut self, active: &Rc<Active>) {
        for (token, part) in polling::ask(active) {
            self.asked
                .insert(token, (active.clone(), Asked::Policy(part)));
        }
    }
}

impl Context for Root {
    fn on_http_call_response(
        &mut self,
        token: u32,
        _headers: usize,
        body: usize,
        _trailers: usize,
    ) {
        match self.asked.remove(&token) {
            Some((active, Asked::Decision(key))) => {
                active.land(&key, callout::read_answer(body), None);
            }
            Some((active, Asked::Policy(part))) => polling::take_answer(&active, part, body),
            None => {}
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let metrics = match metric::defined_once(&mut self.metrics, Metrics::define) {
            Ok(metrics) => metrics.clone(),
            Err(error) => {
                log::error!("opa is not configured: {error}");
                return false;
            }
        };
        match self.configure(metrics.clone()) {
            Ok(()) => true,
            Err(error) => {
                metrics.config_error();
                log::error!("opa is not configured: {error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        self.forget_retired();
        let mut failed = Vec::new();
        // Before anything is done for a stream: what is asked here must belong to this context.
        for active in self.active.iter().chain(&self.retired) {
            for key in active.take_orphans() {
                match active.ask_again(&key) {
                    None => {}
                    Some(Ok(token)) => {
                        let asked = (active.clone(), Asked::Decision(key));
                        self.asked.insert(token, asked);
                    }
                    Some(Err(failure)) => failed.push((active.clone(), key, failure)),
                }
            }
        }
        if let Some(active) = self.active.clone() {
            self.poll(&active);
        }
        for (active, key, failure) in failed {
            active.land(&key, Err(failure), None);
        }
        for active in self.active.iter().chain(&self.retired) {
            active.refuse_bodiless();
        }
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter {
            active: self.active.clone(),
            stream: Rc::new(Stream::new(context_id)),
            headers: None,
            flight: None,
            asked_at: None,
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// One per request.
struct Filter {
    active: Option<Rc<Active>>,
    stream: Rc<Stream>,
    /// The request headers, while the body is waited for.
    headers: Option<HeaderView>,
    /// The flight whose answer is waited for.
    flight: Option<Key>,
    /// When the server was asked, in nanoseconds; only by the stream that asked.
    asked_at: Option<Duration>,
}

impl Filter {
    /// What the callback returns in this phase.
    fn action(&self) -> Action {
        match self.stream.phase() {
            Phase::Passed => Action::Continue,
            Phase::AwaitsBody | Phase::AwaitsDecision | Phase::Refused => Action::Pause,
        }
    }

    /// Decides, now that the body is here as far as it is to be seen.
    fn decide_with_body(&mut self, size: usize) {
        let (Some(active), Some(headers)) = (self.active.clone(), self.headers.take()) else {
            return;
        };
        let limit = active.body_limit();
        match hostcalls::get_buffer(BufferType::HttpRequestBody, 0, limit) {
            Ok(body) => {
                let body = body.unwrap_or_default();
                active.decide(self, &headers, Some((&body, size > limit)));
            }
            Err(error) => {
                log::error!("the request body cannot be read: {error}");
                active.conclude(&self.stream, active.failed(Failure::Host, None));
            }
        }
    }
}

impl Context for Filter {
    fn on_http_call_response(
        &mut self,
        _token: u32,
        _headers: usize,
        body: usize,
        _trailers: usize,
    ) {
        let (Some(active), Some(key)) = (self.active.clone(), self.flight.take()) else {
            return;
        };
        active.record_latency(self.asked_at.take());
        let result = callout::read_answer(body);
        active.land(&key, result, Some(&self.stream));
    }
}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        let Some(active) = self.active.clone() else {
            self.stream.set_phase(Phase::Refused);
            enforce::send(&LocalReply::new(503, "opa_unavailable"));
            return Action::Pause;
        };
        match HeaderView::fetch(MapType::HttpRequestHeaders) {
            Ok(headers) if !end_of_stream && active.wants_body(&headers) => {
                self.headers = Some(headers);
                active.await_body(&self.stream);
            }
            Ok(headers) => active.decide(self, &headers, None),
            Err(error) => {
                log::error!("the request headers cannot be read: {error}");
                active.conclude(&self.stream, active.failed(Failure::Host, None));
            }
        }
        self.action()
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if self.stream.phase() == Phase::AwaitsBody
            && let Some(active) = &self.active
        {
            self.stream.note_body();
            if end_of_stream || body_size > active.body_limit() {
                self.decide_with_body(body_size);
            }
        }
        self.action()
    }

    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        if self.stream.phase() == Phase::AwaitsBody {
            // The body is over, and no longer than the limit.
            self.decide_with_body(0);
        }
        self.action()
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if let Some(decision) = self.stream.take_decision() {
            enforce::add_response_headers(&decision);
        }
        Action::Continue
    }
}

/// A client that leaves takes its callout along: whoever waits for the same answer must not wait for
/// ever.
impl Drop for Filter {
    fn drop(&mut self) {
        if let (Some(active), Some(key)) = (&self.active, self.flight.take()) {
            active.leave(key, &self.stream);
        }
    }
}
