//! `ecds-server`: serves the filters in files to Envoys, over gRPC (ECDS).
//!
//! ```sh
//! ecds-server 127.0.0.1:18000 /etc/envoy/basic_auth.yaml …
//! ```
//!
//! Each file is what Envoy's `path_config_source` reads: one file for both ways of delivery. A filter
//! that asks for `basic_auth` gets what `basic_auth.yaml` says, and gets it again whenever the file
//! changes. What Envoys say to it is printed: `accepted`, or `refused` with Envoy's reason.

mod file;
mod service;
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use envoy_types::pb::envoy::service::extension::v3::extension_config_discovery_service_server::ExtensionConfigDiscoveryServiceServer;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use crate::service::Service;

const USAGE: &str = "usage: ecds-server [--until-stdin-closes] ADDRESS FILE…";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments: Vec<_> = std::env::args().skip(1).collect();
    let options = arguments.len();
    arguments.retain(|argument| argument != "--until-stdin-closes");
    // So that nothing is left behind by a test that is killed.
    let until_stdin_closes = arguments.len() < options;
    let mut arguments = arguments.into_iter();
    let address: SocketAddr = arguments.next().context(USAGE)?.parse().context(USAGE)?;
    let files: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    anyhow::ensure!(!files.is_empty(), USAGE);

    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    println!("listening on {}", listener.local_addr()?);
    let service = Service::new(watch::start(files));
    let end = async move {
        if until_stdin_closes {
            // Whatever it is, it is the end.
            drop(tokio::io::stdin().read_to_end(&mut Vec::new()).await);
        } else {
            std::future::pending().await
        }
    };
    tokio::select! {
        served = Server::builder()
            .add_service(ExtensionConfigDiscoveryServiceServer::new(service))
            .serve_with_incoming(TcpListenerStream::new(listener)) => served.context("cannot serve"),
        () = end => Ok(()),
    }
}
