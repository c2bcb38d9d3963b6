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
fn nothing_is_the_default() {
    let config = read(&json!({})).unwrap();
    assert_eq!(config.reporting_period, Duration::from_secs(5));
    assert_eq!(config.max_series, Some(2000));
    assert_eq!(config.host_fallback, None);
    assert_eq!(config.encoding, Encoding::default());
    assert!(!config.is_waypoint && config.overrides.is_empty());
    assert_eq!(config.remarks, Remarks::default());
}

/// What Istio's EnvoyFilters had, and its documentation of custom metrics.
#[test]
fn istios_configs_are_taken() {
    let snake = json!({
        "debug": "false",
        "stat_prefix": "istio",
        "disable_host_header_fallback": true,
        "tcp_reporting_duration": "15s",
        "max_peer_cache_size": 20,
        "metrics": [
            { "dimensions": { "destination_cluster": "node.metadata['CLUSTER_ID']" } },
            { "name": "requests_total", "tags_to_remove": ["request_protocol"], "drop": false }
        ],
        "definitions": [{ "name": "custom", "type": "COUNTER", "value": "1" }]
    });
    let camel = json!({
        "statPrefix": "istio",
        "disableHostHeaderFallback": "true",
        "tcpReportingDuration": "15s",
        "maxPeerCacheSize": "20",
        "metrics": [
            { "dimensions": { "destination_cluster": "node.metadata['CLUSTER_ID']" } },
            { "name": "requests_total", "tagsToRemove": ["request_protocol"] }
        ],
        "definitions": [{ "name": "custom", "value": "1" }]
    });
    for json in [snake, camel] {
        let config = read(&json).unwrap();
        assert_eq!(config.host_fallback, Some(false));
        assert_eq!(config.reporting_period, Duration::from_secs(15));
        assert_eq!(config.overrides.len(), 2);
        let [all, one] = config.overrides.as_slice() else {
            panic!("two overrides");
        };
        assert_eq!(
            (&all.metric, &one.metric),
            (&None, &Some("requests_total".into()))
        );
        assert_eq!(one.tags_to_remove, ["request_protocol"]);
        assert_eq!(
            config.definitions.first().map(|metric| metric.kind),
            Some(Kind::Counter)
        );
        assert!(
            config
                .remarks
                .warnings
                .iter()
                .any(|text| text.starts_with("stat_prefix"))
        );
    }
    let waypoint = json!({ "reporter": "SERVER_GATEWAY", "rotation_interval": "0s" });
    assert!(read(&waypoint).unwrap().is_waypoint);
}

#[test]
fn errors_name_the_field_the_value_and_what_was_expected() {
    for (json, expected) in [
        (
            json!({ "tcp_reporting_duration": "soon" }),
            "tcp_reporting_duration: \"soon\" is not a duration",
        ),
        (
            json!({ "tcp_reporting_duration": "10ms" }),
            "tcp_reporting_duration: got \"0.01s\", expected a duration from 1s",
        ),
        (
            json!({ "max_series": -1 }),
            "max_series: invalid value: integer",
        ),
        (
            json!({ "max_series": 1_000_001 }),
            "max_series: got 1000001, expected a number from 0",
        ),
        (
            json!({ "metrics": [{ "name": "requests" }] }),
            "metrics[0].name: got \"requests\", expected one",
        ),
        (
            json!({ "metrics": [{ "dimensions": { "a b": "1" } }] }),
            "metrics[0].dimensions: got \"a b\", expected a name",
        ),
        (
            json!({ "metrics": [{ "dimensions": { "a": " " } }] }),
            "metrics[0].dimensions.a: got \" \", expected an expression",
        ),
        (
            json!({ "definitions": [{ "name": "a", "value": "1", "type": "SUM" }] }),
            "definitions[0].type: unknown variant `SUM`",
        ),
        (
            json!({ "definitions": [{ "name": "a", "value": "1" }, { "name": "a", "value": "2" }] }),
            "definitions[1].name: got \"a\", expected a name that no other",
        ),
        (
            json!({ "field_separator": "a" }),
            "field_separator: got \"a\", expected 2 to 8",
        ),
        (
            json!({ "reporter": "GATEWAY" }),
            "reporter: unknown variant `GATEWAY`",
        ),
        (json!({ "metric": [] }), "metric: unknown field `metric`"),
        (
            json!({ "disable_host_header_fallback": "maybe" }),
            "disable_host_header_fallback: invalid value: string",
        ),
    ] {
        let refusal = refusal(json);
        assert!(refusal.starts_with(expected), "{refusal}");
    }
    let many: Vec<_> = (0..7).map(|_| json!({ "match": "true" })).collect();
    let refusal = refusal(json!({ "metrics": many }));
    assert!(
        refusal.starts_with("metrics[6].match: expected at most 6 conditions"),
        "{refusal}"
    );
}

#[test]
fn a_label_that_ends_another_is_warned_of() {
    let config = read(&json!({ "metrics": [{ "dimensions": { "service": "'x'" } }] })).unwrap();
    let warning = config.remarks.warnings.first().unwrap();
    assert!(
        warning.contains("destination_service") || warning.contains("canonical_service"),
        "{warning}"
    );
}

#[test]
fn the_committed_schema_is_current() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(ConfigJson)).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(FILE, &schema).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert_eq!(committed, schema, "run the test again with UPDATE_SCHEMA=1");
}
