//! The servers that a plugin calls out to.

use std::fmt;
use std::sync::Arc;

use crate::reply::{UpstreamReply, UpstreamRequest};

/// How a callout fails without an answer of the server.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// for (cluster, fault) in [("opa", Fault::Timeout), ("keys", Fault::NoEndpoints)] {
///     proxy.serve_fault(cluster, fault);
/// }
/// proxy.configure("hello").unwrap();
/// assert_eq!(proxy.send(Request::get("/ask")).status(), 504);
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nobody listens there: the plugin gets a 503.
    Refused,
    /// The server takes the request and never answers: the plugin gets a 504 when its timeout is
    /// over. A timeout of 0 is none, and then it never gets anything.
    Timeout,
    /// The server answers with bytes that are no HTTP: the plugin gets a 502.
    Garbage,
    /// The cluster has no endpoints: the call itself fails, with `InternalFailure`.
    NoEndpoints,
}

/// A request that a callout server has seen.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.serve("opa", |_| UpstreamReply::new(200).body("allow"));
/// proxy.configure("hello").unwrap();
/// proxy.send(Request::get("/ask"));
/// let callout: &Callout = &proxy.callouts()[0];
/// assert_eq!(callout.cluster, "opa");
/// assert_eq!(callout.request.body(), b"input");
/// # });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callout {
    /// The cluster that the plugin called.
    pub cluster: String,
    /// What arrived there.
    pub request: UpstreamRequest,
}

type Handler = dyn Fn(&UpstreamRequest) -> UpstreamReply + Send + Sync;

/// What is behind a cluster.
#[derive(Clone)]
pub(crate) enum Server {
    Answers(Arc<Handler>),
    Fails(Fault),
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers(_) => formatter.write_str("Answers"),
            Self::Fails(fault) => write!(formatter, "Fails({fault:?})"),
        }
    }
}
