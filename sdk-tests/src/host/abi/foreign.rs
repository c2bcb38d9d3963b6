//! Foreign functions.

use super::{Call, Status};
use crate::host::foreign;

pub(super) fn call(call: &mut Call<'_>) -> Result<(), Status> {
    let (name, arguments) = (call.text(0)?, call.bytes(2)?);
    match foreign::call(call.host, &name, &arguments)? {
        Some(result) => call.give_allocated(4, &result),
        None => call.give(4, &[]),
    }
}
