//! The servers that the plugin calls.

use std::sync::Arc;

use super::Proxy;
use crate::callout::{Callout, Fault, Server};
use crate::grpc::{GrpcCall, GrpcEvent, GrpcReply, GrpcRequest, GrpcServer};
use crate::reply::{UpstreamReply, UpstreamRequest};

/// The servers that the plugin calls.
impl Proxy {
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
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// // Says each message again, and how many they were.
    /// proxy.serve_grpc_stream("echo", |request, event| match event {
    ///     GrpcEvent::Opened => GrpcReply::new().metadata("x-version", "1"),
    ///     GrpcEvent::Message => GrpcReply::of(request.message()),
    ///     GrpcEvent::HalfClosed => GrpcReply::status(0)
    ///         .trailer("x-count", request.messages().len().to_string()),
    /// });
    /// // The plugin opens a stream, sends two messages, and logs what comes.
    /// proxy.configure("configure: stream echo; send a; end b").unwrap();
    /// assert!(proxy.logs().iter().any(|log| log.message.contains("x-count=2")));
    /// # });
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
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc_fault("opa", Fault::Refused);
    /// // As soon as it is configured, the plugin calls `opa`, and then logs the answer.
    /// proxy.configure("configure: call opa hello").unwrap();
    /// // The status is `UNAVAILABLE`.
    /// assert_eq!(proxy.logs().last().unwrap().message, "response 14 size 0 nothing");
    /// # });
    /// ```
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
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.serve_grpc("opa", |_| GrpcReply::of("welcome"));
    /// // As soon as it is configured, the plugin calls `opa`.
    /// proxy.configure("configure: call opa hello").unwrap();
    /// assert_eq!(proxy.grpc_calls()[0].cluster, "opa");
    /// assert_eq!(proxy.grpc_calls()[0].request.message(), b"hello");
    /// # });
    /// ```
    pub fn grpc_calls(&mut self) -> Vec<GrpcCall> {
        self.backend.grpc_calls()
    }
}
