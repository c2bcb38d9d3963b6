//! The probe's callbacks as a module exports them.
//!
//! The SDK's dispatcher panics over the answer to a callout that it did not make itself; this one
//! hands it to the context that made it, as the SDK does, and drops what nobody asked for.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::abi;
use crate::context::Context;

thread_local! {
    static CONTEXTS: RefCell<BTreeMap<u32, Context>> = const { RefCell::new(BTreeMap::new()) };
}

/// Takes a context out for the time of a callback. The map must stay free: creating a stream reads
/// its root context.
fn with<T>(context: u32, act: impl FnOnce(&mut Context) -> T) -> Option<T> {
    let mut taken = CONTEXTS.with_borrow_mut(|contexts| contexts.remove(&context))?;
    let result = act(&mut taken);
    CONTEXTS.with_borrow_mut(|contexts| contexts.insert(context, taken));
    Some(result)
}

fn on(context: u32, phase: &'static str, arguments: &[u32]) -> Option<u32> {
    with(context, |context| context.on(phase, arguments)).flatten()
}

/// The answer to a call goes to the context that made it, as in the SDK: hosts give it to the root
/// context.
fn on_answer(token: u32, phase: &'static str, arguments: &[u32]) {
    let asked = CONTEXTS.with_borrow(|contexts| {
        let mut contexts = contexts.iter();
        contexts.find_map(|(id, context)| context.asked(token).then_some(*id))
    });
    let Some(caller) = asked else { return };
    // SAFETY: there are no addresses.
    if unsafe { abi::proxy_set_effective_context(caller) } == 0 {
        with(caller, |context| context.on_answer(token, phase, arguments));
    }
}

unsafe extern "C" {
    fn __wasm_call_ctors();
}

/// The first call into the module.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn _initialize() {
    // SAFETY: it is called once, before anything else.
    unsafe { __wasm_call_ctors() };
}

/// The ABI that the module speaks.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn proxy_abi_version_0_2_1() {}

/// Memory for results; the probe frees it as a `Vec` of this capacity.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    let mut bytes = Vec::with_capacity(size);
    let address = bytes.as_mut_ptr();
    std::mem::forget(bytes);
    address
}

/// A root context or a stream comes to be.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    let created = CONTEXTS.with_borrow(|contexts| {
        let context_of_root = contexts.get(&root)?;
        Some(context_of_root.stream(context, root))
    });
    let mut created = created.unwrap_or_default();
    if root != 0 {
        created.on("context_create", &[]);
    }
    CONTEXTS.with_borrow_mut(|contexts| contexts.insert(context, created));
}

/// The context goes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn proxy_on_delete(context: u32) {
    on(context, "delete", &[]);
    CONTEXTS.with_borrow_mut(|contexts| contexts.remove(&context));
}

/// A callout has its answer.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn proxy_on_http_call_response(
    _context: u32,
    token: u32,
    headers: u32,
    body: u32,
    trailers: u32,
) {
    on_answer(token, "http_call_response", &[headers, body, trailers]);
}

macro_rules! exports {
    ($($name:ident($($argument:ident),*) = $phase:literal;)*) => {
        $(
            /// A callback that only says that it may go on.
            #[unsafe(no_mangle)]
            pub(crate) extern "C" fn $name(context: u32, $($argument: u32),*) {
                on(context, $phase, &[$($argument),*]);
            }
        )*
    };
}

exports! {
    proxy_on_tick() = "tick";
    proxy_on_log() = "log";
}

macro_rules! answering_exports {
    ($($name:ident($($argument:ident),*) = $phase:literal, $otherwise:literal;)*) => {
        $(
            /// A callback that answers.
            #[unsafe(no_mangle)]
            pub(crate) extern "C" fn $name(context: u32, $($argument: u32),*) -> u32 {
                on(context, $phase, &[$($argument),*]).unwrap_or($otherwise)
            }
        )*
    };
}

answering_exports! {
    proxy_on_vm_start(size) = "vm_start", 1;
    proxy_on_configure(size) = "configure", 1;
    proxy_on_done() = "done", 1;
    proxy_on_request_headers(count, end) = "request_headers", 0;
    proxy_on_request_body(size, end) = "request_body", 0;
    proxy_on_request_trailers(count) = "request_trailers", 0;
    proxy_on_response_headers(count, end) = "response_headers", 0;
    proxy_on_response_body(size, end) = "response_body", 0;
    proxy_on_response_trailers(count) = "response_trailers", 0;
}

/// Somebody has put something into a queue.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn proxy_on_queue_ready(context: u32, _queue: u32) {
    on(context, "queue_ready", &[]);
}
