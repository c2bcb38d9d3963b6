//! The processor time of another process.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// What the process `pid` has used so far, in user and kernel mode, all its threads together.
///
/// Linux tells it in hundredths of a second (`USER_HZ`, the same on every architecture).
pub(super) fn time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("Envoy has ended")?;
    ticks(&stat)
        .map(|ticks| Duration::from_millis(ticks * 10))
        .context("/proc/…/stat has another form than expected")
}

/// Fields 14 and 15; counted after the name, which may hold spaces.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some(user + kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_kernel_time_are_added() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 0 0 0 120 35 0 0 20 0 9 0 5";
        assert_eq!(ticks(stat), Some(155));
    }
}
