//! What is no token in the one form that RFC 7515 and 7519 give it.

use super::{Attack, good};
use crate::tokens::{ISSUER, LATER, claims, encode, raw, sign};
use sdk_tests::json;

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = parts();
    attacks.extend(base64());
    attacks.extend(headers());
    attacks.extend(payloads());
    attacks
}

fn named(attacks: impl IntoIterator<Item = (&'static str, String)>) -> Vec<Attack> {
    let named = attacks.into_iter();
    named
        .map(|(what, token)| (what.to_owned(), token))
        .collect()
}

fn parts() -> Vec<Attack> {
    let good = good();
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    named([
        ("no dots", good.replace('.', "")),
        ("two parts", format!("{header}.{payload}")),
        ("an empty signature", format!("{header}.{payload}.")),
        ("an empty payload", format!("{header}..{signature}")),
        ("an empty header", format!(".{payload}.{signature}")),
        ("dots alone", "..".to_owned()),
        ("a dot at the end", format!("{good}.")),
        ("a dot in front", format!(".{good}")),
        ("a fourth part", format!("{good}.{signature}")),
        (
            "a JWE in five parts",
            format!("{header}.{payload}.{signature}.{payload}.{signature}"),
        ),
        ("the signature twice", format!("{good}{signature}")),
        (
            "the parts in another order",
            format!("{payload}.{header}.{signature}"),
        ),
        ("a tilde, as SD-JWT has it", format!("{good}~")),
        ("another separator", good.replace('.', "~")),
        ("a percent-encoded dot", good.replace('.', "%2E")),
        (
            "the JSON serialization",
            format!(
                r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#
            ),
        ),
        ("a blank inside", good.replacen('.', ". ", 1)),
        ("quotes around it", format!("\"{good}\"")),
        ("a comma and more", format!("{good},x")),
        ("the scheme twice", format!("Bearer {good}")),
        (
            "a token of 20 KB",
            raw(
                "ES256",
                r#"{"alg":"ES256","kid":"p256"}"#,
                &claims(json!({ "filler": "x".repeat(15_000) })).to_string(),
            ),
        ),
    ])
}

fn base64() -> Vec<Attack> {
    let good = good();
    let (text, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = text.split_once('.').unwrap();
    // The last character of 64 bytes carries four bits that mean nothing.
    let last = signature.chars().last().unwrap();
    let stem = &signature[..signature.len() - 1];
    let next = char::from(u8::try_from(u32::from(last)).unwrap() + 1);
    let signed = |text: String| {
        let signature = encode(sign("ES256", text.as_bytes()));
        format!("{text}.{signature}")
    };
    named([
        ("padding behind the signature", format!("{good}==")),
        (
            "padding behind the header",
            format!("{header}=.{payload}.{signature}"),
        ),
        ("bits that mean nothing", format!("{text}.{stem}{next}")),
        ("a signature in plain base64", {
            let plain = signature.replace('-', "+").replace('_', "/");
            // Some signatures have neither character.
            format!("{text}.+{}", &plain[1..])
        }),
        (
            "a header with padding, signed",
            signed(format!(
                "{}=.{payload}",
                encode(r#"{"alg":"ES256","kid":"p256" }"#)
            )),
        ),
        (
            "a payload in plain base64, signed",
            signed(format!("{header}.{}+/", encode("{}"))),
        ),
        (
            "a payload that is not encoded, signed",
            signed(format!("{header}.{{}}")),
        ),
        ("one character more", format!("{good}B")),
        ("one character less", good[..good.len() - 1].to_owned()),
    ])
}

fn headers() -> Vec<Attack> {
    let claims = claims(json!({})).to_string();
    let with = |header: &str| raw("ES256", header, &claims);
    let nested = format!(
        "{{\"alg\":\"ES256\",\"kid\":\"p256\",\"x\":{}{}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    named([
        ("an empty object for a header", with("{}")),
        (
            "a list for a header",
            with(r#"[{"alg":"ES256","kid":"p256"}]"#),
        ),
        ("a string for a header", with("\"ES256\"")),
        ("null for a header", with("null")),
        ("no JSON for a header", with("alg=ES256")),
        (
            "more behind the header",
            with(r#"{"alg":"ES256","kid":"p256"}{}"#),
        ),
        (
            "a byte order mark",
            with("\u{feff}{\"alg\":\"ES256\",\"kid\":\"p256\"}"),
        ),
        (
            "a NUL behind the header",
            with("{\"alg\":\"ES256\",\"kid\":\"p256\"}\0"),
        ),
        (
            "a header in single quotes",
            with("{'alg':'ES256','kid':'p256'}"),
        ),
        (
            "a header with a comment",
            with(r#"{"alg":"ES256",/**/"kid":"p256"}"#),
        ),
        ("a comma too many", with(r#"{"alg":"ES256","kid":"p256",}"#)),
        (
            "alg twice",
            with(r#"{"alg":"none","alg":"ES256","kid":"p256"}"#),
        ),
        (
            "alg twice, once escaped",
            with(r#"{"alg":"ES256","\u0061lg":"none","kid":"p256"}"#),
        ),
        (
            "kid twice",
            with(r#"{"alg":"ES256","kid":"p256","kid":"rsa"}"#),
        ),
        ("alg in upper case", with(r#"{"ALG":"ES256","kid":"p256"}"#)),
        ("alg is a list", with(r#"{"alg":["ES256"],"kid":"p256"}"#)),
        (
            "alg is an object",
            with(r#"{"alg":{"ES256":1},"kid":"p256"}"#),
        ),
        ("alg is null", with(r#"{"alg":null,"kid":"p256"}"#)),
        ("kid is a number", with(r#"{"alg":"ES256","kid":0}"#)),
        ("kid is a list", with(r#"{"alg":"ES256","kid":["p256"]}"#)),
        ("kid is null", with(r#"{"alg":"ES256","kid":null}"#)),
        (
            "typ is an object",
            with(r#"{"alg":"ES256","kid":"p256","typ":{}}"#),
        ),
        // RFC 7515, section 4.1.11: what is not understood must be refused.
        (
            "crit with an unknown name",
            with(r#"{"alg":"ES256","kid":"p256","crit":["x"],"x":1}"#),
        ),
        (
            "crit with a known name",
            with(r#"{"alg":"ES256","kid":"p256","crit":["exp"],"exp":1}"#),
        ),
        (
            "crit that is empty",
            with(r#"{"alg":"ES256","kid":"p256","crit":[]}"#),
        ),
        (
            "crit that is a string",
            with(r#"{"alg":"ES256","kid":"p256","crit":"b64"}"#),
        ),
        (
            "crit that is null",
            with(r#"{"alg":"ES256","kid":"p256","crit":null}"#),
        ),
        // RFC 7797: the signature would be over another text.
        (
            "b64 in crit",
            with(r#"{"alg":"ES256","kid":"p256","b64":false,"crit":["b64"]}"#),
        ),
        (
            "b64 without crit",
            with(r#"{"alg":"ES256","kid":"p256","b64":false}"#),
        ),
        (
            "b64 that is true",
            with(r#"{"alg":"ES256","kid":"p256","b64":true}"#),
        ),
        ("a header that is nested deeply", with(&nested)),
        ("a header that is not UTF-8", {
            let text = format!(
                "{}.{}",
                encode(b"{\"alg\":\"ES256\",\"kid\":\"p256\",\"x\":\"\xff\"}"),
                encode(&claims)
            );
            format!("{text}.{}", encode(sign("ES256", text.as_bytes())))
        }),
        (
            "a lone surrogate",
            with(r#"{"alg":"ES256","kid":"p256","x":"\ud800"}"#),
        ),
    ])
}

fn payloads() -> Vec<Attack> {
    let with = |payload: &str| raw("ES256", r#"{"alg":"ES256","kid":"p256"}"#, payload);
    let good = claims(json!({})).to_string();
    let inner = good.trim_start_matches('{').trim_end_matches('}');
    let deep = format!(
        "{{{inner},\"x\":{}{}}}",
        "{\"a\":".repeat(100) + "1",
        "}".repeat(100)
    );
    named([
        ("a list for a payload", with(&format!("[{good}]"))),
        ("a string for a payload", with("\"alice\"")),
        ("a number for a payload", with("7")),
        ("null for a payload", with("null")),
        ("no JSON for a payload", with("sub=alice")),
        ("another token for a payload", with(&super::good())),
        ("two payloads", with(&format!("{good}{good}"))),
        (
            "exp twice",
            with(&format!(
                r#"{{"iss":"{ISSUER}","aud":"api","exp":1,"exp":{LATER}}}"#
            )),
        ),
        (
            "iss twice",
            with(&format!(
                r#"{{"iss":"x","iss":"{ISSUER}","aud":"api","exp":{LATER}}}"#
            )),
        ),
        (
            "sub twice, once escaped",
            with(&format!(r#"{{{inner},"\u0073ub":"admin"}}"#)),
        ),
        (
            "a member twice, deep inside",
            with(&format!(r#"{{{inner},"x":[{{"a":1,"a":2}}]}}"#)),
        ),
        ("a payload that is nested deeply", with(&deep)),
        ("NaN in a payload", with(&format!(r#"{{{inner},"x":NaN}}"#))),
        (
            "a number with a zero in front",
            with(&format!(r#"{{{inner},"x":01}}"#)),
        ),
        ("an empty payload object", with("{}")),
        (
            "a tab in a string",
            with(&format!("{{{inner},\"x\":\"\t\"}}")),
        ),
    ])
}
