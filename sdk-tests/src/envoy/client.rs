//! A client that sends exactly the bytes that a request says.
//!
//! ```
//! use sdk_tests::Request;
//! use sdk_tests::envoy::{Upstream, client};
//!
//! let upstream = Upstream::echo()?;
//! let request = Request::post("/").chunk("one, ").chunk("two");
//! let reply = client::send(upstream.addr(), &request)?;
//! assert_eq!(reply.body(), b"one, two");
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::http::{Framing, Reader, chunked, framing, write_fields};
use crate::{Reply, Request};

/// Long enough for any proxy that will answer at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends one request over a connection of its own. [`Reply::upstream`] is always `None`.
///
/// ```
/// # use sdk_tests::envoy::{Upstream, client};
/// # use sdk_tests::{Request, UpstreamReply};
/// let upstream = Upstream::echo()?;
/// let reply = client::send(upstream.addr(), &Request::get("/"))?;
/// assert_eq!(reply.status(), 200);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// No connection, a reply that is not HTTP/1.1, or none at all (`UnexpectedEof`).
pub fn send(address: SocketAddr, request: &Request) -> io::Result<Reply> {
    Client::connect(address)?.send(request)
}

/// A connection that is kept for several requests.
///
/// ```
/// # use sdk_tests::envoy::{Upstream, client};
/// # use sdk_tests::{Request, UpstreamReply};
/// let upstream = Upstream::echo()?;
/// let mut client = client::Client::connect(upstream.addr())?;
/// for _ in 0..2 {
///     assert_eq!(client.send(&Request::get("/"))?.status(), 200);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Client {
    stream: TcpStream,
    reader: Reader<TcpStream>,
}

impl Client {
    /// Connects.
    ///
    /// ```
    /// # use sdk_tests::envoy::{Upstream, client};
    /// # use sdk_tests::{Request, UpstreamReply};
    /// let upstream = Upstream::echo()?;
    /// let mut client = client::Client::connect(upstream.addr())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let reader = Reader::new(stream.try_clone()?);
        Ok(Self { stream, reader })
    }

    /// Sends a request and reads its reply.
    ///
    /// ```
    /// # use sdk_tests::envoy::{Upstream, client};
    /// # use sdk_tests::{Request, UpstreamReply};
    /// let upstream = Upstream::echo()?;
    /// let mut client = client::Client::connect(upstream.addr())?;
    /// assert_eq!(client.send(&Request::get("/"))?.status(), 200);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send`].
    pub fn send(&mut self, request: &Request) -> io::Result<Reply> {
        // A proxy may answer and close before it has read all: then the reply is what counts.
        let sent = self.send_only(request);
        let reply = self.receive(request.method == "HEAD");
        match (sent, reply) {
            (Err(error), Err(_)) => Err(error),
            (_, reply) => reply,
        }
    }

    /// Sends a request, and leaves its reply alone.
    pub(super) fn send_only(&mut self, request: &Request) -> io::Result<()> {
        segments(request)
            .iter()
            .try_for_each(|segment| self.write(segment))
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Waits until there is something to read, or the connection has closed.
    ///
    /// # Errors
    ///
    /// There is nothing yet (`WouldBlock` or `TimedOut`), or the connection is broken.
    pub(super) fn wait(&self, at_most: Duration) -> io::Result<()> {
        self.stream.set_read_timeout(Some(at_most))?;
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_read_timeout(Some(PATIENCE))?;
        peeked.map(drop)
    }

    pub(super) fn receive(&mut self, to_head: bool) -> io::Result<Reply> {
        let head = loop {
            let head = self.reader.response()?.ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the connection closed without a reply",
                )
            })?;
            if head.start >= 200 {
                break head;
            }
        };
        let bodiless = to_head || matches!(head.start, 204 | 304);
        let framing = if bodiless {
            Framing::None
        } else {
            framing(&head.fields, Framing::UntilClose)?
        };
        let (body, trailers) = self.reader.body(&framing)?;
        Ok(Reply {
            status: head.start,
            headers: head.fields,
            body,
            trailers,
            upstream: None,
        })
    }
}

/// The bytes of a request: all in one, or each chunk for itself.
pub(super) fn segments(request: &Request) -> Vec<Vec<u8>> {
    let mut message = format!("{} ", request.method).into_bytes();
    message.extend_from_slice(&request.path);
    message.extend_from_slice(b" HTTP/1.1\r\n");
    if let Some(authority) = &request.authority {
        message.extend_from_slice(b"Host: ");
        message.extend_from_slice(authority);
        message.extend_from_slice(b"\r\n");
    }
    write_fields(&mut message, &request.fields());
    message.extend_from_slice(b"\r\n");
    let body = request.body.as_deref().unwrap_or_default();
    if !request.is_chunked() {
        message.extend_from_slice(body);
        return vec![message];
    }
    chunked(
        message,
        request.pieces(),
        &request.trailers,
        request.chunks.is_empty(),
    )
}
