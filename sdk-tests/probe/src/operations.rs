//! The operations of a script: one for each host function, by its name without `proxy_`.
//!
//! A name with an `@` behind it gives the host an address outside the memory for its results.

use std::collections::BTreeMap;

use crate::abi;
use crate::arguments::Arguments;
use crate::results::{BytesOut, NumberOut, show_number};
use crate::script::Step;

/// What came of the operations so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    /// Numbers that later steps may use.
    pub(crate) names: BTreeMap<&'static str, u32>,
    /// The tokens of the calls that are on their way.
    pub(crate) tokens: Vec<u32>,
}

/// Does what a step says. Returns the status and the results, as the log shows them.
pub(crate) fn run(step: &Step, case: &str, results: &mut Results) -> String {
    let (operation, anywhere) = match step.operation.strip_suffix('@') {
        Some(operation) => (operation, false),
        None => (step.operation.as_str(), true),
    };
    let known = results.names.clone();
    let arguments = Arguments::new(&step.arguments, case, &known);
    let call = Call {
        arguments,
        results,
        anywhere,
    };
    // SAFETY: addresses and lengths are those of slices and variables, or such that a host must
    // refuse them.
    unsafe {
        call.maps(operation)
            .or_else(|call| call.values(operation))
            .or_else(|call| call.streams(operation))
            .or_else(|call| call.queues(operation))
            .or_else(|call| call.grpc(operation))
    }
    .unwrap_or_else(|_| "no such operation".to_owned())
}

struct Call<'a> {
    arguments: Arguments<'a>,
    results: &'a mut Results,
    /// Whether the host is told where to write.
    anywhere: bool,
}

fn status(status: abi::Status) -> String {
    status.to_string()
}

fn bytes_status(status: abi::Status, bytes: BytesOut) -> String {
    format!("{status} {}", bytes.show())
}

fn word_status(status: abi::Status, word: &NumberOut<u32>) -> String {
    format!("{status} {}", show_number(word.touched()))
}

impl Call<'_> {
    unsafe fn maps(mut self, operation: &str) -> Result<String, Self> {
        let anywhere = self.anywhere;
        let arguments = &mut self.arguments;
        let kind = |arguments: &mut Arguments<'_>| arguments.word();
        let mut out = BytesOut::new();
        Ok(match operation {
            "get_header_map_pairs" => {
                let (to, size) = out.places(anywhere);
                let code = unsafe { abi::proxy_get_header_map_pairs(kind(arguments), to, size) };
                format!("{code} {}", out.show_map())
            }
            "set_header_map_pairs" => {
                let (kind, pairs) = (kind(arguments), arguments.bytes());
                status(unsafe {
                    abi::proxy_set_header_map_pairs(kind, pairs.address(), pairs.len())
                })
            }
            "get_header_map_size" => {
                let mut size = NumberOut::word();
                let code = unsafe {
                    abi::proxy_get_header_map_size(kind(arguments), size.place(anywhere))
                };
                word_status(code, &size)
            }
            "get_header_map_value" => {
                let (kind, name) = (kind(arguments), arguments.bytes());
                let (to, size) = out.places(anywhere);
                let code = unsafe {
                    abi::proxy_get_header_map_value(kind, name.address(), name.len(), to, size)
                };
                bytes_status(code, out)
            }
            "remove_header_map_value" => {
                let (kind, name) = (kind(arguments), arguments.bytes());
                status(unsafe {
                    abi::proxy_remove_header_map_value(kind, name.address(), name.len())
                })
            }
            "replace_header_map_value" | "add_header_map_value" => {
                let (kind, name, value) = (kind(arguments), arguments.bytes(), arguments.bytes());
                let change = match operation {
                    "add_header_map_value" => abi::proxy_add_header_map_value,
                    _ => abi::proxy_replace_header_map_value,
                };
                status(unsafe {
                    change(
                        kind,
                        name.address(),
                        name.len(),
                        value.address(),
                        value.len(),
                    )
                })
            }
            "get_buffer_bytes" => {
                let (kind, start, length) = (kind(arguments), arguments.size(), arguments.size());
                let (to, size) = out.places(anywhere);
                let code = unsafe { abi::proxy_get_buffer_bytes(kind, start, length, to, size) };
                bytes_status(code, out)
            }
            "get_buffer_status" => {
                let (mut size, mut flags) = (NumberOut::word(), NumberOut::word());
                let (size_to, flags_to) = (size.place(anywhere), flags.place(anywhere));
                let code =
                    unsafe { abi::proxy_get_buffer_status(kind(arguments), size_to, flags_to) };
                format!(
                    "{} {}",
                    word_status(code, &size),
                    show_number(flags.touched())
                )
            }
            "set_buffer_bytes" => {
                let (kind, start, length) = (kind(arguments), arguments.size(), arguments.size());
                let data = arguments.bytes();
                status(unsafe {
                    abi::proxy_set_buffer_bytes(kind, start, length, data.address(), data.len())
                })
            }
            _ => return Err(self),
        })
    }

    unsafe fn values(mut self, operation: &str) -> Result<String, Self> {
        let anywhere = self.anywhere;
        let arguments = &mut self.arguments;
        let (mut out, mut word) = (BytesOut::new(), NumberOut::word());
        Ok(match operation {
            "log" => {
                let (level, text) = (arguments.word(), arguments.bytes());
                status(unsafe { abi::proxy_log(level, text.address(), text.len()) })
            }
            "get_log_level" => {
                let code = unsafe { abi::proxy_get_log_level(word.place(anywhere)) };
                word_status(code, &word)
            }
            "get_current_time_nanoseconds" => {
                let mut time = NumberOut::long();
                let code = unsafe { abi::proxy_get_current_time_nanoseconds(time.place(anywhere)) };
                let after_2025 = time.touched().map(|time| time > 1_735_689_600_000_000_000);
                format!("{code} after 2025: {}", show_number(after_2025))
            }
            "set_tick_period_milliseconds" => {
                status(unsafe { abi::proxy_set_tick_period_milliseconds(arguments.word()) })
            }
            "get_property" => {
                let path = arguments.bytes();
                let (to, size) = out.places(anywhere);
                let code = unsafe { abi::proxy_get_property(path.address(), path.len(), to, size) };
                format!("{code} {}", out.show_property())
            }
            "set_property" => {
                let (path, value) = (arguments.bytes(), arguments.bytes());
                status(unsafe {
                    abi::proxy_set_property(
                        path.address(),
                        path.len(),
                        value.address(),
                        value.len(),
                    )
                })
            }
            "get_shared_data" => {
                let key = arguments.bytes();
                let (to, size) = out.places(anywhere);
                let code = unsafe {
                    let cas = word.place(anywhere);
                    abi::proxy_get_shared_data(key.address(), key.len(), to, size, cas)
                };
                let cas = word.touched();
                self.results.names.insert("cas", cas.unwrap_or_default());
                let shown = match cas {
                    None => "no cas",
                    Some(0) => "cas 0",
                    Some(_) => "cas",
                };
                format!("{} {shown}", bytes_status(code, out))
            }
            "set_shared_data" => {
                let (key, value, cas) = (arguments.bytes(), arguments.bytes(), arguments.word());
                status(unsafe {
                    abi::proxy_set_shared_data(
                        key.address(),
                        key.len(),
                        value.address(),
                        value.len(),
                        cas,
                    )
                })
            }
            "define_metric" => {
                let (kind, name) = (arguments.word(), arguments.bytes());
                let code = unsafe {
                    let id = word.place(anywhere);
                    abi::proxy_define_metric(kind, name.address(), name.len(), id)
                };
                // The number itself depends on what else was defined; its kind does not.
                let id = word.touched();
                self.results.names.insert("metric", id.unwrap_or_default());
                format!("{code} kind {}", show_number(id.map(|id| id & 3)))
            }
            "get_metric" => {
                let mut value = NumberOut::long();
                let code =
                    unsafe { abi::proxy_get_metric(arguments.word(), value.place(anywhere)) };
                format!("{code} {}", show_number(value.touched()))
            }
            "record_metric" => {
                let (id, value) = (arguments.word(), arguments.number());
                status(unsafe { abi::proxy_record_metric(id, value.cast_unsigned()) })
            }
            "increment_metric" => {
                let (id, offset) = (arguments.word(), arguments.number());
                status(unsafe { abi::proxy_increment_metric(id, offset) })
            }
            _ => return Err(self),
        })
    }

    unsafe fn streams(mut self, operation: &str) -> Result<String, Self> {
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

    unsafe fn queues(mut self, operation: &str) -> Result<String, Self> {
        let anywhere = self.anywhere;
        let arguments = &mut self.arguments;
        let (mut out, mut id) = (BytesOut::new(), NumberOut::word());
        Ok(match operation {
            "register_shared_queue" => {
                let name = arguments.bytes();
                let code = unsafe {
                    abi::proxy_register_shared_queue(name.address(), name.len(), id.place(anywhere))
                };
                self.queue(code, &id)
            }
            "resolve_shared_queue" => {
                let (vm, name) = (arguments.bytes(), arguments.bytes());
                let code = unsafe {
                    abi::proxy_resolve_shared_queue(
                        vm.address(),
                        vm.len(),
                        name.address(),
                        name.len(),
                        id.place(anywhere),
                    )
                };
                self.queue(code, &id)
            }
            "dequeue_shared_queue" => {
                let (to, size) = out.places(anywhere);
                let code = unsafe { abi::proxy_dequeue_shared_queue(arguments.word(), to, size) };
                bytes_status(code, out)
            }
            "enqueue_shared_queue" => {
                let (id, data) = (arguments.word(), arguments.bytes());
                status(unsafe { abi::proxy_enqueue_shared_queue(id, data.address(), data.len()) })
            }
            _ => return Err(self),
        })
    }

    unsafe fn grpc(mut self, operation: &str) -> Result<String, Self> {
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

    /// Tokens are not dense, and start anywhere: the log says only that there is one.
    fn token(&mut self, code: abi::Status, token: &NumberOut<u32>) -> String {
        let token = token.touched();
        self.results
            .tokens
            .extend(token.filter(|token| *token != 0));
        self.results
            .names
            .insert("token", token.unwrap_or_default());
        let shown = match token {
            None => "-",
            Some(0) => "no token",
            Some(_) => "token",
        };
        format!("{code} {shown}")
    }

    fn queue(&mut self, code: abi::Status, id: &NumberOut<u32>) -> String {
        let id = id.touched();
        self.results.names.insert("queue", id.unwrap_or_default());
        format!("{code} {}", id.map_or("-", |_| "queue"))
    }
}
