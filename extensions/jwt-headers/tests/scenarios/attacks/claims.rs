//! Signed rightly, for somebody or some time else.

use sdk_tests::json;
use serde_json::Value;

use super::Attack;
use crate::tokens::{ISSUER, LATER, token};

pub(super) fn attacks() -> Vec<Attack> {
    let prefix = format!("{ISSUER}.mallory.test");
    let slash = format!("{ISSUER}/");
    let upper = ISSUER.to_uppercase();
    let cases: Vec<(&str, Value)> = vec![
        ("expired", json!({ "exp": 1_500_000_000 })),
        ("expired in 1970", json!({ "exp": 0 })),
        ("exp below zero", json!({ "exp": -1 })),
        ("no exp", json!({ "exp": null })),
        ("exp is a string", json!({ "exp": LATER.to_string() })),
        ("exp is true", json!({ "exp": true })),
        ("exp is a list", json!({ "exp": [LATER] })),
        ("exp is an object", json!({ "exp": { "": LATER } })),
        ("exp is larger than any time", json!({ "exp": 1e300 })),
        ("exp in another case", json!({ "exp": null, "EXP": LATER })),
        ("nbf to come", json!({ "nbf": LATER })),
        ("nbf is a string", json!({ "nbf": "0" })),
        ("nbf is false", json!({ "nbf": false })),
        ("iat to come", json!({ "iat": LATER })),
        ("iat is a string", json!({ "iat": "0" })),
        ("iat is a list", json!({ "iat": [] })),
        ("another issuer", json!({ "iss": "https://mallory.test" })),
        ("no issuer", json!({ "iss": null })),
        ("an empty issuer", json!({ "iss": "" })),
        ("an issuer and more", json!({ "iss": prefix })),
        ("an issuer and a slash", json!({ "iss": slash })),
        ("an issuer in upper case", json!({ "iss": upper })),
        ("an issuer in a list", json!({ "iss": [ISSUER] })),
        ("an issuer in an object", json!({ "iss": { ISSUER: 1 } })),
        // CVE-2024-53861: a part of the issuer was enough.
        ("a part of the issuer", json!({ "iss": "https://issuer" })),
        ("a character of the issuer", json!({ "iss": "h" })),
        (
            "the other provider's issuer",
            json!({ "iss": "https://secret.test" }),
        ),
        ("another audience", json!({ "aud": "web" })),
        ("no audience", json!({ "aud": null })),
        ("an empty list of audiences", json!({ "aud": [] })),
        ("an audience and more", json!({ "aud": "api.mallory.test" })),
        ("a part of the audience", json!({ "aud": "ap" })),
        ("an audience in upper case", json!({ "aud": "API" })),
        (
            "an audience in an object",
            json!({ "aud": { "api": true } }),
        ),
        (
            "an audience in a list in a list",
            json!({ "aud": [["api"]] }),
        ),
        // CVE-2020-26160: a list that is no list of strings was no audience at all.
        ("an audience beside a number", json!({ "aud": ["api", 7] })),
        ("audiences with a comma", json!({ "aud": "web,api" })),
        ("audiences with a blank", json!({ "aud": "web api" })),
        ("sub is a number", json!({ "sub": 7 })),
        ("sub is a list", json!({ "sub": ["admin"] })),
        ("jti is a number", json!({ "jti": 7 })),
    ];
    cases
        .into_iter()
        .map(|(what, claims)| (what.to_owned(), token("ES256", claims)))
        .collect()
}
