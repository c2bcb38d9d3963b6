//! What a host must be able to do for a scenario.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::callout::{Callout, Server};
use crate::config::Rejected;
use crate::connections::Connections;
use crate::grpc::{GrpcCall, GrpcServer};
use crate::host::{Cost, Log, Status};
use crate::proxy::Histogram;
use crate::proxy::HostKind;
use crate::proxy::Surroundings;
use crate::reply::{Reply, UpstreamReply};
use crate::request::Request;
use crate::rules::Violation;

/// What went wrong in a scenario although its assertions hold.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Rules that were broken.
    pub(crate) violations: Vec<Violation>,
    /// What the scenario itself did wrong.
    pub(crate) faults: Vec<String>,
    /// A panic or trap of the plugin.
    pub(crate) trap: Option<String>,
}

/// What a scenario answers a foreign function with.
pub(crate) type ForeignAnswer = dyn Fn(&[u8]) -> Result<Vec<u8>, Status> + Send + Sync;

/// A host. The facade that scenarios see is [`Proxy`](crate::Proxy), which has the documentation.
pub(crate) trait Backend: Connections {
    fn kind(&self) -> HostKind;
    fn workers(&mut self, count: usize);
    fn env(&mut self, name: &str, value: &str);
    fn seed(&mut self, seed: u64);
    fn property(&mut self, path: &[&str], value: &[u8]);
    fn surround(&mut self, surroundings: Surroundings);
    fn upstream_replies(&mut self, reply: UpstreamReply);
    fn serve(&mut self, cluster: &str, server: Server);
    fn foreign_function(&mut self, name: &str, answer: Arc<ForeignAnswer>);
    fn callouts(&mut self) -> Vec<Callout>;
    fn serve_grpc(&mut self, cluster: &str, server: GrpcServer);
    fn grpc_calls(&mut self) -> Vec<GrpcCall>;
    fn configure(&mut self, config: &[u8]) -> Result<(), Rejected>;
    fn start(&mut self, request: &Request) -> u64;
    fn finish(&mut self, exchange: u64) -> Reply;
    fn leave(&mut self, exchange: u64);
    fn metrics(&mut self) -> BTreeMap<String, u64>;
    fn histogram(&mut self, name: &str) -> Histogram;
    fn logs(&mut self) -> Vec<Log>;
    fn advance(&mut self, by: Duration);
    fn costs(&self) -> Vec<Cost>;
    fn end(&mut self) -> Findings;
}
