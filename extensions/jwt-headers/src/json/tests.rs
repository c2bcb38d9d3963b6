use super::*;

const DEPTH: usize = 8;

fn reformat(text: &str) -> Result<String, JsonError> {
    parse(text.as_bytes(), DEPTH).map(|value| value.to_json())
}

#[test]
fn what_json_is_comes_back_compact() {
    for (text, compact) in [
        (
            " { \"a\" : [ 1 , true , null ] } ",
            r#"{"a":[1,true,null]}"#,
        ),
        ("[]", "[]"),
        ("{}", "{}"),
        ("-0.5e+10", "-0.5e+10"),
        ("9007199254740993", "9007199254740993"),
        (r#""a\u0062\/\n""#, r#""ab/\n""#),
        (r#""\ud83d\ude00""#, "\"😀\""),
        ("\"ü\u{7f}\"", r#""ü\u007f""#),
        (r#""\u0000""#, r#""\u0000""#),
    ] {
        assert_eq!(reformat(text).as_deref(), Ok(compact), "{text}");
    }
}

#[test]
fn what_json_is_not_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\"}",
        "{\"a\":}",
        "{,}",
        "[,]",
        "nul",
        "True",
        "NaN",
        "Infinity",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x1",
        "\"",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"a\nb\"",
        "\"\t\"",
        "1 2",
        "{} {}",
        "[1]x",
        "\u{feff}{}",
        "{}\0",
        "/**/1",
        "[1]//",
    ] {
        assert_eq!(reformat(text), Err(JsonError::Syntax), "{text}");
    }
    assert_eq!(parse(b"\"\xff\"", DEPTH), Err(JsonError::NotUtf8));
    assert_eq!(parse(b"\"\xed\xa0\x80\"", DEPTH), Err(JsonError::NotUtf8));
    assert_eq!(parse(b"\"\xc0\xaf\"", DEPTH), Err(JsonError::NotUtf8));
}

#[test]
fn a_member_twice_is_refused_however_it_is_written() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"alg":1,"b":2,"\u0061lg":1}"#,
        r#"[{"x":{"a":1,"a":2}}]"#,
    ] {
        assert_eq!(reformat(text), Err(JsonError::Duplicate), "{text}");
    }
    let many: Vec<String> = (0..100).map(|n| format!("\"m{n}\":{n}")).collect();
    assert!(reformat(&format!("{{{}}}", many.join(","))).is_ok());
    let twice = format!("{{{},\"m7\":0}}", many.join(","));
    assert_eq!(reformat(&twice), Err(JsonError::Duplicate));
    assert!(reformat(r#"{"a":{"a":1},"A":1}"#).is_ok());
}

#[test]
fn the_depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(reformat(&nested(DEPTH)).is_ok());
    assert_eq!(reformat(&nested(DEPTH + 1)), Err(JsonError::TooDeep));
    assert_eq!(
        reformat(&"{\"a\":".repeat(100_000)),
        Err(JsonError::TooDeep)
    );
}

/// Whatever is accepted, `serde_json` reads the same.
#[test]
fn accepted_texts_mean_what_they_mean_to_others() {
    let cases = std::env::var("TEST_CORPUS").map_or(5_000, |cases| cases.parse().unwrap());
    let mut accepted = 0;
    for seed in 0..cases {
        let mut rng = fastrand::Rng::with_seed(seed);
        const PARTS: [&str; 24] = [
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"a\"",
            "\"b\"",
            "\"\\u0061\"",
            "1",
            "-0",
            "1e5",
            "0.25",
            "true",
            "null",
            " ",
            "\"\"",
            "\\",
            "{\"a\":",
            "[1,",
            "\"\\ud83d\\ude00\"",
            "9",
            "\n",
            "false",
        ];
        let text: String = std::iter::repeat_with(|| PARTS[rng.usize(..PARTS.len())])
            .take(seed as usize % 9 + 1)
            .collect();
        if let Ok(value) = parse(text.as_bytes(), DEPTH) {
            accepted += 1;
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            let ours: serde_json::Value = serde_json::from_str(&value.to_json()).unwrap();
            assert_eq!(ours, theirs, "{text}");
        }
    }
    assert!(accepted > 50, "{accepted}");
}

#[test]
fn members_are_found_by_their_name() {
    let value = parse(br#"{"kid":"a","n":1}"#, DEPTH).unwrap();
    let Value::Object(object) = &value else {
        panic!("{value:?}")
    };
    assert_eq!(object.text("kid"), Ok(Some("a")));
    assert_eq!(object.text("other"), Ok(None));
    assert_eq!(object.text("n"), Err(NotText));
    assert_eq!(object.names().collect::<Vec<_>>(), ["kid", "n"]);
}
