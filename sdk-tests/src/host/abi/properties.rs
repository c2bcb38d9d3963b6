//! Properties.

use super::{Call, Status};
use crate::host::properties::{self, Value};

pub(super) fn get(call: &mut Call<'_>) -> Result<(), Status> {
    let path = call.bytes(0)?;
    let value = call.with(|host| {
        let value = properties::get(host, &path)?;
        if value == Value::Opaque {
            host.violation("the mock host does not look into FlatBuffers and Protobuf values");
        }
        value.serialize()
    })??;
    call.give(2, &value)
}

pub(super) fn set(call: &mut Call<'_>) -> Result<(), Status> {
    let (path, value) = (call.bytes(0)?, call.bytes(2)?);
    call.with(|host| properties::set(host, &path, value))?
}
