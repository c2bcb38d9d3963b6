//! External processing: a stream for each request, a message for each phase.

use std::pin::Pin;
use std::sync::Arc;

use envoy_types::pb::envoy::config::core::v3::HeaderValueOption;
use envoy_types::pb::envoy::service::ext_proc::v3::external_processor_server::ExternalProcessor;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_request::Request as Phase;
use envoy_types::pb::envoy::service::ext_proc::v3::processing_response::Response as Answer;
use envoy_types::pb::envoy::service::ext_proc::v3::{
    CommonResponse, HeaderMutation, HeadersResponse, HttpHeaders, ImmediateResponse,
    ProcessingRequest, ProcessingResponse,
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use crate::user::{self, User};

/// A stream outlives the call that begins it.
pub(crate) struct Processor(pub(crate) Arc<User>);

#[tonic::async_trait]
impl ExternalProcessor for Processor {
    type ProcessStream = Pin<Box<dyn Stream<Item = Result<ProcessingResponse, Status>> + Send>>;

    async fn process(
        &self,
        request: Request<Streaming<ProcessingRequest>>,
    ) -> Result<Response<Self::ProcessStream>, Status> {
        let user = Arc::clone(&self.0);
        let told = user.told(request.metadata());
        let answers = request
            .into_inner()
            .map(move |message| user.answer(message?, told.as_ref()));
        Ok(Response::new(Box::pin(answers)))
    }
}

impl User {
    fn answer(
        &self,
        message: ProcessingRequest,
        told: Option<&HeaderValueOption>,
    ) -> Result<ProcessingResponse, Status> {
        let response = match message.request {
            Some(Phase::RequestHeaders(headers)) => self.decide(&headers, told),
            // A filter may ask, to see what a second phase costs.
            Some(Phase::ResponseHeaders(_)) => Answer::ResponseHeaders(HeadersResponse::default()),
            _ => return Err(Status::invalid_argument("headers only")),
        };
        Ok(ProcessingResponse {
            response: Some(response),
            ..ProcessingResponse::default()
        })
    }

    fn decide(&self, headers: &HttpHeaders, told: Option<&HeaderValueOption>) -> Answer {
        let headers = headers.headers.iter().flat_map(|map| &map.headers);
        let given = headers
            .filter(|header| header.key == "authorization")
            .map(|header| &*header.raw_value);
        if !self.is_right(given) {
            return Answer::ImmediateResponse(ImmediateResponse {
                status: Some(user::unauthorized()),
                headers: Some(set(user::challenge())),
                ..ImmediateResponse::default()
            });
        }
        Answer::RequestHeaders(HeadersResponse {
            response: told.cloned().map(|header| CommonResponse {
                header_mutation: Some(set(header)),
                ..CommonResponse::default()
            }),
        })
    }
}

/// Envoy takes the bytes of a value here; from `ext_authz` it takes text.
fn set(mut header: HeaderValueOption) -> HeaderMutation {
    if let Some(header) = &mut header.header {
        header.raw_value = std::mem::take(&mut header.value).into_bytes();
    }
    HeaderMutation {
        set_headers: vec![header],
        ..HeaderMutation::default()
    }
}
