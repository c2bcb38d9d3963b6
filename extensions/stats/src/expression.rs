//! What a dimension, a condition or a metric's value is made of.

use extension_common::vocabulary::{self, PEERS};

/// An expression, as the cheapest thing that it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Always this.
    Literal(String),
    /// A property of the node, which never changes: below `xds.node`.
    Node(Vec<String>),
    /// A field of a peer, which is known anyway.
    Peer(Side, Vec<String>),
    /// A property, and how its bytes are to be read.
    Property(Vec<String>, Reading),
    /// Anything else: the host evaluates it.
    Cel(String),
}

/// Which peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who asks.
    Downstream,
    /// Who is asked.
    Upstream,
}

/// What the bytes of a property are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Text.
    Text,
    /// A number in eight bytes.
    Number,
    /// One byte.
    Bool,
}

/// Properties that are numbers; those of times are left to the host.
const NUMBERS: [&str; 17] = [
    "connection.id",
    "connection_id",
    "destination.port",
    "request.headers_bytes",
    "request.size",
    "request.total_size",
    "response.code",
    "response.flags",
    "response.grpc_status",
    "response.headers_bytes",
    "response.size",
    "response.total_size",
    "source.port",
    "upstream.num_endpoints",
    "upstream.port",
    "upstream.request_attempt_count",
    "xds.listener_direction",
];

/// Properties that have no text of their own, or a message: for the host.
const TIMES: [&str; 4] = [
    "request.duration",
    "request.time",
    "response.backend_latency",
    "upstream.cx_pool_ready_duration",
];

impl Source {
    /// Reads an expression, in old words or in today's.
    pub fn of(written: &str) -> Self {
        let modern = vocabulary::modern(written);
        if let Some(text) = vocabulary::literal(&modern) {
            return Self::Literal(text);
        }
        if modern.trim().parse::<i64>().is_ok() {
            return Self::Literal(modern.trim().to_owned());
        }
        let Some(path) = vocabulary::path(&modern) else {
            return Self::Cel(vocabulary::with_peers(&modern));
        };
        if let Some((side, field)) = peer(&path) {
            return Self::Peer(side, field);
        }
        let name = path.join(".");
        if TIMES.contains(&name.as_str()) {
            return Self::Cel(modern);
        }
        match path.as_slice() {
            [xds, node, rest @ ..] if xds == "xds" && node == "node" && !rest.is_empty() => {
                Self::Node(rest.to_vec())
            }
            _ if NUMBERS.contains(&name.as_str()) => Self::Property(path, Reading::Number),
            _ if name == "connection.mtls" => Self::Property(path, Reading::Bool),
            _ => Self::Property(path, Reading::Text),
        }
    }
}

/// The field of a peer that a path leads to.
fn peer(path: &[String]) -> Option<(Side, Vec<String>)> {
    let (name, field) = match path {
        [state, name, field @ ..] if state == "filter_state" => {
            (name.strip_prefix("wasm.").unwrap_or(name), field)
        }
        [name, field @ ..] => (name.as_str(), field),
        [] => return None,
    };
    let [upstream, downstream] = PEERS;
    let side = match name {
        name if name == upstream => Side::Upstream,
        name if name == downstream => Side::Downstream,
        _ => return None,
    };
    (!field.is_empty()).then(|| (side, field.to_vec()))
}

impl Reading {
    /// The text of a property's bytes; `None` where they are not of the kind.
    pub fn text(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Text => Some(bytes.to_vec()),
            Self::Number => {
                let number = i64::from_le_bytes(bytes.try_into().ok()?);
                Some(number.to_string().into_bytes())
            }
            Self::Bool => match bytes {
                [0] => Some(b"false".to_vec()),
                [_] => Some(b"true".to_vec()),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn expressions_are_what_costs_least() {
        for (written, expected) in [
            ("'x'", Source::Literal("x".into())),
            (" 1 ", Source::Literal("1".into())),
            ("node.metadata['A']", Source::Node(path("metadata/A"))),
            ("xds.node.id", Source::Node(path("id"))),
            (
                "upstream_peer.labels['app'].value",
                Source::Peer(Side::Upstream, path("labels/app")),
            ),
            (
                "filter_state['wasm.downstream_peer'].workload",
                Source::Peer(Side::Downstream, path("workload")),
            ),
            (
                "filter_state.downstream_peer.namespace",
                Source::Peer(Side::Downstream, path("namespace")),
            ),
            (
                "request.host",
                Source::Property(path("request/host"), Reading::Text),
            ),
            (
                "response.code",
                Source::Property(path("response/code"), Reading::Number),
            ),
            (
                "connection.mtls",
                Source::Property(path("connection/mtls"), Reading::Bool),
            ),
            (
                "cluster_name",
                Source::Property(path("xds/cluster_name"), Reading::Text),
            ),
            ("request.duration", Source::Cel("request.duration".into())),
            ("string(1)", Source::Cel("string(1)".into())),
            ("node.id + 'x'", Source::Cel("xds.node.id + 'x'".into())),
        ] {
            assert_eq!(Source::of(written), expected, "{written}");
        }
    }

    #[test]
    fn bytes_become_text() {
        let text = |reading: Reading, bytes: &[u8]| {
            let text = reading.text(bytes)?;
            Some(String::from_utf8_lossy(&text).into_owned())
        };
        let number = (-7_i64).to_le_bytes();
        assert_eq!(text(Reading::Number, &number).as_deref(), Some("-7"));
        assert_eq!(text(Reading::Number, b"7"), None);
        assert_eq!(text(Reading::Bool, &[1]).as_deref(), Some("true"));
        assert_eq!(text(Reading::Bool, &[]), None);
        assert_eq!(text(Reading::Text, b"7").as_deref(), Some("7"));
    }
}
