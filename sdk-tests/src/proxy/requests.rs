//! Requests.

use super::Proxy;
use crate::reply::Reply;
use crate::request::Request;
use crate::story::{End, Exchanged};

/// A request that is on its way; see [`Proxy::start`].
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// let first: Started = proxy.start(Request::get("/1"));
/// let second: Started = proxy.start(Request::get("/2"));
/// assert_eq!(proxy.finish(second).status(), 200);
/// assert_eq!(proxy.finish(first).status(), 200);
/// # });
/// ```
#[must_use = "wait for it with `Proxy::finish`, or leave it with `Proxy::leave`"]
#[derive(Debug)]
pub struct Started {
    id: u64,
    /// Which one of the proxy's exchanges it is.
    exchange: usize,
}

/// Requests.
impl Proxy {
    /// Sends a request and waits for the reply. A status of 0 means that the proxy closed the
    /// connection without one.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/deny"));
    /// assert_eq!(reply.status(), 403);
    /// assert_eq!(reply.upstream(), None);
    /// # });
    /// ```
    pub fn send(&mut self, request: Request) -> Reply {
        let started = self.start(request);
        self.finish(started)
    }

    /// Sends a request without waiting for the reply: other requests may come in between. What it
    /// waits for should take a while, as an answer with
    /// [`UpstreamReply::after`](crate::UpstreamReply::after) does: on Envoy anything else may be
    /// there before the next request.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// use std::time::Duration;
    ///
    /// proxy.serve("opa", |_| {
    ///     UpstreamReply::new(200).body("allow").after(Duration::from_secs(2))
    /// });
    /// proxy.configure("hello").unwrap();
    /// let slow = proxy.start(Request::get("/ask"));
    /// assert_eq!(proxy.send(Request::get("/quick")).status(), 200);
    /// assert_eq!(proxy.finish(slow).status(), 200);
    /// # });
    /// ```
    pub fn start(&mut self, request: Request) -> Started {
        assert!(
            !self.is_network,
            "a network filter gets connections, and no requests"
        );
        let id = self.backend.start(&request);
        self.exchanges.push(Exchanged::started(request));
        let exchange = self.exchanges.len() - 1;
        self.started += 1;
        Started { id, exchange }
    }

    /// Waits for the reply to a request that was started.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let started = proxy.start(Request::get("/"));
    /// let reply = proxy.finish(started);
    /// assert_eq!(reply.status(), 200);
    /// # });
    /// ```
    pub fn finish(&mut self, started: Started) -> Reply {
        let reply = self.backend.finish(started.id);
        self.started -= 1;
        let end = End::Replied(reply.clone());
        self.exchanges[started.exchange].ended(end, self.backend.costs());
        reply
    }

    /// Closes the connection of a request that was started.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_fault("opa", Fault::Timeout);
    /// proxy.configure("hello").unwrap();
    /// let started = proxy.start(Request::get("/ask"));
    /// proxy.leave(started);
    /// assert_eq!(proxy.metric("fixture_logged"), 1);
    /// # });
    /// ```
    pub fn leave(&mut self, started: Started) {
        self.started -= 1;
        self.backend.leave(started.id);
        self.exchanges[started.exchange].ended(End::Left, self.backend.costs());
    }

    /// Sends a request, and closes the connection while the plugin holds it back; see
    /// [`Proxy::start`].
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_fault("opa", Fault::Timeout);
    /// proxy.configure("hello").unwrap();
    /// proxy.send_and_leave(Request::get("/ask"));
    /// assert_eq!(proxy.metric("fixture_logged"), 1);
    /// # });
    /// ```
    pub fn send_and_leave(&mut self, request: Request) {
        let started = self.start(request);
        self.leave(started);
    }
}
