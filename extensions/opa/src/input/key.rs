//! The key under which a decision is remembered.

use super::{Facts, InputRules, is_volatile, split_port, split_query};
use crate::config::KeyField;

/// The values of `fields`, each with its length before it, in their order.
pub(super) fn of(fields: &[KeyField], rules: &InputRules, facts: &Facts<'_>) -> Vec<u8> {
    let mut key = Key(Vec::with_capacity(512));
    for field in fields {
        key.add(field, rules, facts);
    }
    key.0
}

struct Key(Vec<u8>);

/// Where a value would have its length: there is no value, which is another thing than an empty one.
const ABSENT: u32 = u32::MAX;
const END: u32 = u32::MAX - 1;

impl Key {
    fn add(&mut self, field: &KeyField, rules: &InputRules, facts: &Facts<'_>) {
        let header = |name| facts.headers.get(name);
        let (source, port) = split_port(facts.source_address);
        match field {
            KeyField::Method => self.option(header(":method")),
            KeyField::Path => self.option(header(":path")),
            KeyField::UrlPath => self.option(header(":path").map(|path| split_query(path).0)),
            KeyField::Host => self.option(header(":authority")),
            KeyField::Scheme => self.option(header(":scheme")),
            KeyField::Protocol => self.value(&facts.connection.protocol),
            KeyField::SourceAddress => self.value(source),
            KeyField::SourcePort => self.value(port),
            KeyField::SourcePrincipal => self.value(&facts.connection.source_principal),
            KeyField::DestinationAddress => self.value(&facts.connection.destination_address),
            KeyField::DestinationWorkload => self.value(facts.workload),
            KeyField::Sni => self.value(&facts.connection.sni),
            KeyField::Body => match facts.body {
                Some(body) => {
                    self.value(body.bytes);
                    self.value(&[u8::from(body.is_truncated)]);
                }
                None => self.number(ABSENT),
            },
            KeyField::Headers => {
                for (name, value) in facts.headers {
                    // The pseudo-headers are fields of their own.
                    let is_pseudo = name.first() == Some(&b':');
                    if !is_pseudo && !is_volatile(name) && is_seen(name, rules) {
                        self.value(name);
                        self.value(value);
                    }
                }
                self.number(END);
            }
            KeyField::Header(name) => {
                for value in facts.headers.get_all(name) {
                    self.value(value);
                }
                self.number(END);
            }
        }
    }

    fn option(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => self.value(value),
            None => self.number(ABSENT),
        }
    }

    fn value(&mut self, value: &[u8]) {
        // Nothing is as long as a guest's 32-bit memory.
        self.number(u32::try_from(value.len()).unwrap_or(ABSENT));
        self.0.extend_from_slice(value);
    }

    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }
}

/// Whether some part of the document depends on the header: it is listed, or it is what the body is
/// parsed by, or tells the service that calls.
fn is_seen(name: &[u8], rules: &InputRules) -> bool {
    rules.headers.contains(name)
        || name == b"x-envoy-downstream-service-cluster"
        || (rules.body.is_some() && matches!(name, b"content-type" | b"content-length"))
}
