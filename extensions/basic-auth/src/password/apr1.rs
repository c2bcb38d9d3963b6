//! Apache's variant of MD5-crypt, which no maintained crate offers: the algorithm of `$1$` with
//! another magic string. Kept for the htpasswd files that still hold it.

use md5::{Digest, Md5};

const MAGIC: &[u8] = b"$apr1$";
const ROUNDS: usize = 1000;
/// Digits of crypt's base64, least significant first.
const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Which bytes of the digest make each group of four digits.
const GROUPS: [[usize; 3]; 5] = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]];

/// The 22 characters that follow the salt.
pub(super) fn checksum(password: &[u8], salt: &[u8]) -> String {
    let mut digest = first_digest(password, salt);
    for round in 0..ROUNDS {
        let mut hash = Md5::new();
        let odd = round % 2 == 1;
        hash.update(if odd { password } else { &digest });
        if round % 3 != 0 {
            hash.update(salt);
        }
        if round % 7 != 0 {
            hash.update(password);
        }
        hash.update(if odd { &digest } else { password });
        digest = hash.finalize().into();
    }
    encode(&digest)
}

/// The digest that the rounds start from.
fn first_digest(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let mixed = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    let mut hash = Md5::new()
        .chain_update(password)
        .chain_update(MAGIC)
        .chain_update(salt);
    // As many bytes of the mixed digest as the password has.
    for chunk in password.chunks(mixed.len()) {
        hash.update(mixed.get(..chunk.len()).unwrap_or_default());
    }
    // A byte for each bit of the password's length: a NUL for a one, else the first character.
    let mut length = password.len();
    while length > 0 {
        let first = password.first().copied().unwrap_or_default();
        hash.update([if length & 1 == 1 { 0 } else { first }]);
        length >>= 1;
    }
    hash.finalize().into()
}

fn encode(digest: &[u8; 16]) -> String {
    let byte = |index: usize| u32::from(digest.get(index).copied().unwrap_or_default());
    let mut text = String::with_capacity(22);
    for [high, middle, low] in GROUPS {
        push_digits(
            &mut text,
            byte(high) << 16 | byte(middle) << 8 | byte(low),
            4,
        );
    }
    push_digits(&mut text, byte(11), 2);
    text
}

fn push_digits(text: &mut String, mut value: u32, count: usize) {
    for _ in 0..count {
        let digit = usize::try_from(value & 63)
            .ok()
            .and_then(|at| DIGITS.get(at));
        text.push(char::from(digit.copied().unwrap_or(b'.')));
        value >>= 6;
    }
}
