//! A gRPC server: HTTP/2 on a thread of its own.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};

use super::stream;
use super::visitors::Visitors;

/// How long a connection may take to answer a ping, before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a connection tells that everything before a ping has arrived.
type Pinged = std::sync::mpsc::Sender<()>;

/// A server on a port of its own; it ends when dropped.
pub(super) struct GrpcUpstream {
    address: SocketAddr,
    visitors: Arc<Visitors>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl GrpcUpstream {
    /// Starts one that lets `visitors` answer.
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub(super) fn start(visitors: Visitors) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        let visitors = Arc::new(visitors);
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&visitors);
        let thread = std::thread::Builder::new()
            .name("grpc".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::spawn(accept(listener, shared));
                    // It comes, or its sender has gone.
                    drop(stopped.await);
                });
            })?;
        Ok(Self {
            address,
            visitors,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub(super) fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Whether nothing happened here since the last look, and the streams that are open here are as
    /// many as the proxy says.
    ///
    /// A ping goes to the proxy and back first: what either side had sent before it has arrived.
    pub(super) fn is_quiet(&self, open_in_the_proxy: u64) -> bool {
        let (pinged, all_pinged) = std::sync::mpsc::channel();
        for connection in self.visitors.connections() {
            // A connection that is gone has nothing under way.
            drop(connection.send(pinged.clone()));
        }
        drop(pinged);
        while all_pinged.recv_timeout(PATIENCE).is_ok() {}
        self.visitors.is_quiet(open_in_the_proxy)
    }
}

impl GrpcUpstream {
    /// See [`Visitors::left_open`].
    pub(super) fn left_open(&self) -> Vec<String> {
        self.visitors.left_open()
    }
}

impl Drop for GrpcUpstream {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn accept(listener: TcpListener, visitors: Arc<Visitors>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        // A connection that breaks is the proxy's business; there is nobody to tell here.
        tokio::spawn(serve(socket, Arc::clone(&visitors)));
    }
}

async fn serve(socket: TcpStream, visitors: Arc<Visitors>) -> Result<(), h2::Error> {
    let mut connection = h2::server::handshake(socket).await?;
    if let Some(ping_pong) = connection.ping_pong() {
        let (pings, asked) = mpsc::unbounded_channel();
        visitors.connected(pings);
        tokio::spawn(ping(ping_pong, asked));
    }
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        tokio::spawn(stream::serve(request, respond, Arc::clone(&visitors)));
    }
    Ok(())
}

async fn ping(mut ping_pong: PingPong, mut asked: mpsc::UnboundedReceiver<Pinged>) {
    while let Some(pinged) = asked.recv().await {
        if ping_pong.ping(Ping::opaque()).await.is_err() {
            return;
        }
        // Nobody may wait any more.
        let _ = pinged.send(());
    }
}
