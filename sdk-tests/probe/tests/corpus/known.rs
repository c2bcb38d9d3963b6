//! The differences between the mock and Envoy that are known, each with its reason.

use sdk_tests::HostKind;

use crate::case::Case;

/// A difference that is as it should be, or that cannot be helped.
pub(crate) struct Known {
    /// The cases: phases and operations, with `*` for anything; `a|b` is either.
    pub(crate) phases: &'static str,
    pub(crate) operations: &'static str,
    /// On which hosts.
    pub(crate) hosts: Hosts,
    /// Whether Envoy does not survive it.
    pub(crate) kills_envoy: bool,
    /// Whether Envoy does one thing or another, by what has arrived meanwhile.
    pub(crate) varies: bool,
    /// Why.
    pub(crate) reason: &'static str,
}

/// The hosts that differ from Envoy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hosts {
    /// Native code only: in a module it is as in Envoy.
    Native,
    /// The mock, whatever runs the plugin.
    Mock,
}

impl Known {
    /// Whether this is about a case on a host.
    pub(crate) fn covers(&self, case: &Case, host: HostKind) -> bool {
        let hosts = match self.hosts {
            Hosts::Native => host == HostKind::Native,
            Hosts::Mock => true,
        };
        hosts && matches(self.phases, case.phase) && matches(self.operations, case.operation())
    }
}

/// Whether Envoy does not survive a case.
pub(crate) fn kills_envoy(case: &Case) -> bool {
    KNOWN
        .iter()
        .any(|known| known.kills_envoy && known.covers(case, HostKind::Envoy))
}

/// Whether a text is one of the patterns.
fn matches(patterns: &str, text: &str) -> bool {
    patterns.split('|').any(|pattern| {
        let mut pieces = pattern.split('*');
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let mut ends = false;
        for piece in pieces {
            ends = piece.is_empty();
            match rest.rfind(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        ends || rest.is_empty()
    })
}

const fn known(phases: &'static str, operations: &'static str, reason: &'static str) -> Known {
    Known {
        phases,
        operations,
        hosts: Hosts::Mock,
        kills_envoy: false,
        varies: false,
        reason,
    }
}

const fn fatal(phases: &'static str, operations: &'static str) -> Known {
    Known {
        kills_envoy: true,
        ..known(
            phases,
            operations,
            "Envoy 1.40 crashes (a segmentation fault): a plugin must never do this. The mock notes a \
             violation and goes on",
        )
    }
}

const fn varying(phases: &'static str, operations: &'static str, reason: &'static str) -> Known {
    Known {
        varies: true,
        ..known(phases, operations, reason)
    }
}

const fn native(phases: &'static str, operations: &'static str, reason: &'static str) -> Known {
    Known {
        hosts: Hosts::Native,
        ..known(phases, operations, reason)
    }
}

/// All of them. One that is no longer there fails the corpus, too.
pub(crate) const KNOWN: &[Known] = &[
    fatal(
        "context_create|request_*|answer|response_trailers",
        "continue_stream 1",
    ),
    fatal(
        "context_create|log|done|delete|response_trailers",
        "close_stream 0|close_stream 1",
    ),
    fatal("log|done|delete", "send_local_response *"),
    fatal(
        "response_headers",
        "send_local_response *; send_local_response *",
    ),
    known(
        "request_only_headers|response_headers|local_reply_headers",
        "send_local_response 0 *|send_local_response 1 *|send_local_response 99 *|\
         send_local_response 1000 *|send_local_response 4294967295 *|\
         replace_header_map_value 2 :status 99; *",
        "Envoy sends any status as it is, and no client can read that one: the mock hands it over",
    ),
    varying(
        "request_headers",
        "continue_stream 0",
        "the stream does not pause: Envoy resumes it all the same, and loses the body of the request \
         if that has arrived with the headers",
    ),
    known(
        "response_headers|local_reply_headers",
        "continue_stream 1",
        "the stream does not pause: Envoy resumes it all the same and sends the body before the \
         headers",
    ),
    known(
        "request_end",
        "continue_stream 0; return 1",
        "Envoy resumes before the pause begins and closes the connection. The mock goes on, as Envoy \
         does when the headers are paused",
    ),
    known(
        "answer",
        "send_local_response 418 *",
        "a reply and a resume in one callback: Envoy sends the reply, and gives the plugin the \
         request's body behind it",
    ),
    known(
        "request_headers",
        "http_call waits map::method=,*",
        "Envoy takes an empty method, and no server can read the request: the mock's server sees it",
    ),
    known(
        "request_only_headers",
        "http_call answers *transfer-encoding=chunked*",
        "a callout that frames its own body: Envoy sends what no server can read, and the callout \
         times out. The mock's server sees the request",
    ),
    varying(
        "tick|root_*",
        "get_buffer_bytes 8 *|get_buffer_status 8",
        "the arguments of a foreign function where none was called: Envoy hands out whatever buffer the \
         context read last, which may be gone. The mock has nothing there",
    ),
    native(
        "*",
        "*wild:32*|*@ *|*@|continue_stream 3",
        "the host answers InvalidMemoryAccess or Unimplemented, which the SDK does not know: native \
         code would have undefined behaviour, so that it gets InternalFailure instead. The SDK \
         panics over either",
    ),
];

#[test]
fn a_pattern_is_the_whole_text() {
    assert!(matches("log|done", "done"));
    assert!(!matches("log|done", "don"));
    assert!(matches("get_*_value *", "get_header_map_value 0 x-a"));
    assert!(matches("*wild*", "log 2 wild:32"));
    assert!(!matches("close_stream 0", "close_stream 01"));
    assert!(matches("response_*", "response_headers"));
    assert!(!matches("*0", "close_stream 01"));
}
