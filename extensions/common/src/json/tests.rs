use super::*;

const DEPTH: usize = 8;

fn reformat(text: &str) -> Result<String, Problem> {
    parse(text.as_bytes(), DEPTH)
        .map(|value| value.to_json())
        .map_err(|error| error.problem)
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
        assert_eq!(reformat(text), Err(Problem::Syntax), "{text}");
    }
    for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", b"\"\xc0\xaf\""] {
        let error = parse(bytes, DEPTH).unwrap_err();
        assert_eq!((error.problem, error.column), (Problem::NotUtf8, 2));
    }
}

#[test]
fn a_member_twice_is_refused_however_it_is_written() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"alg":1,"b":2,"\u0061lg":1}"#,
        r#"[{"x":{"a":1,"a":2}}]"#,
    ] {
        assert_eq!(reformat(text), Err(Problem::Duplicate), "{text}");
    }
    let many: Vec<String> = (0..100).map(|n| format!("\"m{n}\":{n}")).collect();
    assert!(reformat(&format!("{{{}}}", many.join(","))).is_ok());
    let twice = format!("{{{},\"m7\":0}}", many.join(","));
    assert_eq!(reformat(&twice), Err(Problem::Duplicate));
    assert!(reformat(r#"{"a":{"a":1},"A":1}"#).is_ok());
}

#[test]
fn the_depth_is_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(reformat(&nested(DEPTH)).is_ok());
    assert_eq!(reformat(&nested(DEPTH + 1)), Err(Problem::TooDeep));
    assert_eq!(reformat(&"{\"a\":".repeat(100_000)), Err(Problem::TooDeep));
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
    assert_eq!(object.members().len(), 2);
}

#[test]
fn an_error_says_where() {
    let error = parse(b"{\n  \"a\": 1,\n  b: 2\n}", DEPTH).unwrap_err();
    assert_eq!(error.to_string(), "it is not JSON (line 3, column 3)");
    let error = parse(b"", DEPTH).unwrap_err();
    assert_eq!(error.to_string(), "it is not JSON (line 1, column 1)");
}

mod types {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        list: Vec<Inner>,
        pair: Option<(u8, String)>,
        kind: Option<Kind>,
        ratio: Option<f64>,
        tree: Option<Tree>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        n: i32,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Plain,
        Number(u16),
        Struct { n: u8 },
        Tuple(u8, u8),
    }

    fn read(text: &str) -> Result<Outer, Misfit> {
        deserialize(&parse(text.as_bytes(), DEPTH).unwrap())
    }

    fn misfit(text: &str) -> String {
        let Misfit { path, problem } = read(text).unwrap_err();
        format!("{path}: {problem}")
    }

    #[test]
    fn types_are_read() {
        let outer =
            read(r#"{"list":[{"n":-1}],"pair":[7,"x"],"ratio":2,"tree":{"a":[1,null,"x",0.5]}}"#);
        let outer = outer.unwrap();
        assert_eq!(outer.list, [Inner { n: -1 }]);
        assert_eq!(outer.pair, Some((7, "x".into())));
        assert_eq!(outer.ratio, Some(2.0));
        let tree = outer.tree.unwrap().0.to_json();
        assert_eq!(tree, r#"{"a":[1,null,"x",0.5]}"#);
        assert_eq!(read(r#"{"pair":null}"#).unwrap().pair, None);
        for (text, kind) in [
            (r#""plain""#, Kind::Plain),
            (r#"{"number":7}"#, Kind::Number(7)),
            (r#"{"struct":{"n":7}}"#, Kind::Struct { n: 7 }),
            (r#"{"tuple":[1,2]}"#, Kind::Tuple(1, 2)),
        ] {
            let outer = read(&format!("{{\"kind\":{text}}}")).unwrap();
            assert_eq!(outer.kind, Some(kind), "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_path() {
        for (text, message) in [
            ("[]", ": invalid type: sequence, expected struct Outer"),
            (
                r#"{"list":{}}"#,
                "list: invalid type: map, expected a sequence",
            ),
            (
                r#"{"list":[{"n":1},{"n":"x"}]}"#,
                "list[1].n: invalid type: string \"x\", expected i32",
            ),
            (r#"{"list":[{}]}"#, "list[0]: missing field `n`"),
            (
                r#"{"list":[{"m":1}]}"#,
                "list[0].m: unknown field `m`, expected `n`",
            ),
            (
                r#"{"list":[{"n":4294967296}]}"#,
                "list[0].n: invalid value: integer `4294967296`, expected i32",
            ),
            (
                r#"{"pair":[1]}"#,
                "pair: invalid length 1, expected a tuple of size 2",
            ),
            (
                r#"{"pair":[1,"x",2]}"#,
                "pair: invalid length 3, expected fewer items",
            ),
            (r#"{"ratio":1e999}"#, "ratio: a number that is too large"),
            (
                r#"{"kind":"other"}"#,
                "kind: unknown variant `other`, expected one of `plain`, `number`, `struct`, `tuple`",
            ),
            (
                r#"{"kind":"number"}"#,
                "kind: invalid type: unit variant, expected newtype variant",
            ),
            (r#"{"kind":{"plain":1}}"#, "kind: expected a name alone"),
            (
                r#"{"kind":7}"#,
                "kind: expected a name, or an object with one",
            ),
            (
                r#"{"kind":{"struct":{"n":300}}}"#,
                "kind.struct.n: invalid value: integer `300`, expected u8",
            ),
        ] {
            assert_eq!(misfit(text), message, "{text}");
        }
    }
}
