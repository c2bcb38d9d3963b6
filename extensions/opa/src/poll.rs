//! Policies and data that are fetched again and again: what to ask for, and what the answers change.
//!
//! A round asks for everything at once, and what came changes things together, when the last answer
//! of the round is here.

use crate::config::Poll;

/// What is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The policy's text.
    Policy,
    /// The base document.
    Data,
}

/// More than any policy, and what a guest can hold several of.
pub const MAX_BODY: usize = 16 * 1024 * 1024;

/// What is known of the parts.
#[derive(Debug)]
pub struct Poller {
    poll: Poll,
    policy: Source,
    data: Source,
    /// Answers of this round that are not here yet.
    outstanding: usize,
    /// What was fetched, and refused: with what comes later it may be good.
    refused: Change,
}

#[derive(Debug, Default)]
struct Source {
    path: Option<String>,
    /// Of the last answer that was taken.
    etag: Option<String>,
    /// What came in this round and is not taken yet.
    fetched: Option<Fetched>,
    /// Whether one has ever been taken.
    is_known: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fetched {
    text: String,
    etag: Option<String>,
}

/// An answer to one request of a round.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The `:status`.
    pub status: &'a [u8],
    /// The `etag`, if there is one.
    pub etag: Option<&'a [u8]>,
    /// The body.
    pub body: &'a [u8],
}

/// Why an answer changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Useless {
    /// Neither 200 nor 304.
    #[error("the status is neither 200 nor 304")]
    Status,
    /// Not UTF-8, or too long.
    #[error("the body is no text, or too long")]
    Body,
}

/// What a round has brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Another policy.
    pub policy: Option<String>,
    /// Another base document, not parsed yet.
    pub data: Option<String>,
}

impl Poller {
    /// Has fetched nothing yet.
    pub fn new(poll: &Poll) -> Self {
        let source = |path: &Option<String>| Source {
            path: path.clone(),
            ..Source::default()
        };
        Self {
            policy: source(&poll.policy_path),
            data: source(&poll.data_path),
            poll: poll.clone(),
            outstanding: 0,
            refused: Change::default(),
        }
    }

    /// Where to fetch.
    pub fn poll(&self) -> &Poll {
        &self.poll
    }

    /// Whether everything has been fetched once.
    pub fn is_complete(&self) -> bool {
        let is_there = |source: &Source| source.path.is_none() || source.is_known;
        is_there(&self.policy) && is_there(&self.data)
    }

    /// Begins a round: what to ask for. `None` while the round before is not over.
    pub fn begin(&mut self) -> Option<Vec<Part>> {
        if self.outstanding > 0 {
            return None;
        }
        let parts: Vec<_> = [Part::Policy, Part::Data]
            .into_iter()
            .filter(|part| self.source(*part).path.is_some())
            .collect();
        self.outstanding = parts.len();
        Some(parts)
    }

    /// The headers of the request for a part.
    pub fn headers(&self, part: Part) -> Vec<(&str, &str)> {
        let source = self.source(part);
        let mut headers = vec![
            (":method", "GET"),
            (":path", source.path.as_deref().unwrap_or("/")),
            (":authority", &self.poll.authority),
        ];
        if let Some(etag) = &source.etag {
            headers.push(("if-none-match", etag));
        }
        headers
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// It is of no use. It counts all the same: see [`Poller::end`].
    pub fn answer(&mut self, part: Part, answer: &Answer<'_>) -> Result<(), Useless> {
        match answer.status {
            b"304" => return Ok(()),
            b"200" => {}
            _ => return Err(Useless::Status),
        }
        let text = std::str::from_utf8(answer.body).map_err(|_| Useless::Body)?;
        if text.len() > MAX_BODY {
            return Err(Useless::Body);
        }
        let etag = answer.etag.and_then(|etag| std::str::from_utf8(etag).ok());
        self.source_mut(part).fetched = Some(Fetched {
            text: text.to_owned(),
            etag: etag.map(str::to_owned),
        });
        Ok(())
    }

    /// One request of the round is over, with an answer or without. The last one gives what has
    /// changed, once everything has been fetched.
    pub fn end(&mut self) -> Option<Change> {
        self.outstanding = self.outstanding.saturating_sub(1);
        if self.outstanding > 0 {
            return None;
        }
        let is_ready =
            |source: &Source| source.path.is_none() || source.is_known || source.fetched.is_some();
        if !is_ready(&self.policy) || !is_ready(&self.data) {
            // A policy without its data could allow what it should not.
            return None;
        }
        let change = Change {
            policy: self.policy.take(),
            data: self.data.take(),
        };
        if change == Change::default() {
            return None;
        }
        let refused = std::mem::take(&mut self.refused);
        Some(Change {
            policy: change.policy.or(refused.policy),
            data: change.data.or(refused.data),
        })
    }

    /// A change was refused as a whole. Servers do not send again what has not changed, so it is kept
    /// for the next one: a corrected policy comes into force with the data that it was refused with.
    pub fn refuse(&mut self, change: Change) {
        self.refused = change;
    }

    fn source(&self, part: Part) -> &Source {
        match part {
            Part::Policy => &self.policy,
            Part::Data => &self.data,
        }
    }

    fn source_mut(&mut self, part: Part) -> &mut Source {
        match part {
            Part::Policy => &mut self.policy,
            Part::Data => &mut self.data,
        }
    }
}

impl Source {
    /// What was fetched. It is known from now on, so that the same is not fetched again, be it good
    /// or not.
    fn take(&mut self) -> Option<String> {
        let fetched = self.fetched.take()?;
        self.is_known = true;
        self.etag = fetched.etag;
        Some(fetched.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poller(policy: bool, data: bool) -> Poller {
        Poller::new(&Poll {
            cluster: "c".into(),
            authority: "a".into(),
            policy_path: policy.then(|| "/p".into()),
            data_path: data.then(|| "/d".into()),
            interval: std::time::Duration::from_secs(30),
            timeout: std::time::Duration::from_secs(1),
        })
    }

    fn ok(body: &'static str) -> Answer<'static> {
        Answer {
            status: b"200",
            etag: Some(b"\"1\""),
            body: body.as_bytes(),
        }
    }

    const NOT_MODIFIED: Answer<'_> = Answer {
        status: b"304",
        etag: None,
        body: b"",
    };

    #[test]
    fn a_round_changes_everything_at_its_end() {
        let mut poller = poller(true, true);
        assert_eq!(poller.begin(), Some(vec![Part::Policy, Part::Data]));
        assert_eq!(poller.begin(), None);
        poller.answer(Part::Data, &ok("{}")).unwrap();
        assert_eq!(poller.end(), None);
        poller.answer(Part::Policy, &ok("package a")).unwrap();
        let change = Change {
            policy: Some("package a".into()),
            data: Some("{}".into()),
        };
        assert_eq!(poller.end(), Some(change));
        assert!(poller.is_complete());
    }

    #[test]
    fn what_has_not_changed_is_not_fetched_again() {
        let mut poller = poller(true, false);
        poller.begin();
        assert!(
            !poller
                .headers(Part::Policy)
                .iter()
                .any(|(name, _)| *name == "if-none-match")
        );
        poller.answer(Part::Policy, &ok("package a")).unwrap();
        poller.end();
        poller.begin();
        assert!(
            poller
                .headers(Part::Policy)
                .contains(&("if-none-match", "\"1\""))
        );
        poller.answer(Part::Policy, &NOT_MODIFIED).unwrap();
        assert_eq!(poller.end(), None);
    }

    #[test]
    fn a_policy_waits_for_its_first_data() {
        let mut poller = poller(true, true);
        poller.begin();
        poller.answer(Part::Policy, &ok("package a")).unwrap();
        assert_eq!(poller.end(), None);
        let failed = Answer {
            status: b"503",
            ..ok("")
        };
        assert_eq!(poller.answer(Part::Data, &failed), Err(Useless::Status));
        assert_eq!(poller.end(), None);
        assert!(!poller.is_complete());
        poller.begin();
        poller.answer(Part::Policy, &ok("package b")).unwrap();
        poller.end();
        poller.answer(Part::Data, &ok("{}")).unwrap();
        let change = poller.end().unwrap();
        assert_eq!(change.policy.as_deref(), Some("package b"));
    }

    #[test]
    fn what_was_refused_comes_with_the_next_change() {
        let mut poller = poller(true, true);
        let round = |poller: &mut Poller, policy: Answer<'_>, data: Answer<'_>| {
            poller.begin();
            poller.answer(Part::Policy, &policy).unwrap();
            assert_eq!(poller.end(), None);
            poller.answer(Part::Data, &data).unwrap();
            poller.end()
        };
        let broken = round(&mut poller, ok("package"), ok("{\"a\": 1}")).unwrap();
        poller.refuse(broken);
        // Nothing new, so that nothing is tried again.
        assert_eq!(round(&mut poller, NOT_MODIFIED, NOT_MODIFIED), None);
        let change = round(&mut poller, ok("package a"), NOT_MODIFIED).unwrap();
        assert_eq!(change.policy.as_deref(), Some("package a"));
        assert_eq!(change.data.as_deref(), Some("{\"a\": 1}"));
        // It is in force, and is not brought up again.
        let change = round(&mut poller, NOT_MODIFIED, ok("{}")).unwrap();
        assert_eq!((change.policy, change.data.as_deref()), (None, Some("{}")));
    }

    #[test]
    fn what_is_no_text_is_of_no_use() {
        let mut poller = poller(true, false);
        poller.begin();
        let binary = Answer {
            body: b"\xff",
            ..ok("")
        };
        assert_eq!(poller.answer(Part::Policy, &binary), Err(Useless::Body));
        assert_eq!(poller.end(), None);
    }
}
