//! Headers, trailers and bodies.

use super::{Call, bytes_status, status, word_status};
use crate::abi;
use crate::arguments::Arguments;
use crate::results::{BytesOut, NumberOut, show_number};

impl Call<'_> {
    pub(super) unsafe fn maps(mut self, operation: &str) -> Result<String, Self> {
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
}
