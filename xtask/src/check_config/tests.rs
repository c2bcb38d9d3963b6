//! With the modules in target/wasm.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::files::{self, Configured};
use super::samples;
use super::trial::Trial;
use crate::test::deploy::ENVIRONMENT;
use crate::workspace;

/// The plugins in a file that ships, with the variables that it asks for.
fn shipped(file: &Path) -> Vec<Configured> {
    let mut plugins = files::in_shipped(file).unwrap();
    for plugin in &mut plugins {
        let variables = ENVIRONMENT.map(|(name, value)| (name.to_owned(), value.to_owned()));
        plugin.environment.extend(variables);
    }
    plugins
}

#[test]
fn each_config_that_ships_is_taken() {
    let extensions = workspace::root().join("extensions");
    let (mut refused, mut taken) = (Vec::new(), BTreeSet::new());
    for folder in fs::read_dir(extensions).unwrap() {
        let Ok(files) = fs::read_dir(folder.unwrap().path().join("deploy")) else {
            continue;
        };
        for file in files {
            let file = file.unwrap().path();
            for plugin in shipped(&file) {
                let trial = Trial::start(&plugin).unwrap();
                if trial.is_refused {
                    refused.push(format!("{}: {:?}", file.display(), trial.said));
                }
                taken.insert(plugin.module);
            }
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(taken.len() >= 7, "{taken:?}");
}

#[test]
fn each_extension_names_a_field_that_it_does_not_know() {
    let extensions = crate::build::extension_names().unwrap();
    assert!(extensions.len() >= 6, "{extensions:?}");
    for extension in extensions {
        let file = format!("extensions/{extension}/deploy/envoy.yaml");
        let plugins = shipped(&workspace::root().join(file));
        assert!(!plugins.is_empty(), "{extension}");
        for mut plugin in plugins {
            plugin.configuration = r#"{"nonsense": 1}"#.to_owned();
            let trial = Trial::start(&plugin).unwrap();
            assert!(trial.is_refused, "{extension}");
            let reason = &trial.said.last().unwrap().message;
            assert!(
                reason.contains("nonsense: unknown field"),
                "{extension}: {reason}"
            );
        }
    }
}

#[test]
fn a_module_that_there_is_not_is_named() {
    let plugin = Configured {
        module: "basic_oath".to_owned(),
        ..Configured::default()
    };
    let error = Trial::start(&plugin).err().unwrap();
    assert!(format!("{error:#}").contains("basic-auth"), "{error:#}");
}

#[test]
fn the_match_that_fires_is_told() {
    let folder = workspace::root().join("extensions/attribute-gen/deploy");
    let mut plugins = files::read(&folder.join("operations.json"), "attribute-gen").unwrap();
    plugins[0].tell_more();
    let mut trial = Trial::start(&plugins[0]).unwrap();
    let samples = samples::requests(&folder.join("requests.json")).unwrap();
    let told: String = samples.iter().map(|sample| trial.send(sample)).collect();
    assert_eq!(
        told,
        "\
GET /reviews -> 200
  istio_operationId: match[0] gives \"ListReviews\"
GET /reviews/17 -> 404
  istio_operationId: match[1] gives \"GetReview\"
POST /reviews/ -> 200
  istio_operationId: match[2] gives \"CreateReview\"
GET /ratings/17 -> 503
"
    );
}

#[test]
fn a_condition_that_cannot_be_evaluated_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (config, requests) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
    let conditions = "\
attributes:
  - output_attribute: tier
    phase: ON_REQUEST
    match:
      - condition: request.headers['x-tier'] == 'gold'
        value: gold
      - condition: source.port > 0
        value_expression: request.headers['x-name']
";
    fs::write(&config, conditions).unwrap();
    fs::write(
        &requests,
        "- headers: { x-name: a }\n- headers: { x-tier: gold }\n",
    )
    .unwrap();
    let mut plugins = files::read(&config, "attribute-gen").unwrap();
    plugins[0].tell_more();
    let mut trial = Trial::start(&plugins[0]).unwrap();
    let samples = samples::requests(&requests).unwrap();
    let told: String = samples.iter().map(|sample| trial.send(sample)).collect();
    assert_eq!(
        told,
        "\
GET / -> 200
  tier: match[0] cannot be evaluated
  tier: match[1] gives \"a\"
GET / -> 200
  tier: match[0] gives \"gold\"
"
    );
}
