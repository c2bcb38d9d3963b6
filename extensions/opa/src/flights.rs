//! Requests to the server that are on their way, and who waits for each.

use std::{collections::HashMap, rc::Rc};

/// A key of the input; shared by everyone who waits under it.
pub type Key = Rc<[u8]>;

/// Flights by key. `W` is who waits.
pub struct Flights<W> {
    flights: HashMap<Key, Flight<W>>,
}

struct Flight<W> {
    /// Who asked the server; `None` where the root context did.
    leader: Option<u32>,
    followers: Vec<(u32, W)>,
    document: Rc<str>,
}

/// What leaving a flight leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Left {
    /// Nothing.
    Nothing,
    /// The one that asked is gone, and its request to the server with it; others still wait.
    Orphans,
}

impl<W> Default for Flights<W> {
    fn default() -> Self {
        Self {
            flights: HashMap::new(),
        }
    }
}

impl<W> Flights<W> {
    /// Waits for the answer to an equal input, if somebody has asked; `Err` gives `who` back.
    pub fn follow(&mut self, key: &[u8], id: u32, who: W) -> Result<(), W> {
        match self.flights.get_mut(key) {
            Some(flight) => {
                flight.followers.push((id, who));
                Ok(())
            }
            None => Err(who),
        }
    }

    /// Notes that stream `id` has asked.
    pub fn lead(&mut self, key: Key, id: u32, document: Rc<str>) {
        let flight = Flight {
            leader: Some(id),
            followers: Vec::new(),
            document,
        };
        self.flights.insert(key, flight);
    }

    /// The stream `id` no longer waits.
    pub fn leave(&mut self, key: &Key, id: u32) -> Left {
        let Some(flight) = self.flights.get_mut(key) else {
            return Left::Nothing;
        };
        if flight.leader != Some(id) {
            flight.followers.retain(|(follower, _)| *follower != id);
            return Left::Nothing;
        }
        flight.leader = None;
        if flight.followers.is_empty() {
            self.flights.remove(key);
            return Left::Nothing;
        }
        Left::Orphans
    }

    /// What to ask again for a flight whose leader is gone; `None` where nobody waits any more.
    pub fn document(&mut self, key: &Key) -> Option<Rc<str>> {
        let flight = self.flights.get(key)?;
        if flight.followers.is_empty() {
            self.flights.remove(key);
            return None;
        }
        Some(flight.document.clone())
    }

    /// Ends a flight: what was asked, and those who followed.
    pub fn land(&mut self, key: &Key) -> (Option<Rc<str>>, Vec<(u32, W)>) {
        match self.flights.remove(key) {
            Some(flight) => (Some(flight.document), flight.followers),
            None => (None, Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::from(&b"k"[..])
    }

    fn with_leader() -> Flights<&'static str> {
        let mut flights = Flights::default();
        assert_eq!(flights.follow(b"k", 1, "a"), Err("a"));
        flights.lead(key(), 1, "{}".into());
        flights
    }

    #[test]
    fn equal_inputs_share_a_flight_and_others_do_not() {
        let mut flights = with_leader();
        assert_eq!(flights.follow(b"k", 2, "b"), Ok(()));
        assert_eq!(flights.follow(b"other", 3, "c"), Err("c"));
        assert_eq!(flights.land(&key()), (Some("{}".into()), vec![(2, "b")]));
        assert_eq!(flights.land(&key()), (None, vec![]));
    }

    #[test]
    fn a_leader_that_leaves_makes_orphans_of_those_who_follow() {
        let mut flights = with_leader();
        flights.follow(b"k", 2, "b").unwrap();
        assert_eq!(flights.leave(&key(), 1), Left::Orphans);
        assert_eq!(flights.document(&key()).as_deref(), Some("{}"));
        // One more may join before the server is asked again.
        flights.follow(b"k", 3, "c").unwrap();
        assert_eq!(flights.leave(&key(), 2), Left::Nothing);
        assert_eq!(flights.land(&key()).1, [(3, "c")]);
    }

    #[test]
    fn a_flight_that_nobody_waits_for_is_forgotten() {
        let mut flights = with_leader();
        assert_eq!(flights.leave(&key(), 1), Left::Nothing);
        assert_eq!(flights.follow(b"k", 2, "b"), Err("b"));
        let mut flights = with_leader();
        flights.follow(b"k", 2, "b").unwrap();
        flights.leave(&key(), 1);
        flights.leave(&key(), 2);
        assert_eq!(flights.document(&key()), None);
        assert_eq!(flights.follow(b"k", 3, "c"), Err("c"));
    }
}
