//! Network filters: connections, the chain of plugins that reads and writes them, and both ends.
//!
//! As in Envoy, all plugins of a connection share one buffer of what has come from the client. A
//! plugin that pauses leaves it there: with the next piece the chain begins at its start again,
//! over all that has come. The upstream's bytes pass the plugins the other way round; a pause there
//! ends with the upstream's next piece, and nothing else can end it.
//!
//! - `link` is what host calls see of a connection, `calls` the host calls.
//! - `reading` and `writing` are the two ways through the chain, `closing` is the end.
//! - `conversation` is what the mock knows of both ends, `peers` what they do.

pub(crate) mod calls;
mod closing;
mod conversation;
mod link;
mod peers;
mod reading;
mod writing;

pub(super) use conversation::Conversation;
pub use link::Link;
