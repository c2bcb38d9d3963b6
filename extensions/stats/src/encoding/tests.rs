use super::*;

const LABELS: [(&str, &str); 2] = [("reporter", "source"), ("response_code", "200")];

/// What a regular expression such as `(reporter=\.=(.*?);\.;)` finds.
fn extracted<'a>(name: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = name.split_once(&format!("{label}=.="))?;
    rest.split_once(";.;").map(|(value, _)| value)
}

#[test]
fn the_metrics_own_name_comes_first() {
    let name = Encoding::default().name("requests_total", LABELS.into_iter());
    assert_eq!(
        name,
        "istio_requests_totalreporter=.=source;.;response_code=.=200;.;"
    );
}

#[test]
fn the_older_plugins_order_can_be_had() {
    let encoding = Encoding {
        legacy_order: true,
        ..Encoding::default()
    };
    assert_eq!(
        encoding.name("requests_total", LABELS.into_iter()),
        "reporter=.=source;.;response_code=.=200;.;istio_requests_total"
    );
}

#[test]
fn ordinary_values_stay_as_they_are() {
    for value in [
        "",
        "spiffe://cluster.local/ns/default/sa/bookinfo",
        "reviews.default.svc.cluster.local:9080",
        "UF,URX",
        "Mozilla/5.0 (X11; Linux x86_64)",
        "größe",
    ] {
        assert_eq!(Encoding::default().safe(value.as_bytes()), value);
    }
}

#[test]
fn a_value_cannot_end_itself_or_begin_another_label() {
    let encoding = Encoding::default();
    let mut random = fastrand::Rng::with_seed(1);
    let pieces = [
        ";.;",
        "=.=",
        ";",
        ".",
        "=",
        "response_code",
        "reporter",
        "200",
        "x",
        "é",
    ];
    for _ in 0..20_000 {
        let count = random.usize(..8);
        let value: String = (0..count)
            .map(|_| pieces[random.usize(..pieces.len())])
            .collect();
        let safe = encoding.safe(value.as_bytes());
        let labels = [
            ("reporter", "source"),
            ("destination_service", &safe),
            ("response_code", "503"),
        ];
        let name = encoding.name("requests_total", labels.into_iter());
        assert_eq!(extracted(&name, "reporter"), Some("source"), "{name}");
        assert_eq!(
            extracted(&name, "destination_service"),
            Some(&*safe),
            "{name}"
        );
        assert_eq!(extracted(&name, "response_code"), Some("503"), "{name}");
    }
}

#[test]
fn control_characters_and_bytes_that_are_no_text_are_replaced() {
    let encoding = Encoding::default();
    assert_eq!(encoding.safe(b"a\nb\x00c\x7f\xff"), "a_b_c__");
    assert_eq!(encoding.safe("a\u{85}b".as_bytes()), "a_b");
}

#[test]
fn values_are_cut_at_a_character() {
    let encoding = Encoding::default();
    assert_eq!(encoding.safe(&[b'x'; 300]).len(), 256);
    assert_eq!(
        encoding.safe("é".repeat(300).as_bytes()).chars().count(),
        128
    );
    let odd = format!("x{}", "é".repeat(300));
    assert_eq!(encoding.safe(odd.as_bytes()).len(), 255);
}

#[test]
fn other_separators_are_kept_out_of_values_too() {
    let encoding = Encoding {
        value_separator: "==".to_owned(),
        field_separator: ";;".to_owned(),
        legacy_order: true,
    };
    assert_eq!(encoding.safe(b"a;;b==c;"), "a_;b_=c_");
    assert_eq!(encoding.safe(b"a===b"), "a__=b");
    for (text, expected) in [
        ("=.=", true),
        ("", false),
        ("=", false),
        ("a=", false),
        ("__", false),
    ] {
        assert_eq!(is_separator(text), expected, "{text}");
    }
}

#[test]
fn the_build_is_named_as_istios_regular_expressions_want_it() {
    assert_eq!(
        build_name("1.29.0"),
        "component.proxy.tag.1.29.0;.istio_build"
    );
    assert_eq!(build_name("1;.x"), "component.proxy.tag.1_.x;.istio_build");
}
