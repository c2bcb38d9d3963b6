//! An upstream that writes down every request and answers it.

use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::http::{Framing, Head, Reader, RequestLine, chunked, framing, value, write_fields};
use crate::{UpstreamReply, UpstreamRequest};

/// An HTTP/1.1 server on a port of its own; it ends when dropped.
///
/// ```
/// # use sdk_tests::envoy::{Upstream, client};
/// # use sdk_tests::{Request, UpstreamReply};
/// let upstream = Upstream::echo()?;
/// let reply = client::send(upstream.addr(), &Request::post("/").body("abc"))?;
/// assert_eq!(reply.body(), b"abc");
/// assert_eq!(upstream.requests()[0].path(), b"/");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// What a server says to a request.
pub(super) enum Said {
    Reply(UpstreamReply),
    /// Bytes that are no HTTP, and then it hangs up.
    Garbage,
    /// It never answers.
    Nothing,
}

type Answer = dyn Fn(&UpstreamRequest) -> Said + Send + Sync;

struct Shared {
    answer: Box<Answer>,
    requests: Mutex<Vec<UpstreamRequest>>,
    reply: Mutex<Option<UpstreamReply>>,
    connections: Mutex<Vec<TcpStream>>,
    closing: AtomicBool,
    /// The bytes of all replies so far.
    written: AtomicU64,
    pace: Mutex<Option<Box<Pace>>>,
}

/// Waits until a proxy has read so many bytes of this server's.
type Pace = dyn Fn(u64) + Send + Sync;

impl Shared {
    fn wait_for_the_reader(&self) {
        if let Some(pace) = &*lock(&self.pace) {
            pace(self.written.load(Ordering::SeqCst));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Upstream {
    /// Starts one that answers 200 with the body that it got.
    ///
    /// ```
    /// # use sdk_tests::envoy::{Upstream, client};
    /// # use sdk_tests::{Request, UpstreamReply};
    /// let upstream = Upstream::echo()?;
    /// let reply = client::send(upstream.addr(), &Request::post("/").body("abc"))?;
    /// assert_eq!(reply.body(), b"abc");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub fn echo() -> io::Result<Self> {
        Self::start(|request| Some(UpstreamReply::echo(request)))
    }

    /// Starts one that answers what the function says; to `None` it never answers.
    ///
    /// ```
    /// # use sdk_tests::envoy::{Upstream, client};
    /// # use sdk_tests::{Request, UpstreamReply};
    /// let upstream = Upstream::start(|request| match request.path() {
    ///     b"/never" => None,
    ///     _ => Some(UpstreamReply::new(404)),
    /// })?;
    /// let reply = client::send(upstream.addr(), &Request::get("/"))?;
    /// assert_eq!(reply.status(), 404);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub fn start(
        answer: impl Fn(&UpstreamRequest) -> Option<UpstreamReply> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::saying(move |request| answer(request).map_or(Said::Nothing, Said::Reply))
    }

    pub(super) fn saying(
        answer: impl Fn(&UpstreamRequest) -> Said + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            requests: Mutex::default(),
            reply: Mutex::default(),
            connections: Mutex::default(),
            closing: AtomicBool::default(),
            written: AtomicU64::default(),
            pace: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::Builder::new()
            .name("upstream".to_owned())
            .spawn(move || {
                for connection in listener.incoming() {
                    if accepting.closing.load(Ordering::SeqCst) {
                        break;
                    }
                    let Ok(connection) = connection else { continue };
                    if let Ok(clone) = connection.try_clone() {
                        lock(&accepting.connections).push(clone);
                    }
                    let shared = Arc::clone(&accepting);
                    // A connection that breaks is the proxy's business; there is nobody to tell here.
                    thread::spawn(move || drop(serve(connection, &shared)));
                }
            })?;
        Ok(Self { address, shared })
    }

    /// Where it listens.
    ///
    /// ```
    /// # use sdk_tests::envoy::{Upstream, client};
    /// # use sdk_tests::{Request, UpstreamReply};
    /// println!("curl http://{}", Upstream::echo()?.addr());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// All requests so far.
    ///
    /// ```
    /// # use sdk_tests::envoy::{Upstream, client};
    /// # use sdk_tests::{Request, UpstreamReply};
    /// let upstream = Upstream::echo()?;
    /// client::send(upstream.addr(), &Request::get("/a"))?;
    /// assert_eq!(upstream.requests()[0].path(), b"/a");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn requests(&self) -> Vec<UpstreamRequest> {
        lock(&self.shared.requests).clone()
    }

    /// All requests since this was called last.
    ///
    /// ```
    /// # use sdk_tests::envoy::{Upstream, client};
    /// # use sdk_tests::{Request, UpstreamReply};
    /// let upstream = Upstream::echo()?;
    /// client::send(upstream.addr(), &Request::get("/a"))?;
    /// assert_eq!(upstream.take_requests().len(), 1);
    /// assert_eq!(upstream.take_requests(), []);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn take_requests(&self) -> Vec<UpstreamRequest> {
        std::mem::take(&mut lock(&self.shared.requests))
    }

    /// Waits after each piece of a reply for whoever reads it, so that pieces stay apart.
    pub(super) fn pace(&self, wait: impl Fn(u64) + Send + Sync + 'static) {
        *lock(&self.shared.pace) = Some(Box::new(wait));
    }

    /// Answers this from now on; `None`: what it was started with.
    ///
    /// ```
    /// # use sdk_tests::envoy::{Upstream, client};
    /// # use sdk_tests::{Request, UpstreamReply};
    /// let upstream = Upstream::echo()?;
    /// upstream.reply_with(Some(UpstreamReply::new(503)));
    /// let reply = client::send(upstream.addr(), &Request::get("/"))?;
    /// assert_eq!(reply.status(), 503);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn reply_with(&self, reply: Option<UpstreamReply>) {
        *lock(&self.shared.reply) = reply;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        for connection in lock(&self.shared.connections).drain(..) {
            // It may be closed already.
            drop(connection.shutdown(Shutdown::Both));
        }
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut connection: TcpStream, shared: &Shared) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = Reader::new(connection.try_clone()?);
    while let Some(head) = reader.request()? {
        let (body, trailers) = reader.body(&framing(&head.fields, Framing::None)?)?;
        let to_head = head.start.0 == "HEAD";
        let request = UpstreamRequest {
            headers: as_in_the_proxy(head),
            body,
            trailers,
        };
        let said = match lock(&shared.reply).clone() {
            Some(reply) => Said::Reply(reply),
            None => (shared.answer)(&request),
        };
        lock(&shared.requests).push(request);
        let reply = match said {
            Said::Reply(reply) => reply,
            Said::Garbage => return connection.write_all(b"this is no HTTP\r\n\r\n"),
            Said::Nothing => return reader.wait_for_close(),
        };
        thread::sleep(reply.delay);
        for segment in segments(&reply, to_head) {
            connection.write_all(&segment)?;
            shared
                .written
                .fetch_add(segment.len() as u64, Ordering::SeqCst);
            shared.wait_for_the_reader();
        }
    }
    Ok(())
}

/// The headers with the first line as pseudo headers, as a proxy's filters see them.
fn as_in_the_proxy(head: Head<RequestLine>) -> Vec<(String, Vec<u8>)> {
    let (method, path) = head.start;
    let pseudo = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let mut headers = Vec::with_capacity(head.fields.len() + 3);
    if let Some(host) = value(&head.fields, "host") {
        headers.push(pseudo(":authority", host));
    }
    headers.push(pseudo(":path", &path));
    headers.push(pseudo(":method", method.as_bytes()));
    let scheme = value(&head.fields, "x-forwarded-proto").unwrap_or(b"http");
    headers.push(pseudo(":scheme", scheme));
    headers.extend(head.fields.into_iter().filter(|(name, _)| name != "host"));
    headers
}

fn segments(reply: &UpstreamReply, to_head: bool) -> Vec<Vec<u8>> {
    let mut message = format!("HTTP/1.1 {} Upstream\r\n", reply.status).into_bytes();
    write_fields(&mut message, &reply.headers);
    if reply.is_chunked() {
        message.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n");
        if to_head {
            return vec![message];
        }
        let in_one_segment = reply.chunks.is_empty();
        return chunked(message, reply.pieces(), &reply.trailers, in_one_segment);
    }
    if !reply
        .headers
        .iter()
        .any(|(name, _)| name == "content-length")
    {
        message.extend_from_slice(format!("content-length: {}\r\n", reply.body.len()).as_bytes());
    }
    message.extend_from_slice(b"\r\n");
    if !to_head {
        message.extend_from_slice(&reply.body);
    }
    vec![message]
}
