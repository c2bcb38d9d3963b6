use std::time::Duration;

use extension_common::headers::serialize;
use serde_json::{Value, json};

use super::*;
use crate::config::HeaderChoice;

mod key;

fn view(headers: &[(&str, &[u8])]) -> HeaderView {
    let pairs = headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), *value));
    HeaderView::parse(serialize(pairs)).unwrap()
}

fn rules() -> InputRules {
    InputRules {
        form: Form::Envoy,
        headers: HeaderChoice::All,
        body: None,
    }
}

fn connection() -> Connection {
    Connection {
        destination_address: b"127.0.0.1:18300".to_vec(),
        protocol: b"HTTP/1.1".to_vec(),
        ..Connection::default()
    }
}

fn facts<'a>(headers: &'a HeaderView, connection: &'a Connection) -> Facts<'a> {
    Facts {
        headers,
        source_address: b"127.0.0.1:56306",
        connection,
        workload: b"",
        body: None,
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::new(1_795_377_340, 502_657_000))
        .unwrap()
}

fn document(rules: &InputRules, facts: &Facts<'_>) -> Result<Value, BadRequest> {
    let document = Document::new(rules, facts, now())?;
    let text = document.text();
    assert_same(&document, &text);
    Ok(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// What the engine gets is what it would read in the text.
#[cfg(feature = "embedded")]
fn assert_same(document: &Document<'_>, text: &str) {
    let read = regorus::Value::from_json_str(text).unwrap();
    let mut names = Names::default();
    // The second one has its names from the first.
    for _ in 0..2 {
        assert_eq!(document.value(&mut names).unwrap(), read);
    }
}

#[cfg(not(feature = "embedded"))]
fn assert_same(_: &Document<'_>, _: &str) {}

fn get(path: &str) -> [(&str, &[u8]); 2] {
    [(":method", b"GET"), (":path", path.as_bytes())]
}

/// The document for a body of this type.
fn with_body(content_type: &str, body: &[u8], is_truncated: bool) -> Result<Value, BadRequest> {
    let length = body.len().to_string();
    let headers = view(&[
        (":method", b"POST"),
        (":path", b"/"),
        ("content-type", content_type.as_bytes()),
        ("content-length", length.as_bytes()),
    ]);
    let connection = connection();
    let facts = Facts {
        body: Some(Body {
            bytes: body,
            is_truncated,
        }),
        ..facts(&headers, &connection)
    };
    document(&rules(), &facts)
}

/// What the real plugin v1.4.2 behind a real Envoy 1.40 was seen to build; `id` is another.
#[test]
fn the_document_is_that_of_opa_envoy_plugin() {
    let headers = view(&[
        (":authority", b"127.0.0.1:18300"),
        (":method", b"GET"),
        (":path", b"/my/t%65st//path?a=1&a=2&x=y%20z"),
        (":scheme", b"http"),
        ("accept", b"*/*"),
        ("user-agent", b"curl/7.88.1"),
        ("x-foo", b"1"),
        ("x-forwarded-proto", b"http"),
        ("x-request-id", b"r-1"),
        ("x-foo", b"2"),
    ]);
    let connection = connection();
    assert_eq!(
        document(&rules(), &facts(&headers, &connection)).unwrap(),
        json!({
            "attributes": {
                "source": { "address": { "socketAddress": { "address": "127.0.0.1", "portValue": 56306 } } },
                "destination": { "address": { "socketAddress": { "address": "127.0.0.1", "portValue": 18300 } } },
                "request": {
                    "time": { "seconds": 1_795_377_340_u64, "nanos": 502_657_000 },
                    "http": {
                        "id": "r-1", "method": "GET", "path": "/my/t%65st//path?a=1&a=2&x=y%20z",
                        "host": "127.0.0.1:18300", "scheme": "http", "protocol": "HTTP/1.1",
                        "headers": {
                            ":authority": "127.0.0.1:18300", ":method": "GET",
                            ":path": "/my/t%65st//path?a=1&a=2&x=y%20z", ":scheme": "http",
                            "accept": "*/*", "user-agent": "curl/7.88.1", "x-foo": "1,2",
                            "x-forwarded-proto": "http", "x-request-id": "r-1"
                        }
                    }
                },
                "metadataContext": {}, "routeMetadataContext": {}
            },
            "parsed_path": ["my", "test", "", "path"],
            "parsed_query": { "a": ["1", "2"], "x": ["y z"] },
            "parsed_body": null, "truncated_body": false,
            "version": { "encoding": "protojson", "ext_authz": "v3" }
        })
    );
}

#[test]
fn a_certificate_and_a_server_name_are_told() {
    let headers = view(&get("/"));
    let connection = Connection {
        source_principal: b"spiffe://a/b".to_vec(),
        sni: b"example.test".to_vec(),
        ..connection()
    };
    let document = document(&rules(), &facts(&headers, &connection)).unwrap();
    assert_eq!(
        document["attributes"]["source"]["principal"],
        "spiffe://a/b"
    );
    assert_eq!(document["source_principal"], "spiffe://a/b");
    assert_eq!(
        document["attributes"]["tlsSession"],
        json!({ "sni": "example.test" })
    );
}

#[test]
fn paths_and_queries_are_parsed_as_in_go() {
    let connection = connection();
    let parsed = |path: &str| {
        let headers = view(&get(path));
        let document = document(&rules(), &facts(&headers, &connection))?;
        Ok((
            document["parsed_path"].clone(),
            document["parsed_query"].clone(),
        ))
    };
    for (path, segments, query) in [
        ("/", json!([""]), json!({})),
        ("/a/b/", json!(["a", "b", ""]), json!({})),
        ("//a", json!(["a"]), json!({})),
        ("/a%2fadmin", json!(["a", "admin"]), json!({})),
        ("/a+b%20c", json!(["a+b c"]), json!({})),
        (
            "/a?b+c=%41&d&&=x",
            json!(["a"]),
            json!({ "b c": ["A"], "d": [""], "": ["x"] }),
        ),
        ("/a?b=c=d?e", json!(["a"]), json!({ "b": ["c=d?e"] })),
        (
            "/%ff?%ff=%ff",
            json!(["\u{fffd}"]),
            json!({ "\u{fffd}": ["\u{fffd}"] }),
        ),
    ] {
        assert_eq!(parsed(path), Ok((segments, query)), "{path}");
    }
    for path in ["/%", "/%4", "/%zz", "/a%2"] {
        assert_eq!(parsed(path), Err(BadRequest::Path), "{path}");
    }
    for path in ["/?a;b", "/?%", "/?a=%g0"] {
        assert_eq!(parsed(path), Err(BadRequest::Query), "{path}");
    }
    let no_path = view(&[]);
    assert_eq!(
        document(&rules(), &facts(&no_path, &connection)),
        Err(BadRequest::Path)
    );
}

#[test]
fn bytes_that_are_no_text_and_control_characters_make_good_json() {
    let headers = view(&[
        (":method", b"GET"),
        (":path", b"/\xff"),
        ("x-a", b"\"\\\x01\xc3\xa9\xe2\x82"),
    ]);
    let document = document(&rules(), &facts(&headers, &connection())).unwrap();
    let http = &document["attributes"]["request"]["http"];
    assert_eq!(http["path"], "/!");
    assert_eq!(http["headers"]["x-a"], "\"\\\u{1}\u{e9}!!");
}

#[test]
fn only_listed_headers_are_told() {
    let headers = view(&[
        (":method", b"GET"),
        (":path", b"/"),
        ("a", b"1"),
        ("b", b"2"),
    ]);
    let rules = InputRules {
        headers: HeaderChoice::Listed(vec!["b".into(), ":method".into()]),
        ..rules()
    };
    let document = document(&rules, &facts(&headers, &connection())).unwrap();
    let http = &document["attributes"]["request"]["http"];
    assert_eq!(http["headers"], json!({ "b": "2", ":method": "GET" }));
    assert_eq!(http["path"], "/");
}

#[test]
fn a_json_body_is_parsed() {
    let document = with_body("application/json", br#"{"a":1}"#, false).unwrap();
    let http = &document["attributes"]["request"]["http"];
    assert_eq!(
        (&http["body"], &http["size"]),
        (&json!("{\"a\":1}"), &json!(7))
    );
    assert_eq!(http["headers"]["x-envoy-auth-partial-body"], "false");
    assert_eq!(document["parsed_body"], json!({ "a": 1 }));
    let numbers = br#"[9007199254740993, 0.1, 123456789012345678901234567890]"#;
    let text = |body: &[u8]| {
        let headers = view(&[(":path", b"/"), ("content-type", b"application/json")]);
        let connection = connection();
        let body = Some(Body {
            bytes: body,
            is_truncated: false,
        });
        let facts = Facts {
            body,
            ..facts(&headers, &connection)
        };
        Document::new(&rules(), &facts, now()).unwrap().text()
    };
    assert!(
        text(numbers).contains(std::str::from_utf8(numbers).unwrap()),
        "numbers stay exact"
    );
    let nested = |depth| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert!(with_body("application/json", nested(100).as_bytes(), false).is_ok());
    let too_deep = nested(101);
    for bad in [
        &b"{"[..],
        b"{} {}",
        b"1e999",
        br#""\ud800""#,
        too_deep.as_bytes(),
    ] {
        assert_eq!(
            with_body("application/json", bad, false),
            Err(BadRequest::Body)
        );
    }
}

#[test]
fn a_body_that_was_cut_is_not_parsed() {
    for content_type in [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let document = with_body(content_type, b"{\"a\"", true).unwrap();
        assert_eq!(
            (&document["parsed_body"], &document["truncated_body"]),
            (&json!(null), &json!(true))
        );
        let headers = &document["attributes"]["request"]["http"]["headers"];
        assert_eq!(headers["x-envoy-auth-partial-body"], "true");
    }
}

#[test]
fn a_form_is_parsed() {
    let parsed = |body: &str| {
        with_body("application/x-www-form-urlencoded", body.as_bytes(), false)
            .map(|d| d["parsed_body"].clone())
    };
    assert_eq!(
        parsed("a=1&a=2&b=x+y%21"),
        Ok(json!({ "a": ["1", "2"], "b": ["x y!"] }))
    );
    assert_eq!(parsed("a;b"), Err(BadRequest::Body));
    assert_eq!(parsed("%"), Err(BadRequest::Body));
}

#[test]
fn a_multipart_form_is_parsed_or_refused() {
    let parsed = |boundary: &str, body: &str| {
        let content_type = format!("multipart/form-data; boundary={boundary}");
        with_body(&content_type, body.as_bytes(), false)
            .map(|document| document["parsed_body"].clone())
    };
    let body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n\
                --x\r\ncontent-disposition: form-data; name=a; filename=\"f;x\"\r\n\r\nline\r\nline\r\n\
                --x\r\nContent-Disposition: form-data; name=\"j\"\r\nContent-Type: application/json\r\n\r\n{\"k\": [1]}\r\n\
                --x\r\nX: y\r\n\r\nnameless\r\n--x--\r\n";
    let expected = json!({ "a": ["1", "line\r\nline"], "j": [{ "k": [1] }] });
    assert_eq!(parsed("x", body), Ok(expected.clone()));
    assert_eq!(parsed("\"x\"", body), Ok(expected));
    assert_eq!(parsed("x", "--x--"), Ok(json!({})));
    for bad in [
        "",
        "junk",
        "--x\r\n",
        "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1",
        "--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--junk",
        "--x\r\nno colon\r\n\r\n1\r\n--x--",
        "--x\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n1\r\n--x--",
        "--x\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b\r\n\r\n1\r\n--x--",
        "--x\r\nContent-Disposition: form-data; name=a\r\nContent-Type: application/json\r\n\r\n{\r\n--x--",
    ] {
        let expected = if bad.is_empty() {
            Ok(json!(null))
        } else {
            Err(BadRequest::Body)
        };
        assert_eq!(parsed("x", bad), expected, "{bad:?}");
    }
}

#[test]
fn other_bodies_are_told_but_not_parsed() {
    for content_type in ["text/plain", "application/grpc"] {
        let document = with_body(content_type, b"abc", false).unwrap();
        assert_eq!(document["parsed_body"], json!(null));
        assert_eq!(document["attributes"]["request"]["http"]["body"], "abc");
    }
}
