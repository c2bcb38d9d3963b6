//! Callouts.

use std::time::Duration;

use super::{Call, Status};
use crate::host::HeaderMap;

pub(super) fn http_call(call: &mut Call<'_>) -> Result<(), Status> {
    let cluster = call.text(0)?;
    let mut headers = HeaderMap::request();
    headers.set_all(&HeaderMap::deserialize(&call.bytes(2)?).ok_or(Status::BadArgument)?);
    let body = call.bytes(4)?;
    // Envoy takes trailers and sends none of them.
    let _trailers = HeaderMap::deserialize(&call.bytes(6)?).ok_or(Status::BadArgument)?;
    let timeout = Duration::from_millis(u64::from(call.word(8)));
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
