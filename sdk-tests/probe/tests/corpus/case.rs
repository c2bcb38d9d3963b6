//! What a case is.

use sdk_tests::{Request, UpstreamReply};

/// The length of a tag: a `c`, five digits and an `x`. None is a part of another.
pub(crate) const TAG: usize = 7;

/// One operation in one phase, and what it takes to get there.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The phase and the operation with its arguments; no two cases share it.
    pub(crate) name: String,
    /// The phase, as the report calls it.
    pub(crate) phase: &'static str,
    /// The host function.
    pub(crate) function: String,
    /// What the log lines of this case begin with.
    pub(crate) tag: String,
    pub(crate) drive: Drive,
    /// The steps of the script, behind the tag.
    pub(crate) steps: String,
}

/// How a case gets to its phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Drive {
    /// A VM that starts with the script, and with those of its like.
    Start,
    /// A configuration with the script.
    Configure,
    /// The same; then timers fire.
    Wait,
    /// The same; then another configuration takes its place.
    Replace,
    /// A configuration with the script, which the stream of a request takes over.
    Create,
    /// A request with the script.
    Send(Exchange),
}

/// What a request and its answer are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exchange {
    /// A `GET`, and an answer with a body.
    Plain,
    /// A `HEAD`, and an answer as to a `GET`.
    Head,
    /// A `POST` with a body, and an answer with one.
    Bodies,
    /// A `POST` with a body and trailers, and an answer with both.
    Trailers,
}

impl Case {
    /// The operation with its arguments.
    pub(crate) fn operation(&self) -> &str {
        self.name
            .split_once(' ')
            .map_or("", |(_, operation)| operation)
    }

    /// Whether three VMs do the same, each in its own time.
    pub(crate) fn is_of_root(&self) -> bool {
        !matches!(self.drive, Drive::Send(_))
    }

    /// Whether other cases in the same callback would not be the same behind it.
    pub(crate) fn disturbs(&self) -> bool {
        const OTHERS: &[&str] = &["set_effective_context", "done"];
        const STREAM: &[&str] = &["continue_stream", "close_stream", "send_local_response"];
        // A root context hears of a queue, keeps expressions and declarations, and takes whatever
        // buffer it last had for the one of a foreign function.
        const KEPT: &[&str] = &[
            "enqueue_shared_queue queue",
            "expr_",
            "declare_property",
            "buffer_bytes 8",
            "buffer_status 8",
        ];
        let function = self.function.as_str();
        OTHERS.contains(&function)
            || KEPT.iter().any(|kept| self.name.contains(kept))
            || (self.drive == Drive::Create && STREAM.contains(&function))
    }

    /// The script as the probe gets it.
    pub(crate) fn script(&self) -> String {
        format!("{};{}", self.tag, self.steps)
    }
}

impl Exchange {
    /// The request, without a script.
    pub(crate) fn request(self) -> Request {
        let request = match self {
            Self::Plain => Request::get("/p?q=1"),
            Self::Head => Request::head("/p?q=1"),
            Self::Bodies | Self::Trailers => Request::post("/p?q=1").body("request body"),
        };
        let request = request
            .header("x-request-id", "probe")
            .header("x-a", "1")
            .header("x-d", "1")
            .header("x-d", "2")
            .header("x-e", "")
            .header("x-b", b"\xff\xfe");
        match self {
            Self::Plain | Self::Head | Self::Bodies => request,
            Self::Trailers => request.trailer("x-a", "3").trailer("x-t", "1"),
        }
    }

    /// What the upstream answers.
    pub(crate) fn answer(self) -> UpstreamReply {
        let answer = UpstreamReply::new(200)
            .header("x-a", "2")
            .header("x-d", "1")
            .header("x-d", "2")
            .header("x-e", "")
            .header("x-b", b"\xff\xfe")
            .body("answer");
        match self {
            Self::Plain | Self::Head | Self::Bodies => answer,
            Self::Trailers => answer.trailer("x-a", "4").trailer("x-t", "1"),
        }
    }
}
