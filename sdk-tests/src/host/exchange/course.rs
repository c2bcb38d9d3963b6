//! What happens to a request and its reply, step by step.

use crate::host::admission::{Admission, admit};
use crate::host::callout_messages::is_bodiless_method;
use crate::host::departure::{answer_headers, is_grpc, is_head};
use crate::host::frames::{Frame, answer_frames, request_frames};
use crate::host::mock::Mock;
use crate::host::passage::Way;
use crate::host::{Engine, HeaderMap, LocalReply, Stream, StreamInfo};
use crate::reply::{UpstreamReply, UpstreamRequest};
use crate::request::Request;

use super::{Exchange, Origin, Stop};

impl<E: Engine> Mock<E> {
    /// Starts a stream: all of the request comes at once.
    pub(in crate::host) fn begin(&mut self, request: &Request) -> u64 {
        let (id, worker) = (self.next_stream, request.worker);
        assert!(
            worker < self.workers,
            "there is no worker {worker}: see `Proxy::workers`"
        );
        self.next_stream += 1;
        self.revive(worker);
        let plugins = self.chain.iter().map(|deployed| &deployed.plugin);
        let plugins: Vec<_> = plugins.map(|plugin| plugin.holds_headers_alone).collect();
        let mut exchange = Exchange::new(request, worker, &plugins);
        let mut stream = Stream::new(plugins.len());
        let refusal;
        (stream.request.headers, refusal) = match admit(request) {
            Admission::Filters(headers) => (headers, None),
            Admission::Refused(headers, reply) => (headers, Some(reply)),
        };
        for (name, value) in &request.trailers {
            stream.request.trailers.add(name, value.clone());
        }
        exchange.refused = refusal.as_ref().map(|reply| reply.status);
        {
            let mut host = self.host.borrow_mut();
            host.connections += 1;
            stream.info = StreamInfo::begin(host.connections, host.clock.now());
            if let Some(reply) = &refusal {
                stream.info.refused(&reply.details);
            }
            host.streams.insert(id, stream);
        }
        self.exchanges.insert(id, exchange);
        match refusal {
            Some(reply) => self.answer_past_the_plugins(id, reply),
            None => self.feed(id, request),
        }
        id
    }

    fn feed(&mut self, id: u64, request: &Request) {
        for frame in request_frames(request) {
            let Some(exchange) = self.running_exchange(id) else {
                return;
            };
            // Nobody reads what comes after a local reply.
            if exchange.response.is_some() {
                return;
            }
            exchange.request_ended |= frame.is_end();
            if let Frame::Data { bytes, .. } = &frame {
                self.with(id, |stream| {
                    stream.info.bytes_received += bytes.len() as u64
                });
            }
            self.step(id, Way::Request, frame);
        }
    }

    /// Takes a part of a message into the chain, and what comes of it.
    fn step(&mut self, id: u64, way: Way, frame: Frame) {
        let stopped = self.push(id, way, 0, frame);
        self.heed(id, stopped);
    }

    /// Does what stopped a message.
    pub(in crate::host) fn heed(&mut self, id: u64, stopped: Result<(), Stop>) {
        let Some(exchange) = self.running_exchange(id) else {
            return;
        };
        match stopped {
            Ok(()) => {}
            Err(Stop::Reset) => self.reset(id, "wasm_close_stream"),
            Err(Stop::LocalReply(reply)) if exchange.response_started => {
                // It is too late for another reply.
                self.reset(id, &reply.details);
            }
            Err(Stop::LocalReply(reply)) if exchange.response.is_some() => {
                // There is a response already: Envoy sends this one past the filters.
                self.answer_past_the_plugins(id, reply);
            }
            Err(Stop::LocalReply(reply)) => self.answer_locally(id, reply),
        }
    }

    /// Ends a stream that has no end.
    pub(in crate::host) fn reset(&mut self, id: u64, details: &str) {
        self.with(id, |stream| stream.info.reset(details));
        self.finish_exchange(id, true);
    }

    /// Takes a local reply for the response. Returns its body.
    fn reply(&self, id: u64, reply: LocalReply, to_grpc_client: bool) -> Vec<u8> {
        let details = reply.details.clone();
        let (headers, body) = reply.into_response(to_grpc_client);
        self.with(id, |stream| {
            stream.info.replied_locally(&headers, &details);
            stream.response.headers = headers;
        });
        body
    }

    /// Sends a local reply through the response callbacks.
    fn answer_locally(&mut self, id: u64, reply: LocalReply) {
        let Some(exchange) = self.running_exchange(id) else {
            return;
        };
        exchange.response = Some(Origin::Local);
        let to_grpc_client = is_grpc(&exchange.request);
        let to_head = is_head(&exchange.request);
        let body = self.reply(id, reply, to_grpc_client);
        let end = body.is_empty() || to_head;
        self.step(id, Way::Response, Frame::Headers { end });
        if !end {
            self.step(
                id,
                Way::Response,
                Frame::Data {
                    bytes: body,
                    end: true,
                },
            );
        }
    }

    /// Sends a reply that no plugin sees, and ends the stream.
    pub(in crate::host) fn answer_past_the_plugins(&mut self, id: u64, reply: LocalReply) {
        let Some(exchange) = self.running_exchange(id) else {
            return;
        };
        exchange.response = Some(Origin::Local);
        let to_grpc_client = is_grpc(&exchange.request);
        let body = self.reply(id, reply, to_grpc_client);
        self.with(id, |stream| {
            stream.info.bytes_sent += body.len() as u64;
            stream.response.trailers = HeaderMap::default();
        });
        if let Some(exchange) = self.running_exchange(id) {
            exchange.response_is_empty = body.is_empty();
            exchange.received = body;
        }
        self.finish_exchange(id, false);
    }

    /// What has passed the last plugin.
    pub(in crate::host) fn arrive(&mut self, id: u64, way: Way, frame: Frame) {
        let now = self.host.borrow().clock.now();
        self.with(id, |stream| match (way, &frame) {
            (Way::Request, Frame::Headers { .. }) => stream.info.routed(now),
            (Way::Response, Frame::Data { bytes, .. }) => {
                stream.info.bytes_sent += bytes.len() as u64;
            }
            _ => {}
        });
        if matches!(frame, Frame::Headers { .. })
            && let Some(reply) = self.unsendable(id, way)
        {
            match way {
                Way::Request => self.heed(id, Err(Stop::LocalReply(reply))),
                Way::Response => self.answer_past_the_plugins(id, reply),
            }
            return;
        }
        let Some(exchange) = self.running_exchange(id) else {
            return;
        };
        let end = frame.is_end();
        match (way, frame) {
            (Way::Request, Frame::Data { bytes, .. }) => exchange.sent.extend_from_slice(&bytes),
            (Way::Request, _) => {}
            (Way::Response, Frame::Headers { end }) => {
                exchange.response_started = true;
                exchange.response_is_empty = end;
            }
            (Way::Response, Frame::Data { bytes, .. }) => {
                exchange.received.extend_from_slice(&bytes);
            }
            (Way::Response, Frame::Trailers) => {}
        }
        match way {
            Way::Request if end => self.reach_the_upstream(id),
            Way::Response if end => self.finish_exchange(id, false),
            _ => {}
        }
    }

    /// What the router says to headers that it cannot send on.
    fn unsendable(&self, id: u64, way: Way) -> Option<LocalReply> {
        let missing = |map: &HeaderMap, name| map.get(name).is_none_or(<[u8]>::is_empty);
        self.with(id, |stream| {
            let (request, response) = (&stream.request.headers, &stream.response.headers);
            match way {
                // No route can match them.
                Way::Request if missing(request, ":path") => Some(LocalReply::bare(404)),
                Way::Request if missing(request, "x-forwarded-proto") => {
                    Some(LocalReply::bare(404))
                }
                Way::Response if !has_status(response) => Some(LocalReply::missing(502, ":status")),
                _ => None,
            }
        })
    }

    fn reach_the_upstream(&mut self, id: u64) {
        let (mut headers, trailers) = self.with(id, |stream| {
            (
                stream.request.headers.clone(),
                stream.request.trailers.entries().to_vec(),
            )
        });
        if headers.get(":method").is_none() {
            let reply = LocalReply::missing(503, ":method");
            return self.heed(id, Err(Stop::LocalReply(reply)));
        }
        let Some(exchange) = self.exchanges.get_mut(&id) else {
            return;
        };
        headers.keep_known_pseudo_headers();
        if headers.get("content-length").is_none() {
            let bodiless = headers.get(":method").is_some_and(is_bodiless_method);
            match exchange.request.has_body() {
                true => headers.add("transfer-encoding", "chunked"),
                false if bodiless => {}
                false => headers.add("content-length", "0"),
            }
        }
        let request = UpstreamRequest {
            headers: headers.entries().to_vec(),
            body: std::mem::take(&mut exchange.sent),
            trailers,
        };
        let answer = match &self.upstream {
            Some(answer) => answer.clone(),
            None => UpstreamReply::echo(&request),
        };
        let due = self.host.borrow().clock.after(answer.delay);
        exchange.answer = Some((due, answer));
        exchange.seen = Some(request);
    }

    /// The upstream's answer comes.
    pub(in crate::host) fn answer_from_the_upstream(&mut self, id: u64) {
        let Some(exchange) = self.running_exchange(id) else {
            return;
        };
        let Some((_, answer)) = exchange.answer.take() else {
            return;
        };
        exchange.response = Some(Origin::Upstream);
        let frames = answer_frames(&answer, is_head(&exchange.request));
        let now = self.host.borrow().clock.now();
        self.with(id, |stream| {
            stream.info.answered(u32::from(answer.status));
            stream.response.headers = answer_headers(&answer);
            for (name, value) in &answer.trailers {
                stream.response.trailers.add(name, value.clone());
            }
        });
        for frame in frames {
            if frame.is_end() {
                self.with(id, |stream| stream.info.upstream_ended(now));
            }
            let still = self
                .running_exchange(id)
                .is_some_and(|exchange| exchange.response == Some(Origin::Upstream));
            if still {
                self.step(id, Way::Response, frame);
            }
        }
    }

    /// The exchange, unless it is over.
    pub(in crate::host) fn running_exchange(&mut self, id: u64) -> Option<&mut Exchange> {
        let exchange = self.exchanges.get_mut(&id)?;
        exchange.reply.is_none().then_some(exchange)
    }
}

/// Whether a response has a status that is a number.
fn has_status(headers: &HeaderMap) -> bool {
    let status = headers.get(":status").map(String::from_utf8_lossy);
    status.is_some_and(|status| status.parse::<u64>().is_ok())
}
