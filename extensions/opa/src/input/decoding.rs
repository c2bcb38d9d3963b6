//! Paths and queries as Go's `net/url` reads them: that is what opa-envoy-plugin uses, and policies
//! were written against.

use super::BadRequest;

/// The segments of a path without its query: decoded whole, then without the slashes at its
/// beginning, then split. So an encoded slash separates, as in opa-envoy-plugin.
pub(super) fn path_segments(path: &[u8]) -> Result<Vec<Vec<u8>>, BadRequest> {
    let decoded = percent_decoded(path, Plus::IsPlus).ok_or(BadRequest::Path)?;
    let slashes = decoded.iter().take_while(|&&byte| byte == b'/').count();
    let rest = decoded.get(slashes..).unwrap_or_default();
    Ok(rest
        .split(|&byte| byte == b'/')
        .map(<[u8]>::to_vec)
        .collect())
}

/// Names with all their values, in the order in which the names come first.
pub(crate) type Parameters = Vec<(Vec<u8>, Vec<Vec<u8>>)>;

/// The parameters of a query or a form; `None` where Go's `url.ParseQuery` gives an error.
pub(crate) fn query_parameters(query: &[u8]) -> Option<Parameters> {
    let mut parameters = Parameters::new();
    for part in query.split(|&byte| byte == b'&') {
        if part.is_empty() {
            continue;
        }
        if part.contains(&b';') {
            return None;
        }
        let mut halves = part.splitn(2, |&byte| byte == b'=');
        let name = percent_decoded(halves.next().unwrap_or_default(), Plus::IsBlank)?;
        let value = percent_decoded(halves.next().unwrap_or_default(), Plus::IsBlank)?;
        add(&mut parameters, name, value);
    }
    Some(parameters)
}

fn add(parameters: &mut Parameters, name: Vec<u8>, value: Vec<u8>) {
    match parameters.iter_mut().find(|(known, _)| *known == name) {
        Some((_, values)) => values.push(value),
        None => parameters.push((name, vec![value])),
    }
}

/// What a `+` stands for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Plus {
    IsPlus,
    IsBlank,
}

/// `None` where two hexadecimal digits do not follow a `%`.
pub(crate) fn percent_decoded(text: &[u8], plus: Plus) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                let (high, low) = (digit()?, digit()?);
                u8::try_from(high.wrapping_mul(16).wrapping_add(low)).ok()?
            }
            b'+' if plus == Plus::IsBlank => b' ',
            byte => byte,
        });
    }
    Some(decoded)
}
