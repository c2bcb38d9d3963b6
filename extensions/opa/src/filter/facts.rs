//! What the host knows of a request besides its headers.

use std::{cell::RefCell, num::NonZeroUsize, rc::Rc};

use extension_common::{foreign, hostcalls};
use lru::LruCache;

use crate::{config::Form, input::Connection};

/// What holds for a connection is read once, under its id, which no other connection of the proxy
/// ever has.
pub(super) struct Connections {
    form: Form,
    known: RefCell<LruCache<[u8; 8], Rc<Connection>>>,
}

/// More are open at a time on busy workers; those pay for their properties again.
const MAX_CONNECTIONS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

impl Connections {
    pub(super) fn new(form: Form) -> Self {
        Self {
            form,
            known: RefCell::new(LruCache::new(MAX_CONNECTIONS)),
        }
    }

    /// The connection of the request that is being looked at.
    pub(super) fn current(&self) -> Rc<Connection> {
        if self.form == Form::Legacy {
            return Rc::new(Connection {
                source_principal: property(&["connection", "uri_san_peer_certificate"]),
                ..Connection::default()
            });
        }
        let Ok(id) = <[u8; 8]>::try_from(property(&["connection", "id"])) else {
            return Rc::new(read());
        };
        let known = self.known.borrow_mut().get(&id).cloned();
        let connection = match known {
            Some(connection) if !may_change(&connection.protocol) => return connection,
            Some(connection) => {
                let protocol = property(&["request", "protocol"]);
                if connection.protocol == protocol {
                    return connection;
                }
                Rc::new(Connection {
                    protocol,
                    ..(*connection).clone()
                })
            }
            None => Rc::new(read()),
        };
        self.known.borrow_mut().put(id, connection.clone());
        connection
    }

    /// The client's address, which a trusted `x-forwarded-for` can change from request to request.
    pub(super) fn source_address(&self) -> Vec<u8> {
        match self.form {
            Form::Envoy => property(&["source", "address"]),
            Form::Legacy => Vec::new(),
        }
    }
}

/// Each request of an HTTP/1 connection names its version, which may be another than the last one's.
fn may_change(protocol: &[u8]) -> bool {
    protocol.starts_with(b"HTTP/1")
}

fn read() -> Connection {
    Connection {
        destination_address: property(&["destination", "address"]),
        protocol: property(&["request", "protocol"]),
        source_principal: principal(),
        sni: property(&["connection", "requested_server_name"]),
    }
}

/// As Envoy's ext_authz: the certificate's URI, else its DNS name, else its subject.
fn principal() -> Vec<u8> {
    [
        "uri_san_peer_certificate",
        "dns_san_peer_certificate",
        "subject_peer_certificate",
    ]
    .into_iter()
    .map(|name| property(&["connection", name]))
    .find(|value| !value.is_empty())
    .unwrap_or_default()
}

/// The workload that the proxy stands before, as Istio tells it; older hosts call the node otherwise.
pub(super) fn workload() -> Vec<u8> {
    let name = property(&["xds", "node", "metadata", "WORKLOAD_NAME"]);
    match name.is_empty() {
        true => property(&["node", "metadata", "WORKLOAD_NAME"]),
        false => name,
    }
}

/// Empty where there is none.
fn property(path: &[&str]) -> Vec<u8> {
    hostcalls::get_property(path)
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// Envoy's own verification of signatures; other hosts have none.
pub(super) fn verify_signature(
    hash: &str,
    key: &[u8],
    signature: &[u8],
    text: &[u8],
) -> Option<bool> {
    foreign::verify_signature(hash, key, signature, text).ok()
}
