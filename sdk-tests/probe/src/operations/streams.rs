//! What becomes of a stream, and what it calls.

use super::{Call, bytes_status, status, word_status};
use crate::abi;
use crate::results::{BytesOut, NumberOut};

impl Call<'_> {
    pub(super) unsafe fn streams(mut self, operation: &str) -> Result<String, Self> {
        let anywhere = self.anywhere;
        let arguments = &mut self.arguments;
        let (mut out, mut token) = (BytesOut::new(), NumberOut::word());
        Ok(match operation {
            "continue_stream" => status(unsafe { abi::proxy_continue_stream(arguments.word()) }),
            "close_stream" => status(unsafe { abi::proxy_close_stream(arguments.word()) }),
            "send_local_response" => {
                let (code, details, body) =
                    (arguments.word(), arguments.bytes(), arguments.bytes());
                let (headers, grpc_status) = (arguments.bytes(), arguments.word());
                status(unsafe {
                    abi::proxy_send_local_response(
                        code,
                        details.address(),
                        details.len(),
                        body.address(),
                        body.len(),
                        headers.address(),
                        headers.len(),
                        grpc_status.cast_signed(),
                    )
                })
            }
            "http_call" => {
                let (cluster, headers) = (arguments.bytes(), arguments.bytes());
                let (body, trailers) = (arguments.bytes(), arguments.bytes());
                let timeout = arguments.word();
                let code = unsafe {
                    abi::proxy_http_call(
                        cluster.address(),
                        cluster.len(),
                        headers.address(),
                        headers.len(),
                        body.address(),
                        body.len(),
                        trailers.address(),
                        trailers.len(),
                        timeout,
                        token.place(anywhere),
                    )
                };
                self.token(code, &token)
            }
            "set_effective_context" => {
                status(unsafe { abi::proxy_set_effective_context(arguments.word()) })
            }
            "call_foreign_function" => {
                let (name, data) = (arguments.bytes(), arguments.bytes());
                let (to, size) = out.places(anywhere);
                let code = unsafe {
                    abi::proxy_call_foreign_function(
                        name.address(),
                        name.len(),
                        data.address(),
                        data.len(),
                        to,
                        size,
                    )
                };
                bytes_status(code, out)
            }
            "done" => status(unsafe { abi::proxy_done() }),
            "get_status" => {
                let (to, size) = out.places(anywhere);
                let code = unsafe { abi::proxy_get_status(token.place(anywhere), to, size) };
                format!("{} {}", word_status(code, &token), out.show())
            }
            _ => return Err(self),
        })
    }
}
