//! Counters, gauges and histograms; see [`crate::metric`] for the convenient form.

use proxy_wasm::types::MetricType;

use super::{Result, abi, check};

/// Defines a metric, shown by Envoy as `wasmcustom.<name>`, and returns its id.
///
/// A known name gives a new id with the shared value, and the host keeps both: define once.
pub fn define_metric(kind: MetricType, name: &str) -> Result<u32> {
    let mut id = 0;
    // SAFETY: a valid pointer, the length of a live slice.
    let status =
        unsafe { abi::proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &mut id) };
    check("proxy_define_metric", status).map(|()| id)
}

/// The value of a counter or a gauge.
pub fn get_metric(id: u32) -> Result<u64> {
    let mut value = 0;
    // SAFETY: the pointer is valid for writes.
    let status = unsafe { abi::proxy_get_metric(id, &mut value) };
    check("proxy_get_metric", status).map(|()| value)
}

/// Sets a gauge, adds a histogram's sample, or adds to a counter.
pub fn record_metric(id: u32, value: u64) -> Result<()> {
    // SAFETY: no pointers.
    let status = unsafe { abi::proxy_record_metric(id, value) };
    check("proxy_record_metric", status)
}

/// Adds to a counter (never less than zero) or to a gauge.
pub fn increment_metric(id: u32, offset: i64) -> Result<()> {
    // SAFETY: no pointers.
    let status = unsafe { abi::proxy_increment_metric(id, offset) };
    check("proxy_increment_metric", status)
}
