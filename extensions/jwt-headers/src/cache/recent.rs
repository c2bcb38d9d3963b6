//! The SHA-256 of tokens that came a moment ago.
//!
//! Only tokens that were verified are kept, so that nobody else can push them out. A digest is found
//! by all bytes of its token, and is what computing it would give.

/// The most tokens that are kept.
const MAX_TOKENS: usize = 256;

/// Longer tokens are not kept.
const MAX_LENGTH: usize = 4096;

struct Seen {
    token: Box<[u8]>,
    digest: [u8; 32],
}

/// Each token has one place.
pub(super) struct Recent(Vec<Option<Seen>>);

impl Recent {
    /// Keeps no more tokens than the cache that it is for.
    pub(super) fn new(capacity: usize) -> Self {
        let places = std::iter::repeat_with(|| None);
        Self(places.take(capacity.min(MAX_TOKENS)).collect())
    }

    pub(super) fn digest(&self, token: &[u8]) -> Option<[u8; 32]> {
        let seen = self.0.get(self.place(token)?)?.as_ref()?;
        is_same(&seen.token, token).then_some(seen.digest)
    }

    pub(super) fn keep(&mut self, token: &[u8], digest: [u8; 32]) {
        if token.len() > MAX_LENGTH {
            return;
        }
        let place = self.place(token).and_then(|place| self.0.get_mut(place));
        if let Some(place) = place
            && place.as_ref().is_none_or(|seen| seen.digest != digest)
        {
            *place = Some(Seen {
                token: token.into(),
                digest,
            });
        }
    }

    /// By the end of the signature, which is as good as random. (Its very last character is not: of
    /// most signatures it says two bits.)
    fn place(&self, token: &[u8]) -> Option<usize> {
        let (_, end) = token.split_last_chunk::<5>()?;
        let [a, b, c, d, _] = *end;
        let number = u32::from_le_bytes([a, b, c, d]);
        // Base64url has six bits in each byte; the product's upper half has all of them.
        let mixed = number.wrapping_mul(0x9e37_79b1).wrapping_shr(16);
        usize::try_from(mixed).ok()?.checked_rem(self.0.len())
    }
}

/// By eight bytes at once: what `==` calls in Wasm takes them one by one.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let (a_words, a_rest) = a.as_chunks::<8>();
    let (b_words, b_rest) = b.as_chunks::<8>();
    a.len() == b.len()
        && a_rest == b_rest
        && a_words
            .iter()
            .zip(b_words)
            .all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_found_by_all_of_its_token() {
        let mut recent = Recent::new(1000);
        assert_eq!(recent.digest(b"header.payload.signature"), None);
        recent.keep(b"header.payload.signature", [7; 32]);
        assert_eq!(recent.digest(b"header.payload.signature"), Some([7; 32]));
        for other in [
            &b"Header.payload.signature"[..],
            b"header.paYload.signature",
            b"eader.payload.signature",
            b"xheader.payload.signature",
            b"signature",
            b"",
        ] {
            assert_eq!(recent.digest(other), None);
        }
    }

    #[test]
    fn every_byte_counts() {
        for length in 0..40 {
            let token = vec![b'a'; length];
            assert!(is_same(&token, &token));
            assert!(!is_same(&token, &vec![b'a'; length + 1]));
            for at in 0..length {
                let mut other = token.clone();
                other[at] ^= 0x40;
                assert!(!is_same(&token, &other));
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut recent = Recent::new(100_000);
        for number in 0..10_000_u32 {
            recent.keep(format!("token.{number:08}").as_bytes(), [1; 32]);
        }
        assert_eq!(recent.0.len(), MAX_TOKENS);
        let long = vec![b'a'; MAX_LENGTH + 1];
        recent.keep(&long, [2; 32]);
        assert_eq!(recent.digest(&long), None);
        let mut none = Recent::new(0);
        none.keep(b"header.payload.signature", [7; 32]);
        assert_eq!(none.digest(b"header.payload.signature"), None);
    }

    #[test]
    fn tokens_are_spread() {
        let mut recent = Recent::new(MAX_TOKENS);
        let mut random = fastrand::Rng::with_seed(1);
        let mut kept = Vec::new();
        for _ in 0..64 {
            let token: Vec<u8> = (0..80).map(|_| random.alphanumeric() as u8).collect();
            recent.keep(&token, [3; 32]);
            kept.push(token);
        }
        let found = kept.iter().filter(|token| recent.digest(token).is_some());
        assert!(found.count() > 48);
    }
}
