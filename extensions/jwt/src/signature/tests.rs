use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::*;

fn decode(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// Splits the elements of DER, one level deep.
fn elements(der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut elements = Vec::new();
    let mut rest = der;
    while let [tag, length, after @ ..] = rest {
        let (length, after) = match length {
            0x81 => (after[0] as usize, &after[1..]),
            0x82 => (
                usize::from(after[0]) << 8 | usize::from(after[1]),
                &after[2..],
            ),
            short => (usize::from(*short), after),
        };
        let (content, others) = after.split_at(length);
        elements.push((*tag, content));
        rest = others;
    }
    elements
}

fn unsigned(integer: &[u8]) -> Vec<u8> {
    let zeros = integer.iter().take_while(|byte| **byte == 0).count();
    integer[zeros..].to_vec()
}

/// What Envoy does, with the keys and signatures that it is handed.
pub(super) fn envoy(hash: &str, key: &[u8], signature: &[u8], text: &[u8]) -> Option<bool> {
    let [(0x30, info)] = elements(key)[..] else {
        panic!("no SubjectPublicKeyInfo")
    };
    let [(0x30, algorithm), (0x03, bits)] = elements(info)[..] else {
        panic!("no SubjectPublicKeyInfo")
    };
    let (name, key, signature) = if elements(algorithm)[1].0 == 0x05 {
        let [(0x30, numbers)] = elements(&bits[1..])[..] else {
            panic!("no RSAPublicKey")
        };
        let [(0x02, n), (0x02, e)] = elements(numbers)[..] else {
            panic!("no RSAPublicKey")
        };
        assert!(n[0] < 0x80 && e[0] < 0x80, "they are positive");
        let key = DecodingKey::from_rsa_raw_components(&unsigned(n), &unsigned(e));
        ("RS", key, signature.to_vec())
    } else {
        let length = (bits.len() - 2) / 2;
        let [(0x30, numbers)] = elements(signature)[..] else {
            panic!("no ECDSA signature")
        };
        let mut raw = Vec::new();
        for (tag, number) in elements(numbers) {
            assert!(tag == 0x02 && number[0] < 0x80);
            let number = unsigned(number);
            raw.extend(vec![0; length - number.len()]);
            raw.extend(number);
        }
        ("ES", DecodingKey::from_ec_der(&bits[1..]), raw)
    };
    let name = format!("{name}{}", hash.trim_start_matches("sha"));
    software::verify(Algorithm::from_name(&name)?, &key, text, &signature)
}

fn says_yes(_: &str, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
    Some(true)
}

fn says_no(_: &str, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
    Some(false)
}

fn says_nothing(_: &str, _: &[u8], _: &[u8], _: &[u8]) -> Option<bool> {
    None
}

fn only_sha256(hash: &str, key: &[u8], signature: &[u8], text: &[u8]) -> Option<bool> {
    if hash == "sha256" {
        envoy(hash, key, signature, text)
    } else {
        says_no(hash, key, signature, text)
    }
}

fn proven(call: HostCall) -> Vec<&'static str> {
    HostCrypto::prove(call)
        .proven()
        .map(Algorithm::name)
        .collect()
}

#[test]
fn a_host_is_trusted_with_what_it_has_shown_and_nothing_else() {
    assert_eq!(proven(envoy), ["RS256", "RS384", "RS512", "ES256", "ES384"]);
    assert_eq!(proven(only_sha256), ["RS256", "ES256"]);
    assert_eq!(proven(says_yes), [""; 0]);
    assert_eq!(proven(says_no), [""; 0]);
    assert_eq!(proven(says_nothing), [""; 0]);
}

fn rs256() -> (DecodingKey, Vec<u8>) {
    let n = decode(known_answers::RSA_MODULUS);
    let key = DecodingKey::from_rsa_raw_components(&n, &known_answers::RSA_EXPONENT);
    (key, decode(known_answers::RS256))
}

#[test]
fn signatures_of_another_length_never_reach_the_host() {
    let host = HostCrypto::prove(envoy);
    let (key, signature) = rs256();
    let rsa =
        |signature: &[u8]| host.verify(Algorithm::RS256, &key, known_answers::MESSAGE, signature);
    assert_eq!(rsa(&signature), Some(true));
    assert_eq!(rsa(&[&[0][..], &signature].concat()), Some(false));
    assert_eq!(rsa(&signature[1..]), Some(false));
    assert_eq!(rsa(b""), Some(false));
    let key = DecodingKey::from_ec_der(&decode(known_answers::P256_POINT));
    let signature = decode(known_answers::ES256);
    let (r, s) = signature.split_at(32);
    let elliptic =
        |signature: &[u8]| host.verify(Algorithm::ES256, &key, known_answers::MESSAGE, signature);
    assert_eq!(elliptic(&signature), Some(true));
    for wrong in [
        &[&[0][..], r, &[0], s].concat()[..],
        &signature[..63],
        r,
        b"",
        // CVE-2022-21449: zeros were right for every message.
        &[0; 64],
        &[&[0; 32][..], s].concat(),
        &[r, &[0; 32]].concat(),
    ] {
        assert_eq!(elliptic(wrong), Some(false));
        let alone = software::verify(Algorithm::ES256, &key, known_answers::MESSAGE, wrong);
        assert_eq!(alone, Some(false));
    }
}

#[test]
fn a_host_that_does_not_answer_is_replaced() {
    let (key, signature) = rs256();
    let mut host = HostCrypto::prove(envoy);
    host.replace(says_nothing);
    let library = jsonwebtoken::Algorithm::RS256;
    with_host(Some(&host), || {
        let verifier = verifier(&library, &key).unwrap();
        assert!(verifier.verify(known_answers::MESSAGE, &signature).is_ok());
        assert!(verifier.verify(b"something else", &signature).is_err());
    });
}

#[test]
fn a_key_of_another_family_makes_no_verifier() {
    let (key, _) = rs256();
    for algorithm in [
        jsonwebtoken::Algorithm::HS256,
        jsonwebtoken::Algorithm::ES256,
        jsonwebtoken::Algorithm::EdDSA,
    ] {
        assert!(verifier(&algorithm, &key).is_err());
    }
}

#[test]
fn a_key_that_is_none_verifies_nothing() {
    let junk = [
        DecodingKey::from_rsa_raw_components(b"", b""),
        DecodingKey::from_rsa_raw_components(&[0xff; 2000], &[1]),
        DecodingKey::from_ec_der(b"junk"),
        DecodingKey::from_ed_der(b"junk"),
    ];
    for key in &junk {
        for algorithm in Algorithm::ALL {
            assert_ne!(software::verify(algorithm, key, b"", &[1; 64]), Some(true));
        }
    }
}

#[test]
fn keys_of_parts_verify_texts_of_any_kind() {
    let rsa = Key::rsa(
        &decode(known_answers::RSA_MODULUS),
        &known_answers::RSA_EXPONENT,
    );
    let p256 = Key::elliptic(&decode(known_answers::P256_POINT));
    let p384 = Key::elliptic(&decode(known_answers::P384_POINT));
    let (rsa, p256, p384) = (rsa.unwrap(), p256.unwrap(), p384.unwrap());
    let right =
        |algorithm, key, signature| verify(algorithm, key, known_answers::MESSAGE, signature, None);
    for (algorithm, key, signature) in [
        (Algorithm::RS256, &rsa, known_answers::RS256),
        (Algorithm::RS384, &rsa, known_answers::RS384),
        (Algorithm::RS512, &rsa, known_answers::RS512),
        (Algorithm::ES256, &p256, known_answers::ES256),
        (Algorithm::ES384, &p384, known_answers::ES384),
    ] {
        assert!(right(algorithm, key, signature), "{algorithm:?}");
        assert!(!verify(algorithm, key, b"another", signature, None));
        assert!(!right(algorithm, key, ""), "{algorithm:?}");
        assert!(!right(algorithm, key, "no base64"), "{algorithm:?}");
        for other in Algorithm::ALL {
            let is_right = right(other, key, signature);
            assert_eq!(is_right, other == algorithm, "{algorithm:?} as {other:?}");
        }
    }
}

#[test]
fn parts_that_make_no_key_are_refused() {
    let n = decode(known_answers::RSA_MODULUS);
    assert!(Key::rsa(&n[1..], &known_answers::RSA_EXPONENT).is_err());
    assert!(Key::rsa(&n, &[1]).is_err());
    let mut point = decode(known_answers::P256_POINT);
    point[64] ^= 1;
    assert!(Key::elliptic(&point).is_err());
    assert!(Key::elliptic(&[]).is_err());
    assert!(Key::ed25519(&[0; 32]).is_err());
    assert!(Key::ed25519(&[2; 31]).is_err());
    assert!(Key::secret(&[7; 31]).is_err());
    assert!(Key::secret(&[7; 32]).is_ok());
}

#[test]
fn a_key_that_was_written_is_read_from_pem() {
    let point = der::point(&decode(known_answers::P256_POINT)).unwrap();
    let modulus = decode(known_answers::RSA_MODULUS);
    let rsa = der::rsa_key(&modulus, &known_answers::RSA_EXPONENT);
    for (der, algorithm) in [(point, Algorithm::ES256), (rsa, Algorithm::RS256)] {
        let body = base64::prelude::BASE64_STANDARD.encode(der);
        let pem = |label| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----");
        let key = crate::pem::key(&pem("PUBLIC KEY")).unwrap();
        assert!(key.fits(algorithm), "{algorithm:?}");
        for other in ["CERTIFICATE", "PRIVATE KEY"] {
            assert!(crate::pem::key(&pem(other)).is_none(), "{other}");
        }
    }
}
