//! Signatures that are almost right.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sdk_tests::json;

use super::Attack;
use crate::tokens::{encode, token};

/// The order of P-256 (SEC 2, section 2.4.2).
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// The order of Ed25519's group (RFC 8032, section 5.1), with the low byte first.
const ED25519_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// The text of a good token, and its signature.
fn good(algorithm: &str) -> (String, Vec<u8>) {
    let token = token(algorithm, json!({}));
    let (text, signature) = token.rsplit_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    (text.to_owned(), signature)
}

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA"] {
        attacks.extend(damaged(algorithm));
    }
    attacks.extend(ecdsa());
    attacks.extend(ed25519());
    attacks.extend(rsa());
    attacks
}

fn damaged(algorithm: &str) -> Vec<Attack> {
    let (text, signature) = good(algorithm);
    let (length, half) = (signature.len(), signature.len() / 2);
    let mut first = signature.clone();
    first[0] ^= 0x80;
    let mut last = signature.clone();
    last[length - 1] ^= 1;
    let reversed: Vec<u8> = signature.iter().rev().copied().collect();
    let (other, _) = {
        let token = token(algorithm, json!({ "sub": "admin" }));
        let (text, _) = token.rsplit_once('.').unwrap();
        (text.to_owned(), ())
    };
    let mut attacks: Vec<Attack> = [
        ("a bit at the beginning", first),
        ("a bit at the end", last),
        ("a byte too few", signature[..length - 1].to_vec()),
        ("a byte too many", [&signature[..], &[0]].concat()),
        ("a zero in front", [&[0][..], &signature].concat()),
        ("half of it", signature[..half].to_vec()),
        ("twice", [&signature[..], &signature].concat()),
        ("the other way round", reversed),
        ("zeros", vec![0; length]),
        ("ones", vec![0xff; length]),
    ]
    .into_iter()
    .map(|(what, signature)| {
        (
            format!("{algorithm}: {what}"),
            format!("{text}.{}", encode(signature)),
        )
    })
    .collect();
    let what = format!("{algorithm}: over another text");
    attacks.push((what, format!("{other}.{}", encode(&signature))));
    attacks
}

fn ecdsa() -> Vec<Attack> {
    let (text, signature) = good("ES256");
    let (r, s) = signature.split_at(32);
    let zero = [0; 32];
    let order = hex(P256_ORDER);
    let one = [&zero[..31], &[1]].concat();
    let integer = |number: &[u8]| [&[2, 33, 0][..], number].concat();
    let der = [&[0x30, 70][..], &integer(r), &integer(s)].concat();
    [
        // CVE-2022-21449: zeros were right for every text.
        ("r is zero", [&zero[..], s].concat()),
        ("s is zero", [r, &zero].concat()),
        ("r and s are one", [&one[..], &one].concat()),
        ("r is the order", [&order[..], s].concat()),
        ("s is the order", [r, &order].concat()),
        ("both are the order", [&order[..], &order].concat()),
        ("r and s are exchanged", [s, r].concat()),
        ("r twice", [r, r].concat()),
        // What every other protocol uses.
        ("DER", der),
    ]
    .into_iter()
    .map(|(what, signature)| {
        (
            format!("ES256: {what}"),
            format!("{text}.{}", encode(signature)),
        )
    })
    .collect()
}

fn ed25519() -> Vec<Attack> {
    let (text, signature) = good("EdDSA");
    let (r, s) = signature.split_at(32);
    // S and the order together mean the same point (RFC 8032, section 8.4).
    let mut carry = 0;
    let larger: Vec<u8> = s
        .iter()
        .zip(hex(ED25519_ORDER))
        .map(|(a, b)| {
            let sum = u16::from(*a) + u16::from(b) + carry;
            carry = sum >> 8;
            u8::try_from(sum & 0xff).unwrap()
        })
        .collect();
    let identity = [&[1][..], &[0; 31]].concat();
    [
        ("S with the order added", [r, &larger].concat()),
        (
            "R is the identity and S is zero",
            [&identity[..], &[0; 32]].concat(),
        ),
        ("R is the identity", [&identity[..], s].concat()),
        ("S is zero", [r, &[0; 32]].concat()),
    ]
    .into_iter()
    .map(|(what, signature)| {
        (
            format!("EdDSA: {what}"),
            format!("{text}.{}", encode(signature)),
        )
    })
    .collect()
}

fn rsa() -> Vec<Attack> {
    let (text, _) = good("RS256");
    // What an exponent of three, or a verifier that does not look at all of the padding, takes
    // (CVE-2006-4339 and its successors).
    let digest_info = hex("3031300d060960864801650304020105000420");
    let padded = |padding: usize| {
        let mut block = vec![0, 1];
        block.extend(vec![0xff; padding]);
        block.push(0);
        block.extend_from_slice(&digest_info);
        block.resize(256, 0);
        block
    };
    [
        ("a padded block", padded(202)),
        ("a padded block with garbage", padded(8)),
        ("one", [vec![0; 255], vec![1]].concat()),
    ]
    .into_iter()
    .map(|(what, signature)| {
        (
            format!("RS256: {what}"),
            format!("{text}.{}", encode(signature)),
        )
    })
    .collect()
}
