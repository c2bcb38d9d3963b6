//! Texts of the language.

/// The value of `written`, which has its quotes; `None` where it is not simple, or not right.
pub(super) fn text(written: &str, raw: bool) -> Option<String> {
    let quote = written.chars().next()?;
    // Three quotes begin a text of many lines.
    if written.starts_with(&quote.to_string().repeat(3)) {
        return None;
    }
    let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
    if inner.contains(['\n', '\r', '\0']) {
        return None;
    }
    if raw {
        // A quote inside, or a backslash before the last one: did it end the text or not?
        let certain = !inner.contains(quote) && !inner.ends_with('\\');
        return certain.then(|| inner.to_owned());
    }
    let mut value = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        if c == quote {
            return None;
        }
        if c != '\\' {
            value.push(c);
            continue;
        }
        value.push(match characters.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            same @ ('\\' | '\'' | '"' | '`' | '?') => same,
            // By number, and mistakes.
            _ => return None,
        });
    }
    Some(value)
}
