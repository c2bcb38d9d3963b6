//! The Proxy-Wasm callbacks.

use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, BufferType, ContextType, LogLevel, MapType, MetricType, Status};

use crate::config::Config;
use crate::draw;

/// The request header that tells the upstream the number.
const HEADER: &str = "x-draw";

/// What a proxy, or a test, starts with.
pub fn root_context() -> Box<dyn RootContext> {
    Box::new(Root::default())
}

/// One per worker and configuration.
#[derive(Default)]
struct Root {
    settings: Rc<Settings>,
}

/// What all requests share. Without a configuration every draw fails.
#[derive(Default)]
struct Settings {
    config: Config,
    /// The counters.
    allowed: u32,
    denied: u32,
    failed: u32,
}

impl Settings {
    fn new(json: &[u8]) -> Result<Self, String> {
        let counter = |name| {
            hostcalls::define_metric(MetricType::Counter, name)
                .map_err(|status| format!("no counter {name}: {status:?}"))
        };
        Ok(Self {
            config: Config::read(json)?,
            allowed: counter("http_auth_random_allowed")?,
            denied: counter("http_auth_random_denied")?,
            failed: counter("http_auth_random_failed")?,
        })
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let json = self.get_plugin_configuration().unwrap_or_default();
        match Settings::new(&json) {
            Ok(settings) => {
                self.settings = Rc::new(settings);
                true
            }
            Err(error) => {
                log(LogLevel::Error, &format!("not configured: {error}"));
                false
            }
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Gate {
            settings: self.settings.clone(),
            next: Action::Pause,
        }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// One per request.
struct Gate {
    settings: Rc<Settings>,
    /// What becomes of a part of the request: it waits until the request is let in.
    next: Action,
}

impl Gate {
    fn open(&mut self, number: u32) {
        if let Err(status) = tell_the_upstream(number) {
            return self.fail(&format!("cannot set {HEADER}: {status:?}"));
        }
        count(self.settings.allowed);
        self.next = Action::Continue;
        self.resume_http_request();
    }

    fn deny(&self, number: u32) {
        count(self.settings.denied);
        log(LogLevel::Info, &format!("denied: {number} was drawn"));
        self.send_http_response(403, vec![], Some(b"not your day\n"));
    }

    /// Nobody knows whether the request may get in, and so it does not.
    fn fail(&self, why: &str) {
        count(self.settings.failed);
        log(LogLevel::Warn, why);
        self.send_http_response(503, vec![], Some(b"nothing was drawn\n"));
    }
}

impl Context for Gate {
    /// The proxy calls this for a timeout, too: with a status of its own.
    fn on_http_call_response(&mut self, _token: u32, _headers: usize, _body: usize, _: usize) {
        // Bytes: the getter for text panics over what is none.
        let status = hostcalls::get_map_value_bytes(MapType::HttpCallResponseHeaders, ":status");
        let status = status.ok().flatten().unwrap_or_default();
        let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, draw::MAX_SIZE);
        let body = body.ok().flatten().unwrap_or_default();
        match draw::number(&status, &body) {
            Some(number) if draw::lets_in(number) => self.open(number),
            Some(number) => self.deny(number),
            None => {
                let status = String::from_utf8_lossy(&status);
                self.fail(&format!("status {status} and no number"));
            }
        }
    }
}

impl HttpContext for Gate {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let config = &self.settings.config;
        let cluster = &config.cluster;
        let headers = vec![
            (":method", "GET"),
            (":path", "/draw"),
            (":authority", cluster),
        ];
        if let Err(status) =
            self.dispatch_http_call(cluster, headers, None, vec![], config.timeout())
        {
            self.fail(&format!("cannot ask {cluster}: {status:?}"));
        }
        Action::Pause
    }

    // Without these two, a body would take its request along to the upstream.

    fn on_http_request_body(&mut self, _body_size: usize, _end_of_stream: bool) -> Action {
        self.next
    }

    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        self.next
    }
}

/// Replaces whatever the client sent under that name.
fn tell_the_upstream(number: u32) -> Result<(), Status> {
    let number = number.to_string();
    hostcalls::set_map_value(MapType::HttpRequestHeaders, HEADER, Some(&number))
}

fn count(counter: u32) {
    // A lost count is no reason to lose a request.
    let _ = hostcalls::increment_metric(counter, 1);
}

fn log(level: LogLevel, message: &str) {
    let _ = hostcalls::log(level, message);
}

#[cfg(test)]
mod tests {
    use sdk_tests::native::with_host;

    use super::*;

    #[test]
    fn a_clients_own_number_is_replaced() {
        let (result, host) = with_host(
            |host| host.add_request_header(HEADER, "7"),
            || tell_the_upstream(4),
        );
        assert_eq!(result, Ok(()));
        assert_eq!(host.request_header(HEADER), Some(&b"4"[..]));
    }
}
