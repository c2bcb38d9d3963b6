//! The wrong key, the wrong algorithm, or a key of one's own.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sdk_tests::json;
use serde_json::Value;
use sha2::Sha256;

use super::Attack;
use crate::tokens::{
    claims, ed25519_jwk, encode, jwks, kid, p256_jwk, raw, rsa_jwk, sign, token_by,
};

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = none();
    attacks.extend(public_keys_as_secrets());
    attacks.extend(other_keys());
    attacks.extend(keys_of_ones_own());
    attacks.extend(kids());
    attacks
}

/// Without a signature: CVE-2015-9235 and its many successors.
fn none() -> Vec<Attack> {
    let payload = encode(claims(json!({})).to_string());
    let mut attacks = Vec::new();
    for name in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "none ",
        " none",
        "none\\u0000",
        "",
        "null",
    ] {
        let header = encode(format!(r#"{{"alg":"{name}","kid":"p256"}}"#));
        for signature in ["", "AA"] {
            let what = format!("alg {name:?} with the signature {signature:?}");
            attacks.push((what, format!("{header}.{payload}.{signature}")));
        }
    }
    let text = format!("{}.{payload}", encode(r#"{"alg":"none"}"#));
    let signature = encode(sign("ES256", text.as_bytes()));
    attacks.push(("none, and signed".into(), format!("{text}.{signature}")));
    attacks
}

/// HMAC with what everybody knows: CVE-2016-5431, CVE-2016-10555, CVE-2024-54150 and others.
fn public_keys_as_secrets() -> Vec<Attack> {
    let text_of = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let rsa = rsa_jwk();
    let modulus = base64::prelude::BASE64_URL_SAFE_NO_PAD
        .decode(text_of(&rsa, "n"))
        .unwrap();
    let info = spki(&modulus);
    let lines: Vec<String> = BASE64_STANDARD
        .encode(&info)
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        lines.join("\n")
    );
    let secrets: Vec<(&str, Vec<u8>)> = vec![
        ("the PEM of the RSA key", pem.clone().into_bytes()),
        ("the PEM with a line break", format!("{pem}\n").into_bytes()),
        (
            "the PEM with CR and LF",
            format!("{pem}\n").replace('\n', "\r\n").into_bytes(),
        ),
        ("the PEM in one line", lines.concat().into_bytes()),
        ("the DER of the RSA key", info),
        ("the modulus", modulus),
        ("the modulus in base64url", text_of(&rsa, "n").into_bytes()),
        ("the JWK", rsa.to_string().into_bytes()),
        ("the JWK Set", jwks().to_string().into_bytes()),
        ("the point's x", text_of(&p256_jwk(), "x").into_bytes()),
        ("nothing", Vec::new()),
        ("null", b"null".to_vec()),
        ("secret", b"secret".to_vec()),
        ("the issuer", crate::tokens::ISSUER.as_bytes().to_vec()),
    ];
    let mut attacks = Vec::new();
    for (what, secret) in &secrets {
        for (issuer, id) in [
            (crate::tokens::ISSUER, "rsa"),
            ("https://secret.test", "secret"),
        ] {
            let header = json!({ "alg": "HS256", "kid": id }).to_string();
            let claims = claims(json!({ "iss": issuer })).to_string();
            let text = format!("{}.{}", encode(header), encode(claims));
            let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
            let signature = mac.chain_update(&text).finalize().into_bytes();
            let token = format!("{text}.{}", encode(signature));
            attacks.push((format!("HS256 with {what} for {issuer}"), token));
        }
    }
    attacks
}

/// The `SubjectPublicKeyInfo` of an RSA key of 2048 bits with the exponent 65537.
fn spki(modulus: &[u8]) -> Vec<u8> {
    let mut der = vec![
        0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1,
        1, 0x05, 0, 0x03, 0x82, 0x01, 0x0f, 0, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0,
    ];
    der.extend_from_slice(modulus);
    der.extend_from_slice(&[0x02, 0x03, 1, 0, 1]);
    der
}

/// A header says one thing, and another key or algorithm has signed.
fn other_keys() -> Vec<Attack> {
    let payload = claims(json!({})).to_string();
    let mut attacks = Vec::new();
    for (signed, said) in [
        ("RS256", "PS256"),
        ("PS256", "RS256"),
        ("RS256", "RS384"),
        ("RS512", "RS256"),
        ("PS384", "PS512"),
        ("ES256", "ES384"),
        ("ES384", "ES256"),
        ("EdDSA", "ES256"),
        ("ES256", "EdDSA"),
        ("RS256", "ES256"),
        ("ES256", "RS256"),
        ("HS256", "RS256"),
        ("HS256", "ES256"),
        ("HS256", "EdDSA"),
        ("HS512", "HS256"),
    ] {
        let header = json!({ "alg": said, "kid": kid(said) }).to_string();
        attacks.push((
            format!("{signed} that says {said}"),
            raw(signed, &header, &payload),
        ));
    }
    // The algorithm is right, the key is for another.
    for (algorithm, id) in [
        ("ES256", "p384"),
        ("ES256", "rsa"),
        ("ES256", "ed"),
        ("ES384", "p256"),
        ("EdDSA", "p256"),
        ("RS256", "p256"),
        ("RS256", "ed"),
        ("HS256", "rsa"),
    ] {
        let header = json!({ "alg": algorithm, "kid": id }).to_string();
        attacks.push((
            format!("{algorithm} by {id}"),
            raw(algorithm, &header, &payload),
        ));
    }
    // RFC 7518 knows them, this provider does not.
    for algorithm in [
        "ES512", "ES256K", "HS1", "RS1", "A256KW", "dir", "RSA-OAEP", "es256", "ES-256",
    ] {
        let header = json!({ "alg": algorithm, "kid": "p256" }).to_string();
        attacks.push((format!("alg {algorithm}"), raw("ES256", &header, &payload)));
    }
    let secret = claims(json!({ "iss": "https://secret.test" })).to_string();
    let header = json!({ "alg": "ES256", "kid": "p256" }).to_string();
    attacks.push((
        "a public key for the provider with secrets".into(),
        raw("ES256", &header, &secret),
    ));
    attacks
}

/// The key comes along: CVE-2018-0114, and RFC 8725, sections 2.8 and 3.10.
fn keys_of_ones_own() -> Vec<Attack> {
    let mallory = ed25519_jwk("mallory", 66);
    let url = "https://mallory.test/jwks.json";
    let certificate = BASE64_STANDARD.encode(b"a certificate");
    let headers = [
        ("jwk", json!({ "alg": "EdDSA", "jwk": mallory })),
        (
            "jwk and its kid",
            json!({ "alg": "EdDSA", "kid": "mallory", "jwk": mallory }),
        ),
        (
            "jwk and a known kid",
            json!({ "alg": "EdDSA", "kid": "ed", "jwk": mallory }),
        ),
        (
            "jku",
            json!({ "alg": "EdDSA", "kid": "mallory", "jku": url }),
        ),
        (
            "jku and a known kid",
            json!({ "alg": "EdDSA", "kid": "ed", "jku": url }),
        ),
        ("x5u", json!({ "alg": "EdDSA", "x5u": url })),
        ("x5c", json!({ "alg": "EdDSA", "x5c": [certificate] })),
        (
            "x5t",
            json!({ "alg": "EdDSA", "x5t": "AAAA", "x5t#S256": "AAAA" }),
        ),
    ];
    let text = |header: &Value| {
        let payload = claims(json!({})).to_string();
        format!("{}.{}", encode(header.to_string()), encode(payload))
    };
    // The signature is Mallory's: that of a token by her key, over this text.
    headers
        .iter()
        .map(|(what, header)| {
            let text = text(header);
            let signature = crate::tokens::sign_by(66, text.as_bytes());
            ((*what).to_owned(), format!("{text}.{}", encode(signature)))
        })
        .collect()
}

/// A `kid` is a name, no path, no query and no command (CVE-2022-23529 took it for a key).
fn kids() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for id in [
        "",
        "unknown",
        "P256",
        "p256 ",
        "p256\\u0000",
        "../../dev/null",
        "/etc/passwd",
        "' OR '1'='1",
        "p256' UNION SELECT 'x",
        "| whoami",
        "$(id)",
        "http://mallory.test/",
        "__proto__",
        "constructor",
        "0",
        "*",
        "%70256",
        "p256;rsa",
        "p256,rsa",
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"{id}"}}"#);
        let payload = claims(json!({})).to_string();
        attacks.push((format!("kid {id}"), raw("ES256", &header, &payload)));
    }
    attacks.push(("another seed".into(), token_by("ed", 8, json!({}))));
    attacks
}
