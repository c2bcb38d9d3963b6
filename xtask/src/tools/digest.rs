//! Checks a downloaded file against the digest that is written in this repository.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use sha2::{Digest as _, Sha512};

use crate::digest::sha256;

/// A pinned digest, in the notation of the registry that the file comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Digest {
    /// Lower-case hexadecimal, as pip prints it.
    Sha256(&'static str),
    /// Base64, as npm writes it after `sha512-`.
    Sha512(&'static str),
}

impl Digest {
    /// Fails unless `file` has this digest.
    pub(super) fn check(self, file: &Path) -> Result<()> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let (found, pinned) = match self {
            Self::Sha256(pinned) => (sha256(&bytes), pinned),
            Self::Sha512(pinned) => (
                base64::engine::general_purpose::STANDARD.encode(Sha512::digest(&bytes)),
                pinned,
            ),
        };
        if found != pinned {
            bail!(
                "{} is not the file that this project pinned: its digest is {found}, \
                 expected {pinned}. Nothing was installed.",
                file.display()
            );
        }
        Ok(())
    }

    /// The digest as text, for the stamp.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Sha256(text) | Self::Sha512(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_file_with_the_pinned_digest_passes_and_any_other_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        Digest::Sha256(EMPTY).check(file.path()).unwrap();
        Digest::Sha512(
            "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        )
        .check(file.path())
        .unwrap();

        fs::write(file.path(), "changed").unwrap();
        let error = Digest::Sha256(EMPTY)
            .check(file.path())
            .unwrap_err()
            .to_string();
        assert!(error.contains(EMPTY), "{error}");
    }
}
