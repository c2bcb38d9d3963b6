//! Answers, and those who wait for them.

use std::{
    rc::Rc,
    time::{Duration, SystemTime},
};

use extension_common::hostcalls;

use super::{
    super::{callout, enforce::Verdict, stream::Stream},
    Active,
};
use crate::{
    answer::{Failure, Outcome},
    flights::{Key, Left},
};

impl Active {
    /// The answer of a flight is here: it is `leader`'s, and that of all who followed.
    pub(in crate::filter) fn land(
        &self,
        key: &Key,
        result: Result<Outcome, Failure>,
        leader: Option<&Rc<Stream>>,
    ) {
        let now = hostcalls::current_time().unwrap_or(SystemTime::UNIX_EPOCH);
        let (document, followers) = self.flights.borrow_mut().land(key);
        let verdict = match result {
            Ok(outcome) => {
                let verdict = Verdict::Outcome(outcome);
                self.remember(key, &verdict, now);
                verdict
            }
            Err(failure) => self.failed(failure, document.as_deref()),
        };
        for (id, stream) in &followers {
            // One that the host no longer knows has left.
            if hostcalls::set_effective_context(*id).is_ok() {
                self.conclude_later(stream, &verdict);
            }
        }
        if let Some(leader) = leader
            && hostcalls::set_effective_context(leader.id).is_ok()
        {
            self.conclude_later(leader, &verdict);
        }
    }

    /// A stream is gone that waited for a flight, or flew it.
    pub(in crate::filter) fn leave(&self, key: Key, stream: &Stream) {
        if self.flights.borrow_mut().leave(&key, stream.id) == Left::Orphans {
            self.orphans.borrow_mut().push(key);
        }
    }

    pub(in crate::filter) fn take_orphans(&self) -> Vec<Key> {
        self.orphans.take()
    }

    /// Asks for a flight whose leader has left; `None` where nobody waits for it any more.
    pub(in crate::filter) fn ask_again(&self, key: &Key) -> Option<Result<u32, Failure>> {
        let document = self.flights.borrow_mut().document(key)?;
        let server = self.server.as_ref()?;
        Some(callout::ask(server, &document))
    }

    pub(in crate::filter) fn record_latency(&self, asked_at: Option<Duration>) {
        let now = hostcalls::current_time().ok();
        let now = now.and_then(|now| now.duration_since(SystemTime::UNIX_EPOCH).ok());
        let took = now
            .zip(asked_at)
            .and_then(|(now, then)| now.checked_sub(then));
        if let Some(took) = took {
            let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            self.metrics.callout_microseconds.record(microseconds);
        }
    }
}
