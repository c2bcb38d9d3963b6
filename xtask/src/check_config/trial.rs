//! A module on the mock host.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use sdk_tests::{Fault, HostKind, Level, Log, Plugin, Proxy, Request, UpstreamReply};
use serde_json::Value;

use super::files::Configured;
use super::samples::Sample;
use crate::{build, tools, workspace};

/// A plugin that was given its config.
pub(super) struct Trial {
    proxy: Proxy,
    pub(super) is_refused: bool,
    /// What it logged over it.
    pub(super) said: Vec<Log>,
}

impl Trial {
    pub(super) fn start(plugin: &Configured) -> Result<Self> {
        let file = workspace::wasm().join(format!("{}.wasm", plugin.module));
        if !file.is_file() {
            build::named(&plugin.module, &tools::setup()?)
                .with_context(|| format!("there is no module {}", plugin.module))?;
        }
        #[allow(clippy::unreachable, reason = "no host asks for it")]
        let native = || unreachable!("the module runs, in an engine");
        let module = Plugin::new(&plugin.module, native)
            .wasm_file(file)
            .root_id(&plugin.root_id);
        let mut proxy = Proxy::new(HostKind::Wasm, &module);
        for (name, value) in &plugin.environment {
            proxy.env(name, value);
        }
        // The servers that it may call are there, and do not answer.
        let mut clusters = Vec::new();
        if let Ok(config) = serde_json::from_str(&plugin.configuration) {
            clusters_in(&config, &mut clusters);
        }
        clusters.sort();
        clusters.dedup();
        for cluster in clusters.iter().filter(|name| *name != "upstream") {
            proxy.serve_fault(cluster, Fault::Refused);
        }
        let taken = proxy.configure(plugin.configuration.as_str());
        let said = match &taken {
            Err(rejected) => rejected.logs().to_vec(),
            Ok(()) => proxy.logs(),
        };
        let mut told: Vec<Log> = Vec::new();
        for line in said {
            // Each of its VMs says the same.
            if line.level >= Level::Info && !told.contains(&line) {
                told.push(line);
            }
        }
        Ok(Self {
            proxy,
            is_refused: taken.is_err(),
            said: told,
        })
    }

    /// Sends a request; what came of it.
    pub(super) fn send(&mut self, sample: &Sample) -> String {
        let mut reply = UpstreamReply::new(sample.status);
        for (name, value) in &sample.response_headers {
            reply = reply.header(name, value);
        }
        self.proxy.upstream_replies(reply);
        let mut request = Request::new(&sample.method, &sample.path);
        for (name, value) in &sample.headers {
            request = match name.as_str() {
                "host" | ":authority" => request.authority(value),
                name => request.header(name, value),
            };
        }
        let before = self.proxy.logs().len();
        let status = self.proxy.send(request).status();
        let mut told = format!("{} {} -> {status}\n", sample.method, sample.path);
        for line in self.proxy.logs().split_off(before) {
            // A text takes any line.
            let _ = writeln!(told, "  {}", line.message);
        }
        told
    }
}

/// What is called a cluster in a config.
fn clusters_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| clusters_in(value, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name.contains("cluster") => found.push(text.clone()),
                    value => clusters_in(value, found),
                }
            }
        }
        _ => {}
    }
}
