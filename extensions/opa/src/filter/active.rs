//! A configuration in force, and the decisions under it.

mod bodies;
mod conclusion;
mod landing;

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::{Duration, SystemTime},
};

use extension_common::{config::ConfigError, headers::HeaderView, hostcalls};

use super::{
    Filter, callout,
    enforce::Verdict,
    facts::{self, Connections},
    metrics::Metrics,
    polling::Polling,
    stream::{Phase, Stream},
};
use crate::{
    answer::{Failure, Outcome},
    cache::DecisionCache,
    config::{Config, Mode, OnError, Server},
    evaluator::{Evaluation, Evaluator},
    flights::{Flights, Key},
    input::{Body, Facts, Input},
};

/// Shared by the requests that began under it.
pub(super) struct Active {
    input: Input,
    server: Option<Server>,
    evaluator: Option<RefCell<Evaluator>>,
    cache: Option<RefCell<DecisionCache>>,
    on_error: OnError,
    status_on_error: u16,
    mode: Mode,
    pub(super) metrics: Metrics,
    pub(super) polling: Option<Polling>,
    connections: Connections,
    workload: Vec<u8>,
    flights: RefCell<Flights<Rc<Stream>>>,
    /// Flights that nobody flies any more, and somebody waits for.
    orphans: RefCell<Vec<Key>>,
    /// Streams whose body has not come, with the tick at which they began to wait.
    bodiless: RefCell<Vec<(u64, Weak<Stream>)>>,
    has_missed_body: Cell<bool>,
    ticks: Cell<u64>,
    tick_period: Option<Duration>,
}

/// How soon the server is asked again for those whose leader has left: a part of what an answer may
/// take.
const ORPHAN_PERIOD: Duration = Duration::from_millis(100);
const SLOW_PERIOD: Duration = Duration::from_secs(1);

impl Active {
    pub(super) fn new(config: Config, metrics: Metrics) -> Result<Self, ConfigError> {
        let input = Input::new(&config);
        let evaluator = config.policy.as_ref();
        let evaluator = evaluator
            .map(|policy| Evaluator::new(policy, Some(facts::verify_signature)))
            .transpose()?;
        for warning in &config.warnings {
            log::warn!("{warning}");
        }
        let who = match (&config.server, &config.policy) {
            (Some(server), _) => {
                format!("cluster {:?} is asked for {}", server.cluster, server.path)
            }
            (None, Some(policy)) => format!("{} is evaluated here", policy.query),
            (None, None) => String::new(),
        };
        let mode = match config.mode {
            Mode::Enforce => "",
            Mode::Shadow => ", and every request passes",
        };
        log::info!("opa is on: {who}{mode}");
        let poll = config
            .policy
            .as_ref()
            .and_then(|policy| policy.poll.as_ref());
        let tick_period = match &config.server {
            Some(_) => Some(ORPHAN_PERIOD),
            None if input.rules().body.is_some() || poll.is_some() => Some(SLOW_PERIOD),
            None => None,
        };
        Ok(Self {
            connections: Connections::new(input.rules().form),
            input,
            server: config.server,
            evaluator: evaluator.map(RefCell::new),
            cache: config
                .cache
                .as_ref()
                .map(DecisionCache::new)
                .map(RefCell::new),
            on_error: config.on_error,
            status_on_error: config.status_on_error,
            mode: config.mode,
            metrics,
            polling: poll.map(Polling::new),
            workload: facts::workload(),
            flights: RefCell::default(),
            orphans: RefCell::default(),
            bodiless: RefCell::default(),
            has_missed_body: Cell::new(false),
            ticks: Cell::new(0),
            tick_period,
        })
    }

    /// How often [`Active::refuse_bodiless`] and [`Active::take_orphans`] are to be called.
    pub(super) fn tick_period(&self) -> Option<Duration> {
        self.tick_period
    }

    /// Decides on a request, or sees to it that somebody will.
    pub(super) fn decide(
        &self,
        filter: &mut Filter,
        headers: &HeaderView,
        body: Option<(&[u8], bool)>,
    ) {
        let now = hostcalls::current_time().unwrap_or(SystemTime::UNIX_EPOCH);
        let source_address = self.connections.source_address();
        let connection = self.connections.current();
        let facts = Facts {
            headers,
            source_address: &source_address,
            connection: &connection,
            workload: &self.workload,
            body: body.map(|(bytes, is_truncated)| Body {
                bytes,
                is_truncated,
            }),
        };
        let key = match self.server.is_some() || self.cache.is_some() {
            true => self.input.key(&facts),
            false => Vec::new(),
        };
        if let Some(outcome) = self.remembered(&key, now) {
            return self.conclude(&filter.stream, Verdict::Outcome(outcome));
        }
        let document = match self.input.document(&facts, now) {
            Ok(document) => document,
            Err(problem) => {
                return self.conclude(&filter.stream, Verdict::BadRequest(problem));
            }
        };
        let Some(server) = &self.server else {
            let verdict = self.evaluate(|evaluator| evaluator.evaluate_document(&document));
            self.remember(&key, &verdict, now);
            return self.conclude(&filter.stream, verdict);
        };
        let document = document.text();
        filter.stream.set_phase(Phase::AwaitsDecision);
        let stream = filter.stream.clone();
        let followed = self.flights.borrow_mut().follow(&key, stream.id, stream);
        let key = Key::from(key);
        match followed {
            Ok(()) => {
                self.metrics.shared_callouts.increment();
                filter.flight = Some(key);
            }
            Err(stream) => match callout::ask(server, &document) {
                Ok(_) => {
                    filter.asked_at = now.duration_since(SystemTime::UNIX_EPOCH).ok();
                    filter.flight = Some(key.clone());
                    let mut flights = self.flights.borrow_mut();
                    flights.lead(key, stream.id, document.into());
                }
                Err(failure) => self.conclude(&stream, self.failed(failure, Some(&document))),
            },
        }
    }

    fn remembered(&self, key: &[u8], now: SystemTime) -> Option<Outcome> {
        let cache = self.cache.as_ref()?;
        let outcome = cache.borrow_mut().get(key, now);
        match outcome.is_some() {
            true => self.metrics.cache_hits.increment(),
            false => self.metrics.cache_misses.increment(),
        }
        outcome
    }

    fn remember(&self, key: &[u8], verdict: &Verdict, now: SystemTime) {
        if let (Some(cache), Verdict::Outcome(outcome)) = (&self.cache, verdict) {
            cache.borrow_mut().insert(key.to_vec(), outcome, now);
        }
    }

    /// Puts another policy, other data, or both in force.
    pub(super) fn replace_policy(
        &self,
        text: Option<&str>,
        data: Option<&serde_json::Value>,
    ) -> Result<(), ConfigError> {
        if let Some(evaluator) = &self.evaluator {
            evaluator.borrow_mut().replace(text, data)?;
        }
        // What was decided, another policy decided.
        if let Some(cache) = &self.cache {
            cache.borrow_mut().clear();
        }
        Ok(())
    }

    /// What the policy here says.
    fn evaluate(&self, ask: impl FnOnce(&mut Evaluator) -> Evaluation) -> Verdict {
        let Some(evaluator) = &self.evaluator else {
            return Verdict::Failure(Failure::NoPolicy);
        };
        match ask(&mut evaluator.borrow_mut()) {
            Evaluation::Outcome(outcome) => Verdict::Outcome(outcome),
            Evaluation::LimitExceeded => Verdict::LimitExceeded,
            Evaluation::Failed(failure) => Verdict::Failure(failure),
        }
    }

    /// What a failure leads to: the policy here, if it stands in for the server.
    pub(super) fn failed(&self, failure: Failure, document: Option<&str>) -> Verdict {
        match (self.on_error, document) {
            (OnError::Embedded, Some(document)) => {
                self.metrics.count_failure(failure);
                log::debug!("{failure}: the policy here decides");
                self.evaluate(|evaluator| evaluator.evaluate(document))
            }
            _ => Verdict::Failure(failure),
        }
    }
}
