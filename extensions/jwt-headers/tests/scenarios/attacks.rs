//! Tokens that are made to be taken for others.
//!
//! From RFC 7515, 7518, 7519 and 8725, and from what has gone wrong elsewhere: CVE numbers stand
//! beside what was once accepted by some library. Not one may pass, and not one may be a 5xx.

mod claims;
mod form;
mod keys;
mod signatures;

use sdk_tests::{Proxy, json, scenario};

use super::{plugin, provider, send, tokens};

/// What is tried, and the token.
type Attack = (String, String);

fn attacks() -> Vec<Attack> {
    let all = [
        form::attacks(),
        claims::attacks(),
        keys::attacks(),
        signatures::attacks(),
    ];
    all.into_iter().flatten().collect()
}

/// The more keys and algorithms, the more to confuse.
fn configure(proxy: &mut Proxy) {
    let everything = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
    ];
    let secret = json!({
        "issuer": "https://secret.test",
        "audiences": ["api"],
        "algorithms": ["HS256", "HS384", "HS512"],
        "jwks": { "inline": tokens::secret_jwks() }
    });
    proxy
        .configure(json!({ "providers": {
            "public": provider(json!({ "algorithms": everything })),
            "secret": secret
        } }))
        .unwrap();
}

fn good() -> String {
    tokens::token("ES256", json!({}))
}

#[scenario]
fn no_attack_passes_and_none_breaks_anything(proxy: &mut Proxy) {
    configure(proxy);
    let attacks = attacks();
    assert!(attacks.len() >= 100, "{}", attacks.len());
    assert_eq!(send(proxy, &good()).status(), 200);
    for (what, token) in &attacks {
        let reply = send(proxy, token);
        assert!(
            (400..500).contains(&reply.status()),
            "{what}: {} for {token}",
            reply.status()
        );
        assert!(reply.upstream().is_none(), "{what}");
    }
    assert_eq!(send(proxy, &good()).status(), 200);
}

#[test]
fn each_attack_is_another() {
    let attacks = attacks();
    for (index, (what, token)) in attacks.iter().enumerate() {
        let same = attacks[..index].iter().find(|(_, other)| other == token);
        assert_eq!(same, None, "{what}");
    }
}
