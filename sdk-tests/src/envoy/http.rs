//! HTTP/1.1 messages on a socket, read without losing a byte.

use std::io::{self, Read};

/// Names in lower case and values as they came.
pub(super) type Fields = Vec<(String, Vec<u8>)>;

/// A first line and headers.
pub(super) struct Head<T> {
    pub(super) start: T,
    pub(super) fields: Fields,
}

/// The method and the path of a request.
pub(super) type RequestLine = (String, Vec<u8>);

/// How a message says where its body ends.
pub(super) enum Framing {
    None,
    Length(usize),
    Chunked,
    UntilClose,
}

/// A connection with what has been read of it and not yet used.
pub(super) struct Reader<R> {
    source: R,
    buffer: Vec<u8>,
}

const MAX_FIELDS: usize = 256;

fn invalid(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not HTTP/1.1: {error}"))
}

fn fields(headers: &[httparse::Header<'_>]) -> Fields {
    let field =
        |header: &httparse::Header<'_>| (header.name.to_ascii_lowercase(), header.value.to_vec());
    headers.iter().map(field).collect()
}

/// The first value of a field.
pub(super) fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a [u8]> {
    fields
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_slice())
}

/// How the fields frame a body; `otherwise` if they do not say.
pub(super) fn framing(fields: &Fields, otherwise: Framing) -> io::Result<Framing> {
    if value(fields, "transfer-encoding").is_some_and(|value| value.ends_with(b"chunked")) {
        return Ok(Framing::Chunked);
    }
    match value(fields, "content-length") {
        Some(length) => {
            let length = String::from_utf8_lossy(length);
            Ok(Framing::Length(length.trim().parse().map_err(invalid)?))
        }
        None => Ok(otherwise),
    }
}

impl<R: Read> Reader<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
        }
    }

    /// Reads more. False: the other side has closed.
    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = [0; 16 * 1024];
        let count = self.source.read(&mut piece)?;
        self.buffer.extend_from_slice(&piece[..count]);
        Ok(count > 0)
    }

    fn fill_or_fail(&mut self) -> io::Result<()> {
        if self.fill()? {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the connection ended within a message",
        ))
    }

    /// Reads until the other side closes, and drops what it read.
    pub(super) fn wait_for_close(&mut self) -> io::Result<()> {
        while self.fill()? {
            self.buffer.clear();
        }
        Ok(())
    }

    /// A request's head: method and path. `None`: the connection ended before it.
    pub(super) fn request(&mut self) -> io::Result<Option<Head<RequestLine>>> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
            let mut request = httparse::Request::new(&mut headers);
            let parsed = request.parse(&self.buffer).map_err(invalid)?;
            if let httparse::Status::Complete(length) = parsed {
                let method = request.method.unwrap_or_default().to_owned();
                let path = request.path.unwrap_or_default().as_bytes().to_vec();
                let head = Head {
                    start: (method, path),
                    fields: fields(request.headers),
                };
                self.buffer.drain(..length);
                return Ok(Some(head));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// A response's head: its status. `None`: the connection ended before it.
    pub(super) fn response(&mut self) -> io::Result<Option<Head<u16>>> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
            let mut response = httparse::Response::new(&mut headers);
            let parsed = response.parse(&self.buffer).map_err(invalid)?;
            if let httparse::Status::Complete(length) = parsed {
                let status = response.code.unwrap_or_default();
                let head = Head {
                    start: status,
                    fields: fields(response.headers),
                };
                self.buffer.drain(..length);
                return Ok(Some(head));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// A body and its trailers.
    pub(super) fn body(&mut self, framing: &Framing) -> io::Result<(Vec<u8>, Fields)> {
        match framing {
            Framing::None => Ok((Vec::new(), Vec::new())),
            Framing::Length(length) => Ok((self.take(*length)?, Vec::new())),
            Framing::UntilClose => {
                while self.fill()? {}
                Ok((std::mem::take(&mut self.buffer), Vec::new()))
            }
            Framing::Chunked => self.chunks(),
        }
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill_or_fail()?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    fn chunks(&mut self) -> io::Result<(Vec<u8>, Fields)> {
        let mut body = Vec::new();
        loop {
            let size = match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((length, size))) => {
                    self.buffer.drain(..length);
                    usize::try_from(size).map_err(invalid)?
                }
                Ok(httparse::Status::Partial) => {
                    self.fill_or_fail()?;
                    continue;
                }
                Err(_) => return Err(invalid("a chunk without a size")),
            };
            if size == 0 {
                return Ok((body, self.trailers()?));
            }
            body.append(&mut self.take(size)?);
            self.take(2)?;
        }
    }

    fn trailers(&mut self) -> io::Result<Fields> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
            let parsed = httparse::parse_headers(&self.buffer, &mut headers).map_err(invalid)?;
            if let httparse::Status::Complete((length, headers)) = parsed {
                let trailers = fields(headers);
                self.buffer.drain(..length);
                return Ok(trailers);
            }
            self.fill_or_fail()?;
        }
    }
}

/// A chunked message behind its head: the pieces of the body, the end and the trailers; all in one
/// segment, or each in one of its own.
pub(super) fn chunked(
    head: Vec<u8>,
    pieces: Vec<Vec<u8>>,
    trailers: &[(String, Vec<u8>)],
    in_one_segment: bool,
) -> Vec<Vec<u8>> {
    let mut segments = vec![head];
    segments.extend(pieces.into_iter().map(|piece| {
        let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
        chunk.extend_from_slice(&piece);
        chunk.extend_from_slice(b"\r\n");
        chunk
    }));
    let mut end = b"0\r\n".to_vec();
    write_fields(&mut end, trailers);
    end.extend_from_slice(b"\r\n");
    segments.push(end);
    match in_one_segment {
        true => vec![segments.concat()],
        false => segments,
    }
}

/// Appends fields as they go out.
pub(super) fn write_fields(message: &mut Vec<u8>, fields: &[(String, Vec<u8>)]) {
    for (name, value) in fields {
        message.extend_from_slice(name.as_bytes());
        message.extend_from_slice(b": ");
        message.extend_from_slice(value);
        message.extend_from_slice(b"\r\n");
    }
}
