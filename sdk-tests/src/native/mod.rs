//! The native host: the plugin's own code, in the test's process.
//!
//! `symbols` defines the C functions that the SDK imports; they answer for the host that is
//! active on the thread. The driver calls the plugin's trait objects directly, so that a panic
//! unwinds into a report, and any number of plugins live side by side.
//!
//! Scenarios use it through [`Proxy`](crate::Proxy). Guest code can also run here without a plugin
//! around it:
//!
//! ```
//! use proxy_wasm::hostcalls;
//! use proxy_wasm::types::{MapType, Status};
//! use sdk_tests::native::with_host;
//!
//! let count = || hostcalls::get_map(MapType::HttpRequestHeaders).map(|headers| headers.len());
//! let (counted, _) = with_host(|host| host.add_request_header("x-user", "alice"), count);
//! assert_eq!(counted, Ok(1));
//! ```

mod driver;
mod env;
mod grpc;
mod logger;
mod memory;
mod network;
mod panics;
mod symbols;
mod unit;

use std::cell::{Cell, RefCell};

pub use unit::{Surroundings, with_host};

use crate::host::mock::Mock;
use crate::host::{SharedHost, Status, abi};
use crate::plugin::Plugin;

thread_local! {
    static ACTIVE: RefCell<Option<SharedHost>> = const { RefCell::new(None) };
    static FAIL_WITH: Cell<Option<u32>> = const { Cell::new(None) };
}

pub(crate) fn mock(plugin: &Plugin) -> Mock<driver::NativeEngine> {
    Mock::new(plugin, driver::NativeEngine::new)
}

/// While set, every host function on this thread does nothing and returns this raw status.
///
/// For tests of guest code that declares host functions itself and copes with any status. The
/// SDK's own wrappers must not run meanwhile if the number is none of the SDK's statuses.
///
/// ```
/// use proxy_wasm::{hostcalls, types::Status};
/// use sdk_tests::native::fail_next_host_calls;
///
/// fail_next_host_calls(Some(Status::BadArgument as u32));
/// assert_eq!(hostcalls::increment_metric(1, 1), Err(Status::BadArgument));
/// fail_next_host_calls(None);
/// ```
pub fn fail_next_host_calls(status: Option<u32>) {
    FAIL_WITH.set(status);
}

/// Answers a host call of native code.
fn answer(name: &str, arguments: &[u64]) -> u32 {
    if let Some(status) = FAIL_WITH.get() {
        return status;
    }
    let host = ACTIVE.with(|active| active.borrow().clone());
    let (Some(host), Some(function)) = (host, abi::find(name)) else {
        // No proxy is running here, as in a unit test of a plugin's core.
        return Status::InternalFailure.code();
    };
    abi::call(function, &host, &mut memory::Native, arguments).native_code()
}
