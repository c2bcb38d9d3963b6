//! What peers tell of themselves: read, made uniform, remembered.

use std::rc::Rc;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use extension_common::{
    byte_cache::ByteCache,
    protobuf_struct::{Kind, Limits, Struct, StructError},
};

use crate::{config::Config, node};

/// The standard alphabet; padding may be missing, trailing bits may not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a header is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// The header is longer than `max_peer_bytes`, or has too many members.
    #[error("it is larger than allowed")]
    TooLarge,
    /// Not base64.
    #[error("it is not base64")]
    NotBase64,
    /// Not a Struct.
    #[error("it is no google.protobuf.Struct")]
    Malformed,
    /// Nothing of what a peer tells.
    #[error("it says nothing about the peer")]
    Empty,
}

impl From<StructError> for PeerError {
    fn from(error: StructError) -> Self {
        match error {
            StructError::TooLarge => Self::TooLarge,
            StructError::Malformed => Self::Malformed,
        }
    }
}

/// Reads the metadata header into the Struct that is kept for the stream, serialized.
///
/// Its fields are those of Istio's own filter, so that conditions can be the same for both.
pub fn read(header: &[u8], limits: Limits) -> Result<Vec<u8>, PeerError> {
    let received = BASE64.decode(header).map_err(|_| PeerError::NotBase64)?;
    let peer = uniform(&Struct::read(&received, limits)?);
    if peer.fields.is_empty() {
        return Err(PeerError::Empty);
    }
    Ok(peer.write())
}

/// The field of Istio's filter for each that is sent as a text.
const TEXTS: [(&str, &str); 9] = [
    ("NAME", "name"),
    ("NAMESPACE", "namespace"),
    ("WORKLOAD_NAME", "workload"),
    ("CLUSTER_ID", "cluster"),
    ("IDENTITY", "identity"),
    ("REGION", "region"),
    ("AVAILABILITY_ZONE", "availability_zone"),
    // Only the older plugin sends these.
    ("ISTIO_VERSION", "istio_version"),
    ("MESH_ID", "mesh_id"),
];

/// The field for each label that has one of its own; the first label that is there counts.
const LABELS: [(&str, &[&str]); 4] = [
    ("service", &["service.istio.io/canonical-name"]),
    ("revision", &["service.istio.io/canonical-revision"]),
    ("app", &["app.kubernetes.io/name", "app"]),
    ("version", &["app.kubernetes.io/version", "version"]),
];

fn uniform(received: &Struct) -> Struct {
    let mut peer = Struct::default();
    for (sent, field) in TEXTS {
        if let Some(value) = received.text(sent) {
            peer.set_text(field, value);
        }
    }
    let workload = received.text("WORKLOAD_NAME").unwrap_or_default();
    if let Some(owner) = received.text("OWNER") {
        peer.set_text("owner", owner);
        if let Some(kind) = node::kind(owner, workload) {
            peer.set_text("type", kind);
        }
    }
    let Some(labels) = received.object("LABELS") else {
        return peer;
    };
    for (field, names) in LABELS {
        if let Some(value) = names.iter().find_map(|name| labels.text(name)) {
            peer.set_text(field, value);
        }
    }
    let texts = labels.fields.iter();
    let texts = texts.filter(|(_, value)| matches!(value.kind, Some(Kind::Text(_))));
    let texts: Struct = Struct {
        fields: texts.map(|(k, v)| (k.clone(), v.clone())).collect(),
    };
    if !texts.fields.is_empty() {
        peer.set_object("labels", texts);
    }
    peer
}

/// Peers that were read before.
///
/// Keyed by the whole header: what one peer says of itself never changes what is known of another,
/// whatever node id it gives. What could not be read is not remembered.
#[derive(Debug)]
pub struct Peers {
    cache: ByteCache<Rc<[u8]>>,
    max_header_bytes: usize,
    limits: Limits,
}

/// How a peer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was remembered.
    Known,
    /// It was read.
    New,
}

impl Peers {
    /// None yet.
    pub fn new(config: &Config) -> Self {
        Self {
            cache: ByteCache::new(config.max_cached_peers, config.max_cache_bytes),
            max_header_bytes: config.max_header_bytes,
            limits: config.limits,
        }
    }

    /// The peer whose metadata header this is: a serialized Struct.
    pub fn find(&mut self, header: &[u8]) -> Result<(Rc<[u8]>, Found), PeerError> {
        if header.len() > self.max_header_bytes {
            return Err(PeerError::TooLarge);
        }
        if let Some(peer) = self.cache.get(header) {
            return Ok((peer.clone(), Found::Known));
        }
        let peer: Rc<[u8]> = read(header, self.limits)?.into();
        self.cache.insert(header, peer.clone(), peer.len());
        Ok((peer, Found::New))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests;
