//! The service that a plugin names: a cluster, or a protobuf that names one.

use prost::Message;

/// Envoy's `envoy.config.core.v3.GrpcService`, as far as it is known here.
#[derive(Clone, PartialEq, Message)]
struct GrpcService {
    #[prost(message, optional, tag = "1")]
    envoy_grpc: Option<EnvoyGrpc>,
    #[prost(bytes, optional, tag = "2")]
    google_grpc: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct EnvoyGrpc {
    #[prost(string, tag = "1")]
    cluster_name: String,
}

/// What the service argument of a call means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// The cluster with this name, which has to be there.
    Cluster(String),
    /// A `GrpcService` with the name of a cluster, which is looked for when the call is made.
    Parsed(String),
    /// A `GrpcService` that says more than that.
    Unknown,
    /// A `GrpcService` without a target.
    Nowhere,
}

impl Service {
    /// Envoy takes for a name what does not parse. That a name does is bad luck, and not rare:
    /// `auth-grpc` is a field of 8 bytes that Envoy does not know.
    pub(super) fn of(argument: &[u8]) -> Self {
        let Ok(service) = GrpcService::decode(argument) else {
            return Self::Cluster(String::from_utf8_lossy(argument).into_owned());
        };
        let all_known = service.encode_to_vec() == argument;
        match service {
            GrpcService {
                envoy_grpc: None,
                google_grpc: None,
            } => Self::Nowhere,
            GrpcService {
                envoy_grpc: Some(target),
                google_grpc: None,
            } if all_known => Self::Parsed(target.cluster_name),
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Service;

    #[test]
    fn most_names_are_names() {
        for name in ["opa", "ratelimit", "ext_authz", "outbound|9000||a.b.svc"] {
            assert_eq!(Service::of(name.as_bytes()), Service::Cluster(name.into()));
        }
    }

    #[test]
    fn a_service_names_its_cluster() {
        let service = Service::of(b"\x0a\x05\x0a\x03opa");
        assert_eq!(service, Service::Parsed("opa".into()));
    }

    #[test]
    fn a_service_may_say_more() {
        for service in [&b"\x0a\x05\x0a\x03opa\x1a\x00"[..], b"\x12\x00"] {
            assert_eq!(Service::of(service), Service::Unknown);
        }
    }

    #[test]
    fn some_names_are_services_without_a_target() {
        for name in ["", "auth-grpc", "empty", "users", "hi"] {
            assert_eq!(Service::of(name.as_bytes()), Service::Nowhere, "{name}");
        }
    }
}
