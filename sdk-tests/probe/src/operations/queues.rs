//! Queues between VMs.

use super::{Call, bytes_status, status};
use crate::abi;
use crate::results::{BytesOut, NumberOut};

impl Call<'_> {
    pub(super) unsafe fn queues(mut self, operation: &str) -> Result<String, Self> {
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
}
