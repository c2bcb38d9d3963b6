//! A module's memory.

use wasmtime::{AsContext, AsContextMut, Caller, Extern};

use super::State;
use crate::host::abi::Memory;

/// The memory of the instance that makes a host call.
pub(super) struct WasmMemory<'a, 'b> {
    caller: &'a mut Caller<'b, State>,
    memory: wasmtime::Memory,
}

impl<'a, 'b> WasmMemory<'a, 'b> {
    pub(super) fn of(caller: &'a mut Caller<'b, State>) -> wasmtime::Result<Self> {
        match caller.get_export("memory") {
            Some(Extern::Memory(memory)) => Ok(Self { caller, memory }),
            _ => Err(wasmtime::Error::msg("the module exports no memory")),
        }
    }

    pub(super) fn state(&mut self) -> &mut State {
        self.caller.data_mut()
    }

    /// A number of 32 bits.
    pub(super) fn word(&self, address: u64) -> Option<u32> {
        let bytes = self.read(address, 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Memory that the guest will own: it allocates and frees it itself.
    fn allocate(&mut self, length: u32) -> Option<u32> {
        let allocate = ["proxy_on_memory_allocate", "malloc"]
            .iter()
            .find_map(|name| self.caller.get_export(name)?.into_func())?;
        let allocate = allocate.typed::<u32, u32>(self.caller.as_context()).ok()?;
        let address = allocate.call(self.caller.as_context_mut(), length).ok()?;
        (address != 0).then_some(address)
    }
}

impl Memory for WasmMemory<'_, '_> {
    fn read(&self, address: u64, length: u64) -> Option<Vec<u8>> {
        let start = usize::try_from(address).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        Some(
            self.memory
                .data(self.caller.as_context())
                .get(start..end)?
                .to_vec(),
        )
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Option<()> {
        let address = usize::try_from(address).ok()?;
        self.memory
            .write(self.caller.as_context_mut(), address, bytes)
            .ok()
    }

    fn give_nothing(&mut self, address_to: u64, length_to: u64) -> Option<()> {
        self.write(address_to, &0_u32.to_le_bytes())?;
        self.write(length_to, &0_u32.to_le_bytes())
    }

    fn give_allocated(&mut self, bytes: &[u8], address_to: u64, length_to: u64) -> Option<()> {
        let length = u32::try_from(bytes.len()).ok()?;
        let address = self.allocate(length)?;
        self.write(u64::from(address), bytes)?;
        self.write(address_to, &address.to_le_bytes())?;
        self.write(length_to, &length.to_le_bytes())
    }
}
