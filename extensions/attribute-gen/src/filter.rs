//! The Proxy-Wasm callbacks: asks the [`Program`]s of each phase, and sets what they give.
//!
//! [`Program`]: crate::program::Program

mod active;
mod envoy;
mod metrics;

use std::rc::Rc;

use extension_common::metric;
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, ContextType},
};

use crate::config::Phase;
use active::Active;
use metrics::Metrics;

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

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let metrics = match metric::defined_once(&mut self.metrics, Metrics::define) {
            Ok(metrics) => metrics,
            Err(error) => {
                log::error!("attribute-gen is not configured: {error}");
                return false;
            }
        };
        match Active::configure(metrics) {
            Ok(active) => {
                self.active = Some(Rc::new(active));
                true
            }
            Err(error) => {
                metrics.config_error();
                log::error!("attribute-gen is not configured: {error}");
                false
            }
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter(self.active.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// One per request.
struct Filter(Option<Rc<Active>>);

impl Filter {
    fn generate(&self, phase: Phase) {
        if let Some(active) = &self.0 {
            active.generate(phase);
        }
    }
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        self.generate(Phase::OnRequest);
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        self.generate(Phase::OnResponse);
        Action::Continue
    }

    fn on_log(&mut self) {
        self.generate(Phase::AfterResponse);
    }
}
