//! The name of an extension: a package name that Cargo, Rust and Envoy's YAML all take.

use std::str::FromStr;

use anyhow::{Error, Result, bail};

/// What the standard library is called: Cargo refuses such a package, or warns of it.
const STANDARD: [&str; 5] = ["alloc", "core", "proc-macro", "std", "test"];

/// Keywords since the edition 2024, which the parser does not know as such.
const NEW_KEYWORDS: [&str; 1] = ["gen"];

/// What YAML reads as something else than text. The name stands in `deploy/envoy.yaml`.
const YAML: [&str; 7] = ["n", "no", "null", "off", "on", "y", "yes"];

/// Words of lower-case ASCII letters and digits, joined by single hyphens.
#[derive(Clone, Debug)]
pub(super) struct Name(String);

impl Name {
    /// With hyphens: `my-filter`.
    pub(super) fn package(&self) -> &str {
        &self.0
    }

    /// With underscores: `my_filter`, the crate in Rust and the `.wasm` file.
    pub(super) fn artifact(&self) -> String {
        self.0.replace('-', "_")
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_word = |word: &str| {
            let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            !word.is_empty() && word.chars().all(is_part)
        };
        if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.split('-').all(is_word) {
            bail!(
                "expected lower-case letters, digits and single hyphens between them, beginning \
                 with a letter, such as `my-filter`"
            );
        }
        let name = Self(text.to_owned());
        if NEW_KEYWORDS.contains(&text) || syn::parse_str::<syn::Ident>(&name.artifact()).is_err() {
            bail!("a keyword of Rust: choose another name, such as `my-{text}`");
        }
        if STANDARD.contains(&text) {
            bail!("a part of Rust's standard library: choose another name, such as `my-{text}`");
        }
        if YAML.contains(&text) {
            bail!("not text in YAML: choose another name, such as `my-{text}`");
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<Name>().unwrap_err().to_string()
    }

    #[test]
    fn a_name_has_a_form_for_cargo_and_one_for_rust() {
        for (package, artifact) in [("my-filter", "my_filter"), ("a", "a"), ("x-2-go", "x_2_go")] {
            let name: Name = package.parse().unwrap();
            assert_eq!((name.package(), &*name.artifact()), (package, artifact));
        }
    }

    #[test]
    fn what_is_not_in_kebab_case_is_refused_with_an_example() {
        for text in [
            "",
            "My",
            "my_filter",
            "my filter",
            "2go",
            "-a",
            "a-",
            "a--b",
            "a.b",
            "ä",
            "../a",
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains("such as `my-filter`"), "{text}: {refusal}");
        }
    }

    #[test]
    fn what_rust_and_yaml_use_themselves_is_refused() {
        for (text, why) in [
            ("fn", "keyword"),
            ("yield", "keyword"),
            ("gen", "keyword"),
            ("test", "standard library"),
            ("proc-macro", "standard library"),
            ("null", "YAML"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(why), "{text}: {refusal}");
            assert!(refusal.contains(&format!("`my-{text}`")), "{refusal}");
        }
    }
}
