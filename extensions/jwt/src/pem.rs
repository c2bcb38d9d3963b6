//! Public keys in PEM (RFC 7468): certificates, and `SubjectPublicKeyInfo`.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    jwk::Key,
    signature::der::{
        BIT_STRING, EC_PUBLIC_KEY, INTEGER, OBJECT_IDENTIFIER, P256, P384, RSA_ENCRYPTION, SEQUENCE,
    },
};

/// `[0]`, the version of a certificate.
const VERSION: u8 = 0xa0;

/// 1.3.101.112
const ED25519: [u8; 3] = [0x2b, 0x65, 0x70];

/// The key in a certificate or public key: one block and nothing else. `None` where it holds none that
/// verifies signatures.
pub fn key(text: &str) -> Option<Key> {
    let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let base64 = rest.strip_suffix(&format!("-----END {label}-----"))?;
    let base64: String = base64.split_ascii_whitespace().collect();
    let der = BASE64_STANDARD.decode(base64).ok()?;
    let mut der = Der(&der);
    match label {
        "CERTIFICATE" => certificate(der.whole(SEQUENCE)?),
        "PUBLIC KEY" => public_key(der.whole(SEQUENCE)?),
        _ => None,
    }
}

/// The key of a `Certificate` (RFC 5280, section 4.1). Who signed it and until when does not matter:
/// whoever gives it here trusts it.
fn certificate(mut certificate: Der<'_>) -> Option<Key> {
    let mut body = certificate.element(SEQUENCE)?;
    if body.0.first() == Some(&VERSION) {
        body.element(VERSION)?;
    }
    body.element(INTEGER)?;
    // Algorithm, issuer, validity, subject.
    for _ in 0..4 {
        body.element(SEQUENCE)?;
    }
    public_key(body.element(SEQUENCE)?)
}

/// The key of a `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
fn public_key(mut info: Der<'_>) -> Option<Key> {
    let mut algorithm = info.element(SEQUENCE)?;
    let identifier = algorithm.element(OBJECT_IDENTIFIER)?.0;
    let (0, bits) = info.whole(BIT_STRING)?.0.split_first()? else {
        return None;
    };
    if identifier == RSA_ENCRYPTION {
        let mut numbers = Der(bits).whole(SEQUENCE)?;
        let (n, e) = (numbers.positive()?, numbers.positive()?);
        return Key::rsa(n, e).ok();
    }
    if identifier == EC_PUBLIC_KEY {
        let curve = algorithm.element(OBJECT_IDENTIFIER)?.0;
        let fits = match bits.len() {
            65 => curve == P256,
            97 => curve == P384,
            _ => false,
        };
        return fits.then(|| Key::elliptic(bits).ok()).flatten();
    }
    if identifier == ED25519 {
        return Key::ed25519(bits).ok();
    }
    None
}

/// DER (X.690) that is yet to be read.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The content of the next element, which must be of this type.
    fn element(&mut self, tag: u8) -> Option<Self> {
        let (&first, rest) = self.0.split_first()?;
        let (&short, rest) = rest.split_first()?;
        let (length, rest) = match short {
            0..=0x7f => (usize::from(short), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
                let add = |sum: usize, byte: &u8| sum.wrapping_shl(8) | usize::from(*byte);
                (bytes.iter().fold(0, add), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (first == tag).then_some(Self(content))
    }

    /// The same where nothing follows.
    fn whole(&mut self, tag: u8) -> Option<Self> {
        let element = self.element(tag)?;
        self.0.is_empty().then_some(element)
    }

    /// A positive `INTEGER`, without the zero in front of it.
    fn positive(&mut self) -> Option<&'a [u8]> {
        match self.element(INTEGER)?.0 {
            [0, rest @ ..] => Some(rest),
            [0x80..=0xff, ..] | [] => None,
            number => Some(number),
        }
    }
}
