//! The configuration's expressions, ready to be evaluated.

use extension_common::{config::ConfigError, expression::Expression, vocabulary};

use super::ask::get;
use crate::{
    expression::{Reading, Side, Source},
    labels::UNKNOWN,
    resolve::Peers,
};

/// An expression that gives text.
#[derive(Debug)]
pub(super) enum Compiled {
    /// Always this.
    Fixed(Vec<u8>),
    /// A field of a peer.
    Peer(Side, Vec<String>),
    /// A property.
    Property(Vec<String>, Reading),
    /// Evaluated by the host.
    Cel(Expression),
}

impl Compiled {
    pub(super) fn new(written: &str, field: &str) -> Result<Self, ConfigError> {
        Ok(match Source::of(written) {
            Source::Literal(text) => Self::Fixed(text.into_bytes()),
            Source::Node(path) => {
                let path = ["xds", "node"]
                    .into_iter()
                    .chain(path.iter().map(String::as_str));
                let value = get(&path.collect::<Vec<_>>());
                Self::Fixed(value.unwrap_or_else(|| UNKNOWN.into()))
            }
            Source::Peer(side, path) => Self::Peer(side, path),
            Source::Property(path, reading) => Self::Property(path, reading),
            // Numbers as text, as Istio's own filter writes them.
            Source::Cel(source) => Self::Cel(
                Expression::create(&format!("string({source})"))
                    .or_else(|_| Expression::create(&source))
                    .map_err(|error| refused(written, field, error))?,
            ),
        })
    }

    /// Whether its value is not known from the stream's observation already.
    pub(super) fn is_live(&self) -> bool {
        matches!(self, Self::Property(..) | Self::Cel(_))
    }

    /// Whether only a callback of the stream itself can evaluate it.
    pub(super) fn needs_callback(&self) -> bool {
        matches!(self, Self::Cel(_))
    }

    /// The value of a [live](Self::is_live) expression.
    pub(super) fn evaluate(&self) -> Vec<u8> {
        let value = match self {
            Self::Property(path, reading) => {
                let path: Vec<_> = path.iter().map(String::as_str).collect();
                get(&path).and_then(|bytes| reading.text(&bytes))
            }
            Self::Cel(expression) => expression.evaluate().ok(),
            Self::Fixed(_) | Self::Peer(..) => None,
        };
        value.unwrap_or_else(|| UNKNOWN.into())
    }

    /// The value of one that is not.
    pub(super) fn known(&self, peers: &Peers) -> Vec<u8> {
        let value = match self {
            Self::Fixed(text) => return text.clone(),
            Self::Peer(Side::Downstream, path) => peers.downstream.at(path),
            Self::Peer(Side::Upstream, path) => peers.upstream.at(path),
            Self::Property(..) | Self::Cel(_) => None,
        };
        value.unwrap_or(UNKNOWN).into()
    }
}

/// An expression that is true or not.
#[derive(Debug)]
pub(super) struct Condition(Expression);

impl Condition {
    pub(super) fn new(written: &str, field: &str) -> Result<Self, ConfigError> {
        let source = vocabulary::with_peers(&vocabulary::modern(written));
        Expression::create(&source)
            .map(Self)
            .map_err(|error| refused(written, field, error))
    }

    /// One that cannot be evaluated does not hold.
    pub(super) fn holds(&self) -> bool {
        self.0.evaluate().is_ok_and(|value| value == [1])
    }
}

fn refused(
    written: &str,
    field: &str,
    error: extension_common::hostcalls::HostError,
) -> ConfigError {
    let expected = format!("an expression (CEL) that the proxy knows ({error})");
    ConfigError::invalid(field, written, expected)
}
