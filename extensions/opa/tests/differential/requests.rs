//! Requests, made up at random of parts that policies look at.

use fastrand::Rng;

use crate::tokens;

pub(crate) struct Request {
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) source: Vec<u8>,
    pub(crate) principal: Vec<u8>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) is_cut: bool,
}

const SEGMENTS: [&str; 18] = [
    "public", "admin", "users", "alice", "bob", "42", "v1", "a.b", "a%20b", "%61dmin", "%2fadmin",
    "%C3%A9", "%ff", "", ".", "..", "x;y", "%zz",
];
const QUERIES: [&str; 12] = [
    "a=1",
    "a=2",
    "b=x%20y",
    "b=+",
    "role=admin",
    "flag",
    "=v",
    "n=007",
    "u=%C3%A9",
    "q=a&q=b",
    "bad=%g",
    "semi;colon",
];
const METHODS: [&str; 5] = ["GET", "HEAD", "POST", "DELETE", "OPTIONS"];
const HEADERS: [(&str, &[u8]); 21] = [
    ("x-user", b"alice"),
    ("x-user", b"bob"),
    ("x-user", b""),
    ("x-role", b"admin,editor"),
    ("x-version", b"1.2.3"),
    ("x-version", b"1.10.0-rc.1"),
    ("authorization", b"Basic YWxpY2U6c2VjcmV0"),
    ("authorization", b"Bearer abc.def"),
    ("x-bytes", b"\xff\xfe"),
    ("x-quote", b"\"\\\t"),
    ("x-number", b"12.50"),
    ("x-number", b"twelve"),
    ("x-role", b"10.1.2.3"),
    ("x-glob", b"/public/**"),
    ("x-glob", b"/{users,public}/*"),
    ("x-glob", b"/[a-"),
    ("x-glob", b"/{a,b"),
    ("x-glob", b"/[]"),
    ("x-glob", b"/a\\"),
    ("cookie", b"session=abc; theme=dark"),
    ("x-forwarded-for", b"10.0.0.7, 192.0.2.1"),
];
const BODIES: [(&str, &str); 16] = [
    (
        "application/json",
        r#"{"user": "alice", "amount": 10, "tags": ["a", "b"]}"#,
    ),
    (
        "application/json",
        r#"{"user": "bob", "amount": 10.50, "nested": {"deep": [1, {"x": null}]}}"#,
    ),
    (
        "application/json",
        r#"{"amount": 9007199254740993, "user": "\u00e9\"\\"}"#,
    ),
    ("application/json", r#"[1, 2.5, -3e2, true, null, "x"]"#),
    ("application/json", "\"text\""),
    (
        "application/json",
        r#"{"amount": 1, "amount": 2, "user": "a", "user": "b"}"#,
    ),
    (
        "application/json",
        r#"{"amount": 1e3, "tags": ["\u0000", "\u2028"], "x": -0}"#,
    ),
    ("application/json", "{}"),
    ("application/json", "{broken"),
    ("application/json", ""),
    (
        "application/x-www-form-urlencoded",
        "user=alice&amount=10&tags=a&tags=b",
    ),
    ("application/x-www-form-urlencoded", "user=b%20b+c&=&x"),
    ("application/x-www-form-urlencoded", "a;b"),
    (
        "multipart/form-data; boundary=XX",
        "--XX\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nalice\r\n--XX--\r\n",
    ),
    (
        "multipart/form-data; boundary=XX",
        "--XX\r\nContent-Disposition: form-data; name=\"user\"\r\nContent-Type: application/json\r\n\r\n{\"amount\": 10}\r\n--XX--\r\n",
    ),
    ("text/plain", "hello"),
];
const SOURCES: [&str; 5] = [
    "10.0.0.7:4711",
    "192.0.2.1:80",
    "[2001:db8::1]:443",
    "[::1]:1",
    "",
];
const PRINCIPALS: [&str; 3] = ["", "spiffe://cluster.local/ns/a/sa/web", "CN=x"];

impl Request {
    pub(crate) fn any(random: &mut Rng) -> Self {
        let mut path = String::new();
        for _ in 0..random.usize(1..4) {
            path.push('/');
            path.push_str(pick(random, &SEGMENTS));
        }
        for index in 0..random.usize(0..4) {
            path.push(if index == 0 { '?' } else { '&' });
            path.push_str(pick(random, &QUERIES));
        }
        let mut headers: Vec<(String, Vec<u8>)> = vec![
            (
                ":authority".into(),
                pick(random, &["a.test", "A.test:8080", "b.test"]).into(),
            ),
            (":method".into(), pick(random, &METHODS).into()),
            (":path".into(), path.into()),
            (":scheme".into(), b"http".to_vec()),
        ];
        for _ in 0..random.usize(0..5) {
            let (name, value) = HEADERS[random.usize(..HEADERS.len())];
            headers.push((name.into(), value.to_vec()));
        }
        if random.bool() {
            headers.push(("x-token".into(), tokens::any(random)));
        }
        let mut body = None;
        if random.bool() {
            let (content_type, text) = BODIES[random.usize(..BODIES.len())];
            headers.push(("content-type".into(), content_type.into()));
            headers.push(("content-length".into(), text.len().to_string().into()));
            body = Some(text.as_bytes().to_vec());
        }
        Self {
            headers,
            source: pick(random, &SOURCES).into(),
            principal: pick(random, &PRINCIPALS).into(),
            is_cut: body.is_some() && random.u8(..8) == 0,
            body,
        }
    }
}

fn pick<'a>(random: &mut Rng, from: &[&'a str]) -> &'a str {
    from[random.usize(..from.len())]
}
