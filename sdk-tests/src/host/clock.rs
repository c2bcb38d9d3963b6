//! The time, which moves only when a scenario says so.

use std::time::Duration;

/// The mock's wall clock, which is also its monotonic one.
#[derive(Clone, Debug)]
pub struct Clock {
    nanoseconds: u64,
}

impl Default for Clock {
    /// 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self {
            nanoseconds: 1_767_225_600_000_000_000,
        }
    }
}

impl Clock {
    /// Nanoseconds since the Unix epoch.
    pub fn now(&self) -> u64 {
        self.nanoseconds
    }

    /// The time that it will be after a while, in nanoseconds since the Unix epoch.
    pub fn after(&self, wait: Duration) -> u64 {
        let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.saturating_add(wait)
    }

    /// The time as a `date` header has it: `Thu, 01 Jan 2026 00:00:00 GMT`.
    pub fn http_date(&self) -> String {
        let seconds = self.nanoseconds / 1_000_000_000;
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        // Days since 0000-03-01, in eras of 400 years: years begin in March, so that a leap day
        // is the last of its year.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let year = 400 * era + year_of_era + u64::from(month_from_march >= 10);
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
        let months = [
            "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb",
        ];
        let month = months[month_from_march as usize];
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    /// Moves the time on to this one, if it is still to come.
    pub fn reach(&mut self, nanoseconds: u64) {
        self.nanoseconds = self.nanoseconds.max(nanoseconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> String {
        Clock {
            nanoseconds: seconds * 1_000_000_000,
        }
        .http_date()
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(
            Clock::default().http_date(),
            "Thu, 01 Jan 2026 00:00:00 GMT"
        );
        assert_eq!(at(951_827_696), "Tue, 29 Feb 2000 12:34:56 GMT");
        assert_eq!(at(4_107_542_399), "Sun, 28 Feb 2100 23:59:59 GMT");
    }

    #[test]
    fn time_moves_on() {
        let mut clock = Clock::default();
        let before = clock.now();
        clock.reach(clock.after(Duration::from_millis(1_500)));
        assert_eq!(clock.now() - before, 1_500_000_000);
    }
}
