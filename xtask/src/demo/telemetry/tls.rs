//! Mutual TLS between the two Envoys, with the identities that Istio would give them.
//!
//! The keys are the demo's own, and open: good for nothing else. The certificates end in 2126.

use serde_json::{Value, json};

const CA: &str = include_str!("tls/ca.pem");

/// Who shows a certificate.
#[derive(Clone, Copy)]
pub(super) enum Identity {
    /// Whoever asks.
    Productpage,
    /// Whoever is asked.
    Reviews,
}

impl Identity {
    /// What the certificate says.
    pub(super) fn principal(self) -> &'static str {
        match self {
            Self::Productpage => "spiffe://cluster.local/ns/web/sa/productpage",
            Self::Reviews => "spiffe://cluster.local/ns/books/sa/reviews",
        }
    }

    fn certificate(self) -> Value {
        let (chain, key) = match self {
            Self::Productpage => (
                include_str!("tls/productpage.pem"),
                include_str!("tls/productpage.key.pem"),
            ),
            Self::Reviews => (
                include_str!("tls/reviews.pem"),
                include_str!("tls/reviews.key.pem"),
            ),
        };
        json!({
            "certificate_chain": { "inline_string": chain },
            "private_key": { "inline_string": key },
        })
    }

    fn context(self) -> Value {
        json!({
            "tls_certificates": [self.certificate()],
            "validation_context": { "trusted_ca": { "inline_string": CA } },
        })
    }

    /// For a listener: clients have to show a certificate too.
    pub(super) fn downstream(self) -> Value {
        json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "require_client_certificate": true,
                "common_tls_context": self.context(),
            },
        })
    }

    /// For a cluster.
    pub(super) fn upstream(self) -> Value {
        json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
                "common_tls_context": self.context(),
            },
        })
    }
}
