//! A real Envoy: started, spoken to, read, and gone when dropped.
//!
//! [`Envoy`], [`Upstream`] and [`client`] stand on their own, for demos and benchmarks. Scenarios
//! use them through [`Proxy`](crate::Proxy).
//!
//! ```no_run
//! use sdk_tests::Request;
//! use sdk_tests::envoy::{Envoy, EnvoyOptions, Upstream, client, find_binary};
//!
//! let upstream = Upstream::echo()?;
//! let bootstrap = std::fs::read_to_string("envoy.yaml")?;
//! let envoy = Envoy::start(&EnvoyOptions::new(find_binary()?, &bootstrap))?;
//! let reply = client::send(envoy.listener("ingress"), &Request::get("/"))?;
//! assert_eq!(reply.status(), 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod admin;
mod backend;
mod bootstrap;
mod callouts;
pub mod client;
mod grpc;
mod histograms;
mod http;
mod logs;
mod network;
mod process;
mod surroundings;
mod updates;
mod upstream;
mod visits;

pub use process::{Envoy, EnvoyError, EnvoyOptions, find_binary};
pub use upstream::Upstream;

pub(crate) use backend::host;
use bootstrap::LISTENER;
