//! What a plugin's own unit tests use: host calls without a scenario.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{MapType, Status};
use sdk_tests as _;

unsafe extern "C" {
    /// A host function that the SDK has no wrapper for, as guests declare it.
    fn proxy_get_header_map_size(map: u32, size: *mut u32) -> u32;
}

#[test]
fn guest_code_runs_in_the_request_headers_phase_of_a_stream() {
    let (value, host) = sdk_tests::native::with_host(
        |host| host.add_request_header("X-User", "alice"),
        || {
            log::info!("looking");
            hostcalls::set_map_value(MapType::HttpRequestHeaders, "x-new", Some("1")).unwrap();
            hostcalls::get_map_value(MapType::HttpRequestHeaders, "x-user").unwrap()
        },
    );
    assert_eq!(value.as_deref(), Some("alice"));
    assert_eq!(host.logs()[0].message, "looking");
    assert_eq!(host.request_header("x-new"), Some(&b"1"[..]));
    assert!(host.violations().is_empty(), "{:?}", host.violations());
}

#[test]
fn a_closed_map_is_noted() {
    let (value, host) = sdk_tests::native::with_host(
        |_| {},
        || hostcalls::get_map(MapType::HttpResponseHeaders).unwrap(),
    );
    assert!(value.is_empty());
    assert_eq!(host.violations().len(), 1);
    assert!(
        host.violations()[0].message.contains("ResponseHeaders"),
        "{:?}",
        host.violations()
    );
}

#[test]
fn functions_without_a_wrapper_are_there_too() {
    let (size, _) = sdk_tests::native::with_host(
        |host| host.add_request_header("ab", "cde"),
        || {
            let mut size = 0;
            // SAFETY: the host writes 32 bits to the address.
            let status = unsafe { proxy_get_header_map_size(0, &raw mut size) };
            (status, size)
        },
    );
    assert_eq!(size, (0, 5));
}

#[test]
fn host_calls_can_be_made_to_fail() {
    let mut size = 0;
    sdk_tests::native::fail_next_host_calls(Some(6));
    // SAFETY: as above.
    let status = unsafe { proxy_get_header_map_size(0, &raw mut size) };
    sdk_tests::native::fail_next_host_calls(None);
    assert_eq!(status, 6);
    // Outside a host nothing works, and nothing crashes.
    // SAFETY: as above.
    assert_eq!(
        unsafe { proxy_get_header_map_size(0, &raw mut size) },
        Status::InternalFailure as u32
    );
}
