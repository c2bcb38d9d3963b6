//! An upstream that takes bytes and says bytes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};

use crate::connections::Answers;

/// A server on a port of its own. It echoes what comes, unless it is told what to say, and hangs up
/// when the other side has. It does so while somebody looks, and not by itself: so it is known when
/// it has nothing to do.
pub(super) struct Upstream {
    listener: TcpListener,
    peers: Vec<Peer>,
    answers: Option<Answers>,
    tally: Tally,
}

struct Peer {
    socket: TcpStream,
    got: Vec<u8>,
    has_ended: bool,
    has_hung_up: bool,
}

/// How much has come and was said on all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) received: u64,
    pub(super) written: u64,
    ended: usize,
    connections: usize,
}

impl Upstream {
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            peers: Vec::new(),
            answers: None,
            tally: Tally::default(),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        let address = self.listener.local_addr();
        address.expect("a listener has an address")
    }

    pub(super) fn connections(&self) -> usize {
        self.peers.len()
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    pub(super) fn got(&self, index: usize) -> Vec<u8> {
        self.peers[index].got.clone()
    }

    pub(super) fn answer_with(&mut self, answers: Answers) {
        self.answers = Some(answers);
    }

    /// Takes new connections, and on each the next piece or the end, and answers.
    pub(super) fn look(&mut self) {
        while let Ok((socket, _)) = self.listener.accept() {
            self.open(socket);
        }
        let mut piece = [0; 64 * 1024];
        for index in 0..self.peers.len() {
            let peer = &mut self.peers[index];
            if peer.has_ended {
                continue;
            }
            match peer.socket.read(&mut piece) {
                Ok(length @ 1..) => self.take(index, &piece[..length]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                // A connection that broke is over too.
                Ok(_) | Err(_) => {
                    peer.has_ended = true;
                    self.tally.ended += 1;
                    self.hang_up(index);
                }
            }
        }
    }

    fn open(&mut self, socket: TcpStream) {
        socket
            .set_nodelay(true)
            .and_then(|()| socket.set_nonblocking(true))
            .expect("a socket that does not block");
        self.tally.connections += 1;
        self.peers.push(Peer {
            socket,
            got: Vec::new(),
            has_ended: false,
            has_hung_up: false,
        });
    }

    fn take(&mut self, index: usize, bytes: &[u8]) {
        self.tally.received += bytes.len() as u64;
        self.peers[index].got.extend_from_slice(bytes);
        let answer = match &self.answers {
            Some(answers) => answers(bytes),
            None => bytes.to_vec(),
        };
        self.say(index, &answer);
    }

    pub(super) fn say(&mut self, index: usize, bytes: &[u8]) {
        let peer = &mut self.peers[index];
        // A proxy that has closed the connection takes nothing.
        if !peer.has_hung_up && write(&peer.socket, bytes).is_ok() {
            self.tally.written += bytes.len() as u64;
        }
    }

    pub(super) fn hang_up(&mut self, index: usize) {
        let peer = &mut self.peers[index];
        peer.has_hung_up = true;
        // The proxy may have closed the connection.
        drop(peer.socket.shutdown(Shutdown::Write));
    }
}

/// Writes all, however long it takes, to a socket that does not block otherwise.
pub(super) fn write(mut socket: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    socket.set_nonblocking(false)?;
    let written = socket.write_all(bytes);
    socket.set_nonblocking(true)?;
    written
}
