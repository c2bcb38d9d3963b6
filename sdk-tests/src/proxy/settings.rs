//! What a scenario sets before the plugin is configured.

use std::sync::Arc;

use super::Proxy;
use crate::host::Status;
use crate::reply::UpstreamReply;

/// What a scenario sets before the plugin is configured.
impl Proxy {
    /// Gives the proxy so many workers, each with VMs of its own; one unless set. Call it before
    /// [`Proxy::configure`]. [`Request::on_worker`](crate::Request::on_worker) says which one serves a request.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.workers(2);
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/").on_worker(1));
    /// assert_eq!(reply.status(), 200);
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// If the plugin is configured already, or there would be no worker.
    pub fn workers(&mut self, count: usize) {
        assert!(count > 0, "a proxy needs a worker");
        assert!(
            !self.configured,
            "workers are there before the plugin is configured"
        );
        self.backend.workers(count);
    }

    /// Seeds the random numbers that the module gets on Wasmtime; 0 unless set. Call it before
    /// [`Proxy::configure`]. Native code and Envoy take theirs from the system.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.seed(7);
    /// proxy.configure("hello").unwrap();
    /// # });
    /// ```
    pub fn seed(&mut self, seed: u64) {
        self.backend.seed(seed);
    }

    /// Sets a variable in the plugin's environment. Call it before [`Proxy::configure`].
    ///
    /// On the native host it is the test process's own environment, so that scenarios which use
    /// this wait for each other; the variable goes when the scenario ends.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.env("SDK_TESTS_GREETING", "from the environment");
    /// proxy.configure("env").unwrap();
    /// let reply = proxy.send(Request::get("/"));
    /// assert_eq!(reply.header("x-greeting"), Some(&b"from the environment"[..]));
    /// # });
    /// ```
    pub fn env(&mut self, name: &str, value: &str) {
        self.backend.env(name, value);
    }

    /// Sets a property that every stream sees: its path and its bytes as the host gives them.
    /// On Envoy properties come from the real thing, and this does nothing.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.property(&["source", "address"], "10.0.0.1:4711");
    /// proxy.property(&["source", "port"], 4711_u64.to_le_bytes());
    /// # });
    /// ```
    pub fn property(&mut self, path: &[&str], value: impl AsRef<[u8]>) {
        self.backend.property(path, value.as_ref());
    }

    /// Answers the plugin's calls of a foreign function, also in the place of one that Envoy has.
    /// What it gives is what the plugin gets; an error is the status of the call.
    ///
    /// On Envoy this does nothing: a function that Envoy does not have is `NotFound` there, so a
    /// scenario that adds one is for the mock only (`#[scenario(native, wasm)]`).
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.foreign_function("reverse", |arguments| {
    ///     Ok(arguments.iter().rev().copied().collect())
    /// });
    /// // The plugin calls it with "abc", and logs the answer.
    /// proxy.configure("steps call,reverse,616263").unwrap();
    /// assert!(proxy.logs()[0].message.ends_with(r#" = "cba""#));
    /// # });
    /// ```
    pub fn foreign_function(
        &mut self,
        name: &str,
        answer: impl Fn(&[u8]) -> Result<Vec<u8>, Status> + Send + Sync + 'static,
    ) {
        self.backend.foreign_function(name, Arc::new(answer));
    }

    /// Makes the upstream answer this from now on.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.upstream_replies(UpstreamReply::new(404).body("no such page"));
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::get("/"));
    /// assert_eq!((reply.status(), reply.body()), (404, &b"no such page"[..]));
    /// # });
    /// ```
    pub fn upstream_replies(&mut self, reply: UpstreamReply) {
        self.backend.upstream_replies(reply);
    }
}
