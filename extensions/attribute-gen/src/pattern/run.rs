//! The commonest expressions: a text, then classes and texts one after the other, as in
//! `^/reviews/[[:alnum:]]*$`.
//!
//! One pass is enough where no character could belong to two neighbours. A general engine takes ten
//! times as long.

/// What is left of an expression behind the text that it begins with.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    pieces: Vec<Piece>,
    /// Whether the text must end here.
    to_the_end: bool,
}

/// Characters of one kind.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// A bit for each ASCII character.
    of: u128,
    least: Least,
    /// Whether there may be more than one.
    many: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Least {
    None,
    One,
}

impl Run {
    /// Reads a translated expression behind its prefix; `None` where one pass might not do.
    pub(super) fn of(source: &str) -> Option<Self> {
        let mut run = Self::default();
        let mut rest = source;
        while !rest.is_empty() {
            if rest == "$" {
                run.to_the_end = true;
                break;
            }
            let (of, behind) = characters(rest)?;
            let (least, many, behind) = match behind.as_bytes().first() {
                Some(b'*') => (Least::None, true, behind.get(1..)?),
                Some(b'+') => (Least::One, true, behind.get(1..)?),
                Some(b'?') => (Least::None, false, behind.get(1..)?),
                _ => (Least::One, false, behind),
            };
            run.pieces.push(Piece { of, least, many });
            rest = behind;
        }
        run.is_plain().then_some(run)
    }

    /// Whether a character that a piece may take is never wanted by a later one in its place.
    fn is_plain(&self) -> bool {
        self.pieces.iter().enumerate().all(|(at, piece)| {
            if piece.least == Least::One && !piece.many {
                return true;
            }
            let mut wanted = 0_u128;
            for later in self.pieces.iter().skip(at.saturating_add(1)) {
                wanted |= later.of;
                if later.least == Least::One {
                    break;
                }
            }
            piece.of & wanted == 0
        })
    }

    /// Whether `text`, which is ASCII, begins so, or is so to its end.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut rest = text.as_bytes();
        for piece in &self.pieces {
            let mut took = false;
            while let Some((first, behind)) = rest.split_first()
                && piece.has(*first)
            {
                took = true;
                rest = behind;
                if !piece.many {
                    break;
                }
            }
            if !took && piece.least == Least::One {
                return false;
            }
        }
        !self.to_the_end || rest.is_empty()
    }
}

impl Piece {
    fn has(&self, byte: u8) -> bool {
        byte < 128 && (self.of.wrapping_shr(byte.into()) & 1) == 1
    }
}

fn bit(byte: u8) -> u128 {
    1_u128.wrapping_shl(byte.into())
}

/// The characters that the first piece takes, and what follows it.
fn characters(source: &str) -> Option<(u128, &str)> {
    let (first, behind) = source.as_bytes().split_first()?;
    match first {
        b'[' => class(source.get(1..)?),
        b'\\' => {
            let (escaped, _) = behind.split_first()?;
            // By a letter it is a class, or something else that is no character.
            let literal = escaped.is_ascii_punctuation();
            literal.then_some((bit(*escaped), source.get(2..)?))
        }
        b'.' | b'^' | b'$' | b'|' | b'(' | b')' | b'*' | b'+' | b'?' | b'{' | b'}' | b']' => None,
        literal => Some((bit(*literal), source.get(1..)?)),
    }
}

/// A class as the translation writes it: ranges of letters and digits, and characters by number.
fn class(source: &str) -> Option<(u128, &str)> {
    let (inner, behind) = source.split_once(']')?;
    let (is_negated, mut inner) = match inner.strip_prefix('^') {
        Some(inner) => (true, inner),
        None => (false, inner),
    };
    let mut of = 0;
    while !inner.is_empty() {
        let (from, rest) = member(inner)?;
        let (to, rest) = match rest.strip_prefix('-') {
            Some(rest) => member(rest)?,
            None => (from, rest),
        };
        for byte in from..=to {
            of |= bit(byte);
        }
        inner = rest;
    }
    Some((if is_negated { !of } else { of }, behind))
}

fn member(source: &str) -> Option<(u8, &str)> {
    if let Some(number) = source.strip_prefix("\\x") {
        let byte = u8::from_str_radix(number.get(..2)?, 16).ok()?;
        return (byte < 128).then_some((byte, number.get(2..)?));
    }
    let first = *source.as_bytes().first()?;
    let plain = first.is_ascii_alphanumeric() || first == b'_' || first == b' ';
    plain.then_some((first, source.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_is_taken_only_where_it_is_enough() {
        for (source, text, expected) in [
            ("[0-9A-Za-z]*$", "a1", true),
            ("[0-9A-Za-z]*$", "", true),
            ("[0-9A-Za-z]*$", "a-", false),
            ("[0-9]+/b$", "12/b", true),
            ("[0-9]+/b$", "/b", false),
            ("[^\\x2f]+/x?y", "ab/yz", true),
            ("a?b", "b", true),
            ("a\\.b$", "a.b", true),
        ] {
            assert_eq!(Run::of(source).unwrap().matches(text), expected, "{source}");
        }
        for source in [
            "[0-9]*1", "a*b?a", "a?a", ".*x", "(?:a)", "a|b", "a{2}", "\\d", "[a-z]*?b", "[\\t]",
        ] {
            assert!(Run::of(source).is_none(), "{source}");
        }
    }
}
