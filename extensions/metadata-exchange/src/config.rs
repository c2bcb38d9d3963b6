//! The configuration: JSON in, a validated [`Config`] out.

use std::ops::RangeInclusive;

use extension_common::{
    config::{ConfigError, Remarks},
    protobuf_struct::Limits,
};
use serde::{Deserialize, Deserializer, de};

/// The JSON configuration. Fields may be written in camel case too.
///
/// `max_peer_cache_size` is that of the older C++ plugin; `additional_labels` and
/// `skip_external_clusters` are those of Istio's `peer_metadata` filter.
#[derive(Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ConfigJson {
    /// So many peers are remembered per worker; 0 and less: none. Up to 100000. Default: 500.
    #[serde(alias = "maxPeerCacheSize", deserialize_with = "number_or_text")]
    max_peer_cache_size: Option<i64>,

    /// Labels of the workload that peers are told, beside `app`, `version` and the two of the
    /// canonical service.
    #[serde(alias = "additionalLabels")]
    additional_labels: Vec<String>,

    /// Whether clusters outside of the mesh are told nothing: `PassthroughCluster`, and those whose
    /// metadata says `istio: { external: true }`. Default: false.
    #[serde(alias = "skipExternalClusters")]
    skip_external_clusters: bool,

    /// Whether peers are told everything that the older C++ plugin told: all labels, mesh id,
    /// platform, containers, addresses. Default: false.
    #[serde(alias = "legacyFields")]
    legacy_fields: bool,

    /// A peer's metadata is ignored where the header is longer, from 256 to 65536. Default: 16384.
    #[serde(alias = "maxPeerBytes")]
    max_peer_bytes: Option<usize>,

    /// A peer's metadata is ignored where it has more members, from 8 to 4096. Default: 256.
    #[serde(alias = "maxPeerEntries")]
    max_peer_entries: Option<usize>,

    /// What the remembered peers may take per worker, from 65536 to 67108864. Default: 4194304.
    #[serde(alias = "maxPeerCacheBytes")]
    max_peer_cache_bytes: Option<usize>,
}

/// The validated configuration.
#[derive(Debug)]
pub struct Config {
    /// So many peers are remembered.
    pub max_cached_peers: usize,
    /// What they may take.
    pub max_cache_bytes: usize,
    /// The longest header that is read.
    pub max_header_bytes: usize,
    /// What the metadata in it may be.
    pub limits: Limits,
    /// Labels that are sent beside Istio's own.
    pub additional_labels: Vec<String>,
    /// Whether clusters outside of the mesh are told nothing.
    pub skip_external_clusters: bool,
    /// Whether all that the older plugin sent is sent.
    pub legacy_fields: bool,
    /// For the log.
    pub remarks: Remarks,
}

/// Objects in a peer's metadata: its labels, and one level to spare.
const MAX_DEPTH: usize = 4;

const MAX_LABELS: usize = 64;

impl ConfigJson {
    /// Checks everything.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn validate(self) -> Result<Config, ConfigError> {
        let cached = self.max_peer_cache_size.unwrap_or(500).max(0);
        let max_cached_peers = usize::try_from(cached).unwrap_or(usize::MAX);
        within("max_peer_cache_size", max_cached_peers, 0..=100_000)?;
        let max_header_bytes = self.max_peer_bytes.unwrap_or(16_384);
        within("max_peer_bytes", max_header_bytes, 256..=65_536)?;
        let entries = self.max_peer_entries.unwrap_or(256);
        within("max_peer_entries", entries, 8..=4096)?;
        let max_cache_bytes = self.max_peer_cache_bytes.unwrap_or(4 << 20);
        within("max_peer_cache_bytes", max_cache_bytes, 65_536..=64 << 20)?;
        let mut remarks = Remarks::default();
        if self.additional_labels.len() > MAX_LABELS {
            let expected = format!("at most {MAX_LABELS} labels");
            let count = self.additional_labels.len();
            return Err(ConfigError::invalid("additional_labels", count, expected));
        }
        for (index, label) in self.additional_labels.iter().enumerate() {
            if label.is_empty() || label.len() > 317 || label.contains(char::is_control) {
                let field = format!("additional_labels[{index}]");
                return Err(ConfigError::invalid(field, label, "the name of a label"));
            }
        }
        if self.legacy_fields && !self.additional_labels.is_empty() {
            remarks.warn("additional_labels: `legacy_fields` sends all labels already");
        }
        Ok(Config {
            max_cached_peers,
            max_cache_bytes,
            max_header_bytes,
            limits: Limits {
                bytes: max_header_bytes,
                entries,
                depth: MAX_DEPTH,
            },
            additional_labels: self.additional_labels,
            skip_external_clusters: self.skip_external_clusters,
            legacy_fields: self.legacy_fields,
            remarks,
        })
    }
}

fn within(field: &str, value: usize, range: RangeInclusive<usize>) -> Result<(), ConfigError> {
    if range.contains(&value) {
        return Ok(());
    }
    let expected = format!("a number from {} to {}", range.start(), range.end());
    Err(ConfigError::invalid(field, value, expected))
}

/// A number, or a text that is one, as Protobuf's JSON allows.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a whole number")]
    enum Either {
        Number(i64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(Some(number)),
        Either::Text(text) => text.parse().map(Some).map_err(|_| {
            de::Error::invalid_value(
                de::Unexpected::Str(&text),
                &"a whole number, or a text of one",
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use extension_common::config::parse;
    use serde_json::json;

    use super::*;

    fn read(json: &serde_json::Value) -> Result<Config, ConfigError> {
        parse::<ConfigJson>(json.to_string().as_bytes())?.validate()
    }

    fn refusal(json: serde_json::Value) -> String {
        read(&json).unwrap_err().to_string()
    }

    #[test]
    fn the_older_plugins_config_is_taken() {
        for (size, expected) in [
            (json!({}), 500),
            (json!({ "max_peer_cache_size": 20 }), 20),
            (json!({ "maxPeerCacheSize": "20" }), 20),
            (json!({ "max_peer_cache_size": 0 }), 0),
            (json!({ "max_peer_cache_size": -1 }), 0),
        ] {
            assert_eq!(read(&size).unwrap().max_cached_peers, expected, "{size}");
        }
    }

    #[test]
    fn both_cases_are_taken() {
        let camel = json!({
            "additionalLabels": ["team"], "skipExternalClusters": true, "legacyFields": false,
            "maxPeerBytes": 1024, "maxPeerEntries": 16, "maxPeerCacheBytes": 65536
        });
        let config = read(&camel).unwrap();
        assert_eq!(config.additional_labels, ["team"]);
        assert!(config.skip_external_clusters && !config.legacy_fields);
        assert_eq!((config.limits.bytes, config.limits.entries), (1024, 16));
        assert_eq!(config.max_cache_bytes, 65_536);
    }

    #[test]
    fn errors_name_the_field_the_value_and_what_was_expected() {
        for (json, expected) in [
            (
                json!({ "max_peer_cache_size": 100_001 }),
                "max_peer_cache_size: got 100001, expected a number from 0 to 100000",
            ),
            (
                json!({ "max_peer_cache_size": "many" }),
                "max_peer_cache_size: invalid value: string, expected a whole number, or a text of one",
            ),
            (
                json!({ "max_peer_bytes": 1 }),
                "max_peer_bytes: got 1, expected a number from 256 to 65536",
            ),
            (
                json!({ "additional_labels": ["team", ""] }),
                "additional_labels[1]: got \"\", expected the name of a label",
            ),
            (
                json!({ "max_peer_cache": 1 }),
                "max_peer_cache: unknown field `max_peer_cache`",
            ),
        ] {
            let refusal = refusal(json);
            assert!(refusal.starts_with(expected), "{refusal}");
        }
    }

    #[test]
    fn the_committed_schema_is_current() {
        const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
        let schema =
            serde_json::to_string_pretty(&schemars::schema_for!(ConfigJson)).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(FILE, &schema).unwrap();
        }
        let committed = std::fs::read_to_string(FILE).unwrap_or_default();
        assert_eq!(committed, schema, "run the test again with UPDATE_SCHEMA=1");
    }
}
