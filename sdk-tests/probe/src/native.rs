//! The probe behind the SDK's traits, for hosts that drive those.

use std::cell::{OnceCell, RefCell};

use proxy_wasm::traits::{HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

use crate::abi;
use crate::context::Context;

/// The constructor of the probe's root context.
pub fn root_context() -> Box<dyn RootContext> {
    Box::new(Root(RefCell::default(), OnceCell::new()))
}

/// With its id, once a stream wants to know.
struct Root(RefCell<Context>, OnceCell<u32>);

struct Stream(Context);

fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn action(returns: Option<u32>) -> Action {
    match returns {
        None | Some(0) => Action::Continue,
        Some(_) => Action::Pause,
    }
}

fn truth(returns: Option<u32>) -> bool {
    returns != Some(0)
}

impl proxy_wasm::traits::Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, trailers: usize) {
        let sizes = [headers, body, trailers].map(word);
        self.0
            .get_mut()
            .on_answer(token, "http_call_response", &sizes);
    }

    fn on_done(&mut self) -> bool {
        truth(self.0.get_mut().on("done", &[]))
    }
}

impl RootContext for Root {
    fn on_vm_start(&mut self, size: usize) -> bool {
        truth(self.0.get_mut().on("vm_start", &[word(size)]))
    }

    fn on_configure(&mut self, size: usize) -> bool {
        truth(self.0.get_mut().on("configure", &[word(size)]))
    }

    fn on_tick(&mut self) {
        self.0.get_mut().on("tick", &[]);
    }

    fn on_queue_ready(&mut self, _: u32) {
        self.0.get_mut().on("queue_ready", &[]);
    }

    fn on_log(&mut self) {
        self.0.get_mut().on("log", &[]);
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        let root = *self.1.get_or_init(|| root_of(id));
        let mut stream = self.0.borrow().stream(id, root);
        stream.on("context_create", &[]);
        Some(Box::new(Stream(stream)))
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        self.0.get_mut().on("delete", &[]);
    }
}

impl proxy_wasm::traits::Context for Stream {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, trailers: usize) {
        let sizes = [headers, body, trailers].map(word);
        self.0.on_answer(token, "http_call_response", &sizes);
    }

    fn on_done(&mut self) -> bool {
        truth(self.0.on("done", &[]))
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, count: usize, end: bool) -> Action {
        action(self.0.on("request_headers", &[word(count), end.into()]))
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        action(self.0.on("request_body", &[word(size), end.into()]))
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        action(self.0.on("request_trailers", &[word(count)]))
    }

    fn on_http_response_headers(&mut self, count: usize, end: bool) -> Action {
        action(self.0.on("response_headers", &[word(count), end.into()]))
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        action(self.0.on("response_body", &[word(size), end.into()]))
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        action(self.0.on("response_trailers", &[word(count)]))
    }

    fn on_log(&mut self) {
        self.0.on("log", &[]);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.on("delete", &[]);
    }
}

/// The root context of a stream, which the SDK does not name: the youngest before it that is there.
fn root_of(stream: u32) -> u32 {
    // SAFETY: there are no addresses.
    let is_there = |id: &u32| unsafe { abi::proxy_set_effective_context(*id) } == 0;
    let root = (1..stream).rev().find(is_there);
    // SAFETY: as above.
    unsafe { abi::proxy_set_effective_context(stream) };
    root.unwrap_or_default()
}
