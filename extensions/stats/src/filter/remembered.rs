//! What does not change from one request to the next.

use std::rc::Rc;

use extension_common::{byte_cache::ByteCache, headers::HeaderView};

use super::ask::get;
use crate::{destination::Service, observation::Principals};

/// Connections whose certificates are remembered: so many, and so many bytes.
const CONNECTIONS: (usize, usize) = (4096, 1 << 20);

/// Clusters whose services are remembered: so many, and so many bytes.
const CLUSTERS: (usize, usize) = (10_000, 4 << 20);

/// The services of clusters, by cluster.
#[derive(Debug)]
pub(super) struct Services(ByteCache<Option<Rc<Service>>>);

impl Default for Services {
    fn default() -> Self {
        let (entries, bytes) = CLUSTERS;
        Self(ByteCache::new(entries, bytes))
    }
}

impl Services {
    /// The service of the stream's cluster, by what its metadata says.
    pub(super) fn find(&mut self, cluster: &[u8]) -> Option<Rc<Service>> {
        if cluster.is_empty() {
            return None;
        }
        if let Some(service) = self.0.get(cluster) {
            return service.clone();
        }
        let service = read_service().map(Rc::new);
        let bytes = service.as_ref().map_or(0, |service| {
            let texts = [&service.name, &service.host, &service.namespace];
            texts.iter().map(|text| text.len()).sum()
        });
        self.0.insert(cluster, service.clone(), bytes);
        service
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

fn read_service() -> Option<Service> {
    let path = [
        "xds",
        "cluster_metadata",
        "filter_metadata",
        "istio",
        "services",
        "0",
    ];
    let view = HeaderView::parse(get(&path)?)?;
    let text = |name| {
        let value = view.get(name).unwrap_or_default();
        String::from_utf8_lossy(value).into_owned()
    };
    Some(Service {
        name: text("name"),
        host: text("host"),
        namespace: text("namespace"),
    })
}

/// The certificates of clients' connections, by the number of the connection.
#[derive(Debug)]
pub(super) struct Connections(ByteCache<Rc<Principals>>);

impl Default for Connections {
    fn default() -> Self {
        let (entries, bytes) = CONNECTIONS;
        Self(ByteCache::new(entries, bytes))
    }
}

impl Connections {
    /// The certificates of the stream's connection, whose number is `id`.
    pub(super) fn find(&mut self, id: &[u8]) -> Rc<Principals> {
        if let Some(principals) = self.0.get(id) {
            return principals.clone();
        }
        let text = |name| get(&["connection", name]).unwrap_or_default();
        let principals = Rc::new(Principals {
            peer: text("uri_san_peer_certificate"),
            local: text("uri_san_local_certificate"),
            mutual: text("mtls") == [1],
        });
        let bytes = principals.peer.len().saturating_add(principals.local.len());
        self.0.insert(id, principals.clone(), bytes);
        principals
    }
}
