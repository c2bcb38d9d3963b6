//! What the operator sees, and which rules a scenario relaxes.

use std::collections::BTreeMap;

use super::{Proxy, network};
use crate::host::{Cost, Level, Log};
use crate::rules::Rule;
use crate::story;

/// What the operator sees, and which rules a scenario relaxes.
impl Proxy {
    /// The value of a counter or gauge; 0 if nobody defined it. Names are the plugin's own,
    /// without Envoy's `wasmcustom.`.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/"));
    /// assert_eq!(proxy.metric("fixture_logged"), 1);
    /// assert_eq!(proxy.metric("misspelt"), 0);
    /// # });
    /// ```
    pub fn metric(&mut self, name: &str) -> u64 {
        self.backend
            .metrics()
            .get(name)
            .copied()
            .unwrap_or_default()
    }

    /// All counters and gauges of the plugin.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// // The canary's VM, the main thread's and the worker's.
    /// assert_eq!(proxy.metrics().get("fixture_configured"), Some(&3));
    /// # });
    /// ```
    pub fn metrics(&mut self) -> BTreeMap<String, u64> {
        self.backend.metrics()
    }

    /// Everything that the plugin has logged.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/"));
    /// assert!(proxy.logs()[0].message.starts_with("request / with"));
    /// assert!(proxy.logs().iter().all(|log| log.level < Level::Warn));
    /// # });
    /// ```
    pub fn logs(&mut self) -> Vec<Log> {
        self.backend.logs()
    }

    /// What each callback of the last request cost, from the context's creation to its end.
    /// Empty on Envoy.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/"));
    /// let costs = proxy.costs();
    /// let of_headers = costs.iter().find(|cost| cost.callback == "proxy_on_request_headers");
    /// assert!(of_headers.unwrap().host_calls.len() <= 4);
    /// # });
    /// ```
    pub fn costs(&self) -> Vec<Cost> {
        self.backend.costs()
    }

    /// Says that the plugin may break a rule in this scenario.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.allow(Rule::ErrorLogs);
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/error"));
    /// assert!(proxy.logs().iter().any(|log| log.level == Level::Error));
    /// # });
    /// ```
    pub fn allow(&mut self, rule: Rule) {
        self.expected.allowed.insert(rule);
    }

    /// Says that the plugin will panic, and may log errors over it. A scenario in which it does not
    /// panic then fails.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.expect_panic();
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/panic")).status(), 503);
    /// assert_eq!(proxy.send(Request::get("/")).status(), 503);
    /// # });
    /// ```
    pub fn expect_panic(&mut self) {
        self.expected.panic = true;
    }

    /// What fails the scenario although all its assertions hold.
    pub(crate) fn verdict(&mut self) -> Vec<String> {
        let findings = self.backend.end();
        let mut faults = Vec::new();
        if self.started > 0 {
            let fault = "requests were started, and nobody waited for them: ";
            faults.push(format!("{fault}{}", self.started));
        }
        match (&findings.trap, self.expected.panic) {
            (Some(trap), false) => faults.push(format!("the plugin panicked: {trap}")),
            (None, true) => faults.push("the plugin was expected to panic, and did not".to_owned()),
            _ => {}
        }
        faults.extend(findings.faults);
        let allowed = &self.expected.allowed;
        let broken = findings.violations.into_iter();
        let broken = broken.filter(|violation| !allowed.contains(&violation.rule));
        faults.extend(broken.map(|violation| violation.message));
        if !allowed.contains(&Rule::ErrorLogs) && !self.expected.panic {
            let mut expected = self.expected.logs.clone();
            for log in self
                .backend
                .logs()
                .into_iter()
                .filter(|log| log.level >= Level::Error)
            {
                match expected.iter().position(|known| *known == log) {
                    Some(known) => drop(expected.swap_remove(known)),
                    None => faults.push(format!("the plugin logged an error: {log}")),
                }
            }
        }
        faults
    }

    /// The story so far, for whoever reads a failed test.
    pub(crate) fn story(&mut self) -> String {
        let logs = self.backend.logs();
        let mut story = story::tell(self.host(), &self.exchanges, &logs);
        story.push_str(&network::story(&self.spoken));
        story
    }
}
