//! Project Wycheproof's vectors: signatures that some library once took for right.
//!
//! Keys come in as JSON Web Keys, as they do in a proxy. RSASSA-PKCS1-v1_5 and ECDSA are verified the
//! way a host is asked to, too.

use std::sync::LazyLock;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use extension_common::json::{self, Value};
use wycheproof::TestResult;

use super::{software, tests::envoy};
use crate::{
    algorithm::Algorithm,
    jwk::{Key, Unusable},
    signature::HostCrypto,
};

static HOST: LazyLock<HostCrypto> = LazyLock::new(|| HostCrypto::prove(envoy));

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn key(jwk: &str) -> Result<Key, Unusable> {
    match json::parse(jwk.as_bytes(), 4) {
        Ok(Value::Object(jwk)) => Key::parse(&jwk),
        other => panic!("{other:?}"),
    }
}

#[derive(Debug, Default, PartialEq)]
struct Tally {
    right: usize,
    wrong: usize,
    /// Keys that no set may have.
    refused_keys: usize,
}

impl Tally {
    fn check(&mut self, key: &Key, algorithm: Algorithm, case: &Case<'_>) {
        let Case {
            message,
            signature,
            result,
            what,
        } = *case;
        let is_right =
            software::verify(algorithm, key.decoding(), message, signature) == Some(true);
        let is_fine = match result {
            TestResult::Valid => is_right,
            TestResult::Invalid => !is_right,
            TestResult::Acceptable => true,
        };
        assert!(is_fine, "{}: {what}", algorithm.name());
        if let Some(by_host) = HOST.verify(algorithm, key.decoding(), message, signature) {
            assert_eq!(by_host, is_right, "{}: {what}", algorithm.name());
        }
        if is_right {
            self.right += 1;
        } else {
            self.wrong += 1;
        }
    }
}

struct Case<'a> {
    message: &'a [u8],
    signature: &'a [u8],
    result: TestResult,
    what: &'a str,
}

macro_rules! run {
    ($module:ident :: $set:ident, $algorithm:expr, $jwk:expr) => {{
        let set = wycheproof::$module::TestSet::load(wycheproof::$module::TestName::$set).unwrap();
        let mut tally = Tally::default();
        for group in &set.test_groups {
            let Ok(key) = key(&$jwk(group)) else {
                tally.refused_keys += 1;
                continue;
            };
            for test in &group.tests {
                let what = format!("{} {}", test.tc_id, test.comment);
                let case = Case {
                    message: &test.msg,
                    signature: &test.sig,
                    result: test.result,
                    what: &what,
                };
                tally.check(&key, $algorithm, &case);
            }
        }
        tally
    }};
}

fn rsa_jwk(n: &[u8], e: &[u8]) -> String {
    format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, encode(n), encode(e))
}

#[test]
fn rsassa_pkcs1_v1_5() {
    use wycheproof::rsa_pkcs1_verify::TestGroup;
    let jwk = |group: &TestGroup| rsa_jwk(&group.key.n, &group.key.e);
    for (algorithm, tally) in [
        (
            "RS256",
            run!(rsa_pkcs1_verify::Rsa2048Sha256, Algorithm::RS256, jwk),
        ),
        (
            "RS384",
            run!(rsa_pkcs1_verify::Rsa2048Sha384, Algorithm::RS384, jwk),
        ),
        (
            "RS512",
            run!(rsa_pkcs1_verify::Rsa2048Sha512, Algorithm::RS512, jwk),
        ),
        (
            "RS256",
            run!(rsa_pkcs1_verify::Rsa4096Sha256, Algorithm::RS256, jwk),
        ),
        (
            "RS512",
            run!(rsa_pkcs1_verify::Rsa4096Sha512, Algorithm::RS512, jwk),
        ),
    ] {
        assert!(
            tally.right >= 7 && tally.wrong > 200,
            "{algorithm}: {tally:?}"
        );
        assert_eq!(tally.refused_keys, 0, "{algorithm}");
    }
}

#[test]
fn rsassa_pss() {
    use wycheproof::rsa_pss_verify::TestGroup;
    let jwk = |group: &TestGroup| rsa_jwk(&group.key.n, &group.key.e);
    for (algorithm, tally) in [
        (
            "PS256",
            run!(
                rsa_pss_verify::RsaPss2048Sha256Mgf1SaltLen32,
                Algorithm::PS256,
                jwk
            ),
        ),
        (
            "PS384",
            run!(
                rsa_pss_verify::RsaPss2048Sha384Mgf1SaltLen48,
                Algorithm::PS384,
                jwk
            ),
        ),
        (
            "PS512",
            run!(
                rsa_pss_verify::RsaPss4096Sha512Mgf1SaltLen64,
                Algorithm::PS512,
                jwk
            ),
        ),
    ] {
        assert!(
            tally.right > 20 && tally.wrong > 30,
            "{algorithm}: {tally:?}"
        );
    }
}

#[test]
fn ecdsa() {
    use wycheproof::ecdsa::TestGroup;
    let jwk = |group: &TestGroup| {
        let (_, point) = group.key.key.split_first().unwrap();
        let (x, y) = point.split_at(point.len() / 2);
        let curve = if x.len() == 32 { "P-256" } else { "P-384" };
        format!(
            r#"{{"kty":"EC","crv":"{curve}","x":"{}","y":"{}"}}"#,
            encode(x),
            encode(y)
        )
    };
    let p256 = run!(ecdsa::EcdsaSecp256r1Sha256P1363, Algorithm::ES256, jwk);
    let p384 = run!(ecdsa::EcdsaSecp384r1Sha384P1363, Algorithm::ES384, jwk);
    for tally in [p256, p384] {
        assert!(tally.right > 100 && tally.wrong > 50, "{tally:?}");
        assert_eq!(tally.refused_keys, 0);
    }
}

#[test]
fn ed25519() {
    use wycheproof::eddsa::TestGroup;
    let jwk = |group: &TestGroup| {
        let x = encode(&group.key.pk);
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#)
    };
    let tally = run!(eddsa::Ed25519, Algorithm::EdDSA, jwk);
    assert!(tally.right > 80 && tally.wrong > 50, "{tally:?}");
    assert_eq!(tally.refused_keys, 0);
}

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};
    for (name, algorithm, length) in [
        (TestName::HmacSha256, Algorithm::HS256, 32),
        (TestName::HmacSha384, Algorithm::HS384, 48),
        (TestName::HmacSha512, Algorithm::HS512, 64),
    ] {
        let mut tally = Tally::default();
        for group in TestSet::load(name).unwrap().test_groups {
            for test in &group.tests {
                let jwk = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(&test.key));
                let Ok(key) = key(&jwk) else {
                    assert!(test.key.len() < 32);
                    tally.refused_keys += 1;
                    continue;
                };
                // A tag that was cut short is right elsewhere, and never here.
                let is_whole = test.tag.len() == length;
                let case = Case {
                    message: &test.msg,
                    signature: &test.tag,
                    result: if is_whole {
                        test.result
                    } else {
                        TestResult::Invalid
                    },
                    what: &test.comment,
                };
                tally.check(&key, algorithm, &case);
            }
        }
        assert!(tally.right > 20 && tally.wrong > 20, "{tally:?}");
    }
}
