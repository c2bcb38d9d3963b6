//! One direction of a stream on its way through the chain: the order of callbacks, what each may
//! touch, and what a pause holds back.

use super::exchange::{Place, Stop};
use super::frames::Frame;
use super::mock::Mock;
use super::{Access, Callback, Direction, Engine, LocalReply, Stream};

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Request,
    Response,
}

impl Way {
    /// The shared part of a stream.
    pub(super) fn of(self, stream: &mut Stream) -> &mut Direction {
        match self {
            Self::Request => &mut stream.request,
            Self::Response => &mut stream.response,
        }
    }

    /// A plugin's own part of it.
    pub(super) fn seen_by(self, stream: &mut Stream, plugin: usize) -> &mut Access {
        let view = &mut stream.views[plugin];
        match self {
            Self::Request => &mut view.request,
            Self::Response => &mut view.response,
        }
    }

    fn callbacks(self) -> [Callback; 3] {
        match self {
            Self::Request => [
                Callback::RequestHeaders,
                Callback::RequestBody,
                Callback::RequestTrailers,
            ],
            Self::Response => [
                Callback::ResponseHeaders,
                Callback::ResponseBody,
                Callback::ResponseTrailers,
            ],
        }
    }
}

/// What a plugin holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Halt {
    Headers { end: bool },
    Body { end: bool },
    Trailers,
}

/// A plugin on the way.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) plugin: usize,
    /// Whether the plugin sees a body whose headers it holds back.
    sees_body: bool,
    halt: Option<Halt>,
    /// What the plugin has seen and holds back behind headers that it holds back too.
    behind: Option<Halt>,
    /// What has come behind headers that are held back.
    queue: Vec<Frame>,
}

impl Station {
    pub(super) fn new(plugin: usize, sees_body: bool) -> Self {
        Self {
            plugin,
            sees_body,
            halt: None,
            behind: None,
            queue: Vec::new(),
        }
    }

    pub(super) fn is_halted(&self) -> bool {
        self.halt.is_some()
    }

    /// Pieces of a body become one.
    fn enqueue(&mut self, frame: Frame) {
        match (self.queue.last_mut(), frame) {
            (
                Some(Frame::Data { bytes, end }),
                Frame::Data {
                    bytes: more,
                    end: last,
                },
            ) => {
                bytes.extend_from_slice(&more);
                *end = last;
            }
            (_, frame) => self.queue.push(frame),
        }
    }
}

const CONTINUE: u32 = 0;

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl<E: Engine> Mock<E> {
    /// Takes a part of a message to a station, or past the last one.
    pub(super) fn push(&mut self, id: u64, way: Way, at: usize, frame: Frame) -> Result<(), Stop> {
        let Some(exchange) = self.running_exchange(id) else {
            return Ok(());
        };
        let Some(station) = exchange.way(way).get_mut(at) else {
            self.arrive(id, way, frame);
            return Ok(());
        };
        let plugin = station.plugin;
        if matches!(station.halt, Some(Halt::Headers { .. })) && !station.sees_body {
            station.enqueue(frame);
            return Ok(());
        }
        if !self.enters(id, way, plugin)? {
            return self.push(id, way, at + 1, frame);
        }
        match frame {
            Frame::Headers { end } => self.headers(id, way, at, end),
            Frame::Data { bytes, end } => self.data(id, way, at, &bytes, end),
            Frame::Trailers => self.trailers(id, way, at),
        }
    }

    /// Whether a plugin takes part. Envoy makes its context with the first request headers; a dead
    /// plugin fails the stream, unless it is one that fails open.
    fn enters(&mut self, id: u64, way: Way, plugin: usize) -> Result<bool, Stop> {
        let (place, local) = match self.running_exchange(id) {
            Some(exchange) => (exchange.places[plugin], exchange.is_answered_locally()),
            None => return Ok(false),
        };
        match (place, way) {
            (Place::Context(_), _) => Ok(true),
            (Place::New, Way::Response) => Ok(false),
            (Place::New, Way::Request) => match self.create(id, plugin) {
                Ok(true) => Ok(true),
                Ok(false) => self.without_vm(plugin),
                Err(stop) => Err(stop),
            },
            (Place::Dead(_), _) if local => Ok(false),
            (Place::Dead(_), _) => self.without_vm(plugin),
        }
    }

    /// No configuration yet is 500, a dead VM 503, unless the plugin fails open.
    fn without_vm(&self, plugin: usize) -> Result<bool, Stop> {
        let deployed = &self.chain[plugin];
        match (deployed.configured, deployed.plugin.fails_open) {
            (true, true) => Ok(false),
            (true, false) => Err(Stop::LocalReply(LocalReply::bare(503))),
            (false, _) => Err(Stop::LocalReply(LocalReply::bare(500))),
        }
    }

    fn headers(&mut self, id: u64, way: Way, at: usize, end: bool) -> Result<(), Stop> {
        let plugin = self.plugin_at(id, way, at);
        let count = self.with(id, |stream| {
            way.seen_by(stream, plugin).headers_open = true;
            way.of(stream).headers.len()
        });
        let [on_headers, ..] = way.callbacks();
        let action = self.call(id, plugin, on_headers, &[size(count), u32::from(end)])?;
        self.interrupted(id, plugin)?;
        if self.goes_on(id, way, plugin, action) {
            return self.release(id, way, at, Halt::Headers { end });
        }
        self.halt(id, way, at, Halt::Headers { end });
        Ok(())
    }

    fn data(&mut self, id: u64, way: Way, at: usize, bytes: &[u8], end: bool) -> Result<(), Stop> {
        let plugin = self.plugin_at(id, way, at);
        let length = self.with(id, |stream| {
            let access = way.seen_by(stream, plugin);
            access.body.extend_from_slice(bytes);
            access.body_open = true;
            access.body_ends = end;
            access.body.len()
        });
        let [_, on_body, _] = way.callbacks();
        let action = self.call(id, plugin, on_body, &[size(length), u32::from(end)])?;
        self.interrupted(id, plugin)?;
        let goes_on = self.goes_on(id, way, plugin, action);
        self.seen(id, way, at, Halt::Body { end }, goes_on)
    }

    fn trailers(&mut self, id: u64, way: Way, at: usize) -> Result<(), Stop> {
        let plugin = self.plugin_at(id, way, at);
        let count = self.with(id, |stream| {
            way.seen_by(stream, plugin).trailers_open = true;
            way.of(stream).trailers.len()
        });
        let [.., on_trailers] = way.callbacks();
        let action = self.call(id, plugin, on_trailers, &[size(count)])?;
        self.interrupted(id, plugin)?;
        let goes_on = self.goes_on(id, way, plugin, action);
        self.seen(id, way, at, Halt::Trailers, goes_on)
    }

    /// A plugin has seen a part of a message, and lets it go on or not. With it go the headers
    /// before it, if they were held back.
    fn seen(
        &mut self,
        id: u64,
        way: Way,
        at: usize,
        part: Halt,
        goes_on: bool,
    ) -> Result<(), Stop> {
        let headers = self.exchanges.get_mut(&id).and_then(|exchange| {
            let station = exchange.way(way).get(at)?;
            station
                .halt
                .filter(|halt| matches!(halt, Halt::Headers { .. }))
        });
        match (goes_on, headers) {
            (true, None) => self.release(id, way, at, part),
            (true, Some(headers)) => {
                self.halt(id, way, at, part);
                self.release(id, way, at, headers)
            }
            (false, _) => {
                self.halt(id, way, at, part);
                Ok(())
            }
        }
    }

    fn plugin_at(&mut self, id: u64, way: Way, at: usize) -> usize {
        self.exchanges
            .get_mut(&id)
            .and_then(|exchange| exchange.way(way).get(at).map(|station| station.plugin))
            .unwrap_or_default()
    }

    fn halt(&mut self, id: u64, way: Way, at: usize, halt: Halt) {
        if let Some(exchange) = self.exchanges.get_mut(&id)
            && let Some(station) = exchange.way(way).get_mut(at)
        {
            match station.halt {
                Some(Halt::Headers { .. }) => station.behind = Some(halt),
                _ => station.halt = Some(halt),
            }
        }
    }

    /// Whether the plugin lets the message go on: it said so, or asked for it meanwhile.
    fn goes_on(&mut self, id: u64, way: Way, plugin: usize, action: u32) -> bool {
        let resumed = self.with(id, |stream| {
            std::mem::take(&mut way.seen_by(stream, plugin).resumed)
        });
        action == CONTINUE || resumed
    }

    /// Ends the pause of a plugin that asked for it.
    pub(super) fn resume(&mut self, id: u64, way: Way, at: usize) -> Result<(), Stop> {
        let halt = self.running_exchange(id).and_then(|exchange| {
            let station = exchange.way(way).get_mut(at)?;
            station.halt.take()
        });
        match halt {
            Some(halt) => self.release(id, way, at, halt),
            None => Ok(()),
        }
    }

    /// Sends what a station held on to the next one, and what waited behind it after it.
    fn release(&mut self, id: u64, way: Way, at: usize, held: Halt) -> Result<(), Stop> {
        let plugin = self.plugin_at(id, way, at);
        let (behind, queue) = self
            .exchanges
            .get_mut(&id)
            .and_then(|exchange| exchange.way(way).get_mut(at))
            .map(|station| {
                station.halt = None;
                (station.behind.take(), std::mem::take(&mut station.queue))
            })
            .unwrap_or_default();
        let body = self.with(id, |stream| {
            let access = way.seen_by(stream, plugin);
            access.close();
            match held {
                Halt::Headers { .. } => Vec::new(),
                Halt::Body { .. } | Halt::Trailers => std::mem::take(&mut access.body),
            }
        });
        match held {
            Halt::Headers { end } => {
                self.push(id, way, at + 1, Frame::Headers { end })?;
                if let Some(behind) = behind {
                    self.release(id, way, at, behind)?;
                }
            }
            Halt::Body { end } => {
                // The plugin may have added trailers.
                let trailers = end && self.with(id, |stream| !way.of(stream).trailers.is_empty());
                let end = end && !trailers;
                self.push(id, way, at + 1, Frame::Data { bytes: body, end })?;
                if trailers {
                    self.push(id, way, at + 1, Frame::Trailers)?;
                }
            }
            Halt::Trailers => {
                if !body.is_empty() {
                    let end = false;
                    self.push(id, way, at + 1, Frame::Data { bytes: body, end })?;
                }
                self.push(id, way, at + 1, Frame::Trailers)?;
            }
        }
        for frame in queue {
            self.push(id, way, at, frame)?;
        }
        Ok(())
    }

    /// What a callback left to do: a reply to send, a stream to reset.
    pub(super) fn interrupted(&self, id: u64, plugin: usize) -> Result<(), Stop> {
        self.with(id, |stream| {
            let view = &mut stream.views[plugin];
            if std::mem::take(&mut view.reset) {
                return Err(Stop::Reset);
            }
            view.local_reply
                .take()
                .map_or(Ok(()), |reply| Err(Stop::LocalReply(reply)))
        })
    }

    pub(super) fn with<T>(&self, id: u64, use_it: impl FnOnce(&mut Stream) -> T) -> T {
        let mut host = self.host.borrow_mut();
        let plugins = self.chain.len();
        use_it(
            host.streams
                .entry(id)
                .or_insert_with(|| Stream::new(plugins)),
        )
    }
}
