//! What this proxy tells of itself: built once, at configure time.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use extension_common::{headers::HeaderView, protobuf_struct::Struct};

use crate::config::Config;

/// The labels that Istio's own filter sends.
const LABELS: [&str; 4] = [
    "app",
    "service.istio.io/canonical-name",
    "service.istio.io/canonical-revision",
    "version",
];

/// The kinds of workload that Istio's own filter tells.
const KINDS: [&str; 4] = ["pod", "deployment", "job", "cronjob"];

/// What the older plugin sent beside, where it was there.
const LEGACY: [&str; 2] = ["ISTIO_VERSION", "MESH_ID"];

/// What the older plugin always sent, perhaps empty.
const LEGACY_LISTS: [&str; 2] = ["APP_CONTAINERS", "INSTANCE_IPS"];

/// A property below `xds.node`, as bytes; maps in the ABI's serialized form.
pub trait ReadNode: Fn(&[&str]) -> Option<Vec<u8>> {}

impl<T: Fn(&[&str]) -> Option<Vec<u8>>> ReadNode for T {}

/// The values of the two headers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OwnHeaders {
    /// The workload's metadata: base64, with padding.
    pub metadata: String,
    /// The proxy's node id; empty where it has none.
    pub id: Vec<u8>,
}

impl OwnHeaders {
    /// Makes them of what `read` finds below `xds.node`.
    pub fn build(config: &Config, read: impl ReadNode) -> Self {
        Self {
            metadata: BASE64_STANDARD.encode(metadata(config, &read).write()),
            id: read(&["id"]).unwrap_or_default(),
        }
    }
}

fn metadata(config: &Config, read: &impl ReadNode) -> Struct {
    let text = |path: &[&str]| {
        let bytes = read(path).filter(|bytes| !bytes.is_empty())?;
        String::from_utf8(bytes).ok()
    };
    let of_node = |key: &str| text(&["metadata", key]);
    let mut metadata = Struct::default();
    for key in ["CLUSTER_ID", "NAME", "NAMESPACE", "WORKLOAD_NAME"] {
        if let Some(value) = of_node(key) {
            metadata.set_text(key, value);
        }
    }
    let owner = of_node("OWNER");
    if !config.legacy_fields {
        let workload = of_node("WORKLOAD_NAME").unwrap_or_default();
        let namespace = of_node("NAMESPACE").unwrap_or_default();
        if let Some(kind) = owner.as_deref().and_then(|owner| kind(owner, &workload)) {
            metadata.set_text("OWNER", self::owner(kind, &namespace, &workload));
        }
        let names = LABELS.into_iter();
        let names = names.chain(config.additional_labels.iter().map(String::as_str));
        let mut labels = Struct::default();
        for name in names {
            if let Some(value) = text(&["metadata", "LABELS", name]) {
                labels.set_text(name, value);
            }
        }
        metadata.set_object("LABELS", labels);
        return metadata;
    }
    if let Some(owner) = owner {
        metadata.set_text("OWNER", owner);
    }
    for key in LEGACY {
        if let Some(value) = of_node(key) {
            metadata.set_text(key, value);
        }
    }
    for key in LEGACY_LISTS {
        metadata.set_text(key, of_node(key).unwrap_or_default());
    }
    for key in ["LABELS", "PLATFORM_METADATA"] {
        let entries = read(&["metadata", key]).and_then(HeaderView::parse);
        let mut object = Struct::default();
        for (name, value) in entries.iter().flatten() {
            if let (Ok(name), Ok(value)) = (std::str::from_utf8(name), std::str::from_utf8(value)) {
                object.set_text(name, value);
            }
        }
        metadata.set_object(key, object);
    }
    metadata
}

/// The kind of workload that an owner such as `kubernetes://apis/apps/v1/namespaces/x/deployments/y`
/// names, where Istio knows it.
pub fn kind<'a>(owner: &'a str, workload: &str) -> Option<&'a str> {
    let kind = owner.strip_suffix(workload)?.strip_suffix("s/")?;
    let kind = kind.rsplit('/').next()?;
    KINDS.contains(&kind).then_some(kind)
}

/// The owner as Istio's own filter writes it, whatever the API group is.
fn owner(kind: &str, namespace: &str, workload: &str) -> String {
    format!("kubernetes://apis/apps/v1/namespaces/{namespace}/{kind}s/{workload}")
}

#[cfg(test)]
mod tests;
