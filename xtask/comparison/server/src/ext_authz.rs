//! External authorization: a call for each request.

use envoy_types::pb::envoy::service::auth::v3::authorization_server::Authorization;
use envoy_types::pb::envoy::service::auth::v3::check_response::HttpResponse;
use envoy_types::pb::envoy::service::auth::v3::{
    CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse,
};
use envoy_types::pb::google::rpc;
use tonic::{Code, Request, Response, Status};

use crate::user::{self, User};

#[tonic::async_trait]
impl Authorization for User {
    async fn check(
        &self,
        request: Request<CheckRequest>,
    ) -> Result<Response<CheckResponse>, Status> {
        let told = self.told(request.metadata());
        let attributes = request.into_inner().attributes.unwrap_or_default();
        let http = attributes.request.unwrap_or_default().http;
        // Several are joined to one, which is then a wrong one.
        let given = http
            .as_ref()
            .and_then(|http| http.headers.get("authorization"));
        let (code, answer) = if self.is_right(given.iter().map(|value| value.as_bytes())) {
            let headers = told.into_iter().collect();
            let ok = OkHttpResponse {
                headers,
                ..OkHttpResponse::default()
            };
            (Code::Ok, HttpResponse::OkResponse(ok))
        } else {
            let denied = DeniedHttpResponse {
                status: Some(user::unauthorized()),
                headers: vec![user::challenge()],
                ..DeniedHttpResponse::default()
            };
            (Code::Unauthenticated, HttpResponse::DeniedResponse(denied))
        };
        Ok(Response::new(CheckResponse {
            status: Some(rpc::Status {
                code: code.into(),
                ..rpc::Status::default()
            }),
            http_response: Some(answer),
            ..CheckResponse::default()
        }))
    }
}
