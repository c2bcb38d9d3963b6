//! The process's own memory as a guest's.

use crate::host::abi::Memory;

/// Addresses are real pointers, as the guest passed them.
pub(super) struct Native;

/// Where the memory of a process ends at the latest, on every 64-bit machine.
const END: u64 = 1 << 56;

/// The first bytes of a module's memory are there and zero. A process has nothing at all there.
const NULL_PAGE: u64 = 1 << 16;

fn pointer(address: u64) -> Option<*mut u8> {
    let address = usize::try_from(address).ok().filter(|_| address < END)?;
    (address != 0).then(|| std::ptr::with_exposed_provenance_mut(address))
}

impl Memory for Native {
    fn read(&self, address: u64, length: u64) -> Option<Vec<u8>> {
        let end = address.checked_add(length)?;
        let length = usize::try_from(length).ok()?;
        if end >= END {
            return None;
        }
        if length == 0 || (address == 0 && end < NULL_PAGE) {
            return Some(vec![0; length]);
        }
        // SAFETY: the guest passed the address and length of one of its slices.
        let bytes = unsafe { std::slice::from_raw_parts(pointer(address)?, length) };
        Some(bytes.to_vec())
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Option<()> {
        // SAFETY: the guest passed the address of a variable of this size.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), pointer(address)?, bytes.len()) };
        Some(())
    }

    fn give_nothing(&mut self, address_to: u64, length_to: u64) -> Option<()> {
        let (address_to, length_to) = (pointer(address_to)?, pointer(length_to)?);
        // SAFETY: the guest passed the addresses of a pointer and of a `usize`.
        unsafe {
            address_to
                .cast::<*mut u8>()
                .write_unaligned(std::ptr::null_mut());
            length_to.cast::<usize>().write_unaligned(0);
        }
        Some(())
    }

    fn give_allocated(&mut self, bytes: &[u8], address_to: u64, length_to: u64) -> Option<()> {
        let (address_to, length_to) = (pointer(address_to)?, pointer(length_to)?);
        // The guest frees them as a `Vec` whose capacity is its length. None dangle.
        let given = Box::into_raw(bytes.to_vec().into_boxed_slice()).cast::<u8>();
        // SAFETY: the guest passed the addresses of a pointer and of a `usize`.
        unsafe {
            address_to.cast::<*mut u8>().write_unaligned(given);
            length_to.cast::<usize>().write_unaligned(bytes.len());
        }
        Some(())
    }
}
