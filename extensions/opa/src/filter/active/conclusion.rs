//! Carries verdicts out, as far as they count.

use std::rc::Rc;

use extension_common::hostcalls;
use proxy_wasm::types::StreamType;

use super::{
    super::{
        enforce::{self, Verdict},
        stream::{Phase, Stream},
    },
    Active,
};
use crate::{
    answer::{Failure, Outcome},
    config::{Mode, OnError},
};

impl Active {
    /// Carries a verdict out on a stream that was held back.
    pub(super) fn conclude_later(&self, stream: &Rc<Stream>, verdict: &Verdict) {
        self.conclude(stream, verdict.clone());
        if stream.phase() == Phase::Passed
            && let Err(error) = hostcalls::continue_stream(StreamType::HttpRequest)
        {
            log::debug!("the request cannot go on: {error}");
        }
    }

    /// Carries a verdict out on the stream that the host is called for.
    pub(in crate::filter) fn conclude(&self, stream: &Rc<Stream>, verdict: Verdict) {
        self.metrics.count(&verdict);
        let may_pass = self.may_pass(&verdict);
        if let Verdict::Outcome(outcome) = &verdict {
            enforce::tell(outcome);
        }
        if self.mode == Mode::Shadow {
            if may_pass {
                log::debug!("shadow: would pass anyway: {verdict}");
            } else {
                self.metrics.shadow_passed();
                log::info!("shadow: would be refused: {verdict}");
            }
            return stream.set_phase(Phase::Passed);
        }
        if !may_pass {
            log::debug!("refused: {verdict}");
            stream.set_phase(Phase::Refused);
            return enforce::send(&enforce::reply(&verdict, self.status_on_error));
        }
        if let Verdict::Outcome(Outcome::Decided(decision)) = &verdict {
            // A line for each request is only worth it where it leads to another log.
            if decision.id.is_some() {
                log::debug!("passes: {verdict}");
            }
            if let Err(error) = enforce::apply(decision) {
                log::error!("request refused, for it cannot be made what the policy says: {error}");
                stream.set_phase(Phase::Refused);
                let verdict = Verdict::Failure(Failure::Host);
                self.metrics.count(&verdict);
                return enforce::send(&enforce::reply(&verdict, self.status_on_error));
            }
            if !decision.response_headers.is_empty() {
                stream.keep_decision(decision);
            }
        }
        stream.set_phase(Phase::Passed);
    }

    fn may_pass(&self, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Outcome(Outcome::Decided(decision)) => decision.allowed,
            Verdict::Failure(_) => self.on_error == OnError::Allow,
            Verdict::Outcome(Outcome::Undefined(_) | Outcome::Malformed(..))
            | Verdict::BadRequest(_)
            | Verdict::LimitExceeded
            | Verdict::NoBody => false,
        }
    }
}
