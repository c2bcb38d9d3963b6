//! `comparison-server`: basic authentication for one user, outside of Envoy, over gRPC.
//!
//! ```sh
//! comparison-server 'Basic YWxpY2U6b3Blbi1zZXNhbWU=' alice
//! ```
//!
//! It answers `ext_proc` and `ext_authz` alike: one header is compared with one value, and if the
//! filter asks for it, the upstream is told the user. It prints where it listens, and ends when its
//! standard input closes. One thread: its processor time is what the decisions cost.

mod ext_authz;
mod ext_proc;
mod user;

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use envoy_types::pb::envoy::service::auth::v3::authorization_server::AuthorizationServer;
use envoy_types::pb::envoy::service::ext_proc::v3::external_processor_server::ExternalProcessorServer;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::ext_proc::Processor;
use crate::user::User;

const USAGE: &str = "usage: comparison-server AUTHORIZATION USER";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let user = Arc::new(User {
        authorization: arguments.next().context(USAGE)?.into_bytes(),
        name: arguments.next().context(USAGE)?,
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .context("cannot listen")?;
    println!("listening on {}", listener.local_addr()?);
    let connections = TcpIncoming::from(listener).with_nodelay(Some(true));
    let end = async {
        // Whatever it is, it is the end.
        drop(tokio::io::stdin().read_to_end(&mut Vec::new()).await);
    };
    tokio::select! {
        served = Server::builder()
            .add_service(AuthorizationServer::from_arc(Arc::clone(&user)))
            .add_service(ExternalProcessorServer::new(Processor(user)))
            .serve_with_incoming(connections) => served.context("cannot serve"),
        () = end => Ok(()),
    }
}
