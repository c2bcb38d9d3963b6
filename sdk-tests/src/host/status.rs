//! What a host call answers.

/// The statuses of Proxy-Wasm ABI 0.2.1 that this host uses. Native guests get those that are in
/// the SDK's own `Status`: any other value would be undefined behaviour there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// No such header, property, key, …
    NotFound = 1,
    /// An argument that makes no sense here and now: an unknown id, a map outside its phase.
    BadArgument = 2,
    /// A value exists but has no bytes to give, such as a whole message.
    SerializationFailure = 3,
    /// Bytes that should hold a message and do not.
    ParseFailure = 4,
    /// Nothing in the queue.
    Empty = 7,
    /// Somebody else wrote in between.
    CasMismatch = 8,
    /// The host could not do it.
    InternalFailure = 10,
    /// The proxy cannot do it at all. The SDK does not know it: a native guest gets
    /// [`Status::InternalFailure`] in its place.
    Unimplemented = 12,
}

impl Status {
    /// The number that crosses the border.
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The status with this number, if it is one of these.
    pub fn from_code(code: u32) -> Option<Self> {
        [
            Self::Ok,
            Self::NotFound,
            Self::BadArgument,
            Self::SerializationFailure,
            Self::ParseFailure,
            Self::Empty,
            Self::CasMismatch,
            Self::InternalFailure,
            Self::Unimplemented,
        ]
        .into_iter()
        .find(|status| status.code() == code)
    }
}
