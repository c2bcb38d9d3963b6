use super::*;

const P256: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
const ED25519: &str =
    r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
const SECRET: &str = r#""kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8""#;
/// RFC 7515, appendix A.2.
const RSA: &str = r#""kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ""#;

fn parse(keys: &[&str], origin: Origin) -> Result<(KeySet, Vec<LeftOut>), KeySetError> {
    let keys: Vec<String> = keys.iter().map(|key| format!("{{{key}}}")).collect();
    KeySet::parse(
        format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes(),
        origin,
    )
}

fn set(keys: &[&str]) -> KeySet {
    parse(keys, Origin::Operator)
        .map_err(|error| error.to_string())
        .unwrap()
        .0
}

/// Why a key is not used.
fn unusable(key: &str) -> Unusable {
    let (set, mut left_out) = parse(&[key], Origin::Server)
        .map_err(|e| e.to_string())
        .unwrap();
    assert!(set.is_empty(), "{key}");
    left_out.pop().unwrap().1
}

#[test]
fn keys_of_every_kind_are_read() {
    for (key, algorithms) in [
        (
            RSA,
            &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"][..],
        ),
        (P256, &["ES256"]),
        (ED25519, &["EdDSA"]),
        (SECRET, &["HS256"]),
    ] {
        let set = set(&[key]);
        let fitting: Vec<_> = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| set.has_key_for(*algorithm))
            .map(Algorithm::name)
            .collect();
        assert_eq!(fitting, algorithms);
    }
    let only = set(&[&format!(
        "{RSA},\"alg\":\"RS384\",\"use\":\"sig\",\"key_ops\":[\"verify\"]"
    )]);
    assert!(only.has_key_for(Algorithm::RS384) && !only.has_key_for(Algorithm::RS256));
}

#[test]
fn keys_for_something_else_are_left_alone() {
    for more in [
        r#""use":"enc""#,
        r#""use":"Sig""#,
        r#""key_ops":["encrypt"]"#,
        r#""key_ops":["sign"]"#,
        r#""key_ops":[]"#,
        r#""use":"sig","key_ops":["wrapKey"]"#,
        r#""alg":"RSA-OAEP""#,
        r#""alg":"none""#,
    ] {
        let unusable = unusable(&format!("{RSA},{more}"));
        assert!(
            matches!(unusable, Unusable::Foreign(_)),
            "{more}: {unusable}"
        );
    }
    for key in [
        r#""kty":"EC","crv":"P-521","x":"AA","y":"AA""#,
        r#""kty":"EC","crv":"secp256k1","x":"AA","y":"AA""#,
        r#""kty":"OKP","crv":"X25519","x":"AA""#,
        r#""kty":"OKP","crv":"Ed448","x":"AA""#,
        r#""kty":"AKP","alg":"ML-DSA-44","pub":"AA""#,
    ] {
        assert!(matches!(unusable(key), Unusable::Foreign(_)), "{key}");
    }
}

#[test]
fn weak_and_broken_keys_are_refused() {
    let small = "sXch_w".repeat(28);
    let coordinate = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    for key in [
        r#""e":"AQAB""#.to_owned(),
        r#""kty":1"#.into(),
        r#""kty":"RSA","n":"AQAB""#.into(),
        r#""kty":"RSA","n":"AQAB","e":"AQAB""#.into(),
        // 1344 bits.
        format!(r#""kty":"RSA","n":"{small}","e":"AQAB""#),
        // Exponents of one, of two, of none, and a very large one.
        RSA.replace("AQAB", "AQ"),
        RSA.replace("AQAB", "Ag"),
        RSA.replace("AQAB", ""),
        RSA.replace("AQAB", "__________8"),
        RSA.replace("AQAB", "AQAB="),
        RSA.replace("ofgWCu", "ofgW+u"),
        // An even modulus.
        RSA.replace("yuXpoQ", "yuXpoA"),
        P256.replace("x_FEzR", "x_FEzS"),
        P256.replace("P-256", "P-384"),
        P256.replace("\"y\"", "\"z\""),
        format!(r#""kty":"EC","crv":"P-256","x":"{coordinate}","y":"AA""#),
        format!(
            r#""kty":"EC","crv":"P-256","x":"{}","y":"{0}""#,
            "A".repeat(43)
        ),
        r#""kty":"EC","x":"AA","y":"AA""#.into(),
        // Points of small order.
        format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, "A".repeat(43)),
        format!(r#""kty":"OKP","crv":"Ed25519","x":"AQ{}""#, "A".repeat(41)),
        r#""kty":"OKP","crv":"Ed25519","x":"AA""#.into(),
        r#""kty":"OKP","x":"AA""#.into(),
        r#""kty":"oct","k":"""#.into(),
        r#""kty":"oct","k":"c2VjcmV0""#.into(),
        format!("{RSA},\"d\":\"AQAB\""),
        format!("{P256},\"d\":\"AQAB\""),
        format!("{ED25519},\"d\":\"AQAB\""),
        format!("{RSA},\"alg\":\"ES256\""),
        format!("{P256},\"alg\":\"ES384\""),
        format!("{RSA},\"alg\":1"),
        format!("{RSA},\"kid\":1"),
        format!("{RSA},\"use\":1"),
        format!("{RSA},\"key_ops\":\"verify\""),
    ] {
        let unusable = unusable(&key);
        assert!(matches!(unusable, Unusable::Bad(_)), "{key}: {unusable}");
        let refused = parse(&[&key], Origin::Operator).map(drop);
        assert_eq!(refused, Err(KeySetError::Key(0, unusable)), "{key}");
    }
}

#[test]
fn a_zero_byte_before_a_modulus_means_nothing() {
    // The modulus once more, with a zero byte in front: all of its base64url is another.
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
    let (before, rest) = RSA.split_once("\"n\":\"").unwrap();
    let n = BASE64.decode(rest.trim_end_matches('"')).unwrap();
    let longer = BASE64.encode([&[0][..], &n].concat());
    let set = set(&[&format!("{before}\"n\":\"{longer}\"")]);
    assert!(set.has_key_for(Algorithm::RS256));
}

#[test]
fn a_secret_from_a_server_is_not_used_and_none_is_beside_public_keys() {
    let (set, left_out) = parse(&[SECRET, RSA], Origin::Server)
        .map_err(|e| e.to_string())
        .unwrap();
    assert_eq!((set.len(), left_out.len()), (1, 1));
    assert!(!set.is_secret());
    let mixed = parse(&[SECRET, RSA], Origin::Operator).map(drop);
    assert_eq!(mixed, Err(KeySetError::Mixed));
}

#[test]
fn a_set_is_an_object_with_a_bounded_list_of_objects_and_each_kid_once() {
    let refused = |text: &str| {
        KeySet::parse(text.as_bytes(), Origin::Server)
            .map(drop)
            .unwrap_err()
    };
    for text in [
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[1]}"#,
        "null",
        "\"\"",
    ] {
        assert_eq!(refused(text), KeySetError::Shape, "{text}");
    }
    for text in ["", "<!doctype html>", "{\"keys\":[", "{} {}"] {
        assert!(matches!(refused(text), KeySetError::Json(_)), "{text}");
    }
    let twice = r#"{"keys":[],"keys":[]}"#;
    let message = refused(twice).to_string();
    assert!(message.starts_with("a member occurs twice"), "{message}");
    assert_eq!(refused(&" ".repeat(MAX_BYTES + 1)), KeySetError::TooLarge);
    let many = format!("{{\"keys\":[{}]}}", vec!["{}"; MAX_KEYS + 1].join(","));
    assert_eq!(refused(&many), KeySetError::TooMany);

    let same_id = [
        format!("{P256},\"kid\":\"a\""),
        format!("{RSA},\"kid\":\"b\""),
        format!("{ED25519},\"kid\":\"a\""),
    ];
    let keys: Vec<&str> = same_id.iter().map(String::as_str).collect();
    for origin in [Origin::Operator, Origin::Server] {
        let twice = parse(&keys, origin).map(drop);
        assert_eq!(twice, Err(KeySetError::DuplicateId(2)));
    }
    // A key that is not used has no say.
    let other = format!("{RSA},\"kid\":\"a\",\"use\":\"enc\"");
    assert_eq!(set(&[keys[0], &other]).len(), 1);
}

#[test]
fn a_token_means_the_key_with_its_kid_or_the_only_one_that_fits() {
    let [a, b, c, plain] = [
        format!("{P256},\"kid\":\"a\""),
        format!("{ED25519},\"kid\":\"b\""),
        format!("{ED25519},\"kid\":\"c\""),
        RSA.to_owned(),
    ];
    let set = set(&[&a, &b, &c, &plain]);
    let selected = |algorithm, kid| set.select(algorithm, kid).map(|key| key.id());
    let (es, ed, rs) = (Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256);
    assert_eq!(selected(es, Some("a")), Ok(Some("a")));
    assert_eq!(selected(ed, Some("c")), Ok(Some("c")));
    assert_eq!(selected(ed, Some("a")), Err(NoKey::Unfit));
    assert_eq!(selected(es, Some("x")), Err(NoKey::Unknown));
    assert_eq!(selected(es, Some("A")), Err(NoKey::Unknown));
    assert_eq!(selected(es, None), Ok(Some("a")));
    assert_eq!(selected(ed, None), Err(NoKey::Unfit), "two fit");
    assert_eq!(selected(Algorithm::ES384, None), Err(NoKey::Unfit));
    // A key without a name goes by any.
    assert_eq!(selected(rs, Some("x")), Ok(None));
    assert_eq!(selected(rs, None), Ok(None));
    assert_eq!(selected(rs, Some("a")), Err(NoKey::Unfit));
}
