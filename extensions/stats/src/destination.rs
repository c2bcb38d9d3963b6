//! Which service a request was meant for.

use crate::observation::{Observation, Reporter};

/// What the cluster's metadata says of its service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Its short name.
    pub name: String,
    /// Its whole name.
    pub host: String,
    /// Its namespace.
    pub namespace: String,
}

/// Clusters that are no service: requests to hosts that Istio does not know.
const CATCH_ALL: [&str; 5] = [
    "BlackHoleCluster",
    "PassthroughCluster",
    "InboundPassthroughCluster",
    "InboundPassthroughClusterIpv4",
    "InboundPassthroughClusterIpv6",
];

/// Routes that lead to one of them.
const CATCH_ALL_ROUTES: [(&str, &str); 2] = [
    ("block_all", "BlackHoleCluster"),
    ("allow_any", "PassthroughCluster"),
];

/// Whether the cluster of this name needs the `Host` header to say which service it is: `service` is
/// what its metadata says.
pub fn needs_host(cluster: &[u8], service: Option<&Service>) -> bool {
    service.is_none_or(|service| service.host.is_empty()) || is_catch_all(cluster)
}

fn is_catch_all(cluster: &[u8]) -> bool {
    CATCH_ALL.iter().any(|name| name.as_bytes() == cluster)
}

/// The labels of the destination service: its host, its name, and its namespace where the cluster
/// tells it.
///
/// `canonical` is the workload's own canonical service, for its own proxy.
pub fn resolve(
    observation: &Observation,
    service: Option<&Service>,
    canonical: Option<&str>,
) -> Service {
    let mut host = host(&observation.host);
    if host.is_none() && observation.reporter == Reporter::Destination {
        host = canonical.map(str::to_owned);
    }
    let mut resolved = Service {
        name: String::new(),
        host: host.unwrap_or_default(),
        namespace: String::new(),
    };
    let route = CATCH_ALL_ROUTES
        .iter()
        .find(|(route, _)| route.as_bytes() == observation.route);
    if let Some((_, cluster)) = route {
        resolved.name = (*cluster).to_owned();
    } else if is_catch_all(&observation.cluster) {
        resolved.name = String::from_utf8_lossy(&observation.cluster).into_owned();
    } else if let Some(service) = service {
        if !service.host.is_empty() {
            resolved.host.clone_from(&service.host);
        }
        resolved.name.clone_from(&service.name);
        resolved.namespace.clone_from(&service.namespace);
        if resolved.name.is_empty() {
            let short = resolved.host.split('.').next().unwrap_or_default();
            resolved.name = short.to_owned();
        }
    }
    if resolved.name.is_empty() {
        resolved.name.clone_from(&resolved.host);
    }
    resolved
}

/// A `Host` header as a label, in lower case; `None` where it is no name of a host.
fn host(header: &[u8]) -> Option<String> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(byte);
    if header.is_empty() || header.len() > 255 || !header.iter().all(is_plain) {
        return None;
    }
    let host = String::from_utf8_lossy(header).to_ascii_lowercase();
    Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reviews() -> Service {
        Service {
            name: "reviews".into(),
            host: "reviews.default.svc.cluster.local".into(),
            namespace: "default".into(),
        }
    }

    fn at(reporter: Reporter, cluster: &str, route: &str, host: &str) -> Observation {
        Observation {
            reporter,
            cluster: cluster.into(),
            route: route.into(),
            host: host.into(),
            ..Observation::default()
        }
    }

    #[test]
    fn the_cluster_knows_its_service() {
        let seen = at(Reporter::Source, "outbound|80||reviews", "", "Evil.example");
        assert_eq!(resolve(&seen, Some(&reviews()), None), reviews());
        let nameless = Service {
            name: String::new(),
            ..reviews()
        };
        assert_eq!(resolve(&seen, Some(&nameless), None).name, "reviews");
        assert!(!needs_host(b"outbound|80||reviews", Some(&reviews())));
        assert!(needs_host(b"outbound|80||reviews", None));
        assert!(needs_host(b"PassthroughCluster", Some(&reviews())));
    }

    #[test]
    fn hosts_that_istio_does_not_know_have_names_for_their_clusters() {
        for (cluster, route, name) in [
            ("PassthroughCluster", "", "PassthroughCluster"),
            ("BlackHoleCluster", "", "BlackHoleCluster"),
            (
                "InboundPassthroughClusterIpv4",
                "",
                "InboundPassthroughClusterIpv4",
            ),
            ("", "block_all", "BlackHoleCluster"),
            ("x", "allow_any", "PassthroughCluster"),
        ] {
            let seen = at(Reporter::Source, cluster, route, "Example.com:8080");
            let resolved = resolve(&seen, None, None);
            assert_eq!(
                (&*resolved.name, &*resolved.host),
                (name, "example.com:8080")
            );
        }
    }

    #[test]
    fn without_metadata_the_host_is_the_service() {
        let resolved = resolve(&at(Reporter::Source, "x", "", "Shop.example"), None, None);
        assert_eq!(
            (&*resolved.name, &*resolved.host),
            ("shop.example", "shop.example")
        );
        let resolved = resolve(&at(Reporter::Source, "x", "", ""), None, Some("shop"));
        assert_eq!(resolved, Service::default());
        let resolved = resolve(&at(Reporter::Destination, "x", "", ""), None, Some("shop"));
        assert_eq!((&*resolved.name, &*resolved.host), ("shop", "shop"));
    }

    #[test]
    fn junk_is_no_host() {
        for junk in ["a b", "a;.;b", "a=.=b", "é.example", "a/b", "\"", "a\nb"] {
            assert_eq!(host(junk.as_bytes()), None, "{junk}");
        }
        assert_eq!(host(&[b'a'; 256]), None);
        assert_eq!(host(b"\xff"), None);
        assert_eq!(host(b"[::1]:80").as_deref(), Some("[::1]:80"));
    }
}
