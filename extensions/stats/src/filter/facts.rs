//! What streams have in common.

use std::ops::{BitAnd, BitOr};

/// What may be true of a stream: a set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Facts(u8);

impl Facts {
    pub(super) const NONE: Self = Self(0);
    /// A request with a status.
    pub(super) const ANSWERED: Self = Self(1);
    /// It has a cluster.
    pub(super) const ROUTED: Self = Self(1 << 1);
    /// Only its `Host` header says which service it was meant for.
    pub(super) const HOST: Self = Self(1 << 2);
    /// Only the endpoint's metadata says which workload it is.
    pub(super) const WORKLOAD: Self = Self(1 << 3);
    /// Both ends of the connection to the upstream have a certificate.
    pub(super) const CERTIFICATES: Self = Self(1 << 4);
    /// All of them.
    const ALL: Self = Self((1 << 5) - 1);

    /// This where it `holds`.
    pub(super) fn when(self, holds: bool) -> Self {
        if holds { self } else { Self::NONE }
    }

    /// Whether `fact` is in the set.
    pub(super) fn include(self, fact: Self) -> bool {
        self & fact == fact
    }
}

impl BitAnd for Facts {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Facts {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// So many streams in a row have to agree on a fact before it is taken for granted: where it then is
/// wrong the host is asked once more.
const AGREEING: u8 = 8;

/// What is taken for granted of the next stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    assumed: Facts,
    /// What those have in common that were counted since.
    common: Facts,
    counted: u8,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            assumed: Facts::NONE,
            common: Facts::ALL,
            counted: 0,
        }
    }
}

impl Habits {
    pub(super) fn assumed(self) -> Facts {
        self.assumed
    }

    /// The same after one more stream, whose facts these are.
    pub(super) fn after(self, facts: Facts) -> Self {
        let common = self.common & facts;
        let counted = self.counted.saturating_add(1);
        if counted >= AGREEING {
            return Self {
                assumed: common,
                ..Self::default()
            };
        }
        Self {
            assumed: self.assumed & facts,
            common,
            counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_assumed_after_eight_streams_and_until_one_is_different() {
        let both = Facts::ANSWERED | Facts::ROUTED;
        let mut habits = Habits::default();
        for _ in 0..AGREEING {
            assert_eq!(habits.assumed(), Facts::NONE);
            habits = habits.after(both);
        }
        assert_eq!(habits.assumed(), both);
        habits = habits.after(Facts::ANSWERED);
        assert_eq!(habits.assumed(), Facts::ANSWERED);
        // The eight that this one belongs to have to be over first.
        for _ in 1..AGREEING {
            habits = habits.after(both);
        }
        assert_eq!(habits.assumed(), Facts::ANSWERED);
        for _ in 0..AGREEING {
            habits = habits.after(both);
        }
        assert_eq!(habits.assumed(), both);
    }

    #[test]
    fn streams_in_turn_have_in_common_what_both_have() {
        let mut habits = Habits::default();
        for _ in 0..AGREEING {
            habits = habits.after(Facts::ANSWERED | Facts::HOST);
            habits = habits.after(Facts::ANSWERED | Facts::WORKLOAD);
        }
        assert_eq!(habits.assumed(), Facts::ANSWERED);
        assert!(!habits.assumed().include(Facts::HOST));
    }
}
