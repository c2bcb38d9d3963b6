//! One request and its reply: the order of callbacks, and what each may touch.

use super::admission::{Admission, admit};
use super::departure::{answer_headers, complete, is_grpc, is_head, to_client};
use super::{
    Callback, Cost, Direction, Guest, HeaderMap, LocalReply, SharedHost, Stream, Trap, Vm,
};
use crate::reply::{Reply, UpstreamReply, UpstreamRequest};
use crate::request::Request;

/// Calls into a guest, and notes what the call cost.
pub(crate) fn invoke<G: Guest>(
    host: &SharedHost,
    guest: &mut G,
    (vm, context): (Vm, u32),
    callback: Callback,
    arguments: &[u32],
    costs: &mut Vec<Cost>,
) -> Result<u32, Trap> {
    {
        let mut host = host.borrow_mut();
        host.phase = Some(callback);
        host.vm = vm;
        host.context = context;
        host.calls.clear();
    }
    let answer = guest.call(callback, context, arguments);
    let mut host = host.borrow_mut();
    host.phase = None;
    costs.push(Cost {
        callback: callback.export(),
        instructions: guest.instructions(),
        host_calls: std::mem::take(&mut host.calls),
    });
    answer
}

/// Why a stream does not go on.
enum Stop {
    Trap(Trap),
    LocalReply(LocalReply),
    Reset,
    Stuck,
}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

#[derive(Clone, Copy)]
enum Way {
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

/// One stream through the worker's VM.
pub(crate) struct Exchange<'a, G> {
    pub(crate) host: &'a SharedHost,
    pub(crate) guest: &'a mut G,
    pub(crate) root: u32,
    pub(crate) context: u32,
    pub(crate) costs: &'a mut Vec<Cost>,
    /// Whether the end of the request has come.
    pub(crate) request_ended: bool,
    /// Whether the response's headers have left the plugin.
    pub(crate) response_started: bool,
}

impl<G: Guest> Exchange<'_, G> {
    /// Runs it. A trap comes back beside the reply that the client gets all the same.
    pub(crate) fn run(
        mut self,
        request: &Request,
        upstream: &dyn Fn(&UpstreamRequest) -> UpstreamReply,
    ) -> (Reply, Option<Trap>) {
        let mut stream = Stream::default();
        let refusal;
        (stream.request.headers, refusal) = match admit(request) {
            Admission::Filters(headers) => (headers, None),
            Admission::Refused(headers, reply) => (headers, Some(reply)),
        };
        self.host.borrow_mut().streams.insert(self.context, stream);

        let mut seen = None;
        let refused = refusal.as_ref().map(|reply| reply.status);
        let created = self
            .call(Callback::ContextCreate, &[self.root])
            .map_err(Stop::Trap);
        let response = match (created, refusal) {
            (Ok(_), None) => self.proxied(request, upstream, &mut seen),
            (Ok(_), Some(reply)) => Ok(self.direct(reply, request)),
            (Err(stop), _) => Err(stop),
        };
        let response = match response {
            Ok(response) => Ok(response),
            Err(Stop::LocalReply(reply)) => self.local(reply, request),
            Err(Stop::Reset) => Ok((HeaderMap::default(), Vec::new())),
            Err(Stop::Stuck) => Ok(self.direct(LocalReply::bare(408), request)),
            Err(Stop::Trap(trap)) => Err(trap),
        };
        let (response, trap) = match response {
            Ok(response) => {
                let trap = self.finish().err();
                (response, trap)
            }
            Err(trap) => (
                LocalReply::bare(503).into_response(is_grpc(request)),
                Some(trap),
            ),
        };
        let (mut headers, body) = response;
        if headers.get(":status").is_some() {
            // Envoy ends a connection whose request it has not read to its end.
            let close = match refused {
                Some(status) => status == 400,
                None => seen.is_none() && !self.request_ended,
            };
            let date = self.host.borrow().clock.http_date();
            complete(
                &mut headers,
                &date,
                close,
                body.is_empty() && !is_head(request),
            );
        }
        let mut reply = to_client(&headers, body, is_head(request));
        reply.upstream = seen;
        (reply, trap)
    }

    fn proxied(
        &mut self,
        request: &Request,
        upstream: &dyn Fn(&UpstreamRequest) -> UpstreamReply,
        seen: &mut Option<UpstreamRequest>,
    ) -> Result<(HeaderMap, Vec<u8>), Stop> {
        let mut trailers = HeaderMap::default();
        for (name, value) in &request.trailers {
            trailers.add(name, value.clone());
        }
        let body = request.body.as_deref().unwrap_or_default();
        let sent = self.direction(Way::Request, body, trailers, false)?;
        let (mut headers, trailers) = self.with(|stream| {
            (
                stream.request.headers.clone(),
                stream.request.trailers.entries().to_vec(),
            )
        });
        let has_body = request.is_chunked() || !body.is_empty();
        if has_body && headers.get("content-length").is_none() {
            headers.add("transfer-encoding", "chunked");
        }
        let headers = headers.entries().to_vec();
        let upstream_request = UpstreamRequest {
            headers,
            body: sent,
            trailers,
        };
        let answer = upstream(&upstream_request);
        *seen = Some(upstream_request);

        let headers = answer_headers(&answer);
        self.with(|stream| stream.response.headers = headers);
        let body = if is_head(request) {
            &[][..]
        } else {
            &answer.body
        };
        match self.direction(Way::Response, body, HeaderMap::default(), false) {
            Ok(body) => Ok((self.with(|stream| stream.response.headers.clone()), body)),
            // The upstream's headers are here already: Envoy sends this one past the filters.
            Err(Stop::LocalReply(reply)) => Ok(self.direct(reply, request)),
            Err(stop) => Err(stop),
        }
    }

    /// A reply that goes past the response callbacks.
    fn direct(&mut self, reply: LocalReply, request: &Request) -> (HeaderMap, Vec<u8>) {
        let (headers, body) = reply.into_response(is_grpc(request));
        self.with(|stream| stream.response.headers = headers.clone());
        (headers, body)
    }

    /// Sends a local reply through the response callbacks.
    fn local(
        &mut self,
        reply: LocalReply,
        request: &Request,
    ) -> Result<(HeaderMap, Vec<u8>), Trap> {
        let (headers, body) = reply.into_response(is_grpc(request));
        self.with(|stream| stream.response.headers = headers);
        match self.direction(Way::Response, &body, HeaderMap::default(), true) {
            Ok(body) => Ok((self.with(|stream| stream.response.headers.clone()), body)),
            Err(Stop::Trap(trap)) => Err(trap),
            // A second reply, out of the first one's callbacks, takes its place.
            Err(Stop::LocalReply(second)) => Ok(self.direct(second, request)),
            Err(Stop::Reset) => Ok((HeaderMap::default(), Vec::new())),
            Err(Stop::Stuck) => Ok((self.with(|stream| stream.response.headers.clone()), body)),
        }
    }

    /// Takes one direction through its callbacks. Returns the body that goes on.
    fn direction(
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
        self.after(way, action)?;
        self.with(|stream| way.of(stream).headers_open = false);
        self.response_started = matches!(way, Way::Response);

        let mut gone_on = Vec::new();
        // HTTP/1: the bytes first, then the end, unless trailers or a local reply carry the end.
        let ends: &[bool] = match (headers_only, in_one_piece) {
            (true, _) => &[],
            (false, true) => &[true],
            (false, false) if has_trailers => &[false],
            (false, false) => &[false, true],
        };
        for (piece, end) in ends.iter().enumerate() {
            if matches!(way, Way::Request) {
                self.request_ended = *end;
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
                if action == CONTINUE || direction.resumed {
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

    /// The same, where a pause would wait for something that never comes.
    fn after(&mut self, way: Way, action: u32) -> Result<(), Stop> {
        self.interrupted()?;
        let resumed = self.with(|stream| std::mem::take(&mut way.of(stream).resumed));
        if action != CONTINUE && !resumed {
            self.host.borrow_mut().violation(&format!(
                "context {} paused, and nothing is left that could resume it",
                self.context
            ));
            return Err(Stop::Stuck);
        }
        Ok(())
    }

    /// The end of the stream: log, done, delete.
    fn finish(&mut self) -> Result<(), Trap> {
        self.with(|stream| {
            stream.request.close();
            stream.response.close();
            stream.logging = true;
        });
        self.call(Callback::Log, &[])?;
        self.with(|stream| stream.logging = false);
        let done = self.call(Callback::Done, &[])? != 0;
        // A context that is not done yet stays until it says so, or counts as leaked at the end.
        if done || self.with(|stream| stream.done) {
            self.call(Callback::Delete, &[])?;
            self.host.borrow_mut().streams.remove(&self.context);
        }
        Ok(())
    }

    fn call(&mut self, callback: Callback, arguments: &[u32]) -> Result<u32, Trap> {
        let place = (Vm::Worker, self.context);
        invoke(
            self.host, self.guest, place, callback, arguments, self.costs,
        )
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Stream) -> T) -> T {
        let mut host = self.host.borrow_mut();
        use_it(host.streams.entry(self.context).or_default())
    }
}

const CONTINUE: u32 = 0;

fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
