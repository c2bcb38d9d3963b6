//! How much memory and time an evaluation takes.
//!
//! regorus asks a clock again and again, and gives up when too much time has passed. The clock here
//! is one that jumps ahead when too much memory is in use, so that both limits end an evaluation in
//! the same orderly way.

#![allow(
    unsafe_code,
    reason = "an allocator is unsafe by nature; this one only counts"
)]

use std::{
    alloc::{GlobalAlloc, Layout},
    cell::Cell,
    sync::LazyLock,
    time::{Duration, Instant},
};

use extension_common::pool;
use regorus::utils::limits::{TimeSource, set_time_source};

/// An allocator with a count of what an evaluation holds.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// What was taken and not given back since the evaluation began.
    static USED: Cell<usize> = const { Cell::new(0) };
    /// What an evaluation may hold; without one, there is no limit.
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
    /// Whether a function has given up.
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// A single function of a policy can take any amount before the clock is asked again. Beyond so many
/// times the limit there is no more memory: the VM ends, which refuses the request, before it takes
/// all that the proxy has.
const HARD_LIMIT: usize = 8;

/// Whether `size` bytes more are within bounds.
fn take(size: usize) -> bool {
    let used = USED.get().saturating_add(size);
    USED.set(used);
    used <= LIMIT.get().saturating_mul(HARD_LIMIT)
}

fn give_back(size: usize) {
    USED.set(USED.get().saturating_sub(size));
}

// SAFETY: every call goes to the pool with what it was called with, or fails.
unsafe impl GlobalAlloc for Counting {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !take(layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promises.
        unsafe { pool::alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        give_back(layout.size());
        // SAFETY: the caller's promises.
        unsafe { pool::dealloc(block, layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        give_back(layout.size());
        if !take(size) {
            return std::ptr::null_mut();
        }
        // SAFETY: the caller's promises.
        unsafe { pool::realloc(block, layout, size) }
    }
}

/// Whether a function may take so many bytes more. If not, it is to give up, and the evaluation has
/// exceeded its limit.
pub(super) fn may_take(bytes: usize) -> bool {
    let may = USED.get().saturating_add(bytes) <= LIMIT.get();
    if !may {
        refuse();
    }
    may
}

/// A function gives up, for it would take too much.
pub(super) fn refuse() {
    REFUSED.set(true);
}

/// Whether a function of the last evaluation has given up.
pub(super) fn was_refused() -> bool {
    REFUSED.get()
}

/// Runs `evaluation`, which may hold `limit` bytes of memory.
pub(super) fn limited<T>(limit: usize, evaluation: impl FnOnce() -> T) -> T {
    USED.set(0);
    LIMIT.set(limit);
    REFUSED.set(false);
    let result = evaluation();
    LIMIT.set(usize::MAX);
    result
}

struct Clock;

impl TimeSource for Clock {
    fn now(&self) -> Option<Duration> {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        if USED.get() > LIMIT.get() {
            return Some(Duration::MAX);
        }
        Some(START.elapsed())
    }
}

/// Makes regorus ask the clock. Again is no harm.
pub(super) fn install_clock() {
    let _ = set_time_source(&Clock);
}
