//! An allocator that is quick with small blocks.
//!
//! A request takes tens of small blocks (an evaluation of Rego: hundreds) and gives all of them back.
//! With the allocator of wasi-libc that was a fifth of the instructions of `opa_embedded.wasm`'s ten
//! rules (511,479 against 400,254; `talc` 5.1 took 561,888).

#![allow(
    unsafe_code,
    reason = "an allocator is unsafe by nature; this one only keeps what the system's has given"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr,
};

/// The system's allocator, with the small blocks that were given back kept for the next who asks.
///
/// A module makes it its own:
///
/// ```no_run
/// #[global_allocator]
/// static ALLOCATOR: extension_common::pool::Pool = extension_common::pool::Pool;
/// ```
///
/// A block of up to 512 bytes is rounded up to a multiple of 16 and stays with its size for good: the
/// memory of a module is bounded by the sum of the most that it ever held of each size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pool;

/// Of a size, and of its alignment.
const STEP: usize = 16;
const SIZES: usize = 32;

thread_local! {
    /// By size, the block that was given back last; each begins with the address of the next.
    static FREE: [Cell<*mut u8>; SIZES] = const { [const { Cell::new(ptr::null_mut()) }; SIZES] };
}

/// Where blocks like this one are kept, and how long they are.
#[inline]
fn size(layout: Layout) -> Option<(usize, usize)> {
    let index = layout.size().checked_sub(1)?.wrapping_div(STEP);
    let is_small = index < SIZES && layout.align() <= STEP;
    is_small.then(|| (index, index.saturating_add(1).saturating_mul(STEP)))
}

// SAFETY: a small block comes from the system with the whole of its size and with alignment `STEP`, and
// whoever gave it back does not use it any more, so that its first bytes are ours until it is handed
// out again. All other calls go to the system with what they were called with. Nothing here panics.
unsafe impl GlobalAlloc for Pool {
    // In line, they would make a module a tenth larger.
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises.
        unsafe { alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises.
        unsafe { dealloc(block, layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promises.
        unsafe { realloc(block, layout, new_size) }
    }
}

/// [`GlobalAlloc::alloc`] for an allocator around this one.
///
/// # Safety
/// As there.
#[inline]
pub unsafe fn alloc(layout: Layout) -> *mut u8 {
    let Some((index, size)) = size(layout) else {
        // SAFETY: the caller's promises.
        return unsafe { System.alloc(layout) };
    };
    FREE.with(|free| {
        let Some(first) = free.get(index) else {
            return ptr::null_mut();
        };
        let block = first.get();
        if block.is_null() {
            // SAFETY: neither is nothing, and `STEP` is a power of two.
            return unsafe { System.alloc(Layout::from_size_align_unchecked(size, STEP)) };
        }
        // SAFETY: `dealloc` wrote it, and nobody has the block since.
        first.set(unsafe { block.cast::<*mut u8>().read() });
        block
    })
}

/// [`GlobalAlloc::dealloc`] for an allocator around this one.
///
/// # Safety
/// As there.
#[inline]
pub unsafe fn dealloc(block: *mut u8, layout: Layout) {
    let Some((index, _)) = size(layout) else {
        // SAFETY: the caller's promises.
        return unsafe { System.dealloc(block, layout) };
    };
    FREE.with(|free| {
        if let Some(first) = free.get(index) {
            // SAFETY: it has room for an address, is aligned for one, and nobody uses it.
            unsafe { block.cast::<*mut u8>().write(first.get()) };
            first.set(block);
        }
    });
}

/// [`GlobalAlloc::realloc`] for an allocator around this one.
///
/// # Safety
/// As there.
#[inline]
pub unsafe fn realloc(block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
    // SAFETY: the caller's promises.
    let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
    match (size(layout), size(new_layout)) {
        // SAFETY: the caller's promises.
        (None, None) => unsafe { System.realloc(block, layout, new_size) },
        (old, new) if old == new => block,
        _ => {
            // SAFETY: the caller's promises.
            let new = unsafe { alloc(new_layout) };
            if !new.is_null() {
                // SAFETY: both have as many bytes, and are different blocks; the old one is the
                // caller's to give back.
                unsafe {
                    ptr::copy_nonoverlapping(block, new, layout.size().min(new_size));
                    dealloc(block, layout);
                }
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block, filled with a byte of its own.
    struct Block {
        start: *mut u8,
        layout: Layout,
        byte: u8,
    }

    impl Block {
        fn new(layout: Layout, byte: u8) -> Self {
            // SAFETY: the size is not nothing.
            let start = unsafe { Pool.alloc(layout) };
            assert!(!start.is_null());
            assert_eq!(start.align_offset(layout.align()), 0);
            // SAFETY: it is that long.
            unsafe { start.write_bytes(byte, layout.size()) };
            Self {
                start,
                layout,
                byte,
            }
        }

        fn check(&self, bytes: usize) {
            // SAFETY: it is at least that long, and written.
            let slice = unsafe { std::slice::from_raw_parts(self.start, bytes) };
            assert!(slice.iter().all(|byte| *byte == self.byte));
        }

        fn resize(&mut self, size: usize) {
            // SAFETY: the block is ours, with this layout.
            self.start = unsafe { Pool.realloc(self.start, self.layout, size) };
            assert!(!self.start.is_null());
            self.check(size.min(self.layout.size()));
            self.layout = Layout::from_size_align(size, self.layout.align()).unwrap();
            assert_eq!(self.start.align_offset(self.layout.align()), 0);
            // SAFETY: it is that long.
            unsafe { self.start.write_bytes(self.byte, size) };
        }
    }

    impl Drop for Block {
        fn drop(&mut self) {
            self.check(self.layout.size());
            // SAFETY: the block is ours, with this layout.
            unsafe { Pool.dealloc(self.start, self.layout) };
        }
    }

    #[test]
    fn blocks_of_all_sizes_keep_what_is_written_into_them() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut blocks = Vec::new();
        for round in 0..20_000 {
            let size = random.usize(1..700);
            match random.u8(0..4) {
                0 | 1 => {
                    let align = 1 << random.u32(0..7);
                    let layout = Layout::from_size_align(size, align).unwrap();
                    blocks.push(Block::new(layout, u8::try_from(round % 256).unwrap()));
                }
                2 if !blocks.is_empty() => {
                    let index = random.usize(..blocks.len());
                    blocks.get_mut(index).unwrap().resize(size);
                }
                _ if !blocks.is_empty() => drop(blocks.swap_remove(random.usize(..blocks.len()))),
                _ => {}
            }
        }
    }

    #[test]
    fn a_block_that_was_given_back_is_the_next_of_its_size() {
        let layout = |size| Layout::from_size_align(size, 8).unwrap();
        for (size, other) in [(1, 16), (17, 32), (497, 512)] {
            let first = Block::new(layout(size), 1);
            let start = first.start;
            drop(first);
            assert_eq!(Block::new(layout(other), 2).start, start);
        }
    }

    #[test]
    fn a_block_may_be_given_back_by_another_thread() {
        let blocks: Vec<_> = (0..100).map(|byte| vec![byte; 100]).collect();
        let sum = std::thread::spawn(move || blocks.concat().len());
        assert_eq!(sum.join().unwrap(), 10_000);
    }

    #[global_allocator]
    static ALLOCATOR: Pool = Pool;
}
