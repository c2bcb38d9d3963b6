//! The foreign functions `sign` and `verify_signature`. The keys are made for these tests.

use prost::Message;
use sdk_tests::{Proxy, Request, Rule, scenario};

use crate::messages::{Sign, Signed, Verify};
use crate::steps::{call, check, check_root};
use crate::{plugin, send};

const RSA_PRIVATE: &[u8] = include_bytes!("keys/rsa.private.der");
const RSA_PRIVATE_PEM: &str = include_str!("keys/rsa.private.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("keys/rsa.public.der");
const RSA_PUBLIC_PEM: &str = include_str!("keys/rsa.public.pem");
const RSA_SIGNATURE: &[u8] = include_bytes!("keys/rsa.signature");
const P256_PRIVATE: &[u8] = include_bytes!("keys/p256.private.der");
const P256_PUBLIC: &[u8] = include_bytes!("keys/p256.public.der");
const P256_SIGNATURE: &[u8] = include_bytes!("keys/p256.signature");
const ED25519_PUBLIC: &[u8] = include_bytes!("keys/ed25519.public.der");

/// A signature that is good.
fn good() -> Verify {
    Verify {
        hash: "sha256".to_owned(),
        key: RSA_PUBLIC.to_vec(),
        signature: RSA_SIGNATURE.to_vec(),
        text: b"hello".to_vec(),
        pem: String::new(),
    }
}

fn verify(verify: &Verify) -> String {
    call("verify_signature", verify.encode_to_vec())
}

const YES: &str = r#""\x08\x01""#;
const WRONG: &str = r#""\x12&Failed to verify digest. Error code: 0""#;
const NO_KEY: &str = r#""\x12#Failed to initialize digest verify.""#;
const BAD_ARGUMENT: &str = "status 2";

#[scenario]
fn a_signature_is_verified_with_a_key_in_der_or_pem(proxy: &mut Proxy) {
    let changed = |change: fn(&mut Verify)| {
        let mut changed = good();
        change(&mut changed);
        verify(&changed)
    };
    let in_pem = |verify: &mut Verify| {
        verify.key.clear();
        RSA_PUBLIC_PEM.clone_into(&mut verify.pem);
    };
    let of_p256 = |verify: &mut Verify| {
        verify.key = P256_PUBLIC.to_vec();
        verify.signature = P256_SIGNATURE.to_vec();
    };
    let not_a_hash = r#""\x12\x15md5 is not supported.""#;
    check_root(
        proxy,
        &[
            (&verify(&good()), YES),
            (&changed(in_pem), YES),
            (&changed(of_p256), YES),
            (&changed(|verify| verify.hash = "SHA256".to_owned()), YES),
            (
                &changed(|verify| verify.key.extend_from_slice(b"junk")),
                YES,
            ),
            (&changed(|verify| verify.text = b"other".to_vec()), WRONG),
            (&changed(|verify| verify.signature.clear()), WRONG),
            (
                &changed(|verify| verify.signature = P256_SIGNATURE.to_vec()),
                WRONG,
            ),
            (&changed(|verify| verify.hash = "sha384".to_owned()), WRONG),
            (
                &changed(|verify| verify.hash = "md5".to_owned()),
                not_a_hash,
            ),
            (&changed(|verify| verify.key = b"junk".to_vec()), NO_KEY),
            (&changed(|verify| verify.key = RSA_PRIVATE.to_vec()), NO_KEY),
            (
                &changed(|verify| verify.key = ED25519_PUBLIC.to_vec()),
                NO_KEY,
            ),
            (&changed(|verify| verify.key.clear()), BAD_ARGUMENT),
            (
                &changed(|verify| RSA_PUBLIC_PEM.clone_into(&mut verify.pem)),
                BAD_ARGUMENT,
            ),
            (&call("verify_signature", b"\xff"), BAD_ARGUMENT),
            (&call("verify_signature", b""), BAD_ARGUMENT),
        ],
    );
}

#[scenario]
fn a_text_is_signed_with_a_key_in_der_or_pem(proxy: &mut Proxy) {
    let der = Sign {
        hash: "sha256".to_owned(),
        key: RSA_PRIVATE.to_vec(),
        text: b"hello".to_vec(),
        pem: String::new(),
    };
    let changed = |change: fn(&mut Sign)| {
        let mut changed = der.clone();
        change(&mut changed);
        call("sign", changed.encode_to_vec())
    };
    let in_pem = |sign: &mut Sign| {
        sign.key.clear();
        RSA_PRIVATE_PEM.clone_into(&mut sign.pem);
    };
    // The padding of RSA is the same every time, and so is the signature.
    let signed = Signed {
        result: true,
        signature: RSA_SIGNATURE.to_vec(),
    };
    let signed = format!("\"{}\"", signed.encode_to_vec().escape_ascii());
    let not_a_hash = r#""\x1a\x15md5 is not supported.""#;
    let not_a_key = r#""\x1a=Invalid key type: private key required for signing operation.""#;
    check_root(
        proxy,
        &[
            (&call("sign", der.encode_to_vec()), &signed),
            (&changed(in_pem), &signed),
            (&changed(|sign| sign.hash = "md5".to_owned()), not_a_hash),
            (&changed(|sign| sign.key = RSA_PUBLIC.to_vec()), not_a_key),
            (&changed(|sign| sign.key = b"junk".to_vec()), not_a_key),
            (&changed(|sign| sign.key.clear()), BAD_ARGUMENT),
            (&call("sign", b"\xff"), BAD_ARGUMENT),
        ],
    );
}

#[scenario]
fn a_signature_on_a_curve_can_be_verified_again(proxy: &mut Proxy) {
    let sign = Sign {
        hash: "sha256".to_owned(),
        key: P256_PRIVATE.to_vec(),
        text: b"hello".to_vec(),
        pem: String::new(),
    };
    let sign = call("sign", sign.encode_to_vec());
    proxy.configure("").unwrap();
    let (_, logs) = send(proxy, Request::get("/plain").header("x-steps", sign));
    let log = logs.iter().find(|log| log.contains("call,sign")).unwrap();
    let shown = log
        .split_once(" = \"")
        .unwrap()
        .1
        .strip_suffix('"')
        .unwrap();
    let signed = Signed::decode(unescape(shown).as_slice()).unwrap();
    assert!(signed.result);
    let again = Verify {
        key: P256_PUBLIC.to_vec(),
        signature: signed.signature,
        ..good()
    };
    check(proxy, Request::get("/plain"), &[(&verify(&again), YES)]);
}

#[scenario(native, wasm)]
fn what_the_mock_cannot_verify_is_a_violation(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    let old = Verify {
        hash: "sha224".to_owned(),
        ..good()
    };
    check_root(proxy, &[(&verify(&old), "status 10")]);
}

/// Reads what `escape_ascii` has written.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(first) = rest.next() {
        let byte = match (first, (first == '\\').then(|| rest.next()).flatten()) {
            (_, Some('x')) => {
                let digits: String = rest.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).unwrap()
            }
            (_, Some('n')) => b'\n',
            (_, Some('r')) => b'\r',
            (_, Some('t')) => b'\t',
            (_, Some(itself)) => u8::try_from(itself).unwrap(),
            (itself, None) => u8::try_from(itself).unwrap(),
        };
        bytes.push(byte);
    }
    bytes
}
