//! The proxy as a scenario sees it, whichever host is behind it.

mod network;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::backend::Backend;
use crate::callout::{Callout, Fault, Server};
use crate::config::{Config, Rejected};
use crate::grpc::{GrpcCall, GrpcEvent, GrpcReply, GrpcRequest, GrpcServer};
use crate::host::{Cost, Level, Log, Status};
use crate::plugin::Plugin;
use crate::reply::{Reply, UpstreamReply, UpstreamRequest};
use crate::request::Request;
use crate::rules::Rule;
use crate::story::{self, End, Exchanged};
use network::Spoken;

pub use network::Connection;

/// What runs the plugin.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// proxy.send(Request::get("/"));
/// let counted = proxy.costs().iter().all(|cost| cost.instructions.is_some());
/// match proxy.host() {
///     HostKind::Wasm => assert!(counted),
///     HostKind::Native => assert!(!counted),
///     HostKind::Envoy => assert!(proxy.costs().is_empty()),
/// }
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostKind {
    /// The plugin's code itself, in the test's process.
    Native,
    /// The module that ships, in Wasmtime.
    Wasm,
    /// The module that ships, in a real Envoy.
    Envoy,
}

/// A proxy with the plugin in it, a client before it and an upstream behind it.
///
/// The upstream answers 200 with the body that it got, unless told otherwise. When the scenario
/// is over, the proxy looks back: a panic of the plugin, an error in its log, a host call in the
/// wrong phase or a leaked context fails the test, unless the scenario said that it expects it.
///
/// The plugin of the examples is one that sdk-tests tests itself with. It greets in `x-greeting`, and
/// does what a path says: `/ask` asks the cluster `opa`, `/deny` replies 403, `/panic` panics.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// let reply = proxy.send(Request::get("/"));
/// assert_eq!(reply.header("x-greeting"), Some(&b"hello"[..]));
/// assert!(reply.upstream().is_some());
/// assert_eq!(proxy.metric("fixture_logged"), 1);
/// # });
/// ```
pub struct Proxy {
    backend: Box<dyn Backend>,
    /// The name of the plugin under test, the first of the chain.
    plugin: String,
    exchanges: Vec<Exchanged>,
    /// What was said on connections.
    spoken: Vec<Spoken>,
    is_network: bool,
    expected: Expected,
    configured: bool,
    /// Requests that somebody still has to wait for.
    started: usize,
}

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

#[derive(Default)]
struct Expected {
    allowed: BTreeSet<Rule>,
    panic: bool,
    /// Lines that a refused configuration accounts for.
    logs: Vec<Log>,
}

impl Proxy {
    /// A proxy on this host.
    ///
    /// ```
    /// # use sdk_tests_fixture as my_extension;
    /// use sdk_tests::{HostKind, Plugin, Proxy, Request};
    ///
    /// let plugin = Plugin::new("my_extension", my_extension::root_context);
    /// // Without `#[scenario]`, and so without its rules.
    /// let mut proxy = Proxy::new(HostKind::Native, &plugin);
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/")).status(), 200);
    /// ```
    ///
    /// # Panics
    ///
    /// If this crate was built without the host's feature, or the host is not installed.
    pub fn new(kind: HostKind, plugin: &Plugin) -> Self {
        Self {
            backend: backend(kind, plugin),
            plugin: plugin.name.clone(),
            exchanges: Vec::new(),
            spoken: Vec::new(),
            is_network: plugin.is_network_filter,
            expected: Expected::default(),
            configured: false,
            started: 0,
        }
    }

    /// Which host this is.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// if proxy.host() != HostKind::Envoy {
    ///     // Envoy has properties of its own.
    ///     proxy.property(&["source", "address"], "10.0.0.1:4711");
    /// }
    /// # });
    /// ```
    pub fn host(&self) -> HostKind {
        self.backend.kind()
    }

    pub(crate) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// Gives the proxy so many workers, each with VMs of its own; one unless set. Call it before
    /// [`Proxy::configure`]. [`Request::on_worker`] says which one serves a request.
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

    /// Puts a server behind a cluster that the plugin calls out to. Call it before
    /// [`Proxy::configure`].
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve("opa", |request| match request.path() {
    ///     b"/first" => UpstreamReply::new(200).body("allow"),
    ///     _ => UpstreamReply::new(403),
    /// });
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/ask")).status(), 200);
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// If the plugin is configured already, or the cluster is called `upstream`, as the route's is.
    pub fn serve(
        &mut self,
        cluster: &str,
        answer: impl Fn(&UpstreamRequest) -> UpstreamReply + Send + Sync + 'static,
    ) {
        self.add_server(cluster, Server::Answers(Arc::new(answer)));
    }

    /// Makes a cluster one whose callouts fail. Call it before [`Proxy::configure`].
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_fault("opa", Fault::Refused);
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/ask")).status(), 503);
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Proxy::serve`].
    pub fn serve_fault(&mut self, cluster: &str, fault: Fault) {
        self.add_server(cluster, Server::Fails(fault));
    }

    fn add_server(&mut self, cluster: &str, server: Server) {
        self.check_cluster(cluster);
        self.backend.serve(cluster, server);
    }

    fn check_cluster(&self, cluster: &str) {
        assert!(
            !self.configured,
            "a cluster must be there before the plugin is configured: \"{cluster}\" comes too late"
        );
        assert!(cluster != "upstream", "\"upstream\" is the route's cluster");
    }

    /// Puts a gRPC server behind a cluster: its methods take the whole request, one message or more,
    /// and then answer. Call it before [`Proxy::configure`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use proxy_wasm::traits::{Context, HttpContext, RootContext};
    /// # use proxy_wasm::types::{Action, ContextType};
    /// # use sdk_tests::{GrpcReply, Plugin, Proxy, Request, json};
    /// # struct Root;
    /// # impl Context for Root {}
    /// # impl RootContext for Root {
    /// #     fn get_type(&self) -> Option<ContextType> {
    /// #         Some(ContextType::HttpContext)
    /// #     }
    /// #     fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
    /// #         Some(Box::new(Asker))
    /// #     }
    /// # }
    /// # struct Asker;
    /// impl HttpContext for Asker {
    ///     fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
    ///         let path = self.get_http_request_header_bytes(":path");
    ///         let timeout = Duration::from_secs(1);
    ///         self.dispatch_grpc_call("opa", "Auth", "Check", vec![], path.as_deref(), timeout)
    ///             .unwrap();
    ///         Action::Pause
    ///     }
    /// }
    /// impl Context for Asker {
    ///     fn on_grpc_call_response(&mut self, _: u32, status: u32, _: usize) {
    ///         match status {
    ///             0 => self.resume_http_request(),
    ///             _ => self.send_http_response(403, vec![], None),
    ///         }
    ///     }
    /// }
    ///
    /// # fn plugin() -> Plugin {
    /// #     Plugin::new("asker", || Box::new(Root))
    /// # }
    /// fn asks_whether_a_path_is_allowed(proxy: &mut Proxy) {
    ///     proxy.serve_grpc("opa", |request| match request.message() {
    ///         b"/admin" => GrpcReply::new().end(7, "not you"),
    ///         _ => GrpcReply::of("fine"),
    ///     });
    ///     proxy.configure(json!({})).unwrap();
    ///     assert_eq!(proxy.send(Request::get("/")).status(), 200);
    ///     assert_eq!(proxy.send(Request::get("/admin")).status(), 403);
    ///     assert_eq!(proxy.grpc_calls()[0].request.method(), "Check");
    /// }
    /// # sdk_tests::__private::run(sdk_tests::HostKind::Native, &plugin(), asks_whether_a_path_is_allowed);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Proxy::serve`].
    pub fn serve_grpc(
        &mut self,
        cluster: &str,
        answer: impl Fn(&GrpcRequest) -> GrpcReply + Send + Sync + 'static,
    ) {
        self.check_cluster(cluster);
        let server = GrpcServer::of_calls(answer);
        self.backend.serve_grpc(cluster, server);
    }

    /// Puts a gRPC server of streams behind a cluster: it says to each event what it likes, and the
    /// stream stays open until a reply ends it. Call it before [`Proxy::configure`].
    ///
    /// ```
    /// # use sdk_tests::{GrpcEvent, GrpcReply, Proxy};
    /// # fn example(proxy: &mut Proxy) {
    /// // Says each message again, and how many they were.
    /// proxy.serve_grpc_stream("echo", |request, event| match event {
    ///     GrpcEvent::Opened => GrpcReply::new().metadata("x-version", "1"),
    ///     GrpcEvent::Message => GrpcReply::of(request.message()),
    ///     GrpcEvent::HalfClosed => GrpcReply::status(0)
    ///         .trailer("x-count", request.messages().len().to_string()),
    /// });
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Proxy::serve`].
    pub fn serve_grpc_stream(
        &mut self,
        cluster: &str,
        answer: impl Fn(&GrpcRequest, GrpcEvent) -> GrpcReply + Send + Sync + 'static,
    ) {
        self.check_cluster(cluster);
        let server = GrpcServer::of_streams(answer);
        self.backend.serve_grpc(cluster, server);
    }

    /// Makes a cluster one whose gRPC calls and streams fail. Call it before [`Proxy::configure`].
    ///
    /// # Panics
    ///
    /// As [`Proxy::serve`]; and over [`Fault::Garbage`], which is for HTTP callouts only.
    pub fn serve_grpc_fault(&mut self, cluster: &str, fault: Fault) {
        assert!(fault != Fault::Garbage, "garbage is for HTTP callouts only");
        self.check_cluster(cluster);
        self.backend.serve_grpc(cluster, GrpcServer::Fails(fault));
    }

    /// The calls and streams that the gRPC servers have seen so far, in order.
    pub fn grpc_calls(&mut self) -> Vec<GrpcCall> {
        self.backend.grpc_calls()
    }

    /// What the callout servers have seen so far, in order.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve("opa", |_| UpstreamReply::new(200).body("allow"));
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/ask"));
    /// assert_eq!(proxy.callouts()[0].cluster, "opa");
    /// assert_eq!(proxy.callouts()[0].request.path(), b"/first");
    /// # });
    /// ```
    pub fn callouts(&mut self) -> Vec<Callout> {
        self.backend.callouts()
    }

    /// Configures the plugin: JSON, or any text. Another call is a dynamic update.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let rejected = proxy.configure("bad").unwrap_err();
    /// assert!(rejected.reason().contains("is not a greeting"));
    /// let reply = proxy.send(Request::get("/"));
    /// assert_eq!(reply.header("x-greeting"), Some(&b"hello"[..]));
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin refused it; the configuration before it goes on serving.
    pub fn configure(&mut self, config: impl Into<Config>) -> Result<(), Rejected> {
        self.configured = true;
        let result = self.backend.configure(&config.into().0);
        if let Err(rejected) = &result {
            self.expected.logs.extend_from_slice(rejected.logs());
        }
        result
    }

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
    /// waits for should take a while, as an answer with [`UpstreamReply::after`] does: on Envoy
    /// anything else may be there before the next request.
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

    /// The value of a counter or gauge; 0 if nobody defined it. Names are the plugin's own,
    /// without Envoy's `wasmcustom.`.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/"));
    /// assert_eq!(proxy.metric("fixture_logged"), 1);
    /// assert_eq!(proxy.metric("misspelt"), 0);
    /// # });
    /// ```
    pub fn metric(&mut self, name: &str) -> u64 {
        self.backend
            .metrics()
            .get(name)
            .copied()
            .unwrap_or_default()
    }

    /// All counters and gauges of the plugin.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// // The canary's VM, the main thread's and the worker's.
    /// assert_eq!(proxy.metrics().get("fixture_configured"), Some(&3));
    /// # });
    /// ```
    pub fn metrics(&mut self) -> BTreeMap<String, u64> {
        self.backend.metrics()
    }

    /// Everything that the plugin has logged.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/"));
    /// assert!(proxy.logs()[0].message.starts_with("request / with"));
    /// assert!(proxy.logs().iter().all(|log| log.level < Level::Warn));
    /// # });
    /// ```
    pub fn logs(&mut self) -> Vec<Log> {
        self.backend.logs()
    }

    /// Lets time pass. The mock moves its clock and fires the timers; Envoy really waits.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// use std::time::Duration;
    ///
    /// proxy.configure("tick").unwrap();
    /// proxy.advance(Duration::from_millis(2_500));
    /// // In the VMs of the main thread and of the worker.
    /// assert_eq!(proxy.metric("fixture_ticks"), 4);
    /// # });
    /// ```
    pub fn advance(&mut self, by: Duration) {
        self.backend.advance(by);
    }

    /// What each callback of the last request cost, from the context's creation to its end.
    /// Empty on Envoy.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/"));
    /// let costs = proxy.costs();
    /// let of_headers = costs.iter().find(|cost| cost.callback == "proxy_on_request_headers");
    /// assert!(of_headers.unwrap().host_calls.len() <= 4);
    /// # });
    /// ```
    pub fn costs(&self) -> Vec<Cost> {
        self.backend.costs()
    }

    /// Says that the plugin may break a rule in this scenario.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.allow(Rule::ErrorLogs);
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/error"));
    /// assert!(proxy.logs().iter().any(|log| log.level == Level::Error));
    /// # });
    /// ```
    pub fn allow(&mut self, rule: Rule) {
        self.expected.allowed.insert(rule);
    }

    /// Says that the plugin will panic, and may log errors over it. A scenario in which it does not
    /// panic then fails.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.expect_panic();
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/panic")).status(), 503);
    /// assert_eq!(proxy.send(Request::get("/")).status(), 503);
    /// # });
    /// ```
    pub fn expect_panic(&mut self) {
        self.expected.panic = true;
    }

    /// What fails the scenario although all its assertions hold.
    pub(crate) fn verdict(&mut self) -> Vec<String> {
        let findings = self.backend.end();
        let mut faults = Vec::new();
        if self.started > 0 {
            let fault = "requests were started, and nobody waited for them: ";
            faults.push(format!("{fault}{}", self.started));
        }
        match (&findings.trap, self.expected.panic) {
            (Some(trap), false) => faults.push(format!("the plugin panicked: {trap}")),
            (None, true) => faults.push("the plugin was expected to panic, and did not".to_owned()),
            _ => {}
        }
        faults.extend(findings.faults);
        let allowed = &self.expected.allowed;
        let broken = findings.violations.into_iter();
        let broken = broken.filter(|violation| !allowed.contains(&violation.rule));
        faults.extend(broken.map(|violation| violation.message));
        if !allowed.contains(&Rule::ErrorLogs) && !self.expected.panic {
            let mut expected = self.expected.logs.clone();
            for log in self
                .backend
                .logs()
                .into_iter()
                .filter(|log| log.level >= Level::Error)
            {
                match expected.iter().position(|known| *known == log) {
                    Some(known) => drop(expected.swap_remove(known)),
                    None => faults.push(format!("the plugin logged an error: {log}")),
                }
            }
        }
        faults
    }

    /// The story so far, for whoever reads a failed test.
    pub(crate) fn story(&mut self) -> String {
        let logs = self.backend.logs();
        let mut story = story::tell(self.host(), &self.exchanges, &logs);
        story.push_str(&network::story(&self.spoken));
        story
    }
}

fn backend(kind: HostKind, plugin: &Plugin) -> Box<dyn Backend> {
    match kind {
        HostKind::Native => Box::new(crate::native::mock(plugin)),
        #[cfg(feature = "wasm")]
        HostKind::Wasm => Box::new(crate::wasm::mock(plugin)),
        #[cfg(feature = "harness")]
        HostKind::Envoy => Box::new(crate::envoy::host(plugin)),
        #[cfg(not(all(feature = "wasm", feature = "harness")))]
        _ => panic!("sdk-tests was built without the feature for the host {kind:?}"),
    }
}
