//! A load generator: some connections, each with one request after the other.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::subject::Headers;

/// The one header that is not one: where the requests go.
pub(super) const PATH: &str = ":path";

/// How much load.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// All together.
    pub(super) requests: u32,
    /// Each has one request at a time.
    pub(super) connections: u32,
}

/// Where requests with these headers go.
pub(super) fn path(headers: &Headers) -> &str {
    let path = headers.iter().find(|(name, _)| *name == PATH);
    path.map_or("/secret", |(_, value)| value)
}

/// Sends about so many requests to `address`; fails unless all get 200. Returns how many.
pub(super) fn run(address: SocketAddr, headers: &Headers, size: Size) -> Result<u32> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let each = size.requests.div_ceil(size.connections);
    runtime.block_on(async {
        let mut connections = JoinSet::new();
        for _ in 0..size.connections {
            connections.spawn(connection(address, headers.clone(), each));
        }
        while let Some(result) = connections.join_next().await {
            result.context("a connection ended early")??;
        }
        Ok(each * size.connections)
    })
}

async fn connection(address: SocketAddr, headers: Headers, requests: u32) -> Result<()> {
    let stream = TcpStream::connect(address)
        .await
        .context("cannot connect to Envoy")?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let path = path(&headers);
    for _ in 0..requests {
        let mut request = Request::get(path).header("host", "bench.example");
        for (name, value) in headers.iter().filter(|(name, _)| *name != PATH) {
            request = request.header(*name, value);
        }
        sender.ready().await?;
        let response = sender
            .send_request(request.body(Empty::<Bytes>::new())?)
            .await?;
        if response.status() != 200 {
            bail!("Envoy answered {} instead of 200", response.status());
        }
        response.into_body().collect().await?;
    }
    Ok(())
}
