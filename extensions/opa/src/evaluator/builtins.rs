//! Functions of Rego that the interpreter lacks.

use std::{net::IpAddr, sync::Arc, time::SystemTime};

use regorus::{Engine, Value};

use super::{
    HostCall, glob, ranges,
    regular::{self, Patterns},
    tokens::{self, Tokens},
};
use crate::{
    input::{Plus, percent_decoded, query_parameters},
    query::percent_encoded,
};

/// A function: its name, the number of its arguments, and what it does. Where OPA has a builtin
/// error, it is undefined.
type Builtin = (&'static str, u8, fn(&[Value]) -> Option<Value>);

const TABLE: [Builtin; 8] = [
    ("time.now_ns", 0, |_| {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()?;
        Some(Value::from(u64::try_from(now.as_nanos()).ok()?))
    }),
    ("net.cidr_contains", 2, |arguments| {
        let [network, other] = arguments else {
            return None;
        };
        let network = Network::parse(text(network)?)?;
        let other = Network::parse_address_or_network(text(other)?)?;
        Some(Value::from(network.contains(other)))
    }),
    ("net.cidr_intersects", 2, |arguments| {
        let [one, other] = arguments else { return None };
        let one = Network::parse(text(one)?)?;
        let other = Network::parse(text(other)?)?;
        Some(Value::from(one.contains(other) || other.contains(one)))
    }),
    ("net.cidr_is_valid", 1, |arguments| {
        let network = arguments.first().and_then(text);
        Some(Value::from(network.and_then(Network::parse).is_some()))
    }),
    ("urlquery.encode", 1, |arguments| {
        let text = arguments.first().and_then(text)?;
        Some(Value::from(encoded(text)))
    }),
    ("urlquery.encode_object", 1, |arguments| {
        let Some(Value::Object(object)) = arguments.first() else {
            return None;
        };
        let mut pairs = Vec::new();
        for (name, value) in object.iter() {
            let name = encoded(text(name)?);
            for value in texts(value)? {
                pairs.push(format!("{name}={}", encoded(&value)));
            }
        }
        Some(Value::from(pairs.join("&")))
    }),
    ("urlquery.decode", 1, |arguments| {
        let text = arguments.first().and_then(text)?;
        let decoded = percent_decoded(text.as_bytes(), Plus::IsBlank)?;
        Some(Value::from(String::from_utf8_lossy(&decoded).into_owned()))
    }),
    ("urlquery.decode_object", 1, |arguments| {
        let text = arguments.first().and_then(text)?;
        let mut object = serde_json::Map::new();
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for (name, values) in query_parameters(text.as_bytes())? {
            let values: Vec<_> = values.iter().map(|value| lossy(value)).collect();
            object.insert(lossy(&name), values.into());
        }
        Value::from_json_str(&serde_json::Value::Object(object).to_string()).ok()
    }),
];

/// As Go's `url.QueryEscape`.
fn encoded(text: &str) -> String {
    percent_encoded(text).replace("%20", "+")
}

/// A string, or a list or a set of strings.
fn texts(value: &Value) -> Option<Vec<String>> {
    let owned = |value: &Value| text(value).map(str::to_owned);
    match value {
        Value::Array(list) => list.iter().map(owned).collect(),
        Value::Set(set) => set.iter().map(owned).collect(),
        value => owned(value).map(|text| vec![text]),
    }
}

/// Adds them to an engine; `host` verifies signatures, where it can.
pub(super) fn register(engine: &mut Engine, host: Option<HostCall>) -> anyhow::Result<()> {
    for (name, arguments, function) in TABLE {
        engine.add_extension(
            name.to_owned(),
            arguments,
            Box::new(move |values: Vec<Value>| Ok(function(&values).unwrap_or(Value::Undefined))),
        )?;
    }
    for (name, arguments, function) in ranges::TABLE {
        let function = move |values: Vec<Value>| function(&values);
        engine.add_extension(name.to_owned(), arguments, Box::new(function))?;
    }
    let patterns = Arc::new(Patterns::new());
    for (name, arguments, function) in regular::TABLE {
        let patterns = patterns.clone();
        engine.add_extension(
            name.to_owned(),
            arguments,
            Box::new(move |values: Vec<Value>| function(&patterns, &values)),
        )?;
    }
    register_globs(engine)?;
    register_tokens(engine, host)
}

/// `glob.*`.
fn register_globs(engine: &mut Engine) -> anyhow::Result<()> {
    let globs = Patterns::new();
    let globs = Arc::new(globs);
    let is_match = move |values: Vec<Value>| {
        Ok(glob::is_match(&globs, &values).map_or(Value::Undefined, Value::from))
    };
    engine.add_extension("glob.match".to_owned(), 3, Box::new(is_match))?;
    let quoted = |values: Vec<Value>| {
        let text = values.first().and_then(text);
        Ok(text.map_or(Value::Undefined, |text| glob::quoted(text).into()))
    };
    engine.add_extension("glob.quote_meta".to_owned(), 1, Box::new(quoted))
}

/// `io.jwt.*`.
fn register_tokens(engine: &mut Engine, host: Option<HostCall>) -> anyhow::Result<()> {
    let known = Arc::new(Tokens::new(host));
    let undefined = |value: Option<Value>| Ok(value.unwrap_or(Value::Undefined));
    for (name, algorithm) in tokens::VERIFY {
        let tokens = known.clone();
        let verify = move |values: Vec<Value>| {
            let [token, key] = values.as_slice() else {
                return undefined(None);
            };
            let (token, key) = (text(token), text(key));
            let is_right = token
                .zip(key)
                .and_then(|(t, k)| tokens.verify(algorithm, t, k));
            undefined(is_right.map(Value::from))
        };
        engine.add_extension(name.to_owned(), 2, Box::new(verify))?;
    }
    let decode =
        move |values: Vec<Value>| undefined(values.first().and_then(text).and_then(tokens::decode));
    engine.add_extension("io.jwt.decode".to_owned(), 1, Box::new(decode))?;
    let decode_verify = move |values: Vec<Value>| {
        let [token, constraints] = values.as_slice() else {
            return undefined(None);
        };
        undefined(text(token).and_then(|token| known.decode_verify(token, constraints)))
    };
    engine.add_extension(
        "io.jwt.decode_verify".to_owned(),
        2,
        Box::new(decode_verify),
    )
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A range of addresses (RFC 4632, RFC 4291).
#[derive(Clone, Copy)]
struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok().filter(|_| is_number)?;
        (prefix <= length(address)).then_some(Self { address, prefix })
    }

    fn parse_address_or_network(text: &str) -> Option<Self> {
        match text.parse::<IpAddr>() {
            Ok(address) => Some(Self {
                address,
                prefix: length(address),
            }),
            Err(_) => Self::parse(text),
        }
    }

    /// Whether all of `other` is in it.
    fn contains(self, other: Self) -> bool {
        let shift = u32::from(length(self.address).saturating_sub(self.prefix));
        let cut = |address: IpAddr| bits(address).checked_shr(shift).unwrap_or_default();
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.prefix <= other.prefix
            && cut(self.address) == cut(other.address)
    }
}

/// In bits.
fn length(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}
