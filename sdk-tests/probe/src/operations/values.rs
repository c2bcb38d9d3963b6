//! What is not of a stream: the log, the clock, properties, shared data, metrics.

use super::{Call, bytes_status, status, word_status};
use crate::abi;
use crate::results::{BytesOut, NumberOut, show_number};

impl Call<'_> {
    pub(super) unsafe fn values(mut self, operation: &str) -> Result<String, Self> {
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
}
