//! One direction of a stream: the order of callbacks, what each may touch, and what a pause waits
//! for.

use super::deliveries::{MOST_ANSWERS, deliver, invoke};
use super::exchange::Exchange;
use super::{Callback, Direction, Guest, HeaderMap, LocalReply, Stream, Trap, Vm};

/// Why a stream does not go on.
pub(super) enum Stop {
    Trap(Trap),
    LocalReply(LocalReply),
    Reset,
    Stuck,
    /// The plugin died, and no reply comes.
    Hung(Trap),
}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

#[derive(Clone, Copy)]
pub(super) enum Way {
    Request,
    Response,
}

impl Way {
    fn of(self, stream: &mut Stream) -> &mut Direction {
        match self {
            Self::Request => &mut stream.request,
            Self::Response => &mut stream.response,
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

impl<G: Guest> Exchange<'_, G> {
    /// Takes one direction through its callbacks. Returns the body that goes on.
    pub(super) fn direction(
        &mut self,
        way: Way,
        body: &[u8],
        trailers: HeaderMap,
        in_one_piece: bool,
    ) -> Result<Vec<u8>, Stop> {
        let [on_headers, on_body, on_trailers] = way.callbacks();
        let has_trailers = !trailers.is_empty();
        let headers_only = body.is_empty() && !has_trailers;

        if matches!(way, Way::Request) {
            self.request_ended = headers_only;
        }
        let count = self.with(|stream| {
            let direction = way.of(stream);
            direction.headers_open = true;
            direction.headers.len()
        });
        let action = self.call(on_headers, &[size(count), u32::from(headers_only)])?;
        let held_back = self.after(way, action)?;
        self.with(|stream| way.of(stream).headers_open = false);
        self.response_started = matches!(way, Way::Response);

        let mut gone_on = Vec::new();
        // HTTP/1: the bytes first, then the end, unless trailers or a local reply carry the end.
        // What came while the headers were held back is one piece as well.
        let ends: &[bool] = match (headers_only, in_one_piece || held_back) {
            (true, _) => &[],
            (false, _) if has_trailers => &[false],
            (false, true) => &[true],
            (false, false) => &[false, true],
        };
        for (piece, end) in ends.iter().enumerate() {
            if matches!(way, Way::Request) {
                self.request_ended |= *end;
            }
            let length = self.with(|stream| {
                let direction = way.of(stream);
                if piece == 0 {
                    direction.body.extend_from_slice(body);
                }
                direction.body_open = true;
                direction.body.len()
            });
            let action = self.call(on_body, &[size(length), u32::from(*end)])?;
            if *end {
                self.after(way, action)?;
            } else {
                self.interrupted()?;
            }
            self.with(|stream| {
                let direction = way.of(stream);
                direction.body_open = false;
                // At the end a pause is over by now.
                if *end || action == CONTINUE || direction.resumed {
                    gone_on.append(&mut direction.body);
                }
                direction.resumed = false;
            });
        }
        if has_trailers {
            self.request_ended |= matches!(way, Way::Request);
            let count = self.with(|stream| {
                let direction = way.of(stream);
                direction.trailers = trailers;
                direction.trailers_open = true;
                direction.trailers.len()
            });
            let action = self.call(on_trailers, &[size(count)])?;
            self.after(way, action)?;
            self.with(|stream| {
                let direction = way.of(stream);
                direction.trailers_open = false;
                gone_on.append(&mut direction.body);
            });
        }
        Ok(gone_on)
    }

    /// What a callback left to do: a reply to send, a stream to reset.
    fn interrupted(&mut self) -> Result<(), Stop> {
        let headers_gone = self.response_started;
        self.with(|stream| {
            if stream.reset {
                return Err(Stop::Reset);
            }
            stream
                .local_reply
                .take()
                .map_or(Ok(()), |reply| match headers_gone {
                    // It is too late for another reply.
                    true => Err(Stop::Reset),
                    false => Err(Stop::LocalReply(reply)),
                })
        })
    }

    /// The same, where a pause waits for callouts. Returns whether it did.
    fn after(&mut self, way: Way, action: u32) -> Result<bool, Stop> {
        self.interrupted()?;
        if action == CONTINUE || self.resumed(way) {
            return Ok(false);
        }
        // The rest of the request arrives meanwhile.
        self.request_ended = true;
        if self.leaves {
            return Err(Stop::Reset);
        }
        for _ in 0..MOST_ANSWERS {
            let next = (self.host.borrow_mut().callouts).take_next(|vm| vm == Vm::Worker);
            let Some(next) = next else { break };
            let delivered = deliver(self.host, self.guest, next, self.costs);
            delivered.map_err(|trap| self.hung(trap))?;
            self.interrupted()?;
            if self.resumed(way) {
                return Ok(true);
            }
        }
        Err(self.stuck())
    }

    fn resumed(&self, way: Way) -> bool {
        self.with(|stream| std::mem::take(&mut way.of(stream).resumed))
    }

    /// The cluster of a callout of this stream that is on its way.
    fn unanswered(&self) -> Option<String> {
        let host = self.host.borrow();
        let mut pending = host.callouts.pending().iter();
        pending
            .find(|pending| (pending.origin.vm, pending.origin.owner) == (Vm::Worker, self.context))
            .map(|pending| pending.cluster.clone())
    }

    /// A plugin that dies over an answer leaves its streams as they are: nobody ends them.
    fn hung(&self, trap: Trap) -> Stop {
        let violation = format!("context {} waits for a plugin that is dead", self.context);
        self.host.borrow_mut().violation(&violation);
        Stop::Hung(trap)
    }

    /// Nothing will end the pause.
    fn stuck(&self) -> Stop {
        let why = match self.unanswered() {
            Some(cluster) => format!("unanswered callout to \"{cluster}\""),
            None => "nothing is left that could resume it".to_owned(),
        };
        let violation = format!("context {} paused, and {why}", self.context);
        self.host.borrow_mut().violation(&violation);
        Stop::Stuck
    }

    pub(super) fn call(&mut self, callback: Callback, arguments: &[u32]) -> Result<u32, Trap> {
        let place = (Vm::Worker, self.context);
        invoke(
            self.host, self.guest, place, callback, arguments, self.costs,
        )
    }

    pub(super) fn with<T>(&self, use_it: impl FnOnce(&mut Stream) -> T) -> T {
        let mut host = self.host.borrow_mut();
        use_it(host.streams.entry(self.context).or_default())
    }
}

const CONTINUE: u32 = 0;

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
