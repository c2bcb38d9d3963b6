//! A Prometheus process.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sdk_tests::Request;
use sdk_tests::envoy::client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::workspace;

const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Prometheus {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

/// A series of an answer: its labels and its value.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) labels: Value,
    pub(super) value: f64,
}

impl Sample {
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels[name].as_str().unwrap_or_default()
    }
}

impl Prometheus {
    /// Starts one that scrapes these, each with a name, every second.
    pub(super) fn start(binary: &Path, scraped: &[(&str, SocketAddr)]) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let targets: Vec<_> = scraped
            .iter()
            .map(|(name, address)| json!({ "targets": [address.to_string()], "labels": { "proxy": name } }))
            .collect();
        let config = json!({
            "global": { "scrape_interval": "1s" },
            // It does not start with rules that it cannot read.
            "rule_files": [workspace::root().join("examples/prometheus/*.yaml")],
            "scrape_configs": [{
                "job_name": "envoy",
                "metrics_path": "/stats/prometheus",
                "static_configs": targets,
            }],
        });
        let file = folder.path().join("prometheus.yml");
        // JSON is YAML.
        fs::write(&file, config.to_string())?;
        // It takes no port 0: one that was free a moment ago.
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let log = fs::File::create(folder.path().join("log"))?;
        let process = Command::new(binary)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot run {}", binary.display()))?;
        let prometheus = Self {
            process,
            address,
            _folder: folder,
        };
        prometheus.until("get ready", || {
            let reply = client::send(address, &Request::get("/-/ready"));
            reply.is_ok_and(|reply| reply.status() == 200).then_some(())
        })?;
        Ok(prometheus)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn version(&self) -> Result<String> {
        let build = self.get("/api/v1/status/buildinfo")?;
        let version = build["data"]["version"].as_str().unwrap_or_default();
        Ok(format!("Prometheus {version}"))
    }

    fn get(&self, path: &str) -> Result<Value> {
        let reply = client::send(self.address, &Request::get(path));
        let reply = reply.context("Prometheus did not answer")?;
        serde_json::from_slice(reply.body()).context("Prometheus did not answer JSON")
    }

    /// What a query gives now.
    pub(super) fn query(&self, query: &str) -> Result<Vec<Sample>> {
        let answer = self.get(&format!("/api/v1/query?query={}", encoded(query)))?;
        if answer["status"] != "success" {
            bail!("Prometheus refuses {query}: {}", answer["error"]);
        }
        let samples = answer["data"]["result"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let sample = |sample: Value| {
            let value = sample["value"][1].as_str()?.parse().ok()?;
            Some(Sample {
                labels: sample["metric"].clone(),
                value,
            })
        };
        Ok(samples.into_iter().filter_map(sample).collect())
    }

    /// The only value that a query gives; 0 where it gives none.
    pub(super) fn number(&self, query: &str) -> Result<f64> {
        let samples = self.query(query)?;
        if samples.len() > 1 {
            bail!("{query} gives {} values, not one", samples.len());
        }
        Ok(samples.first().map_or(0.0, |sample| sample.value))
    }

    /// Waits until a query gives this number.
    #[allow(clippy::float_cmp, reason = "counts are whole numbers")]
    pub(super) fn wait_for(&self, query: &str, number: u32) -> Result<()> {
        let wanted = f64::from(number);
        let waited = self.until("see all that was sent", || {
            let now = self.number(query).ok()?;
            (now == wanted).then_some(())
        });
        waited.with_context(|| format!("{query} is not {number} but {:?}", self.number(query)))
    }

    fn until<T>(&self, what: &str, check: impl Fn() -> Option<T>) -> Result<T> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(found) = check() {
                return Ok(found);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("Prometheus did not {what} within {} s", PATIENCE.as_secs())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A query as a part of a path.
fn encoded(query: &str) -> String {
    query
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                (byte as char).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn queries_are_encoded_byte_by_byte() {
        assert_eq!(
            encoded("sum(a{b=~\"é\"})"),
            "sum%28a%7Bb%3D~%22%C3%A9%22%7D%29".replace('~', "%7E")
        );
    }
}
