//! The guest's own conditions mean what they mean to the host: generated conditions, evaluated by
//! both for generated requests.
//!
//! Of each condition there are two attributes, one whose condition the guest evaluates and one that
//! only the host can: `(…) == true`. Both have a second match for "does not hold", and none for an
//! error. A third attribute compares them.

mod generate;

use attribute_gen::{condition::Condition, config::Phase};
use sdk_tests::{Proxy, json, scenario};
use serde_json::Value as Json;

use super::{assert_soon, matched, plugin};
use generate::Generator;

const CONDITIONS: usize = 44;
const REQUESTS: usize = 8;

/// How many times as much `cargo xtask test --full` compares.
const LONG: usize = 5;

/// The three attributes of a condition.
fn attributes(condition: &str, phase: &str, at: usize) -> [Json; 3] {
    let generated = |name: String, condition: String| {
        json!({
            "output_attribute": name, "phase": phase, "on_error": "abandon",
            "match": [{ "condition": condition, "value": "holds" }, { "value": "does not" }]
        })
    };
    let (guest, host) = (format!("guest{at}"), format!("host{at}"));
    let same = format!(
        "'wasm.{guest}' in filter_state ? 'wasm.{host}' in filter_state && \
         filter_state['wasm.{guest}'] == filter_state['wasm.{host}'] : \
         !('wasm.{host}' in filter_state)"
    );
    [
        generated(guest, condition.to_owned()),
        generated(host, format!("({condition}) == true")),
        json!({
            "output_attribute": format!("same{at}"),
            "match": [{ "condition": same, "value": "yes" }]
        }),
    ]
}

fn compare(proxy: &mut Proxy, phase: Phase, configs: usize) {
    let name = match phase {
        Phase::OnRequest => "ON_REQUEST",
        Phase::OnResponse => "ON_RESPONSE",
        Phase::AfterResponse => "AFTER_RESPONSE",
    };
    let mut generator = Generator::new(phase);
    let mut so_far = vec![0; CONDITIONS];
    let is_long = std::env::var_os("TEST_CORPUS").is_some();
    let configs = if is_long { configs * LONG } else { configs };
    for _ in 0..configs {
        let conditions: Vec<_> = (0..CONDITIONS).map(|_| generator.condition()).collect();
        for condition in &conditions {
            let own = Condition::parse(condition, phase).is_some();
            assert!(own, "left to the host: {condition}");
        }
        let generated = conditions.iter().enumerate();
        let config: Vec<_> = generated
            .flat_map(|(at, condition)| attributes(condition, name, at))
            .collect();
        proxy.configure(json!({ "attributes": config })).unwrap();
        let requests: Vec<_> = (0..REQUESTS).map(|_| generator.request()).collect();
        for request in requests {
            generator.answer(proxy);
            let shown = format!("{request:?}");
            proxy.send(request);
            for count in &mut so_far {
                *count += 1;
            }
            let same = |proxy: &mut Proxy| -> Vec<u64> {
                let metrics = proxy.metrics();
                let of = |at| metrics.get(&format!("attribute_gen_matched.attribute.same{at}"));
                (0..CONDITIONS)
                    .map(|at| of(at).copied().unwrap_or(0))
                    .collect()
            };
            super::wait(proxy, |proxy| same(proxy) == so_far);
            let same = same(proxy);
            let different = (0..CONDITIONS).filter(|at| same[*at] != so_far[*at]);
            let different: Vec<_> = different.map(|at| &conditions[at]).collect();
            assert!(different.is_empty(), "{different:#?}\nfor {shown}");
        }
    }
    // Each attribute is generated unless its condition is an error.
    let told: u64 = so_far.iter().sum();
    let holding: u64 = (0..CONDITIONS)
        .map(|at| matched(proxy, &format!("guest{at}")))
        .sum();
    assert_soon(proxy, |proxy| proxy.metric(super::RUNTIME_ERRORS) % 2, &0);
    // Neither all errors nor none.
    assert!(holding > told / 4 && holding < told, "{holding} of {told}");
}

#[scenario]
fn conditions_on_requests_mean_the_same_to_the_host(proxy: &mut Proxy) {
    compare(proxy, Phase::OnRequest, 14);
}

#[scenario]
fn conditions_on_responses_mean_the_same_to_the_host(proxy: &mut Proxy) {
    compare(proxy, Phase::OnResponse, 6);
}

#[scenario]
fn conditions_behind_the_response_mean_the_same_to_the_host(proxy: &mut Proxy) {
    compare(proxy, Phase::AfterResponse, 6);
}
