use super::*;

/// A field of wire type 2.
fn bytes(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let length = if length < 0x80 {
        vec![length]
    } else {
        vec![length | 0x80, 1]
    };
    [vec![number << 3 | 2], length, content.to_vec()].concat()
}

fn text(text: &str) -> Vec<u8> {
    bytes(3, text.as_bytes())
}

fn double(number: f64) -> Vec<u8> {
    [vec![0x11], number.to_bits().to_le_bytes().to_vec()].concat()
}

fn entry(key: &str, value: &[u8]) -> Vec<u8> {
    let entry = [bytes(1, key.as_bytes()), bytes(2, value)].concat();
    bytes(1, &entry)
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let items: Vec<u8> = items.iter().flat_map(|item| bytes(1, item)).collect();
    bytes(6, &items)
}

fn metadata(fields: &[u8]) -> Vec<u8> {
    let payload = entry("payload", &bytes(5, fields));
    [entry("other", b""), entry("jwt", &payload)].concat()
}

fn found(fields: &[u8]) -> Option<String> {
    find(&metadata(fields), "jwt", "payload").map(|claims| claims.to_json())
}

#[test]
fn values_keep_their_types() {
    let fields = [
        entry("sub", &text("alice")),
        // Eight bytes, as a number has them.
        entry("eight", &text("abcdefgh")),
        entry("exp", &double(2_000_000_000.0)),
        entry("half", &double(-0.5)),
        entry("admin", &[0x20, 1]),
        entry("nothing", &[0x08, 0]),
        entry("roles", &list(&[text("a"), double(7.0), list(&[])])),
        entry("nested", &bytes(5, &entry("a", &text("b")))),
    ]
    .concat();
    assert_eq!(
        found(&fields).as_deref(),
        Some(
            r#"{"admin":true,"eight":"abcdefgh","exp":2000000000,"half":-0.5,"nested":{"a":"b"},"nothing":null,"roles":["a",7,[]],"sub":"alice"}"#
        )
    );
}

#[test]
fn large_numbers_are_not_written_as_if_they_were_exact() {
    for (value, written) in [
        (9_007_199_254_740_992.0, "9007199254740992"),
        (1e20, "1e20"),
        (1.5e300, "1.5e300"),
        (0.1, "0.1"),
        (0.0, "0"),
    ] {
        assert_eq!(number(value).as_deref(), Some(written));
    }
    assert_eq!(number(f64::NAN), None);
    assert_eq!(number(f64::INFINITY), None);
}

#[test]
fn what_is_not_there_is_not_found() {
    let message = metadata(&entry("sub", &text("alice")));
    assert!(find(&message, "jwt", "payload").is_some());
    assert!(find(&message, "jwt", "other").is_none());
    assert!(find(&message, "other", "payload").is_none());
    assert!(find(&message, "nowhere", "payload").is_none());
    assert!(find(b"", "jwt", "payload").is_none());
    let no_object = entry("jwt", &entry("payload", &text("alice")));
    assert!(find(&no_object, "jwt", "payload").is_none());
}

#[test]
fn what_is_no_protobuf_is_no_claim_and_no_panic() {
    let message = metadata(&entry("sub", &text("alice")));
    for cut in 0..message.len() {
        assert!(find(&message[..cut], "jwt", "payload").is_none(), "{cut}");
    }
    for at in 0..message.len() {
        let mut damaged = message.clone();
        damaged[at] ^= 0xff;
        let _ = find(&damaged, "jwt", "payload");
    }
}

#[test]
fn the_depth_is_bounded() {
    let nested = |depth: usize| (0..depth).fold(text("x"), |inner, _| list(&[inner]));
    // The payload is an object itself.
    assert!(found(&entry("a", &nested(MAX_DEPTH - 1))).is_some());
    assert!(found(&entry("a", &nested(MAX_DEPTH))).is_none());
}
