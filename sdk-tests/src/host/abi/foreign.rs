//! Foreign functions.

use super::{Call, Status};
use crate::host::foreign;

pub(super) fn call(call: &mut Call<'_>) -> Result<(), Status> {
    let (name, arguments) = (call.text(0)?, call.bytes(2)?);
    match foreign::call(call.host, &name, &arguments).ok_or(Status::NotFound)? {
        Ok(Some(result)) => call.give_allocated(4, &result),
        Ok(None) => call.give(4, &[]),
        // What a function says comes after its result, of which there is none then.
        Err(status) => call.give(4, &[]).and(Err(status)),
    }
}
