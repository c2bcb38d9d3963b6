//! Callouts.

use std::time::Duration;

use super::{Call, Status};
use crate::host::HeaderMap;

pub(super) fn http_call(call: &mut Call<'_>) -> Result<(), Status> {
    let cluster = call.text(0)?;
    let mut headers = HeaderMap::request();
    headers.set_all(&HeaderMap::from_guest(&call.bytes(2)?));
    let body = call.bytes(4)?;
    // Envoy takes trailers and sends none of them.
    let _trailers = HeaderMap::from_guest(&call.bytes(6)?);
    let timeout = Duration::from_millis(u64::from(call.word(8)));
    // A call that fails has the token 0.
    call.put(9, &0_u32.to_le_bytes())?;
    let token = call.with(|host| {
        if host.grpc.serves(&cluster) {
            host.violation("HTTP callouts to a cluster that serves gRPC are not supported here");
        }
        let (vm, root) = host.root();
        let from = (vm, root, host.caller);
        host.callouts
            .dispatch(from, &cluster, (headers, body), timeout)
    })??;
    call.put(9, &token.to_le_bytes())
}
