//! A workload at one end of a stream, from whichever source tells of it.

use extension_common::{
    headers::HeaderView,
    protobuf_struct::{Limits, Struct},
};

/// What is accepted from the filter state. What metadata-exchange keeps is bounded already.
const LIMITS: Limits = Limits {
    bytes: 65_536,
    entries: 4096,
    depth: 8,
};

/// What the host has about a peer, as it gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RawPeer {
    /// Nothing.
    #[default]
    Unknown,
    /// A serialized `google.protobuf.Struct`, from metadata-exchange.
    Struct(Vec<u8>),
    /// A map in the ABI's form, from Istio's own filter.
    Pairs(Vec<u8>),
    /// `workload;namespace;canonical name;canonical revision;cluster`, from an endpoint's metadata.
    Workload(Vec<u8>),
}

impl RawPeer {
    /// Whether there is anything.
    pub fn is_known(&self) -> bool {
        *self != Self::Unknown
    }

    /// Appends what tells it from others. Istio's filter gives its map in any order: sorted here.
    pub fn identify(&self, key: &mut Vec<u8>) {
        let mut part = |tag: u8, bytes: &[u8]| {
            key.push(tag);
            key.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
            key.extend_from_slice(bytes);
        };
        match self {
            Self::Unknown => part(0, b""),
            Self::Struct(bytes) => part(1, bytes),
            Self::Workload(bytes) => part(2, bytes),
            Self::Pairs(bytes) => match HeaderView::parse(bytes.clone()) {
                Some(view) => {
                    let mut pairs: Vec<_> = view.iter().collect();
                    pairs.sort_unstable();
                    part(3, b"");
                    for (name, value) in pairs {
                        part(4, name);
                        part(5, value);
                    }
                }
                None => part(3, bytes),
            },
        }
    }
}

/// A workload: the fields that Istio's own filter keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peer(Struct);

impl Peer {
    /// Reads what the host has; what cannot be read says nothing.
    pub fn of(raw: &RawPeer) -> Self {
        match raw {
            RawPeer::Unknown => Self::default(),
            RawPeer::Struct(bytes) => Self(Struct::read(bytes, LIMITS).unwrap_or_default()),
            RawPeer::Pairs(bytes) => Self(pairs(bytes, true)),
            RawPeer::Workload(bytes) => Self::of_endpoint(bytes),
        }
    }

    fn of_endpoint(bytes: &[u8]) -> Self {
        const FIELDS: [&str; 5] = ["workload", "namespace", "service", "revision", "cluster"];
        let text = String::from_utf8_lossy(bytes);
        let parts: Vec<_> = text.split(';').collect();
        let mut object = Struct::default();
        if parts.len() >= FIELDS.len() {
            for (field, part) in FIELDS.into_iter().zip(parts) {
                object.set_text(field, part);
            }
        }
        Self(object)
    }

    /// The proxy's own workload: `read` gives a property below `xds.node.metadata`.
    pub fn of_node(read: impl Fn(&[&str]) -> Option<Vec<u8>>) -> Self {
        const FIELDS: [(&str, &[&str]); 8] = [
            ("workload", &["WORKLOAD_NAME"]),
            ("namespace", &["NAMESPACE"]),
            ("cluster", &["CLUSTER_ID"]),
            ("name", &["NAME"]),
            ("app", &["LABELS", "app"]),
            ("version", &["LABELS", "version"]),
            ("service", &["LABELS", "service.istio.io/canonical-name"]),
            (
                "revision",
                &["LABELS", "service.istio.io/canonical-revision"],
            ),
        ];
        let mut object = Struct::default();
        for (field, path) in FIELDS {
            if let Some(value) = read(path) {
                object.set_text(field, String::from_utf8_lossy(&value));
            }
        }
        Self(object)
    }

    /// A field such as `workload`, where it says something.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.text(name)
    }

    /// What a path such as `labels`, `app` leads to.
    pub fn at(&self, path: &[String]) -> Option<&str> {
        let (last, objects) = path.split_last()?;
        let mut object = &self.0;
        for name in objects {
            object = object.object(name)?;
        }
        object.text(last)
    }
}

/// A map in the ABI's form; what is no text may be a map again.
fn pairs(bytes: &[u8], nested: bool) -> Struct {
    let mut object = Struct::default();
    let view = HeaderView::parse(bytes.to_vec());
    for (name, value) in view.iter().flatten() {
        let name = String::from_utf8_lossy(name);
        let inner = match nested && value.len() >= 4 && matches!(&*name, "labels") {
            true => pairs(value, false),
            false => Struct::default(),
        };
        match inner.fields.is_empty() {
            true => object.set_text(name, String::from_utf8_lossy(value)),
            false => object.set_object(name, inner),
        }
    }
    object
}

/// The namespace in a SPIFFE id: `spiffe://<trust domain>/ns/<namespace>/sa/<account>`.
pub fn namespace_of(principal: &str) -> Option<&str> {
    let path = principal.strip_prefix("spiffe://")?;
    let mut segments = path.split('/').skip(1);
    while let Some(segment) = segments.next() {
        if segment == "ns" {
            return segments.next().filter(|namespace| !namespace.is_empty());
        }
        segments.next();
    }
    None
}

#[cfg(test)]
mod tests;
