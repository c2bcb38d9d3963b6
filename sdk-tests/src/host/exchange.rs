//! One request and its reply.

use super::admission::{Admission, admit};
use super::departure::{answer_headers, complete, is_grpc, is_head, to_client};
use super::passage::{Stop, Way};
use super::{Callback, Cost, Guest, HeaderMap, LocalReply, SharedHost, Stream, Trap, Vm};
use crate::reply::{Reply, UpstreamReply, UpstreamRequest};
use crate::request::Request;

/// One stream through the worker's VM.
pub(crate) struct Exchange<'a, G> {
    pub(crate) host: &'a SharedHost,
    pub(crate) guest: &'a mut G,
    pub(crate) root: u32,
    pub(crate) context: u32,
    pub(crate) costs: &'a mut Vec<Cost>,
    /// Whether the client leaves when the plugin pauses.
    pub(crate) leaves: bool,
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
            Err(Stop::Hung(trap)) => {
                let reply = Reply {
                    upstream: seen,
                    ..Reply::default()
                };
                return (reply, Some(trap));
            }
        };
        let trailers = match (&response, &seen) {
            (Ok(_), Some(_)) => self.with(|stream| stream.response.trailers.clone()),
            _ => HeaderMap::default(),
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
        let trailers = match is_head(request) {
            true => Vec::new(),
            false => trailers.entries().to_vec(),
        };
        let mut reply = to_client(&headers, body, is_head(request));
        reply.upstream = seen;
        reply.trailers = trailers;
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
        let mut trailers = HeaderMap::default();
        for (name, value) in &answer.trailers {
            trailers.add(name, value.clone());
        }
        match self.direction(Way::Response, body, trailers, false) {
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
            Err(Stop::Trap(trap) | Stop::Hung(trap)) => Err(trap),
            // A second reply, out of the first one's callbacks, takes its place.
            Err(Stop::LocalReply(second)) => Ok(self.direct(second, request)),
            Err(Stop::Reset) => Ok((HeaderMap::default(), Vec::new())),
            Err(Stop::Stuck) => Ok((self.with(|stream| stream.response.headers.clone()), body)),
        }
    }

    /// The end of the stream: log, done, delete.
    fn finish(&mut self) -> Result<(), Trap> {
        self.with(|stream| {
            stream.request.close();
            stream.response.close();
            stream.logging = true;
        });
        let context = (Vm::Worker, self.context);
        self.call(Callback::Log, &[])?;
        self.with(|stream| stream.logging = false);
        let done = self.call(Callback::Done, &[])? != 0;
        self.host.borrow_mut().callouts.cancel(context);
        // A context that is not done yet stays until it says so, or counts as leaked at the end.
        if done || self.with(|stream| stream.done) {
            self.call(Callback::Delete, &[])?;
            self.host.borrow_mut().streams.remove(&self.context);
        }
        Ok(())
    }
}
