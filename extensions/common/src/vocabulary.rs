//! The names in expressions that Envoy no longer has, written as what they are called today.
//!
//! Istio's older configurations say `node.metadata['X']`, `cluster_name`, `upstream_peer.labels['app'].value`.

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name.
    Name(String),
    /// A text, with its quotes.
    Text(String),
    /// Anything else, white space included.
    Other(String),
}

impl Token {
    fn as_str(&self) -> &str {
        match self {
            Self::Name(text) | Self::Text(text) | Self::Other(text) => text,
        }
    }

    fn is(&self, text: &str) -> bool {
        matches!(self, Self::Other(other) if other == text)
    }
}

/// Cuts an expression into pieces; what is not closed runs to the end.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (length, token): (usize, fn(String) -> Token) = match first {
            c if c.is_alphabetic() || c == '_' => (name(rest), Token::Name),
            '"' | '\'' => {
                // A name just before the quote says how to read it: r"…", b'…'.
                let raw = matches!(tokens.last(), Some(Token::Name(prefix))
                    if matches!(prefix.to_ascii_lowercase().as_str(), "r" | "br" | "rb"));
                (text(rest, raw), Token::Text)
            }
            // A number, with its suffix.
            c if c.is_ascii_digit() => (name(rest), Token::Other),
            c => (c.len_utf8(), Token::Other),
        };
        let (piece, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        tokens.push(token(piece.to_owned()));
        rest = behind;
    }
    tokens
}

fn name(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

/// The length of the text that begins here.
fn text(source: &str, raw: bool) -> usize {
    let quote = source.get(..3).filter(|q| matches!(*q, "\"\"\"" | "'''"));
    let quote = quote.or_else(|| source.get(..1)).unwrap_or_default();
    let mut at = quote.len();
    while let Some(rest) = source.get(at..) {
        if rest.starts_with(quote) {
            return at.saturating_add(quote.len());
        }
        let mut characters = rest.chars();
        let Some(c) = characters.next() else { break };
        at = at.saturating_add(c.len_utf8());
        if c == '\\' && !raw {
            at = at.saturating_add(characters.next().map_or(0, char::len_utf8));
        }
    }
    source.len()
}

/// What Envoy has moved below `xds`.
const MOVED: [&str; 8] = [
    "node",
    "listener_direction",
    "listener_metadata",
    "cluster_name",
    "cluster_metadata",
    "route_name",
    "route_metadata",
    "upstream_host_metadata",
];

/// The two peers.
pub const PEERS: [&str; 2] = ["upstream_peer", "downstream_peer"];

/// The fields of peers that have other names now.
const FIELDS: [(&str, &str); 2] = [("workload_name", "workload"), ("cluster_id", "cluster")];

/// `source` in today's words.
pub fn modern(source: &str) -> String {
    let mut written: Vec<Token> = Vec::new();
    let tokens = tokens(source);
    for (at, token) in tokens.iter().enumerate() {
        let before = significant(&written).last().cloned();
        let is_member = before.is_some_and(|before| before.is("."));
        let next = tokens
            .iter()
            .skip(at.saturating_add(1))
            .find(|t| !is_space(t));
        let is_call = next.is_some_and(|next| next.is("("));
        match token {
            Token::Name(name) if !is_member && !is_call && MOVED.contains(&name.as_str()) => {
                written.extend(["xds", "."].map(|text| match text {
                    "." => Token::Other(text.to_owned()),
                    text => Token::Name(text.to_owned()),
                }));
                written.push(token.clone());
            }
            Token::Name(name) if is_member && !is_call => {
                if name == "value" && ends_at_a_label(&written) {
                    // A label was an object with a value.
                    while written.pop().is_some_and(|token| !token.is(".")) {}
                    continue;
                }
                let field = FIELDS.iter().find(|(old, _)| old == name);
                match field {
                    Some((_, new)) if ends_at_a_peer(&written) => {
                        written.push(Token::Name((*new).to_owned()));
                    }
                    _ => written.push(token.clone()),
                }
            }
            _ => written.push(token.clone()),
        }
    }
    written.iter().map(Token::as_str).collect()
}

fn is_space(token: &Token) -> bool {
    token.as_str().trim().is_empty()
}

/// Without white space.
fn significant(tokens: &[Token]) -> Vec<&Token> {
    tokens.iter().filter(|token| !is_space(token)).collect()
}

/// Whether `tokens` end with `upstream_peer.` or the like.
fn ends_at_a_peer(tokens: &[Token]) -> bool {
    match significant(tokens).as_slice() {
        [.., Token::Name(peer), dot] if dot.is(".") => PEERS.contains(&peer.as_str()),
        _ => false,
    }
}

/// Whether `tokens` end with `upstream_peer.labels['app'].` or the like.
fn ends_at_a_label(tokens: &[Token]) -> bool {
    let tokens = significant(tokens);
    match tokens.as_slice() {
        [
            ..,
            Token::Name(peer),
            d1,
            Token::Name(labels),
            open,
            Token::Text(_),
            close,
            d2,
        ] => {
            PEERS.contains(&peer.as_str())
                && labels == "labels"
                && d1.is(".")
                && open.is("[")
                && close.is("]")
                && d2.is(".")
        }
        _ => false,
    }
}

/// `source` with the peers looked up wherever they are: metadata-exchange's, or Istio's own filter's.
pub fn with_peers(source: &str) -> String {
    let mut written = String::new();
    let mut before: Option<Token> = None;
    for token in tokens(source) {
        let is_member = before.as_ref().is_some_and(|before| before.is("."));
        match &token {
            Token::Name(name) if !is_member && PEERS.contains(&name.as_str()) => {
                written.push_str(&format!(
                    "('wasm.{name}' in filter_state ? filter_state['wasm.{name}'] : filter_state['{name}'])"
                ));
            }
            _ => written.push_str(token.as_str()),
        }
        if !is_space(&token) {
            before = Some(token);
        }
    }
    written
}

/// The names of an expression that is nothing but a path: `a.b['c']` is `a`, `b`, `c`.
pub fn path(source: &str) -> Option<Vec<String>> {
    let tokens = tokens(source.trim());
    let (first, mut rest) = tokens.split_first()?;
    let Token::Name(first) = first else {
        return None;
    };
    if matches!(first.as_str(), "true" | "false" | "null") {
        return None;
    }
    let mut path = vec![first.clone()];
    while let Some((token, behind)) = rest.split_first() {
        rest = match behind {
            [Token::Name(name), behind @ ..] if token.is(".") => {
                path.push(name.clone());
                behind
            }
            [Token::Text(text), close, behind @ ..] if token.is("[") && close.is("]") => {
                path.push(plain(text)?);
                behind
            }
            _ => return None,
        };
    }
    Some(path)
}

/// The text of an expression that is nothing but a text.
pub fn literal(source: &str) -> Option<String> {
    match tokens(source.trim()).as_slice() {
        [Token::Text(text)] => plain(text),
        _ => None,
    }
}

/// What is between the quotes, where nothing is escaped.
fn plain(text: &str) -> Option<String> {
    let quote = text.get(..1)?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(['\\', '\'', '"', '\0'])).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests;
