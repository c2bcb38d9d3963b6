//! The plugin as the host sees it: callbacks that take numbers and return one.

/// A callback that the host makes into the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Callback {
    /// A root or stream context comes to be.
    ContextCreate,
    /// The VM starts.
    VmStart,
    /// The plugin gets its configuration.
    Configure,
    /// The timer fired.
    Tick,
    /// A value has come into a queue.
    QueueReady,
    /// The request's headers are here.
    RequestHeaders,
    /// A piece of the request's body is here.
    RequestBody,
    /// The request's trailers are here.
    RequestTrailers,
    /// The response's headers are here.
    ResponseHeaders,
    /// A piece of the response's body is here.
    ResponseBody,
    /// The response's trailers are here.
    ResponseTrailers,
    /// A client has connected.
    NewConnection,
    /// Bytes of the client are here, or their end.
    DownstreamData,
    /// The connection is over.
    DownstreamClose,
    /// Bytes of the upstream are here, or their end.
    UpstreamData,
    /// The upstream says nothing more.
    UpstreamClose,
    /// A callout has its answer.
    HttpCallResponse,
    /// A gRPC stream has its initial metadata.
    GrpcInitialMetadata,
    /// A gRPC stream has a message, or a call its answer.
    GrpcMessage,
    /// A gRPC stream has its trailing metadata.
    GrpcTrailingMetadata,
    /// A gRPC stream is over, or a call has failed.
    GrpcClose,
    /// The stream is over and is being logged.
    Log,
    /// The context may finish its work.
    Done,
    /// The context goes.
    Delete,
}

impl Callback {
    /// The name of the export that a module has for it.
    pub fn export(self) -> &'static str {
        match self {
            Self::ContextCreate => "proxy_on_context_create",
            Self::VmStart => "proxy_on_vm_start",
            Self::Configure => "proxy_on_configure",
            Self::Tick => "proxy_on_tick",
            Self::QueueReady => "proxy_on_queue_ready",
            Self::RequestHeaders => "proxy_on_request_headers",
            Self::RequestBody => "proxy_on_request_body",
            Self::RequestTrailers => "proxy_on_request_trailers",
            Self::ResponseHeaders => "proxy_on_response_headers",
            Self::ResponseBody => "proxy_on_response_body",
            Self::ResponseTrailers => "proxy_on_response_trailers",
            Self::NewConnection => "proxy_on_new_connection",
            Self::DownstreamData => "proxy_on_downstream_data",
            Self::DownstreamClose => "proxy_on_downstream_connection_close",
            Self::UpstreamData => "proxy_on_upstream_data",
            Self::UpstreamClose => "proxy_on_upstream_connection_close",
            Self::HttpCallResponse => "proxy_on_http_call_response",
            Self::GrpcInitialMetadata => "proxy_on_grpc_receive_initial_metadata",
            Self::GrpcMessage => "proxy_on_grpc_receive",
            Self::GrpcTrailingMetadata => "proxy_on_grpc_receive_trailing_metadata",
            Self::GrpcClose => "proxy_on_grpc_close",
            Self::Log => "proxy_on_log",
            Self::Done => "proxy_on_done",
            Self::Delete => "proxy_on_delete",
        }
    }

    /// What the host takes for the answer of a callback that the module does not export.
    #[cfg(feature = "wasm")]
    pub fn default_answer(self) -> u32 {
        match self {
            Self::VmStart | Self::Configure | Self::Done => 1,
            _ => 0,
        }
    }
}

/// A panic or trap in the plugin. Its VM is dead from here on.
#[derive(Clone, Debug)]
pub struct Trap {
    /// What the engine says about it.
    pub message: String,
}

/// One VM with the plugin in it.
pub(crate) trait Guest {
    /// Calls into the plugin. `arguments` are those after the context id.
    fn call(&mut self, callback: Callback, context: u32, arguments: &[u32]) -> Result<u32, Trap>;

    /// The instructions of the last call, where the engine counts them.
    fn instructions(&self) -> Option<u64>;
}

/// Makes VMs.
pub(crate) trait Engine {
    /// Its kind of VM.
    type Guest: Guest;

    /// A new VM with the plugin loaded; nothing has been called but its initializer.
    fn instantiate(&self, host: &super::SharedHost) -> Result<Self::Guest, Trap>;

    /// Sets a variable of the plugin's environment.
    fn set_env(&mut self, name: &str, value: &str);

    /// Seeds the random numbers of the plugin, where they do not come from the system.
    fn set_seed(&mut self, _seed: u64) {}

    /// The token of the first callout.
    fn first_token(&self) -> u32;

    /// Which host this is.
    fn kind(&self) -> crate::HostKind;
}
