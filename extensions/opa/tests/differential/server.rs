//! The real engine's Data API, over one connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

pub(crate) struct Server(BufReader<TcpStream>);

impl Server {
    /// Connects to the server at `OPA_ADDRESS`.
    pub(crate) fn connect() -> Self {
        let address =
            std::env::var("OPA_ADDRESS").expect("OPA_ADDRESS is an OPA server's host:port");
        let stream = TcpStream::connect(address).expect("the OPA server listens");
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn put_policy(&mut self, name: &str, text: &str) {
        let (status, body) = self.send("PUT", &format!("/v1/policies/{name}"), text);
        assert_eq!(status, "200", "{}", String::from_utf8_lossy(&body));
    }

    /// The status and the body of the answer.
    pub(crate) fn ask(&mut self, path: &str, document: &str) -> (String, Vec<u8>) {
        self.send("POST", path, &format!("{{\"input\":{document}}}"))
    }

    fn send(&mut self, method: &str, path: &str, body: &str) -> (String, Vec<u8>) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: opa\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.0.get_mut();
        stream
            .write_all([head.as_bytes(), body.as_bytes()].concat().as_slice())
            .unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().to_owned();
        let mut length = 0;
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, body)
    }
}
