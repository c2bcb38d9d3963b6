//! Puts a scenario's surroundings into Envoy's configuration.

use serde_json::{Value, json};

use super::LISTENER;
use crate::proxy::Surroundings;

/// Puts what is around the plugin into the bootstrap.
pub(super) fn apply(surroundings: &Surroundings, bootstrap: &mut Value) {
    if let Some(metadata) = &surroundings.node_metadata {
        bootstrap["node"]["metadata"] = metadata.clone();
    }
    // Histograms are up to date when somebody looks at them.
    bootstrap["stats_flush_on_admin"] = json!(true);
    let resources = &mut bootstrap["static_resources"];
    for listener in resources["listeners"].as_array_mut().into_iter().flatten() {
        if listener["name"] != LISTENER {
            continue;
        }
        let direction = ["UNSPECIFIED", "INBOUND", "OUTBOUND"]
            .into_iter()
            .nth(usize::try_from(surroundings.direction).unwrap_or_default());
        listener["traffic_direction"] = json!(direction);
        // The plugins' filter chain is the last one.
        let chains = listener["filter_chains"].as_array_mut();
        let chain = chains.and_then(|chains| chains.last_mut());
        let filters = chain.and_then(|chain| chain["filters"].as_array_mut());
        let Some(filters) = filters else { continue };
        let own = surroundings.filters.iter().cloned();
        match filters[0].pointer_mut("/typed_config/http_filters") {
            Some(Value::Array(filters)) => drop(filters.splice(0..0, own)),
            _ => drop(filters.splice(0..0, own)),
        }
    }
    for cluster in resources["clusters"].as_array_mut().into_iter().flatten() {
        if cluster["name"] != "upstream" {
            continue;
        }
        if let Some(metadata) = &surroundings.cluster_metadata {
            cluster["metadata"] = json!({ "filter_metadata": metadata });
        }
        if let Some(metadata) = &surroundings.endpoint_metadata {
            let endpoint = &mut cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0];
            endpoint["metadata"] = json!({ "filter_metadata": metadata });
        }
    }
}
