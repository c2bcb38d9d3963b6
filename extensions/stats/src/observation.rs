//! What is known about a stream when it is reported, before labels are made of it.

use crate::peer::RawPeer;

/// Who reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reporter {
    /// The proxy of whoever asks; a gateway.
    #[default]
    Source,
    /// The proxy of whoever is asked.
    Destination,
    /// A waypoint, between them.
    Waypoint,
}

impl Reporter {
    /// What the label says.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
            Self::Waypoint => "waypoint",
        }
    }
}

/// What is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP of any version.
    #[default]
    Http,
    /// gRPC.
    Grpc,
    /// Anything on a TCP connection.
    Tcp,
}

impl Protocol {
    /// What the label says.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Tcp => "tcp",
        }
    }

    /// HTTP, or gRPC where the content type says so.
    pub fn of_content_type(content_type: Option<&[u8]>) -> Self {
        let rest = content_type.and_then(|value| value.strip_prefix(b"application/grpc"));
        match rest {
            Some([] | [b'+' | b';' | b' ', ..]) => Self::Grpc,
            _ => Self::Http,
        }
    }
}

/// The two ends of a connection with TLS, by their certificates: the URI in each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principals {
    /// The other end's.
    pub peer: Vec<u8>,
    /// Our own.
    pub local: Vec<u8>,
    /// Whether both ends have shown a certificate.
    pub mutual: bool,
}

/// What is known about a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Who reports.
    pub reporter: Reporter,
    /// What is spoken.
    pub protocol: Protocol,
    /// The status; 0 where there was none.
    pub code: u16,
    /// Envoy's response flags.
    pub flags: u64,
    /// gRPC's status.
    pub grpc_status: Option<i64>,
    /// The client's connection.
    pub downstream: Principals,
    /// The connection to the upstream.
    pub upstream: Principals,
    /// Who asks, as far as another proxy tells.
    pub downstream_peer: RawPeer,
    /// Who is asked, as far as another proxy tells.
    pub upstream_peer: RawPeer,
    /// Envoy's cluster; empty where there is none.
    pub cluster: Vec<u8>,
    /// The route's name, where it matters.
    pub route: Vec<u8>,
    /// The `Host` header, where it matters.
    pub host: Vec<u8>,
}

impl Observation {
    /// Writes what tells this stream's labels from others into `key`, whatever it holds.
    pub fn identify(&self, key: &mut Vec<u8>) {
        key.clear();
        let kinds = [
            self.reporter as u8,
            self.protocol as u8,
            u8::from(self.downstream.mutual),
            u8::from(self.upstream.mutual),
        ];
        key.extend_from_slice(&kinds);
        key.extend_from_slice(&self.code.to_le_bytes());
        key.extend_from_slice(&self.flags.to_le_bytes());
        let status = self.grpc_status.unwrap_or(i64::MIN);
        key.extend_from_slice(&status.to_le_bytes());
        let texts = [
            &self.downstream.peer,
            &self.downstream.local,
            &self.upstream.peer,
            &self.upstream.local,
            &self.cluster,
            &self.route,
            &self.host,
        ];
        for text in texts {
            key.extend_from_slice(&length(text));
        }
        for text in texts {
            // Most are empty.
            if !text.is_empty() {
                key.extend_from_slice(text);
            }
        }
        self.downstream_peer.identify(key);
        self.upstream_peer.identify(key);
    }
}

/// Appends bytes with their length, so that two parts never look like two others.
pub fn append(key: &mut Vec<u8>, bytes: &[u8]) {
    key.extend_from_slice(&length(bytes));
    key.extend_from_slice(bytes);
}

/// (Nothing is longer than a guest's 32-bit memory.)
fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_known_by_its_content_type() {
        for (content_type, expected) in [
            ("application/grpc", Protocol::Grpc),
            ("application/grpc+proto", Protocol::Grpc),
            ("application/grpc+json", Protocol::Grpc),
            ("application/grpc;charset=x", Protocol::Grpc),
            ("application/grpc-web", Protocol::Http),
            ("application/grpcx", Protocol::Http),
            ("application/json", Protocol::Http),
        ] {
            let protocol = Protocol::of_content_type(Some(content_type.as_bytes()));
            assert_eq!(protocol, expected, "{content_type}");
        }
        assert_eq!(Protocol::of_content_type(None), Protocol::Http);
    }

    #[test]
    fn everything_tells_streams_apart() {
        let base = Observation::default();
        let bytes = || b"x".to_vec();
        let mut others = Vec::new();
        let mut add = |change: &dyn Fn(&mut Observation)| {
            let mut other = base.clone();
            change(&mut other);
            others.push(other);
        };
        add(&|_| {});
        add(&|o| o.reporter = Reporter::Destination);
        add(&|o| o.protocol = Protocol::Tcp);
        add(&|o| o.code = 1);
        add(&|o| o.flags = 1);
        add(&|o| o.grpc_status = Some(0));
        add(&|o| o.downstream.peer = bytes());
        add(&|o| o.downstream.local = bytes());
        add(&|o| o.downstream.mutual = true);
        add(&|o| o.upstream.peer = bytes());
        add(&|o| o.downstream_peer = RawPeer::Struct(bytes()));
        add(&|o| o.upstream_peer = RawPeer::Struct(bytes()));
        add(&|o| o.cluster = bytes());
        add(&|o| o.route = bytes());
        add(&|o| o.host = bytes());
        let mut keys = Vec::new();
        for other in others {
            let mut key = b"rest of another".to_vec();
            other.identify(&mut key);
            assert!(!keys.contains(&key), "{other:?}");
            keys.push(key);
        }
    }
}
