//! What a callback cost.

/// One call from the plugin into the host.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// proxy.send(Request::get("/"));
/// let call: &HostCall = &proxy.costs()[1].host_calls[0];
/// assert_eq!((call.name, call.status), ("proxy_get_header_map_value", 0));
/// assert_eq!((call.bytes_in, call.bytes_out), (":path".len(), "/".len()));
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// The function's name, such as `proxy_get_header_map_value`.
    pub name: &'static str,
    /// The status that it returned.
    pub status: u32,
    /// The bytes that the host copied out of the plugin.
    pub bytes_in: usize,
    /// The bytes that the host copied into the plugin.
    pub bytes_out: usize,
}

/// What one callback cost.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// proxy.send(Request::get("/"));
/// let cost: &Cost = &proxy.costs()[1];
/// assert_eq!(cost.callback, "proxy_on_request_headers");
/// assert!(cost.host_calls.len() <= 4);
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The plugin's name; a chain has several.
    pub plugin: String,
    /// The callback's export, such as `proxy_on_request_headers`.
    pub callback: &'static str,
    /// The Wasm instructions that ran, exact; only Wasmtime counts them.
    pub instructions: Option<u64>,
    /// The host calls in order.
    pub host_calls: Vec<HostCall>,
}
