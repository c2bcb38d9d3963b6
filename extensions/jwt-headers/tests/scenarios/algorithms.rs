//! Signatures of every kind, and which kinds are taken.

use sdk_tests::{Proxy, json, scenario};

use super::{plugin, provider, require_a_token, send, tokens};

const PUBLIC: [&str; 9] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
];

#[scenario]
fn a_right_signature_of_every_allowed_algorithm_passes(proxy: &mut Proxy) {
    require_a_token(proxy, json!({ "algorithms": PUBLIC }));
    for algorithm in PUBLIC {
        let token = tokens::token(algorithm, json!({}));
        assert_eq!(send(proxy, &token).status(), 200, "{algorithm}");
    }
    assert_eq!(proxy.metric("jwt_headers_allowed"), 9);
}

#[scenario]
fn a_wrong_signature_of_every_allowed_algorithm_is_refused(proxy: &mut Proxy) {
    require_a_token(proxy, json!({ "algorithms": PUBLIC }));
    for algorithm in PUBLIC {
        let token = tokens::token(algorithm, json!({}));
        let other = tokens::token(algorithm, json!({ "sub": "mallory" }));
        let (text, _) = other.rsplit_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        let mixed = format!("{text}.{signature}");
        assert_eq!(send(proxy, &mixed).status(), 401, "{algorithm}");
    }
    assert_eq!(proxy.metric("jwt_headers_denied.reason.signature"), 9);
}

#[scenario]
fn shared_secrets_sign_with_hmac_alone(proxy: &mut Proxy) {
    require_a_token(
        proxy,
        json!({
            "algorithms": ["HS256", "HS384", "HS512"],
            "jwks": { "inline": tokens::secret_jwks().to_string() }
        }),
    );
    for algorithm in ["HS256", "HS384", "HS512"] {
        let token = tokens::token(algorithm, json!({}));
        assert_eq!(send(proxy, &token).status(), 200, "{algorithm}");
    }
    let token = tokens::token("EdDSA", json!({}));
    assert_eq!(send(proxy, &token).status(), 401);
}

#[scenario]
fn an_algorithm_that_is_not_allowed_is_refused_whatever_the_keys(proxy: &mut Proxy) {
    require_a_token(proxy, json!({ "algorithms": ["ES256"] }));
    for algorithm in PUBLIC.into_iter().chain(["HS256"]) {
        let token = tokens::token(algorithm, json!({}));
        let expected = if algorithm == "ES256" { 200 } else { 401 };
        assert_eq!(send(proxy, &token).status(), expected, "{algorithm}");
    }
    assert_eq!(proxy.metric("jwt_headers_denied.reason.algorithm"), 9);
}

#[scenario]
fn keys_may_come_from_the_environment(proxy: &mut Proxy) {
    proxy.env("JWKS", &tokens::jwks().to_string());
    require_a_token(proxy, json!({ "jwks": { "env": "JWKS" } }));
    let token = tokens::token("EdDSA", json!({}));
    assert_eq!(send(proxy, &token).status(), 200);
}

#[scenario]
fn one_provider_of_several_is_enough_where_there_are_no_rules(proxy: &mut Proxy) {
    let other = json!({
        "issuer": "https://other.test",
        "algorithms": ["EdDSA"],
        "jwks": { "inline": { "keys": [tokens::ed25519_jwk("other", 9)] } }
    });
    proxy
        .configure(json!({ "providers": { "main": provider(json!({})), "other": other } }))
        .unwrap();
    let theirs = json!({ "iss": "https://other.test" });
    assert_eq!(
        send(proxy, &tokens::token("EdDSA", json!({}))).status(),
        200
    );
    let other = tokens::token_by("other", 9, theirs.clone());
    assert_eq!(send(proxy, &other).status(), 200);
    // One issuer's key does not vouch for another issuer.
    let confused = tokens::token_by("other", 9, json!({}));
    assert_eq!(send(proxy, &confused).status(), 401);
    assert_eq!(send(proxy, &tokens::token("EdDSA", theirs)).status(), 401);
}
