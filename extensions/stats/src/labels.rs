//! The labels of Istio's standard metrics, in the order in which they are written.

/// A standard label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs, reason = "their names say it; NAMES has the spelling")]
pub enum Label {
    Reporter,
    SourceWorkload,
    SourceWorkloadNamespace,
    SourcePrincipal,
    SourceApp,
    SourceVersion,
    SourceCanonicalService,
    SourceCanonicalRevision,
    SourceCluster,
    DestinationWorkload,
    DestinationWorkloadNamespace,
    DestinationPrincipal,
    DestinationApp,
    DestinationVersion,
    DestinationService,
    DestinationServiceName,
    DestinationServiceNamespace,
    DestinationCanonicalService,
    DestinationCanonicalRevision,
    DestinationCluster,
    RequestProtocol,
    ResponseFlags,
    ConnectionSecurityPolicy,
    ResponseCode,
    GrpcResponseStatus,
}

/// How many there are.
pub const COUNT: usize = 25;

/// So many of them, from the first, say who talks to whom: what gRPC message counts have.
pub const OF_PEERS: usize = 20;

/// So many of them, from the first, TCP metrics have.
pub const OF_TCP: usize = 23;

/// Their names, by number.
pub const NAMES: [&str; COUNT] = [
    "reporter",
    "source_workload",
    "source_workload_namespace",
    "source_principal",
    "source_app",
    "source_version",
    "source_canonical_service",
    "source_canonical_revision",
    "source_cluster",
    "destination_workload",
    "destination_workload_namespace",
    "destination_principal",
    "destination_app",
    "destination_version",
    "destination_service",
    "destination_service_name",
    "destination_service_namespace",
    "destination_canonical_service",
    "destination_canonical_revision",
    "destination_cluster",
    "request_protocol",
    "response_flags",
    "connection_security_policy",
    "response_code",
    "grpc_response_status",
];

/// The number of the label of this name.
pub fn find(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}

/// What a label says that has nothing to say.
pub const UNKNOWN: &str = "unknown";

/// The values of all labels for one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Values([String; COUNT]);

impl Default for Values {
    fn default() -> Self {
        Self(std::array::from_fn(|_| UNKNOWN.to_owned()))
    }
}

impl Values {
    /// What `label` says.
    pub fn get(&self, label: Label) -> &str {
        self.at(label as usize)
    }

    /// What the label of this number says.
    pub fn at(&self, number: usize) -> &str {
        self.0.get(number).map_or("", String::as_str)
    }

    /// Makes `label` say `value`.
    pub fn set(&mut self, label: Label, value: impl Into<String>) {
        self.set_at(label as usize, value);
    }

    /// Makes the label of this number say `value`.
    pub fn set_at(&mut self, number: usize, value: impl Into<String>) {
        if let Some(slot) = self.0.get_mut(number) {
            *slot = value.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_agree() {
        for (label, name) in [
            (Label::Reporter, "reporter"),
            (Label::DestinationWorkload, "destination_workload"),
            (Label::DestinationService, "destination_service"),
            (Label::GrpcResponseStatus, "grpc_response_status"),
        ] {
            assert_eq!(find(name), Some(label as usize));
        }
        assert_eq!(NAMES.get(OF_PEERS), Some(&"request_protocol"));
        assert_eq!(NAMES.get(OF_TCP), Some(&"response_code"));
        assert_eq!(find("request_host"), None);
    }
}
