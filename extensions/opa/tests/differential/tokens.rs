//! Tokens, and a policy that looks at them in every way.
//!
//! Where the engine here is stricter on purpose (an algorithm that is not the header's, extensions,
//! short secrets, other spellings of base64url), the unit tests say so.

use std::sync::LazyLock;

use fastrand::Rng;
use serde_json::Value;

static DATA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/tokens.json")).unwrap());

/// The text of the policy, without its package. The token is in `x-token`.
pub(crate) fn policy() -> String {
    let key = |name: &str, form: &str| DATA["keys"][name][form].as_str().unwrap();
    let mut text = format!(
        "token := input.attributes.request.http.headers[\"x-token\"]\n\
         secret := {}\njwks := `{}`\n",
        DATA["secret"], DATA["jwks"]
    );
    for name in ["rsa", "p256", "p384", "ed25519"] {
        text.push_str(&format!(
            "{name}_certificate := `{}`\n",
            key(name, "certificate")
        ));
        text.push_str(&format!("{name}_key := `{}`\n", key(name, "public_key")));
    }
    let mut entries = vec![
        "\"decoded\": [x | x := io.jwt.decode(token)]".to_owned(),
        "\"by_secret\": [x | x := io.jwt.decode_verify(token, {\"secret\": secret, \"aud\": \"api\"})]".to_owned(),
    ];
    for (function, keys) in [
        ("hs256", &["secret"][..]),
        ("hs384", &["secret"]),
        ("hs512", &["secret"]),
        ("rs256", &["rsa_certificate", "rsa_key", "jwks", "p256_key"]),
        ("rs384", &["rsa_certificate", "jwks"]),
        ("rs512", &["rsa_key"]),
        ("ps256", &["rsa_certificate", "jwks"]),
        ("ps384", &["rsa_key"]),
        ("ps512", &["rsa_key"]),
        (
            "es256",
            &["p256_certificate", "p256_key", "jwks", "p384_key"],
        ),
        ("es384", &["p384_certificate", "p384_key", "jwks"]),
        ("eddsa", &["ed25519_certificate", "ed25519_key", "jwks"]),
    ] {
        for key in keys {
            entries.push(format!(
                "\"{function} {key}\": [x | x := io.jwt.verify_{function}(token, {key})]"
            ));
        }
    }
    for (number, constraints) in [
        "\"cert\": jwks, \"aud\": \"api\"",
        "\"cert\": p256_certificate, \"aud\": \"web\", \"iss\": \"https://issuer.example\"",
        "\"cert\": p256_key, \"time\": 1800000000000000000, \"aud\": \"api\"",
        "\"cert\": p256_key, \"time\": 1600000000000000000, \"aud\": \"api\"",
        "\"cert\": p256_key",
        "\"cert\": rsa_certificate, \"alg\": \"RS256\", \"aud\": \"api\"",
    ]
    .into_iter()
    .enumerate()
    {
        entries.push(format!(
            "\"all {number}\": [x | x := io.jwt.decode_verify(token, {{{constraints}}})]"
        ));
    }
    text.push_str(&format!(
        "result := {{\"allowed\": true, \"dynamic_metadata\": {{{}}}}} if token\n",
        entries.join(", ")
    ));
    text
}

/// One of the tokens, as it is or damaged.
pub(crate) fn any(random: &mut Rng) -> Vec<u8> {
    let good = DATA["tokens"].as_object().unwrap().values();
    let good = good.map(|token| &token["token"]);
    let special = DATA["special"].as_object().unwrap().iter();
    let special = special.filter(|(name, _)| *name != "critical");
    let tokens: Vec<_> = good.chain(special.map(|(_, token)| token)).collect();
    let mut token = tokens[random.usize(..tokens.len())]
        .as_str()
        .unwrap()
        .as_bytes()
        .to_vec();
    match random.u8(..12) {
        0 => {
            // Not the last letter of a part, some bits of which are left over.
            let place = random.usize(..token.len() - 1);
            if token[place] != b'.' && token[place + 1] != b'.' {
                token[place] = if token[place] == b'A' { b'B' } else { b'A' };
            }
        }
        1 => token.truncate(token.iter().rposition(|byte| *byte == b'.').unwrap()),
        _ => {}
    }
    token
}
