//! The Proxy-Wasm callbacks.

use std::rc::Rc;

use extension_common::{
    config::{self, ConfigError},
    headers,
};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, ContextType, MapType},
};

use crate::config::Config;

/// The plugin, as the SDK wants it.
pub fn root_context() -> Box<dyn RootContext> {
    Box::new(Root::default())
}

/// One per worker and configuration.
#[derive(Default)]
struct Root {
    config: Option<Rc<Config>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        match config::read().and_then(Config::validate) {
            Ok(config) => {
                self.config = Some(Rc::new(config));
                true
            }
            Err(error) => refuse(&error),
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter {
            config: self.config.clone(),
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// The proxy keeps the configuration that it had.
fn refuse(error: &ConfigError) -> bool {
    log::error!("not configured: {error}");
    false
}

/// One per request.
struct Filter {
    config: Option<Rc<Config>>,
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if let Some(config) = &self.config {
            let value = config.value.as_bytes();
            if let Err(error) = headers::set(MapType::HttpResponseHeaders, &config.header, value) {
                log::error!("{error}");
            }
        }
        Action::Continue
    }
}
