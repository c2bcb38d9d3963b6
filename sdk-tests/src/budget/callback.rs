//! What one callback of a request may cost, or has cost.

use std::collections::BTreeMap;

use crate::Cost;

/// What one callback may cost in one request, all its calls together.
///
/// ```
/// use sdk_tests::budget::CallbackBudget;
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("budget.toml");
///
/// std::fs::write(&file, "[plain]\nrequest_headers = { host_calls = { log = 1 } }\n")?;
/// let expected = CallbackBudget {
///     callback: "request_headers".to_owned(),
///     host_calls: [("log".to_owned(), 1)].into(),
///     ..CallbackBudget::default()
/// };
/// assert_eq!(sdk_tests::budget::read(&file)?["plain"], [expected]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallbackBudget {
    /// The callback's export without `proxy_on_`, such as `request_headers`.
    pub callback: String,
    /// Wasm instructions; 0 where nothing counted them.
    pub instructions: u64,
    /// How often it makes each host call, by the function's name without `proxy_`.
    pub host_calls: BTreeMap<String, u64>,
    /// The bytes that the host copies out of the plugin.
    pub bytes_in: u64,
    /// The bytes that the host copies into the plugin.
    pub bytes_out: u64,
}

impl CallbackBudget {
    /// That of a callback which does nothing.
    pub(super) fn nothing(callback: &str) -> Self {
        Self {
            callback: callback.to_owned(),
            ..Self::default()
        }
    }

    fn add(&mut self, cost: &Cost) {
        self.instructions += cost.instructions.unwrap_or_default();
        for call in &cost.host_calls {
            let name = call.name.strip_prefix("proxy_").unwrap_or(call.name);
            *self.host_calls.entry(name.to_owned()).or_default() += 1;
            self.bytes_in += call.bytes_in as u64;
            self.bytes_out += call.bytes_out as u64;
        }
    }
}

/// Each callback of this plugin that cost anything, in the order in which they first came.
pub(super) fn sum(costs: &[Cost], plugin: &str) -> Vec<CallbackBudget> {
    let mut sums: Vec<CallbackBudget> = Vec::new();
    for cost in costs.iter().filter(|cost| cost.plugin == plugin) {
        let callback = cost.callback;
        let callback = callback.strip_prefix("proxy_on_").unwrap_or(callback);
        match sums.iter_mut().find(|sum| sum.callback == callback) {
            Some(sum) => sum.add(cost),
            None => {
                let mut sum = CallbackBudget::nothing(callback);
                sum.add(cost);
                sums.push(sum);
            }
        }
    }
    sums.retain(|sum| sum.instructions > 0 || !sum.host_calls.is_empty());
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HostCall;

    #[test]
    fn the_pieces_of_a_body_are_added_up_and_what_did_nothing_or_is_not_ours_is_left_out() {
        let body = Cost {
            plugin: "a".to_owned(),
            callback: "proxy_on_request_body",
            instructions: Some(100),
            host_calls: vec![HostCall {
                name: "proxy_get_buffer_bytes",
                status: 0,
                bytes_in: 1,
                bytes_out: 20,
            }],
        };
        let log = Cost {
            plugin: "a".to_owned(),
            callback: "proxy_on_log",
            instructions: Some(0),
            host_calls: Vec::new(),
        };
        let expected = CallbackBudget {
            callback: "request_body".to_owned(),
            instructions: 200,
            host_calls: [("get_buffer_bytes".to_owned(), 2)].into(),
            bytes_in: 2,
            bytes_out: 40,
        };
        let of_another = Cost {
            plugin: "b".to_owned(),
            ..body.clone()
        };
        let costs = [body.clone(), log, of_another, body];
        assert_eq!(sum(&costs, "a"), [expected]);
    }
}
