//! The phases, and how a case gets to each.

use crate::case::{Case, Drive, Exchange};

/// A phase that operations are tried in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    /// What the report calls it.
    pub(crate) name: &'static str,
    /// The callback, as scripts call it.
    callback: &'static str,
    /// Steps that lead there.
    before: &'static str,
    /// Steps after the operation.
    after: &'static str,
    drive: Drive,
}

const fn phase(name: &'static str, drive: Drive) -> Phase {
    Phase {
        name,
        callback: name,
        before: "",
        after: "",
        drive,
    }
}

const fn of_stream(name: &'static str, callback: &'static str, exchange: Exchange) -> Phase {
    Phase {
        callback,
        ..phase(name, Drive::Send(exchange))
    }
}

const LOCAL_REPLY: &str = "request_headers send_local_response 418 '' local map:x-a=5 -1;";

const LOCAL_REPLY_OF_ANY_LENGTH: &str = "request_headers send_local_response 418 '' local map:x-a=5 -1;\
    response_headers remove_header_map_value 2 content-length;";

/// A callout of a stream that waits for it.
const CALLOUT: &str = "request_headers http_call answers-with-trailers \
    map::method=POST,:path=/$,:authority=a,x-a=6 asked map:x-a=7 5000;\
    request_headers return 1;";

const CALLOUT_OF_ROOT: &str = "configure http_call answers-with-trailers \
    map::method=GET,:path=/$,:authority=a,x-a=6 '' '' 5000;";

const RESUME: &str = ";http_call_response set_effective_context self;\
    http_call_response continue_stream 0";

/// The VM starts.
pub(crate) const VM_START: Phase = phase("vm_start", Drive::Start);
/// The plugin is configured.
pub(crate) const CONFIGURE: Phase = phase("configure", Drive::Configure);
/// The timer fires.
pub(crate) const TICK: Phase = Phase {
    before: "configure set_tick_period_milliseconds 5;tick set_tick_period_milliseconds 0;",
    ..phase("tick", Drive::Wait)
};
/// A callout of the root context has its answer.
pub(crate) const ROOT_ANSWER: Phase = Phase {
    callback: "http_call_response",
    before: CALLOUT_OF_ROOT,
    ..phase("root_answer", Drive::Wait)
};
/// The root context is done.
pub(crate) const ROOT_DONE: Phase = Phase {
    callback: "done",
    ..phase("root_done", Drive::Replace)
};
/// The root context goes.
pub(crate) const ROOT_DELETE: Phase = Phase {
    callback: "delete",
    ..phase("root_delete", Drive::Replace)
};
/// A stream comes to be.
pub(crate) const CREATE: Phase = phase("context_create", Drive::Create);
pub(crate) const REQUEST_HEADERS: Phase =
    of_stream("request_headers", "request_headers", Exchange::Trailers);
/// The request's headers, and there is nothing else.
pub(crate) const REQUEST_ONLY_HEADERS: Phase =
    of_stream("request_only_headers", "request_headers", Exchange::Plain);
pub(crate) const REQUEST_BODY: Phase =
    of_stream("request_body", "request_body", Exchange::Trailers);
/// The last piece of the request's body.
pub(crate) const REQUEST_END: Phase = Phase {
    before: "request_headers remove_header_map_value 0 content-length;",
    ..of_stream("request_end", "request_body#2", Exchange::Bodies)
};
pub(crate) const REQUEST_TRAILERS: Phase =
    of_stream("request_trailers", "request_trailers", Exchange::Trailers);
pub(crate) const RESPONSE_HEADERS: Phase =
    of_stream("response_headers", "response_headers", Exchange::Trailers);
pub(crate) const RESPONSE_BODY: Phase =
    of_stream("response_body", "response_body", Exchange::Trailers);
/// The last piece of the response's body.
pub(crate) const RESPONSE_END: Phase = Phase {
    before: "response_headers remove_header_map_value 2 content-length;",
    ..of_stream("response_end", "response_body#2", Exchange::Bodies)
};
pub(crate) const RESPONSE_TRAILERS: Phase =
    of_stream("response_trailers", "response_trailers", Exchange::Trailers);
/// The headers of a reply that the plugin has sent.
pub(crate) const LOCAL_HEADERS: Phase = Phase {
    before: LOCAL_REPLY,
    ..of_stream("local_reply_headers", "response_headers", Exchange::Plain)
};
/// Its body.
pub(crate) const LOCAL_BODY: Phase = Phase {
    before: LOCAL_REPLY_OF_ANY_LENGTH,
    ..of_stream("local_reply_body", "response_body", Exchange::Plain)
};
/// A callout of a stream has its answer.
pub(crate) const ANSWER: Phase = Phase {
    callback: "http_call_response",
    before: CALLOUT,
    after: RESUME,
    ..of_stream("answer", "http_call_response", Exchange::Bodies)
};
/// The headers of a request whose answer has no body.
pub(crate) const HEAD: Phase = of_stream("head", "request_headers", Exchange::Head);
/// The headers of that answer.
pub(crate) const HEAD_ANSWER: Phase = of_stream("head_answer", "response_headers", Exchange::Head);
pub(crate) const LOG: Phase = of_stream("log", "log", Exchange::Trailers);
pub(crate) const DONE: Phase = of_stream("done", "done", Exchange::Trailers);
pub(crate) const DELETE: Phase = of_stream("delete", "delete", Exchange::Trailers);

/// Those of the root context.
pub(crate) const ROOT: &[Phase] = &[
    VM_START,
    CONFIGURE,
    TICK,
    ROOT_ANSWER,
    ROOT_DONE,
    ROOT_DELETE,
];

/// Those of a stream.
pub(crate) const STREAM: &[Phase] = &[
    CREATE,
    REQUEST_HEADERS,
    REQUEST_ONLY_HEADERS,
    REQUEST_BODY,
    REQUEST_END,
    REQUEST_TRAILERS,
    RESPONSE_HEADERS,
    RESPONSE_BODY,
    RESPONSE_END,
    RESPONSE_TRAILERS,
    LOCAL_HEADERS,
    LOCAL_BODY,
    ANSWER,
    LOG,
    DONE,
    DELETE,
];

impl Phase {
    /// The case of an operation in this phase.
    pub(crate) fn case(&self, operation: &str) -> Case {
        let function = operation.split([' ', '@']).next().unwrap_or_default();
        let (callback, before, after) = (self.callback, self.before, self.after);
        // An operation may be several steps.
        let operations: Vec<_> = operation
            .split("; ")
            .map(|operation| format!("{callback} {operation}"))
            .collect();
        Case {
            name: format!("{} {operation}", self.name),
            phase: self.name,
            function: function.to_owned(),
            tag: String::new(),
            drive: self.drive,
            steps: format!("{before}{}{after}", operations.join(";")),
        }
    }
}
