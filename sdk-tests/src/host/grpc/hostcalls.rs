//! What a plugin may do with calls and streams.

use std::time::Duration;

use super::arrivals::Content;
use super::departures::What;
use super::service::Service;
use super::{CALL, Grpc, KIND, Open, Root, STEP, STREAM, wire};
use crate::callout::Fault;
use crate::grpc::{GrpcEnd, GrpcServer};
use crate::host::{HeaderMap, Status};

/// What Envoy says of a cluster without endpoints.
const NO_ENDPOINTS: &str = "no healthy upstream";

/// What a plugin asks for: a call or a stream.
#[derive(Debug)]
pub(crate) struct Opening {
    /// The service argument: the name of a cluster, or a protobuf.
    pub(crate) service: Vec<u8>,
    /// `/service/method`.
    pub(crate) path: String,
    pub(crate) metadata: HeaderMap,
    /// A call's message and timeout; a stream has neither.
    pub(crate) call: Option<(Vec<u8>, Duration)>,
}

impl Opening {
    /// The cluster that the service argument names.
    pub(crate) fn cluster(&self) -> Option<String> {
        match Service::of(&self.service) {
            Service::Cluster(name) | Service::Parsed(name) => Some(name),
            Service::Unknown | Service::Nowhere => None,
        }
    }

    /// What is wrong with the service argument.
    pub(crate) fn warning(&self) -> Option<Warning> {
        let service = self.service.escape_ascii();
        match Service::of(&self.service) {
            Service::Cluster(_) | Service::Parsed(_) => None,
            Service::Unknown => Some(format!(
                "of the protobuf GrpcService \"{service}\" only a cluster's name is supported here"
            )),
            // "panic: unset oneof".
            Service::Nowhere => Some(format!(
                "the gRPC service \"{service}\" is a protobuf without a target: Envoy aborts over it"
            )),
        }
    }
}

/// What a plugin did in vain, or worse.
pub(crate) type Warning = String;

impl Grpc {
    /// Takes a call or a stream, and returns its token.
    ///
    /// # Errors
    ///
    /// `ParseFailure`: no such cluster. `InternalFailure`: the cluster has no endpoints, or a
    /// protobuf names one that is not there; then the plugin is told of the end of something whose
    /// token it never got.
    pub(crate) fn begin(
        &mut self,
        root: Root,
        caller: u32,
        opening: Opening,
        now: u64,
    ) -> Result<u32, Status> {
        let (cluster, must_be_there) = match Service::of(&opening.service) {
            Service::Cluster(name) => (name, true),
            Service::Parsed(name) => (name, false),
            Service::Unknown | Service::Nowhere => return Err(Status::ParseFailure),
        };
        let server = self.clusters.get(&cluster).cloned();
        if server.is_none() && must_be_there {
            return Err(Status::ParseFailure);
        }
        let token = self.next_token | if opening.call.is_some() { CALL } else { STREAM };
        self.next_token += STEP;
        let server = match server {
            Some(server) if Self::fault(&server) != Some(Fault::NoEndpoints) => server,
            server => {
                self.fail_at_once(root, token, server.is_some(), now);
                return Err(Status::InternalFailure);
            }
        };
        let timeout = opening.call.as_ref().map(|(_, timeout)| *timeout);
        let headers = wire::request(&cluster, &opening.path, &opening.metadata, timeout);
        self.open
            .insert(token, Open::new(root, caller, cluster, server));
        self.depart(token, What::Open(headers));
        if let Some((message, timeout)) = opening.call {
            self.depart(token, What::Message(message));
            self.depart(token, What::HalfClose);
            self.half_close(token);
            if !timeout.is_zero() {
                let over = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
                self.arrive(token, now.saturating_add(over), Content::Deadline);
            }
        }
        Ok(token)
    }

    /// Envoy calls back before the host call returns, with the metadata of a stream; here it comes
    /// right after. The SDK knows no such token.
    fn fail_at_once(&mut self, root: Root, token: u32, has_cluster: bool, now: u64) {
        if has_cluster && token & KIND == STREAM {
            self.arrive_for(root, token, now, Content::Initial(HeaderMap::default()));
            let trailers = wire::unavailable(NO_ENDPOINTS);
            self.arrive_for(root, token, now, Content::Trailing(trailers));
        }
        let message = match has_cluster {
            true => wire::message(NO_ENDPOINTS.as_bytes(), "no_healthy_upstream"),
            false => b"Cluster not available".to_vec(),
        };
        self.arrive_for(root, token, now, Content::Close { code: 14, message });
    }

    /// Takes a message for a stream, and perhaps the end of the client's half.
    ///
    /// # Errors
    ///
    /// `BadArgument`: not the token of a stream. `NotFound`: no such stream.
    pub(crate) fn send_message(
        &mut self,
        root: Root,
        token: u32,
        message: Vec<u8>,
        end: bool,
    ) -> Result<Option<Warning>, Status> {
        if token & KIND != STREAM {
            return Err(Status::BadArgument);
        }
        let open = self.find(root, token)?;
        if open.ended {
            let warning = format!("a message for {}, which the server has ended", open.name());
            return Ok(Some(warning));
        }
        if open.half_closed {
            let warning = format!("a message for {} after its half was closed", open.name());
            return Ok(Some(warning));
        }
        self.depart(token, What::Message(message));
        if end {
            self.depart(token, What::HalfClose);
            self.half_close(token);
        }
        Ok(None)
    }

    /// Ends the client's half of a stream. A call is cancelled by it.
    ///
    /// # Errors
    ///
    /// `BadArgument`: no token of gRPC. `NotFound`: no such call or stream.
    pub(crate) fn close(&mut self, root: Root, token: u32) -> Result<(), Status> {
        if token & KIND == CALL {
            return self.cancel_one(root, token);
        }
        Self::check_token(token)?;
        let open = self.find(root, token)?;
        open.given_up = true;
        let (half_closed, ended) = (open.half_closed, open.ended);
        if !half_closed && !ended {
            self.depart(token, What::HalfClose);
            self.half_close(token);
        }
        if ended {
            self.open.remove(&token);
        }
        Ok(())
    }

    /// Gives a call or stream up: no callback comes any more.
    ///
    /// # Errors
    ///
    /// `BadArgument`: no token of gRPC. `NotFound`: no such call or stream.
    pub(crate) fn cancel_one(&mut self, root: Root, token: u32) -> Result<(), Status> {
        Self::check_token(token)?;
        self.find(root, token)?;
        self.reset(token);
        Ok(())
    }

    fn check_token(token: u32) -> Result<(), Status> {
        match token & KIND {
            CALL | STREAM => Ok(()),
            _ => Err(Status::BadArgument),
        }
    }

    fn find(&mut self, root: Root, token: u32) -> Result<&mut Open, Status> {
        let open = self.open.get_mut(&token).filter(|open| open.root == root);
        open.ok_or(Status::NotFound)
    }

    fn half_close(&mut self, token: u32) {
        if let Some(open) = self.open.get_mut(&token) {
            open.half_closed = true;
        }
    }

    /// Forgets a call or stream; a server that has it sees it reset.
    pub(super) fn reset(&mut self, token: u32) {
        self.departures.retain(|departure| departure.token != token);
        self.arrivals.retain(|arrival| arrival.token != token);
        let Some(open) = self.open.remove(&token) else {
            return;
        };
        if let Some(seen) = open.seen.filter(|_| !open.ending) {
            self.seen[seen].request.end = Some(GrpcEnd::Reset);
        }
    }
}

impl Open {
    fn new(root: Root, caller: u32, cluster: String, server: GrpcServer) -> Self {
        Self {
            root,
            caller,
            cluster,
            server,
            seen: None,
            half_closed: false,
            given_up: false,
            answered: false,
            message: None,
            ending: false,
            ended: false,
        }
    }

    fn name(&self) -> String {
        format!("a gRPC stream to \"{}\"", self.cluster)
    }
}
