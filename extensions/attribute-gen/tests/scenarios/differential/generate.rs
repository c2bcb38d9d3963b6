//! Conditions and requests at random, of few words so that they meet.

use attribute_gen::config::Phase;
use sdk_tests::{Proxy, Request, UpstreamReply};

/// Paths that requests have, and parts of them that conditions ask for.
const PATHS: [&str; 10] = [
    "/",
    "/reviews",
    "/reviews/17",
    "/reviews/a-b?x=1",
    "/reviews/?x=1&y=?",
    "/api/v1/items.json",
    "/api/v12/?",
    "/API/V1",
    "/a%20b/[x]",
    "//reviews//17",
];

/// Header values.
const VALUES: [&[u8]; 12] = [
    b"",
    b"a",
    b"gold",
    b"Gold",
    b"a,b",
    b"17",
    b"1.5",
    b"x'y",
    b"a b",
    "g\u{fc}ld".as_bytes(),
    b"g\xffld",
    "\u{212a}".as_bytes(),
];

/// What conditions compare with.
const TEXTS: [&str; 24] = [
    "",
    "/",
    "/reviews",
    "/reviews/17",
    "/api",
    "17",
    "a",
    "b",
    "gold",
    "old",
    "a,b",
    "GET",
    "POST",
    "x=1",
    ".json",
    "x'y",
    "\u{fc}",
    "g\u{fc}ld",
    "?",
    "\\",
    "localhost",
    "http",
    "1.5",
    "PUT",
];

const PATTERNS: [&str; 36] = [
    "",
    "^",
    "$",
    "^$",
    "^/reviews",
    "^/reviews/[[:alnum:]]*$",
    "^/reviews/.*$",
    "^/reviews/.*",
    "^/api/v[0-9]+/",
    r"^/api/v\d{1,2}/",
    r"\.json$",
    "[a-c]+",
    "^[^/]*$",
    "(?i)gold",
    "(?i)K",
    "gold|17",
    "^(?:a|b)(,|$)",
    "g.ld",
    "^g..?ld$",
    "^/(reviews|api)/",
    r"^\w+$",
    r"^\S*$",
    r"\s",
    r"\bold\b",
    "^/reviews/[0-9]+$",
    "^/[a-z]+/[0-9]*$",
    "^/api/v[^/]+/[a-z.]+",
    "^g[^l]?l+d$",
    r"^[\w.-]+$",
    "x{2}",
    "^/?a?",
    "^/*r",
    "(a)(b)?",
    "[[:upper:]]",
    r"^\W",
    "a*?b+?",
];

pub(super) struct Generator {
    random: fastrand::Rng,
    phase: Phase,
}

impl Generator {
    pub(super) fn new(phase: Phase) -> Self {
        Self {
            random: fastrand::Rng::with_seed(7),
            phase,
        }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.random.usize(..from.len())]
    }

    /// A text of the language, in one of its spellings.
    fn quoted(&mut self, text: &str) -> String {
        match self.random.u8(..3) {
            0 if !text.contains('\'') && !text.ends_with('\\') => format!("r'{text}'"),
            1 => format!("\"{}\"", text.replace('\\', "\\\\")),
            _ => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        }
    }

    fn text(&mut self) -> String {
        let text = self.pick(&TEXTS);
        self.quoted(text)
    }

    /// An attribute that is text.
    fn attribute(&mut self) -> String {
        let object = match self.phase {
            Phase::OnRequest => "request",
            Phase::OnResponse => "response",
            Phase::AfterResponse => self.pick(&["request", "response"]),
        };
        let header = ["x-a", "X-B", "x-none", "x-a"];
        if object == "request" && self.random.u8(..3) > 0 {
            let field = self.pick(&[
                "path",
                "url_path",
                "query",
                "method",
                "host",
                "scheme",
                "referer",
                "useragent",
            ]);
            return format!("request.{field}");
        }
        let header = self.pick(&header);
        format!("{object}.headers['{header}']")
    }

    fn test(&mut self) -> String {
        let code = self.phase != Phase::OnRequest && self.random.u8(..3) == 0;
        if code {
            let operator = self.pick(&["==", "!=", "<", "<=", ">", ">="]);
            let number = self.pick(&[0, 199, 200, 204, 299, 300, 404, 500, 599]);
            return match self.random.u8(..5) {
                0 => format!("{number} {operator} response.code"),
                1 => format!("response.code in [{number}, 200, 503]"),
                2 => "has(response.code)".to_owned(),
                _ => format!("response.code {operator} {number}"),
            };
        }
        let attribute = self.attribute();
        let text = self.text();
        match self.random.u8(..14) {
            0 | 1 => format!("{attribute} == {text}"),
            2 => format!("{text} != {attribute}"),
            3 => format!("{attribute} < {text}"),
            4 => format!("{attribute} >= {text}"),
            5 => format!("{attribute} in [{text}, {}, {}]", self.text(), self.text()),
            6 => format!("{attribute}.startsWith({text})"),
            7 => format!("{attribute}.endsWith({text})"),
            8 => format!("{attribute}.contains({text})"),
            9 => {
                let object = attribute.split('.').next().unwrap();
                let name = self.pick(&["x-a", "x-none", "X-B", "x_a"]);
                format!("'{name}' in {object}.headers")
            }
            10 if attribute.contains('[') => format!("{attribute} != 17"),
            10 => format!("has({attribute})"),
            _ => {
                let pattern = self.pick(&PATTERNS);
                format!("{attribute}.matches({})", self.quoted(pattern))
            }
        }
    }

    fn tree(&mut self, depth: u8) -> String {
        let leaf = depth == 0 || self.random.u8(..4) == 0;
        if leaf {
            return self.test();
        }
        let (left, right) = (self.tree(depth - 1), self.tree(depth - 1));
        match self.random.u8(..7) {
            0 | 1 => format!("{left} && {right}"),
            2 | 3 => format!("({left}) || {right}"),
            4 => format!("({left} && ({right}))"),
            5 => format!("{left} || {right} || {}", self.test()),
            _ => format!("!({left})"),
        }
    }

    pub(super) fn condition(&mut self) -> String {
        let depth = self.random.u8(..4);
        self.tree(depth)
    }

    pub(super) fn request(&mut self) -> Request {
        let path = self.pick(&PATHS);
        let mut request = if self.random.bool() {
            Request::get(path)
        } else {
            Request::post(path)
        };
        for name in ["x-a", "x-a", "x-b", "user-agent", "referer"] {
            if self.random.bool() {
                request = request.header(name, self.pick(&VALUES));
            }
        }
        request
    }

    /// The upstream's next answer.
    pub(super) fn answer(&mut self, proxy: &mut Proxy) {
        let mut reply = UpstreamReply::new(self.pick(&[200, 204, 302, 404, 500, 503]));
        for name in ["x-a", "x-a", "x-b"] {
            if self.random.bool() {
                reply = reply.header(name, self.pick(&VALUES));
            }
        }
        proxy.upstream_replies(reply);
    }
}
