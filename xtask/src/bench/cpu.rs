//! The processor time of another process.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// What the process `pid` has used so far, in user and kernel mode, all its threads together.
///
/// Of each thread Linux tells it in nanoseconds, if it was built so; of the process only in hundredths
/// of a second (`USER_HZ`, the same on every architecture).
pub(super) fn time(pid: u32) -> Result<Duration> {
    if let Some(exact) = of_threads(pid) {
        return Ok(exact);
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("a process has ended")?;
    ticks(&stat)
        .map(|ticks| Duration::from_millis(ticks * 10))
        .context("/proc/…/stat has another form than expected")
}

/// The sum of the threads that are there: Envoy and the servers keep theirs.
fn of_threads(pid: u32) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let schedstat = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        let nanoseconds = schedstat.split_whitespace().next()?.parse().ok()?;
        sum += Duration::from_nanos(nanoseconds);
    }
    Some(sum)
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
    #[cfg(target_os = "linux")]
    fn the_threads_of_a_process_have_used_what_the_process_has() {
        let before = time(std::process::id()).unwrap();
        let mut work = 0_u64;
        while time(std::process::id()).unwrap() < before + Duration::from_millis(50) {
            work = std::hint::black_box(work.wrapping_add(1));
        }
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        assert!(ticks(&stat).unwrap() >= 4, "{stat}");
    }

    #[test]
    fn user_and_kernel_time_are_added() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 0 0 0 120 35 0 0 20 0 9 0 5";
        assert_eq!(ticks(stat), Some(155));
    }
}
