//! `sign` and `verify_signature`.
//!
//! Envoy takes SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512 with RSA (PKCS #1 v1.5) and with ECDSA
//! on every curve of BoringSSL; signatures of ECDSA are DER. The crate `ring` has the pairs that
//! are in common use. Others are a violation: the mock cannot tell what Envoy would say.

use pkcs8::der::asn1::ObjectIdentifier;
use pkcs8::der::{Decode, SliceReader, pem};
use pkcs8::spki::SubjectPublicKeyInfoRef;
use pkcs8::{AlgorithmIdentifierRef, PrivateKeyInfoRef};
use prost::Message;
use ring::rand::SystemRandom;
use ring::signature::{self as algorithms, EcdsaKeyPair, RsaKeyPair, VerificationAlgorithm};

use super::messages::{SignArguments, SignResult, VerifySignatureArguments, VerifySignatureResult};
use crate::host::{HostState, Status};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "sha1" => Some(Self::Sha1),
            "sha224" => Some(Self::Sha224),
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    OtherCurve,
}

impl Kind {
    fn of(algorithm: &AlgorithmIdentifierRef<'_>) -> Option<Self> {
        let curve = || algorithm.parameters_oid().ok();
        match algorithm.oid {
            RSA => Some(Self::Rsa),
            EC if curve() == Some(P256) => Some(Self::P256),
            EC if curve() == Some(P384) => Some(Self::P384),
            EC => Some(Self::OtherCurve),
            _ => None,
        }
    }
}

/// Why there is no signature, or no good one.
enum Failure {
    /// What Envoy says.
    Said(String),
    /// What this file cannot do.
    Unsupported(Kind, Hash),
}

fn said<T>(message: &str) -> Result<T, Failure> {
    Err(Failure::Said(message.to_owned()))
}

fn hash(name: &str) -> Result<Hash, Failure> {
    Hash::named(name).ok_or_else(|| Failure::Said(format!("{name} is not supported.")))
}

/// The one key that is there.
fn one_key(der: Vec<u8>, text: &str) -> Result<Key, Status> {
    match (der.is_empty(), text.is_empty()) {
        (false, true) => Ok(Key::Der(der)),
        (true, false) => Ok(pem::decode_vec(text.as_bytes())
            .map_or(Key::None, |(label, der)| Key::Pem(label.to_owned(), der))),
        _ => Err(Status::BadArgument),
    }
}

enum Key {
    Der(Vec<u8>),
    Pem(String, Vec<u8>),
    None,
}

/// Says whether a signature is good.
///
/// # Errors
///
/// `BadArgument`: no such message, or not exactly one key.
pub(super) fn verify(host: &mut HostState, arguments: &[u8]) -> Result<Vec<u8>, Status> {
    let arguments = VerifySignatureArguments::decode(arguments).map_err(|_| Status::BadArgument)?;
    let key = one_key(arguments.public_key.clone(), &arguments.public_key_pem)?;
    let verified = verified(&arguments, &key);
    let error = match verified {
        Ok(()) => String::new(),
        Err(failure) => told(host, failure)?,
    };
    let result = error.is_empty();
    Ok(VerifySignatureResult { result, error }.encode_to_vec())
}

fn told(host: &mut HostState, failure: Failure) -> Result<String, Status> {
    match failure {
        Failure::Said(message) => Ok(message),
        Failure::Unsupported(kind, hash) => {
            host.violation(&format!(
                "{hash:?} with a key {kind:?} is not supported here"
            ));
            Err(Status::InternalFailure)
        }
    }
}

fn verified(arguments: &VerifySignatureArguments, key: &Key) -> Result<(), Failure> {
    let hash = hash(&arguments.hash_function)?;
    let der = match key {
        Key::Der(der) => der.as_slice(),
        Key::Pem(label, der) if label == "PUBLIC KEY" => der,
        Key::Pem(..) | Key::None => &[],
    };
    // Bytes behind the key are ignored.
    let info = SliceReader::new(der)
        .and_then(|mut reader| SubjectPublicKeyInfoRef::decode(&mut reader))
        .ok();
    let found = info.and_then(|info| {
        let kind = Kind::of(&info.algorithm)?;
        Some((kind, info.subject_public_key.as_bytes()?.to_vec()))
    });
    let Some((kind, bytes)) = found else {
        return said("Failed to initialize digest verify.");
    };
    let small = bytes.len() < 256;
    let algorithm: &dyn VerificationAlgorithm = match (kind, hash) {
        (Kind::Rsa, Hash::Sha384) if small => return Err(Failure::Unsupported(kind, hash)),
        (Kind::Rsa, Hash::Sha1) => &algorithms::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Kind::Rsa, Hash::Sha256) => &algorithms::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Kind::Rsa, Hash::Sha384) => &algorithms::RSA_PKCS1_2048_8192_SHA384,
        (Kind::Rsa, Hash::Sha512) => &algorithms::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (Kind::P256, Hash::Sha256) => &algorithms::ECDSA_P256_SHA256_ASN1,
        (Kind::P256, Hash::Sha384) => &algorithms::ECDSA_P256_SHA384_ASN1,
        (Kind::P384, Hash::Sha256) => &algorithms::ECDSA_P384_SHA256_ASN1,
        (Kind::P384, Hash::Sha384) => &algorithms::ECDSA_P384_SHA384_ASN1,
        _ => return Err(Failure::Unsupported(kind, hash)),
    };
    let key = algorithms::UnparsedPublicKey::new(algorithm, bytes);
    match key.verify(&arguments.text, &arguments.signature) {
        Ok(()) => Ok(()),
        Err(_) => said("Failed to verify digest. Error code: 0"),
    }
}

/// Signs a text.
///
/// # Errors
///
/// `BadArgument`: no such message, or not exactly one key.
pub(super) fn sign(host: &mut HostState, arguments: &[u8]) -> Result<Vec<u8>, Status> {
    let arguments = SignArguments::decode(arguments).map_err(|_| Status::BadArgument)?;
    let key = one_key(arguments.private_key.clone(), &arguments.private_key_pem)?;
    let result = match signed(&arguments, &key) {
        Ok(signature) => SignResult {
            result: true,
            signature,
            error: String::new(),
        },
        Err(failure) => SignResult {
            result: false,
            signature: Vec::new(),
            error: told(host, failure)?,
        },
    };
    Ok(result.encode_to_vec())
}

fn signed(arguments: &SignArguments, key: &Key) -> Result<Vec<u8>, Failure> {
    let hash = hash(&arguments.hash_function)?;
    let of_rsa = |key: Result<RsaKeyPair, _>| match key {
        Ok(key) => with_rsa(&key, hash, &arguments.text),
        Err(_) => Err(Failure::Unsupported(Kind::Rsa, hash)),
    };
    let der = match key {
        Key::Der(der) => der.as_slice(),
        Key::Pem(label, der) if label == "PRIVATE KEY" => der,
        Key::Pem(label, der) if label == "RSA PRIVATE KEY" => {
            return of_rsa(RsaKeyPair::from_der(der));
        }
        Key::Pem(label, _) if label == "EC PRIVATE KEY" => {
            return Err(Failure::Unsupported(Kind::OtherCurve, hash));
        }
        Key::Pem(..) | Key::None => &[],
    };
    let info = SliceReader::new(der)
        .and_then(|mut reader| PrivateKeyInfoRef::decode(&mut reader))
        .ok();
    let Some(info) = info else {
        return said("Invalid key type: private key required for signing operation.");
    };
    match Kind::of(&info.algorithm) {
        Some(Kind::Rsa) => of_rsa(RsaKeyPair::from_der(info.private_key.as_bytes())),
        Some(kind) => with_ec(kind, hash, der, &arguments.text),
        None => said("Invalid private key: key data is corrupted or malformed."),
    }
}

fn with_rsa(key: &RsaKeyPair, hash: Hash, text: &[u8]) -> Result<Vec<u8>, Failure> {
    let unsupported = Failure::Unsupported(Kind::Rsa, hash);
    let padding: &dyn algorithms::RsaEncoding = match hash {
        Hash::Sha256 => &algorithms::RSA_PKCS1_SHA256,
        Hash::Sha384 => &algorithms::RSA_PKCS1_SHA384,
        Hash::Sha512 => &algorithms::RSA_PKCS1_SHA512,
        Hash::Sha1 | Hash::Sha224 => return Err(unsupported),
    };
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(padding, &SystemRandom::new(), text, &mut signature)
        .map_err(|_| unsupported)?;
    Ok(signature)
}

fn with_ec(kind: Kind, hash: Hash, der: &[u8], text: &[u8]) -> Result<Vec<u8>, Failure> {
    let unsupported = || Failure::Unsupported(kind, hash);
    let algorithm = match (kind, hash) {
        (Kind::P256, Hash::Sha256) => &algorithms::ECDSA_P256_SHA256_ASN1_SIGNING,
        (Kind::P384, Hash::Sha384) => &algorithms::ECDSA_P384_SHA384_ASN1_SIGNING,
        _ => return Err(unsupported()),
    };
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(algorithm, der, &random).map_err(|_| unsupported())?;
    let signature = key.sign(&random, text).map_err(|_| unsupported())?;
    Ok(signature.as_ref().to_vec())
}
