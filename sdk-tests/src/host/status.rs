//! What a host call answers.

/// The statuses of Proxy-Wasm ABI 0.2.1 that this host uses.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.foreign_function("reverse", |arguments| match arguments {
///     [] => Err(Status::BadArgument),
///     _ => Ok(arguments.iter().rev().copied().collect()),
/// });
/// // The plugin calls it with nothing, and logs the answer.
/// proxy.configure("steps call,reverse,").unwrap();
/// assert!(proxy.logs()[0].message.ends_with("= status 2"));
/// # });
/// ```
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
    /// An address that is not the guest's. The SDK has no name for it.
    InvalidMemoryAccess = 6,
    /// Nothing in the queue.
    Empty = 7,
    /// Somebody else wrote in between.
    CasMismatch = 8,
    /// The host could not do it.
    InternalFailure = 10,
    /// The proxy cannot do it at all. The SDK has no name for it.
    Unimplemented = 12,
}

impl Status {
    /// The number that crosses the border.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// proxy.send(Request::get("/"));
    /// let call = &proxy.costs()[1].host_calls[0];
    /// assert_eq!(call.status, Status::Ok.code());
    /// # });
    /// ```
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The status with this number, if it is one of these.
    ///
    /// ```
    /// # use sdk_tests::Status;
    /// assert_eq!(Status::from_code(8), Some(Status::CasMismatch));
    /// assert_eq!(Status::from_code(99), None);
    /// ```
    pub fn from_code(code: u32) -> Option<Self> {
        [
            Self::Ok,
            Self::NotFound,
            Self::BadArgument,
            Self::SerializationFailure,
            Self::ParseFailure,
            Self::InvalidMemoryAccess,
            Self::Empty,
            Self::CasMismatch,
            Self::InternalFailure,
            Self::Unimplemented,
        ]
        .into_iter()
        .find(|status| status.code() == code)
    }

    /// The same for a native guest, which has the SDK's enum: a number outside it would be
    /// undefined behaviour. The SDK panics over this one as it would over the right one.
    pub(crate) const fn native_code(self) -> u32 {
        match self {
            Self::InvalidMemoryAccess | Self::Unimplemented => Self::InternalFailure.code(),
            status => status.code(),
        }
    }
}
