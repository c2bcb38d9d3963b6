//! A configuration in force, shared by the requests that began under it.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, SystemTime},
};

use extension_common::{
    config::{self, ConfigError},
    foreign,
    headers::{self, HeaderError, HeaderName, HeaderView},
    hostcalls::{self, HostError},
    reply::LocalReply,
};
use extension_jwt::{algorithm::Algorithm, signature::HostCrypto};
use proxy_wasm::types::{MapType, StreamType};

use super::{
    metrics::Metrics,
    replies::{self, Replies},
    servers::Servers,
    waiting::{Phase, Waiting, WaitingRequests},
};
use crate::{
    authenticator::{Authenticator, Decision, Passage, Surroundings},
    config::{Config, ConfigJson},
    grant::{Change, Grant},
    remote::Moment,
    source::Removal,
};

const MAP: MapType = MapType::HttpRequestHeaders;

/// How often the servers' keys are looked after. A request that begins to wait cannot set a timer:
/// it would be its own, and the SDK has no ticks for streams.
const IDLE_TICK: Duration = Duration::from_millis(100);
/// The same, while a request waits for them.
const BUSY_TICK: Duration = Duration::from_millis(20);
/// As soon as possible.
const FIRST_TICK: Duration = Duration::from_millis(1);

pub(super) struct Active {
    authenticator: RefCell<Authenticator>,
    servers: RefCell<Servers>,
    /// Headers that claims make: no client may send them.
    produced: Vec<HeaderName>,
    replies: Replies,
    metrics: Metrics,
    clear_route_cache: bool,
    waiting: WaitingRequests,
    tick_period: Cell<Duration>,
}

/// What happens to a request next.
pub(super) enum Step {
    Pass,
    Reply(LocalReply),
    /// It waits for keys, until then.
    Wait(Moment),
}

impl Active {
    pub(super) fn configure(metrics: Metrics) -> Result<Self, ConfigError> {
        let host = HostCrypto::prove(|hash, key, signature, text| {
            foreign::verify_signature(hash, key, signature, text).ok()
        });
        let config =
            config::read::<ConfigJson>()?.validate(|name| std::env::var(name).ok(), Some(host))?;
        let replies = Replies::new(&config.challenge)
            .ok_or_else(|| ConfigError::expected("realm", "a valid header value"))?;
        config.remarks.log();
        let Config {
            mut authenticator,
            clear_route_cache,
            rule_count,
            ..
        } = config;
        let servers = Servers::new(&mut authenticator)?;
        declare_properties(&authenticator);
        let by_host: Vec<_> = host.proven().map(Algorithm::name).collect();
        log::info!(
            "jwt-headers is on: {} provider(s), {rule_count} rule(s); the host verifies {}",
            authenticator.providers.len(),
            if by_host.is_empty() {
                "nothing".into()
            } else {
                by_host.join(", ")
            }
        );
        let active = Self {
            produced: authenticator.produced_headers(),
            authenticator: RefCell::new(authenticator),
            replies,
            metrics,
            clear_route_cache,
            waiting: WaitingRequests::default(),
            tick_period: Cell::new(Duration::ZERO),
            servers: RefCell::new(servers),
        };
        // The first tick asks for the keys. Not this callback: it also runs where a configuration
        // is only tried out.
        if active.has_servers() {
            active.tick_every(FIRST_TICK);
        }
        Ok(active)
    }

    fn has_servers(&self) -> bool {
        self.servers
            .try_borrow()
            .is_ok_and(|servers| !servers.is_empty())
    }

    /// Decides on the request that is in effect, and makes it what the upstream may see of it.
    pub(super) fn check(&self) -> Step {
        let decided = self.decide();
        let (decision, now) = match decided {
            Ok(decided) => decided,
            Err(error) => {
                log::error!("request refused: {error}");
                self.metrics.unavailable();
                return Step::Reply(replies::unavailable());
            }
        };
        self.metrics.count(&decision);
        match decision {
            Decision::Unprotected | Decision::Anonymous | Decision::Allowed(_) => Step::Pass,
            Decision::Denied(failure) => {
                log::debug!("denied: {}", failure.name());
                Step::Reply(self.replies.denied(failure))
            }
            Decision::Refused(unsafe_path) => {
                log::debug!("refused: {unsafe_path}");
                Step::Reply(self.replies.refused())
            }
            Decision::Wait(timeout) => Step::Wait(now.saturating_add(timeout)),
            Decision::NoKeys { retry_after } => {
                log::debug!("refused: there are no keys");
                Step::Reply(self.replies.no_keys(retry_after))
            }
        }
    }

    fn decide(&self) -> Result<(Decision, Moment), HeaderError> {
        let headers = HeaderView::fetch(MAP)?;
        headers::remove_spellings(MAP, &headers, &self.produced)?;
        let now = now()?;
        let decision = {
            // Never borrowed already: no callback runs inside another.
            let Ok(mut authenticator) = self.authenticator.try_borrow_mut() else {
                return Err(HeaderError::Malformed);
            };
            let metadata = || hostcalls::get_property(&["metadata"]).ok().flatten();
            let surroundings = Surroundings {
                now,
                metadata: &metadata,
            };
            authenticator.decide(&headers, &surroundings)
        };
        if let Decision::Allowed(passage) = &decision {
            self.apply(passage)?;
        }
        Ok((decision, now))
    }

    fn apply(&self, passage: &Passage) -> Result<(), HeaderError> {
        for removal in &passage.removals {
            match removal {
                Removal::Header(name) => {
                    hostcalls::remove_map_value(MAP, name.as_str().as_bytes())?
                }
                Removal::Path(path) => hostcalls::replace_map_value(MAP, ":path", path)?,
                Removal::Cookie(rest) if rest.is_empty() => {
                    hostcalls::remove_map_value(MAP, b"cookie")?;
                }
                Removal::Cookie(rest) => hostcalls::replace_map_value(MAP, "cookie", rest)?,
            }
        }
        let mut is_routed_anew = false;
        for grant in &passage.grants {
            apply_grant(grant)?;
            is_routed_anew |= !grant.changes.is_empty() || grant.authority.is_some();
        }
        if self.clear_route_cache && is_routed_anew {
            // Hosts without it have nothing to clear.
            let _ = foreign::clear_route_cache();
        }
        Ok(())
    }

    /// Servers exist that take trailers for headers.
    pub(super) fn clean_trailers(&self) -> Result<(), HeaderError> {
        const TRAILERS: MapType = MapType::HttpRequestTrailers;
        if self.produced.is_empty() {
            return Ok(());
        }
        let view = HeaderView::fetch(TRAILERS)?;
        headers::remove_spellings(TRAILERS, &view, &self.produced)
    }

    /// A request has to wait.
    pub(super) fn wait(&self, waiting: Waiting) {
        self.metrics.waited();
        self.waiting.add(waiting);
    }

    /// The client of a request that waits has gone.
    pub(super) fn left(&self, context_id: u32) {
        self.waiting.remove(context_id);
    }

    /// Looks after the servers' keys, and after the requests that wait for them.
    pub(super) fn on_tick(&self) {
        let Ok(now) = now() else {
            return;
        };
        let mut has_news = false;
        let mut is_busy = !self.waiting.is_empty();
        if let Ok(mut authenticator) = self.authenticator.try_borrow_mut()
            && let Ok(mut servers) = self.servers.try_borrow_mut()
        {
            has_news = servers.tick(&mut authenticator, now, is_busy, &self.metrics);
            is_busy |= servers.want_something(&mut authenticator, now);
        }
        // Before other contexts are in effect.
        self.tick_every(if is_busy { BUSY_TICK } else { IDLE_TICK });
        self.resume(now, has_news);
    }

    /// A server has answered, or the host in its place.
    pub(super) fn on_answer(&self, token: u32, body_size: usize) {
        let Ok(now) = now() else {
            return;
        };
        if let Ok(mut authenticator) = self.authenticator.try_borrow_mut()
            && let Ok(mut servers) = self.servers.try_borrow_mut()
        {
            servers.answer(&mut authenticator, token, body_size, now, &self.metrics);
        }
        self.resume(now, true);
    }

    /// Decides again: on all requests that wait where there is news, else on those that have waited
    /// long enough.
    fn resume(&self, now: Moment, has_news: bool) {
        let due = self
            .waiting
            .take(|waiting| has_news || now >= waiting.until);
        for waiting in due {
            if hostcalls::set_effective_context(waiting.context_id).is_err() {
                continue;
            }
            let step = match self.check() {
                Step::Wait(_) if now >= waiting.until => {
                    self.metrics.no_keys();
                    Step::Reply(self.replies.no_keys(Duration::from_secs(1)))
                }
                step => step,
            };
            match step {
                Step::Pass => {
                    waiting.phase.set(Phase::Passed);
                    if let Err(error) = hostcalls::continue_stream(StreamType::HttpRequest) {
                        log::error!("a request could not go on: {error}");
                    }
                }
                Step::Reply(reply) => {
                    waiting.phase.set(Phase::Refused);
                    send(&reply);
                }
                Step::Wait(_) => self.waiting.add(waiting),
            }
        }
    }

    fn tick_every(&self, period: Duration) {
        if self.tick_period.replace(period) != period
            && let Err(error) = hostcalls::set_tick_period(period)
        {
            log::error!("keys cannot be looked after: {error}");
        }
    }
}

pub(super) fn send(reply: &LocalReply) {
    if let Err(error) = reply.send() {
        log::error!("the answer could not be sent: {error}");
    }
}

fn now() -> Result<Moment, HostError> {
    let since_epoch = hostcalls::current_time()?.duration_since(SystemTime::UNIX_EPOCH);
    Ok(since_epoch.unwrap_or_default())
}

fn apply_grant(grant: &Grant) -> Result<(), HeaderError> {
    for change in &grant.changes {
        match change {
            Change::Set(name, value) => headers::set(MAP, name, value)?,
            Change::Append(name, value) => headers::append(MAP, name, value)?,
            Change::Remove(name) => hostcalls::remove_map_value(MAP, name.as_str().as_bytes())?,
        }
    }
    if let Some(authority) = &grant.authority {
        hostcalls::replace_map_value(MAP, ":authority", authority)?;
    }
    for (name, value) in &grant.properties {
        if let Err(error) = hostcalls::set_property(&[name], value) {
            log::warn!("filter state wasm.{name} is not set: {error}");
        }
    }
    Ok(())
}

/// So that they are text to access logs and RBAC rules. Hosts without this call do not tell.
fn declare_properties(authenticator: &Authenticator) {
    let properties = authenticator
        .providers
        .iter()
        .flat_map(|provider| &provider.using.properties);
    for (_, name) in properties {
        if let Err(error) = foreign::declare_text_property(name) {
            log::debug!("property {name} is not declared: {error}");
        }
    }
}
