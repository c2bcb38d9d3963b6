//! A client that writes bytes, and takes what comes.

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use super::listeners::PARKED;
use super::upstream::write;

/// A client's end of a connection.
pub(super) struct Client {
    socket: TcpStream,
    /// What has come, and nobody has looked at.
    got: Vec<u8>,
    over: bool,
}

impl Client {
    pub(super) fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::of(TcpStream::connect(address)?)
    }

    /// A connection that no plugin sees.
    pub(super) fn park(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((PARKED, 0)).into())?;
        socket.connect(&address.into())?;
        Self::of(socket.into())
    }

    fn of(socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            got: Vec::new(),
            over: false,
        })
    }

    /// Writes, unless nobody reads any more.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        // The proxy may have closed the connection: then it takes nothing.
        drop(write(&self.socket, bytes));
    }

    /// Takes what has come; returns how much it is.
    pub(super) fn look(&mut self) -> u64 {
        let mut piece = [0; 16 * 1024];
        let mut all = 0;
        while !self.over {
            match self.socket.read(&mut piece) {
                Ok(0) => self.over = true,
                Ok(length) => {
                    self.got.extend_from_slice(&piece[..length]);
                    all += length as u64;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.over = true,
            }
        }
        all
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.got)
    }

    /// Whether nothing more can come.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn stop_writing(&self) {
        // The proxy may have closed the connection.
        drop(self.socket.shutdown(Shutdown::Write));
    }

    /// Breaks the connection off.
    pub(super) fn reset(self) {
        // Without it the connection would only be closed, which a scenario would notice.
        SockRef::from(&self.socket)
            .set_linger(Some(Duration::ZERO))
            .expect("a socket that can be reset");
    }
}
