//! Panics of a plugin: caught, kept quiet, and worded as the SDK words them.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::host::{Level, SharedHost, Trap};

thread_local! {
    static MESSAGE: RefCell<Option<String>> = const { RefCell::new(None) };
    static GUARDED: RefCell<bool> = const { RefCell::new(false) };
}

/// Runs guest code. A panic becomes a trap, and a line in the plugin's log as in a module.
pub(super) fn guarded<T>(host: &SharedHost, guest: impl FnOnce() -> T) -> Result<T, Trap> {
    install();
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(guest));
    GUARDED.set(false);
    result.map_err(|_| {
        let message = MESSAGE.take().unwrap_or_else(|| "panicked".to_owned());
        host.borrow_mut().log(Level::Critical, message.clone());
        Trap { message }
    })
}

/// Runs guest code whose panics mean nothing any more.
pub(super) fn ignored(guest: impl FnOnce()) {
    install();
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(guest));
    GUARDED.set(false);
    MESSAGE.take();
    drop(result);
}

fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if GUARDED.with_borrow(|guarded| *guarded) {
                MESSAGE.set(Some(panic.to_string()));
            } else {
                previous(panic);
            }
        }));
    });
}
