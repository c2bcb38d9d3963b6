//! What a host must be able to do for a scenario with connections, which network filters are for.

use std::sync::Arc;

/// What the upstream says to a piece that has come.
pub(crate) type Answers = Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;

/// The part of a host that has connections. [`Proxy`](crate::Proxy) has the documentation.
pub(crate) trait Connections {
    fn connect(&mut self, worker: usize) -> u64;
    fn write(&mut self, connection: u64, bytes: &[u8]);
    fn stop_writing(&mut self, connection: u64);
    fn hang_up(&mut self, connection: u64);
    fn reset(&mut self, connection: u64);
    fn read(&mut self, connection: u64) -> Vec<u8>;
    fn is_open(&mut self, connection: u64) -> bool;
    fn upstream_got(&mut self, connection: u64) -> Vec<u8>;
    fn upstream_says(&mut self, connection: u64, bytes: &[u8]);
    fn upstream_hangs_up(&mut self, connection: u64);
    fn upstream_answers(&mut self, answers: Answers);
}
