//! Deploy configs with the digests filled in.
//!
//! The configs in an extension's `deploy/` name an image by its tag. In a release they also say what
//! it must be: Istio and Envoy Gateway compare `sha256` with the digest of the **manifest** of an
//! image, and with that of the file where the address begins with `http`.

use anyhow::{Result, bail};

/// Where the configs in this repository say that images are.
pub(super) const REGISTRY: &str = "registry.example/proxy-wasm";

/// Where they say that files are, with the version after it.
const DOWNLOADS: &str = "https://downloads.example/proxy-wasm";

/// What stands for a digest that only a release knows.
const PLACEHOLDER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A module of this release.
pub(super) struct Release {
    /// With underscores.
    pub(super) artifact: String,
    pub(super) version: String,
    /// The digest of the `.wasm` file, in hexadecimal.
    pub(super) file: String,
    /// The digest of the manifest of the image's first form, in hexadecimal.
    pub(super) image: String,
}

/// Where a release is, where that is known.
#[derive(Clone, Copy, Default)]
pub(super) struct Places<'a> {
    /// The images: host and path.
    pub(super) registry: Option<&'a str>,
    /// The files: an address without a slash at its end.
    pub(super) downloads: Option<&'a str>,
}

impl Places<'_> {
    /// Fails on what would make addresses that lead nowhere.
    pub(super) fn check(self) -> Result<()> {
        if let Some(registry) = self.registry {
            let is_part = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-' | ':');
            let is_name = |part: &str| !part.is_empty() && part.chars().all(is_part);
            // `oci:` stands before it in the configs.
            if registry.contains("//") || !registry.split('/').all(is_name) {
                bail!(
                    "--registry {registry}: expected a host and a path in lower case, such as \
                     ghcr.io/me/extensions"
                );
            }
        }
        if let Some(downloads) = self.downloads {
            let is_address = ["https://", "http://"]
                .iter()
                .any(|s| downloads.starts_with(s));
            if !is_address || downloads.ends_with('/') || downloads.contains(char::is_whitespace) {
                bail!(
                    "--downloads {downloads}: expected an address without a slash at its end, \
                     such as https://example.com/v0.1.0"
                );
            }
        }
        Ok(())
    }
}

/// A config with the digest of every module that it names, and the places that have them.
pub(super) fn fill(text: &str, releases: &[Release], places: Places<'_>) -> Result<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut filled = String::new();
    let mut digest = None;
    for (at, line) in lines.iter().enumerate() {
        let mut line = (*line).to_owned();
        let address = address(&line);
        let found = address.map(|address| named(address, releases));
        let found = found.transpose()?.flatten();
        if address.is_some() {
            // What comes next is said of this one, also where it is none of ours.
            digest = found;
        }
        if let Some(found) = found {
            line = pinned(&line, found);
            line = line.replace(REGISTRY, places.registry.unwrap_or(REGISTRY));
            if let (Some(downloads), Some(release)) = (places.downloads, releases.first()) {
                line = line.replace(&format!("{DOWNLOADS}/{}", release.version), downloads);
            }
        }
        if let Some(digest) = digest {
            line = line.replace(PLACEHOLDER, digest);
        }
        filled.push_str(&line);
        filled.push('\n');
        // Only Kubernetes resources have a digest beside the `url`.
        if let (Some(indentation), Some(digest)) = (url(&line), found)
            && !has_digest(lines.get(at + 1..).unwrap_or_default(), indentation)
        {
            filled.push_str(&format!("{}sha256: {digest}\n", " ".repeat(indentation)));
        }
    }
    if filled.contains(PLACEHOLDER) {
        bail!("`sha256` is a placeholder there, and no module of this release is named before it");
    }
    Ok(filled)
}

/// The address in a line, if it has one.
fn address(line: &str) -> Option<&str> {
    let (key, address) = line.trim().trim_start_matches("- ").split_once(": ")?;
    // `url` in Kubernetes resources, `uri` in Envoy's, `reference` and `image` of volumes.
    if !["url", "uri", "reference", "image"].contains(&key) {
        return None;
    }
    let address = address.split(" #").next().unwrap_or_default();
    Some(address.trim().trim_matches(['"', '\'']))
}

/// The digest of the module at an address.
fn named<'a>(address: &str, releases: &'a [Release]) -> Result<Option<&'a str>> {
    let last = address.rsplit('/').next().unwrap_or(address);
    if let Some(file) = last.strip_suffix(".wasm") {
        let release = releases.iter().find(|release| release.artifact == file);
        return Ok(release.map(|release| release.file.as_str()));
    }
    let (name, tag) = last.split_once(':').unwrap_or((last, ""));
    let is_ours = |release: &&Release| {
        address.contains(REGISTRY) && release.artifact == name.replace('-', "_")
    };
    let Some(release) = releases.iter().find(is_ours) else {
        return Ok(None);
    };
    if tag != release.version {
        bail!(
            "`{address}` has the tag `{tag}`, and this release is {}",
            release.version
        );
    }
    Ok(Some(&release.image))
}

/// A volume has no key for a digest: its image's reference takes one.
fn pinned(line: &str, digest: &str) -> String {
    let key = line.trim_start().trim_start_matches("- ");
    if key.starts_with("reference: ") && !line.contains('@') {
        return format!("{}@sha256:{digest}", line.trim_end());
    }
    line.to_owned()
}

/// How deep the key `url` stands, if this is one.
fn url(line: &str) -> Option<usize> {
    let at = line.find("url: ")?;
    let before = line.get(..at)?;
    let is_start = before.chars().all(|c| c == ' ' || c == '-');
    is_start.then_some(at)
}

/// Whether the object that these lines go on with has a `sha256`.
fn has_digest(rest: &[&str], indentation: usize) -> bool {
    let depth = |line: &str| line.len() - line.trim_start().len();
    rest.iter()
        .take_while(|line| line.trim().is_empty() || depth(line) >= indentation)
        .any(|line| depth(line) == indentation && line.trim_start().starts_with("sha256:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn releases() -> [Release; 1] {
        [Release {
            artifact: "basic_auth".to_owned(),
            version: "0.1.0".to_owned(),
            file: "f".repeat(64),
            image: "1".repeat(64),
        }]
    }

    #[test]
    fn a_place_that_would_make_wrong_addresses_is_refused() {
        let check = |registry, downloads| {
            Places {
                registry,
                downloads,
            }
            .check()
        };
        for good in ["ghcr.io/me/a-b", "127.0.0.1:5000/x", "registry.example"] {
            check(Some(good), Some("https://example.com/v0.1.0")).unwrap();
        }
        for bad in ["oci://ghcr.io/me", "ghcr.io/Me", "ghcr.io/me/", "", "a b"] {
            assert!(check(Some(bad), None).is_err(), "{bad}");
        }
        for bad in ["example.com/v0.1.0", "https://example.com/", "oci://a"] {
            assert!(check(None, Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_image_gets_the_digest_of_its_manifest_beside_its_address() {
        let text = "spec:\n  url: oci://registry.example/proxy-wasm/basic-auth:0.1.0 # ours\n  phase: AUTHN\n";
        let places = Places {
            registry: Some("ghcr.io/a/b"),
            ..Places::default()
        };
        let filled = fill(text, &releases(), places).unwrap();
        let expected = format!(
            "spec:\n  url: oci://ghcr.io/a/b/basic-auth:0.1.0 # ours\n  sha256: {}\n  phase: AUTHN\n",
            "1".repeat(64)
        );
        assert_eq!(filled, expected);
    }

    #[test]
    fn a_placeholder_is_replaced_and_no_second_digest_added() {
        let text = format!(
            "image:\n  url: registry.example/proxy-wasm/basic-auth:0.1.0\n  pullSecretRef: {{}}\n  sha256: \"{PLACEHOLDER}\"\nx:\n  http_uri: {{}}\n  uri: https://a.example/basic_auth.wasm\nsha256: {PLACEHOLDER}\n"
        );
        let filled = fill(&text, &releases(), Places::default()).unwrap();
        assert_eq!(filled.matches("sha256").count(), 2, "{filled}");
        assert!(filled.contains(&format!("  sha256: \"{}\"", "1".repeat(64))));
        assert!(filled.contains(&format!("\nsha256: {}", "f".repeat(64))));
    }

    #[test]
    fn a_file_is_named_where_it_is_and_a_volume_pins_its_image() {
        let text = format!(
            "uri: https://downloads.example/proxy-wasm/0.1.0/basic_auth.wasm\nsha256: {PLACEHOLDER}\nreference: registry.example/proxy-wasm/basic-auth:0.1.0\n"
        );
        let places = Places {
            downloads: Some("https://a.example/v0.1.0"),
            ..Places::default()
        };
        let expected = format!(
            "uri: https://a.example/v0.1.0/basic_auth.wasm\nsha256: {}\nreference: registry.example/proxy-wasm/basic-auth:0.1.0@sha256:{}\n",
            "f".repeat(64),
            "1".repeat(64)
        );
        assert_eq!(fill(&text, &releases(), places).unwrap(), expected);
    }

    #[test]
    fn what_is_not_of_this_release_stays_as_it_is() {
        let text = "- url: oci://elsewhere.example/basic-auth:9\n  image: openpolicyagent/opa:1\n";
        assert_eq!(fill(text, &releases(), Places::default()).unwrap(), text);
    }

    #[test]
    fn another_version_and_a_placeholder_for_nothing_are_refused() {
        let old = "url: oci://registry.example/proxy-wasm/basic-auth:0.0.9\n";
        let error = fill(old, &releases(), Places::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("`0.0.9`"), "{error}");
        assert!(
            fill(
                &format!("sha256: {PLACEHOLDER}\n"),
                &releases(),
                Places::default()
            )
            .is_err()
        );
        let others = format!(
            "url: oci://registry.example/proxy-wasm/basic-auth:0.1.0\n\
             ---\nurl: oci://elsewhere.example/x:1\nsha256: {PLACEHOLDER}\n"
        );
        assert!(fill(&others, &releases(), Places::default()).is_err());
    }
}
