//! How many expensive password checks a worker may do.

use std::time::{Duration, SystemTime};

/// A token bucket: `burst` checks at once, refilled at `per_second`.
pub(crate) struct Budget {
    burst: f64,
    per_second: f64,
    tokens: f64,
    refilled: Option<SystemTime>,
}

impl Budget {
    pub(crate) fn new(per_second: f64, burst: f64) -> Self {
        Self {
            burst,
            per_second,
            tokens: burst,
            refilled: None,
        }
    }

    /// Takes a token, or tells how long it will be until there is one.
    pub(crate) fn take(&mut self, now: SystemTime) -> Result<(), Duration> {
        let elapsed = self
            .refilled
            // A clock that went back refills nothing.
            .and_then(|then| now.duration_since(then).ok())
            .unwrap_or_default();
        self.refilled = Some(now);
        self.tokens = (self.tokens + elapsed.as_secs_f64() * self.per_second).min(self.burst);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = (1.0 - self.tokens) / self.per_second;
        Err(Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX))
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test")]
mod tests {
    use super::*;

    fn at(seconds: f64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(1_000_000.0 + seconds)
    }

    #[test]
    fn a_burst_then_a_steady_rate() {
        let mut budget = Budget::new(2.0, 3.0);
        for _ in 0..3 {
            assert_eq!(budget.take(at(0.0)), Ok(()));
        }
        assert_eq!(budget.take(at(0.0)), Err(Duration::from_millis(500)));
        assert_eq!(budget.take(at(0.5)), Ok(()));
        assert_eq!(budget.take(at(0.75)), Err(Duration::from_millis(250)));
        for _ in 0..3 {
            assert_eq!(budget.take(at(1000.0)), Ok(()));
        }
        assert!(budget.take(at(1000.0)).is_err());
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_and_breaks_nothing() {
        let mut budget = Budget::new(1.0, 1.0);
        assert_eq!(budget.take(at(100.0)), Ok(()));
        assert!(budget.take(at(0.0)).is_err());
        assert_eq!(budget.take(at(1.0)), Ok(()));
    }
}
