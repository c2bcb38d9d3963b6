//! What is sent, and how much of it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::ops::AddAssign;

use anyhow::{Context as _, Result, bail};
use sdk_tests::Request;
use sdk_tests::envoy::client;

use super::proxies::Proxies;

/// How much was sent.
#[derive(Clone, Copy, Default)]
pub(super) struct Sent {
    pub(super) ok: u32,
    pub(super) failed: u32,
    pub(super) forbidden: u32,
    pub(super) no_route: u32,
    pub(super) no_endpoint: u32,
    pub(super) grpc_ok: u32,
    pub(super) grpc_missing: u32,
    pub(super) messages: u32,
    pub(super) connections: u32,
}

impl Sent {
    /// What came to the client's proxy.
    pub(super) fn at_source(&self) -> u32 {
        self.at_destination() + self.no_route + self.no_endpoint
    }

    /// What came to the server's proxy.
    pub(super) fn at_destination(&self) -> u32 {
        self.ok + self.failed + self.forbidden + self.grpc_ok + self.grpc_missing
    }
}

impl AddAssign for Sent {
    fn add_assign(&mut self, more: Self) {
        self.ok += more.ok;
        self.failed += more.failed;
        self.forbidden += more.forbidden;
        self.no_route += more.no_route;
        self.no_endpoint += more.no_endpoint;
        self.grpc_ok += more.grpc_ok;
        self.grpc_missing += more.grpc_missing;
        self.messages += more.messages;
        self.connections += more.connections;
    }
}

/// Sends some of everything; fails where an answer is not the one that belongs to it.
pub(super) fn wave(proxies: &Proxies) -> Result<Sent> {
    let sent = Sent {
        ok: 24,
        failed: 3,
        forbidden: 2,
        no_route: 2,
        no_endpoint: 1,
        grpc_ok: 4,
        grpc_missing: 1,
        messages: 3 * 5,
        connections: 3,
    };
    // Before any request: a plugin that is used for both has to take either first.
    for _ in 0..sent.connections {
        let mut connection = TcpStream::connect(proxies.tcp())?;
        connection.write_all(b"hello")?;
        connection.shutdown(Shutdown::Write)?;
        let mut heard = Vec::new();
        connection.read_to_end(&mut heard)?;
        anyhow::ensure!(heard == b"hello", "the TCP connection broke");
    }
    let http = proxies.http();
    let send = |times: u32, request: &Request, status: u16| -> Result<()> {
        for _ in 0..times {
            let reply = client::send(http, request).context("Envoy did not answer")?;
            if reply.status() != status {
                bail!("got {} instead of {status}", reply.status());
            }
        }
        Ok(())
    };
    send(sent.ok, &Request::get("/ok"), 200)?;
    send(sent.failed, &Request::get("/fail"), 500)?;
    send(sent.forbidden, &Request::get("/forbidden"), 403)?;
    send(sent.no_route, &Request::get("/nowhere"), 404)?;
    send(sent.no_endpoint, &Request::get("/down"), 503)?;
    let call = |method: &str| {
        Request::post(format!("/books.Reviews/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .chunk([0; 5])
            .chunk([0; 5])
            .chunk([0; 5])
    };
    send(sent.grpc_ok, &call("List"), 200)?;
    send(sent.grpc_missing, &call("Missing"), 200)?;
    Ok(sent)
}
