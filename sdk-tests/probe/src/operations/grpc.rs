//! gRPC calls and streams.

use super::{Call, status};
use crate::abi;
use crate::results::NumberOut;

impl Call<'_> {
    pub(super) unsafe fn grpc(mut self, operation: &str) -> Result<String, Self> {
        let anywhere = self.anywhere;
        let arguments = &mut self.arguments;
        let mut token = NumberOut::word();
        Ok(match operation {
            "grpc_call" | "grpc_stream" => {
                let (service, name) = (arguments.bytes(), arguments.bytes());
                let (method, metadata) = (arguments.bytes(), arguments.bytes());
                let code = if operation == "grpc_stream" {
                    unsafe {
                        abi::proxy_grpc_stream(
                            service.address(),
                            service.len(),
                            name.address(),
                            name.len(),
                            method.address(),
                            method.len(),
                            metadata.address(),
                            metadata.len(),
                            token.place(anywhere),
                        )
                    }
                } else {
                    let (message, timeout) = (arguments.bytes(), arguments.word());
                    unsafe {
                        abi::proxy_grpc_call(
                            service.address(),
                            service.len(),
                            name.address(),
                            name.len(),
                            method.address(),
                            method.len(),
                            metadata.address(),
                            metadata.len(),
                            message.address(),
                            message.len(),
                            timeout,
                            token.place(anywhere),
                        )
                    }
                };
                self.token(code, &token)
            }
            "grpc_send" => {
                let (token, message) = (arguments.word(), arguments.bytes());
                let end = arguments.word() != 0;
                status(unsafe {
                    abi::proxy_grpc_send(token, message.address(), message.len(), end)
                })
            }
            "grpc_cancel" => status(unsafe { abi::proxy_grpc_cancel(arguments.word()) }),
            "grpc_close" => status(unsafe { abi::proxy_grpc_close(arguments.word()) }),
            _ => return Err(self),
        })
    }
}
