//! The files that make labels of names: generated, so that they cannot lack a label.
//!
//! `UPDATE_BOOTSTRAP=1 cargo test -p stats --test bootstrap` renews them.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;

use stats::labels::NAMES;

/// Envoy's `stats_config`, as a whole.
fn stats_tags() -> String {
    let mut text = "# Generated. Part of Envoy's bootstrap: makes labels of the names of Istio's metrics. Without it,\n\
                    # every label is a part of the metric's name.\n\
                    stats_config:\n  stats_tags:\n"
        .to_owned();
    let mut tag = |name: &str, regex: &str| {
        writeln!(text, "    - tag_name: {name}\n      regex: '{regex}'").unwrap();
    };
    for name in NAMES {
        tag(name, &format!(r"({name}=\.=(.*?);\.;)"));
    }
    tag("component", r"(component\.(.+?)\.)");
    tag("tag", r"(tag\.(.+?);\.)");
    text
}

/// The same for Istio's sidecars, which know how to write the rest.
fn extra_stat_tags() -> String {
    format!(
        "# Generated. Part of a pod's template: Istio writes these labels' regular expressions into the\n\
         # bootstrap of its sidecar. Pods have to start again.\n\
         kind: Deployment\n\
         spec:\n  template:\n    metadata:\n      annotations:\n        \
         sidecar.istio.io/extraStatTags: {}\n        \
         # So that they are not left out of what the sidecar shows.\n        \
         sidecar.istio.io/statsInclusionPrefixes: wasmcustom\n",
        NAMES.join(",")
    )
}

fn path(file: &str) -> String {
    format!("{}/deploy/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn check(file: &str, text: &str) {
    let path = path(file);
    if std::env::var_os("UPDATE_BOOTSTRAP").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        committed, text,
        "run the test again with UPDATE_BOOTSTRAP=1"
    );
}

#[test]
fn the_committed_stats_tags_are_current() {
    check("stats-tags.yaml", &stats_tags());
}

#[test]
fn the_committed_extra_stat_tags_are_current() {
    check("extra-stat-tags.yaml", &extra_stat_tags());
}

#[test]
fn the_whole_examples_have_the_stats_tags_too() {
    const MARK: &str = "# Generated.";
    for file in ["envoy.yaml", "envoy-telemetry.yaml"] {
        let written = std::fs::read_to_string(path(file)).unwrap();
        let own = written.split(MARK).next().unwrap();
        check(file, &format!("{own}{}", stats_tags()));
    }
}
