//! `io.jwt.*`, with keys that were thrown away.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::super::*;
use super::policy;

static DATA: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../tests/data/tokens.json")).unwrap()
});

const ALGORITHMS: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];

fn token(algorithm: &str) -> &'static str {
    DATA["tokens"][algorithm]["token"].as_str().unwrap()
}

fn special(name: &str) -> &'static str {
    DATA["special"][name].as_str().unwrap()
}

/// What the key of an algorithm can be written as.
fn keys(algorithm: &str) -> Vec<String> {
    let key = DATA["tokens"][algorithm]["key"].as_str().unwrap();
    if key == "secret" {
        return vec![DATA["secret"].as_str().unwrap().to_owned()];
    }
    let key = &DATA["keys"][key];
    let text = |name: &str| key[name].as_str().unwrap().to_owned();
    vec![
        text("certificate"),
        text("public_key"),
        key["jwk"].to_string(),
        DATA["jwks"].to_string(),
    ]
}

/// The value of an expression over `input`; `null` where it is undefined.
fn value(expression: &str, input: &Value) -> Value {
    with_host(None, expression, input)
}

fn with_host(host: Option<HostCall>, expression: &str, input: &Value) -> Value {
    let text = format!(
        "package a\nallow := {{\"allowed\": true, \"dynamic_metadata\": {{\"x\": {expression}}}}}"
    );
    let mut evaluator = Evaluator::new(&policy(&text), host).unwrap();
    match evaluator.evaluate(&input.to_string()) {
        Evaluation::Outcome(Outcome::Decided(decision)) => {
            serde_json::from_str(&decision.metadata[0].1).unwrap()
        }
        Evaluation::Outcome(Outcome::Undefined(_)) => Value::Null,
        other => panic!("{expression}: {other:?}"),
    }
}

fn verify(function: &str, token: &str, key: &str) -> Value {
    let expression = format!(
        "io.jwt.verify_{}(input.t, input.k)",
        function.to_ascii_lowercase()
    );
    value(&expression, &json!({ "t": token, "k": key }))
}

/// With another byte in one of its three parts.
fn damaged(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    // The first letter of a part: no bits of it are left over.
    let other = if parts[part].starts_with('A') {
        "B"
    } else {
        "A"
    };
    parts[part].replace_range(..1, other);
    parts.join(".")
}

#[test]
fn a_right_signature_is_right_and_a_wrong_one_is_not() {
    for algorithm in ALGORITHMS {
        for key in keys(algorithm) {
            let token = token(algorithm);
            assert_eq!(
                verify(algorithm, token, &key),
                json!(true),
                "{algorithm} {key}"
            );
            let wrong = damaged(token, 2);
            assert_eq!(
                verify(algorithm, &wrong, &key),
                json!(false),
                "{algorithm} {key}"
            );
        }
    }
}

#[test]
fn a_token_is_verified_by_the_algorithm_that_it_names_only() {
    for function in ALGORITHMS {
        for algorithm in ALGORITHMS
            .iter()
            .filter(|algorithm| **algorithm != function)
        {
            for key in keys(function) {
                assert_eq!(verify(function, token(algorithm), &key), json!(false));
            }
        }
    }
}

/// A public key is known to everybody: as a secret it proves nothing.
#[test]
fn a_public_key_is_no_secret() {
    for key in keys("RS256") {
        assert_eq!(verify("RS256", token("HS256"), &key), json!(false));
        let constraints = json!({ "cert": key });
        let result = decode_verify(token("HS256"), &constraints);
        assert_eq!(result[0], json!(false));
    }
}

#[test]
fn a_token_that_nobody_signed_is_not_verified() {
    let (_, rest) = token("ES256").split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    // {"alg":"none"}
    let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
    for algorithm in ALGORITHMS {
        assert_eq!(verify(algorithm, &none, &keys(algorithm)[0]), json!(false));
    }
    let cert = json!({ "cert": keys("ES256")[0] });
    assert_eq!(decode_verify(&none, &cert), json!(null));
    // It can be looked at all the same.
    let decoded = value("io.jwt.decode(input.t)", &json!({ "t": none }));
    assert_eq!(decoded[0], json!({ "alg": "none" }));
    assert_eq!(decoded[1]["sub"], "alice");
}

#[test]
fn what_is_no_token_or_no_key_is_undefined() {
    let key = &keys("ES256")[0];
    let good = token("ES256");
    for token in [
        "",
        "..",
        "a.b.c",
        &good.replace('.', ","),
        &format!("{good}."),
        &format!("{good}="),
        &format!(" {good}"),
        &"a".repeat(20_000),
    ] {
        assert_eq!(verify("ES256", token, key), json!(null), "{token}");
        let decoded = value("io.jwt.decode(input.t)", &json!({ "t": token }));
        assert_eq!(decoded, json!(null), "{token}");
    }
    for key in [
        "",
        "{}",
        "{\"keys\": 1}",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        &key.replace("CERTIFICATE", "PRIVATE KEY"),
        &format!("{key}{key}"),
    ] {
        assert_eq!(verify("ES256", good, key), json!(null), "{key}");
    }
    assert_eq!(verify("HS256", token("HS256"), "short"), json!(null));
    assert_eq!(verify("ES256", good, "{\"keys\": []}"), json!(false));
}

#[test]
fn a_certificate_that_is_cut_or_damaged_breaks_nothing() {
    use base64::{Engine as _, prelude::BASE64_STANDARD};

    for algorithm in ["RS256", "ES256", "ES384", "EdDSA"] {
        let pem = &keys(algorithm)[0];
        let body: String = pem.lines().filter(|line| !line.contains('-')).collect();
        let der = BASE64_STANDARD.decode(body).unwrap();
        let tried = |der: &[u8]| {
            let body = BASE64_STANDARD.encode(der);
            let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
            super::super::tokens::Tokens::new(None).verify(
                extension_jwt::algorithm::Algorithm::from_name(algorithm).unwrap(),
                token(algorithm),
                &pem,
            )
        };
        assert_eq!(tried(&der), Some(true));
        for end in (0..der.len()).step_by(7) {
            assert_eq!(tried(&der[..end]), None);
        }
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..300 {
            let mut damaged = der.clone();
            let place = random.usize(..damaged.len());
            damaged[place] = random.u8(..);
            // Whatever it is now: it is no panic.
            let _ = tried(&damaged);
        }
    }
}

#[test]
fn a_token_can_be_looked_at() {
    let decoded = value("io.jwt.decode(input.t)", &json!({ "t": token("ES256") }));
    assert_eq!(decoded[0], json!({ "alg": "ES256", "typ": "JWT" }));
    assert_eq!(decoded[1]["big"].to_string(), "9007199254740993");
    assert_eq!(decoded[2].as_str().unwrap().len(), 128);
}

fn decode_verify(token: &str, constraints: &Value) -> Value {
    let input = json!({ "t": token, "c": constraints });
    value("io.jwt.decode_verify(input.t, input.c)", &input)
}

#[test]
fn decode_verify_asks_for_all_that_it_is_told_to() {
    let cert = keys("ES256")[0].clone();
    let with = |more: Value| {
        let mut constraints = json!({ "cert": cert, "aud": "api" });
        for (name, value) in more.as_object().unwrap() {
            constraints[name] = value.clone();
        }
        constraints
    };
    let at = |seconds: u64| with(json!({ "time": seconds * 1_000_000_000 }));
    let issuer = |name: &str| with(json!({ "iss": format!("https://{name}.example") }));
    let good = token("ES256");
    for (token, constraints, expected) in [
        (good, with(json!({})), true),
        (good, issuer("issuer"), true),
        (good, issuer("other"), false),
        (special("other_issuer"), issuer("issuer"), false),
        (good, with(json!({ "alg": "ES256" })), true),
        (good, with(json!({ "alg": "RS256" })), false),
        (good, with(json!({ "aud": "web" })), true),
        (good, with(json!({ "aud": "other" })), false),
        (good, json!({ "cert": cert }), false),
        (special("one_audience"), with(json!({})), true),
        (special("no_audience"), with(json!({})), false),
        (special("no_audience"), json!({ "cert": cert }), true),
        (good, at(1_700_000_000), true),
        (good, at(1_699_999_999), false),
        (good, at(4_102_444_799), true),
        (good, at(4_102_444_800), false),
        (special("expired"), with(json!({})), false),
        (special("not_yet"), with(json!({})), false),
        (special("no_times"), with(json!({})), true),
        (special("critical"), with(json!({})), false),
        (
            special("kid"),
            with(json!({ "cert": DATA["jwks"].to_string() })),
            true,
        ),
        (
            special("wrong_kid"),
            with(json!({ "cert": DATA["jwks"].to_string() })),
            false,
        ),
        (special("wrong_kid"), with(json!({})), true),
        (
            good,
            json!({ "secret": DATA["secret"], "aud": "api" }),
            false,
        ),
        (&damaged(good, 2), with(json!({})), false),
        (token("RS256"), with(json!({})), false),
    ] {
        let result = decode_verify(token, &constraints);
        assert_eq!(result[0], json!(expected), "{constraints} {token}");
        assert_eq!(result[2] != json!({}), expected);
    }
    for (token, constraints) in [
        (good, json!({})),
        (good, json!({ "aud": "api" })),
        (good, with(json!({ "secret": "x" }))),
        (good, with(json!({ "issuer": "x" }))),
        (good, with(json!({ "iss": 1 }))),
        (special("text_expiry"), with(json!({}))),
        ("x", with(json!({}))),
    ] {
        assert_eq!(
            decode_verify(token, &constraints),
            json!(null),
            "{constraints}"
        );
    }
    let secret = json!({ "secret": DATA["secret"], "aud": "api" });
    assert_eq!(decode_verify(token("HS256"), &secret)[0], json!(true));
}

#[test]
fn a_host_that_says_yes_to_everything_is_not_asked() {
    let expression = "io.jwt.verify_rs256(input.t, input.k)";
    let input = json!({ "t": damaged(token("RS256"), 2), "k": keys("RS256")[0] });
    assert_eq!(
        with_host(Some(|_, _, _, _| Some(true)), expression, &input),
        json!(false)
    );
    let input = json!({ "t": token("RS256"), "k": keys("RS256")[0] });
    assert_eq!(
        with_host(Some(|_, _, _, _| Some(false)), expression, &input),
        json!(true)
    );
}
