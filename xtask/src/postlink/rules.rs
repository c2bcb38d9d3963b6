//! Combinations of callbacks that are always a mistake.

use anyhow::{Result, bail};

use super::source::Scan;

const CALLOUTS: [&str; 3] = [
    "on_http_call_response",
    "on_grpc_call_response",
    "on_grpc_stream_message",
];

/// An extension that pauses a request for a callout must hold back the rest of the request too.
///
/// A plugin may run with `allow_on_headers_stop_iteration`: then `Action::Pause` holds only the
/// headers, and the default body and trailer callbacks (`Action::Continue`) let the whole request
/// pass while the decision is pending.
///
/// Responses have no such rule: what a response carries was already allowed by the upstream, and
/// whether a response is paused cannot be told from the sources apart from a paused request.
pub(super) fn check(scan: &Scan) -> Result<()> {
    let implements = |method: &str| scan.methods.contains(method);
    let pauses_for_callout = scan.mentions.contains("Pause")
        && implements("on_http_request_headers")
        && CALLOUTS.iter().any(|method| implements(method));
    if !pauses_for_callout {
        return Ok(());
    }
    let missing: Vec<_> = ["on_http_request_body", "on_http_request_trailers"]
        .into_iter()
        .filter(|method| !implements(method))
        .collect();
    if !missing.is_empty() {
        bail!(
            "this extension pauses requests for a callout but does not implement {}: where the \
             host goes on after paused headers, the body and with it the whole request would reach \
             the upstream while the decision is pending. Implement it, and return Action::Pause \
             until the answer is there.",
            missing.join(" and ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(methods: &[&str], pauses: bool) -> Scan {
        Scan {
            methods: methods.iter().map(ToString::to_string).collect(),
            mentions: pauses.then_some("Pause").into_iter().collect(),
        }
    }

    #[test]
    fn pausing_for_a_callout_without_a_body_callback_is_refused() {
        let methods = [
            "on_http_request_headers",
            "on_http_call_response",
            "on_http_request_trailers",
        ];
        let error = check(&scan(&methods, true)).unwrap_err().to_string();
        assert!(
            error.contains("does not implement on_http_request_body:"),
            "{error}"
        );
    }

    #[test]
    fn with_both_callbacks_or_without_a_pause_it_passes() {
        let all = [
            "on_http_request_headers",
            "on_grpc_call_response",
            "on_http_request_body",
            "on_http_request_trailers",
        ];
        check(&scan(&all, true)).unwrap();
        check(&scan(
            &["on_http_request_headers", "on_http_call_response"],
            false,
        ))
        .unwrap();
        check(&scan(&["on_http_request_headers"], true)).unwrap();
    }
}
