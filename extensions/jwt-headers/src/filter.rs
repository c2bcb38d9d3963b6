//! The Proxy-Wasm callbacks: reads from the host, asks the [`Authenticator`], acts.
//!
//! [`Authenticator`]: crate::authenticator::Authenticator

mod active;
mod metrics;
mod replies;
mod servers;
mod waiting;

use std::{cell::Cell, rc::Rc};

use extension_common::metric;
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, ContextType},
};

use active::{Active, Step};
use metrics::Metrics;
use waiting::{Phase, Waiting};

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
}

impl Context for Root {
    fn on_http_call_response(
        &mut self,
        token: u32,
        _num_headers: usize,
        body_size: usize,
        _num_trailers: usize,
    ) {
        if let Some(active) = &self.active {
            active.on_answer(token, body_size);
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let metrics = match metric::defined_once(&mut self.metrics, Metrics::define) {
            Ok(metrics) => metrics,
            Err(error) => {
                log::error!("jwt-headers is not configured: {error}");
                return false;
            }
        };
        match Active::configure(metrics.clone()) {
            Ok(active) => {
                self.active = Some(Rc::new(active));
                true
            }
            Err(error) => {
                metrics.config_error();
                log::error!("jwt-headers is not configured: {error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(active) = &self.active {
            active.on_tick();
        }
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter {
            context_id,
            active: self.active.clone(),
            phase: Rc::new(Cell::new(Phase::Deciding)),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// One per request.
struct Filter {
    context_id: u32,
    active: Option<Rc<Active>>,
    /// Shared with whoever decides once the keys are there.
    phase: Rc<Cell<Phase>>,
}

impl Filter {
    /// The rest of a request goes where its headers went: nowhere, until they did.
    fn rest(&self) -> Action {
        match self.phase.get() {
            Phase::Passed => Action::Continue,
            Phase::Deciding | Phase::Refused => Action::Pause,
        }
    }
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let step = match &self.active {
            Some(active) => active.check(),
            None => Step::Reply(replies::unavailable()),
        };
        match step {
            Step::Pass => self.phase.set(Phase::Passed),
            Step::Reply(reply) => {
                self.phase.set(Phase::Refused);
                active::send(&reply);
            }
            Step::Wait(until) => {
                if let Some(active) = &self.active {
                    active.wait(Waiting {
                        context_id: self.context_id,
                        phase: Rc::clone(&self.phase),
                        until,
                    });
                }
            }
        }
        self.rest()
    }

    fn on_http_request_body(&mut self, _body_size: usize, _end_of_stream: bool) -> Action {
        self.rest()
    }

    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        // Even while the headers wait: the host does not come back for trailers.
        if let Some(active) = &self.active
            && let Err(error) = active.clean_trailers()
        {
            log::error!("request refused: {error}");
            active.left(self.context_id);
            self.phase.set(Phase::Refused);
            active::send(&replies::unavailable());
        }
        self.rest()
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        if self.phase.get() == Phase::Deciding
            && let Some(active) = &self.active
        {
            active.left(self.context_id);
        }
    }
}
