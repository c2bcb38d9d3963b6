//! The servers that keys come from: asks them, takes their answers, and shares these with the other
//! workers.

use std::time::Duration;

use extension_common::{
    headers::HeaderView,
    hostcalls::{self, HostError},
};
use extension_jwt::jwks::{LeftOut, MAX_BYTES};
use proxy_wasm::types::{BufferType, MapType};

use super::metrics::{KeyGauges, Metrics};
use crate::{
    authenticator::Authenticator,
    remote::{
        Moment, Remote, Settings,
        shared::{Lease, LeaseState, Names, Note},
    },
};

/// How asking a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fetch {
    /// There are keys.
    Success,
    /// The status is not 200. A timeout is 504, and a connection that cannot be made is 503.
    Status,
    /// The body is larger than any set of keys.
    TooLarge,
    /// It is a page for people.
    Html,
    /// It is no set of keys, or has none that can be used.
    Invalid,
    /// The host did not send the request, or its answer got lost.
    Unsent,
}

impl Fetch {
    pub(super) const ALL: [Self; 6] = [
        Self::Success,
        Self::Status,
        Self::TooLarge,
        Self::Html,
        Self::Invalid,
        Self::Unsent,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Status => "status",
            Self::TooLarge => "too_large",
            Self::Html => "html",
            Self::Invalid => "invalid",
            Self::Unsent => "unsent",
        }
    }
}

/// How often to look for what other workers have got, where nothing is urgent.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// One for each provider whose keys come from a server, in the order of
/// [`Authenticator::remotes`].
pub(super) struct Servers {
    servers: Vec<Server>,
    looked: Moment,
}

struct Server {
    names: Names,
    gauges: KeyGauges,
    /// Of the request that is on its way.
    token: Option<u32>,
    /// When the server was last asked because of an unknown `kid`, by any worker.
    demanded: Moment,
}

impl Servers {
    pub(super) fn new(authenticator: &mut Authenticator) -> Result<Self, HostError> {
        authenticator
            .remotes()
            .map(|(name, remote)| {
                let gauges = KeyGauges::define(name)?;
                gauges.show(remote);
                Ok(Server {
                    names: Names::of(remote.settings()),
                    gauges,
                    token: None,
                    demanded: Moment::ZERO,
                })
            })
            .collect::<Result<_, _>>()
            .map(|servers| Self {
                servers,
                looked: Moment::ZERO,
            })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// Takes what other workers have found, and asks where it is time to. Returns whether requests
    /// that wait should be looked at again.
    pub(super) fn tick(
        &mut self,
        authenticator: &mut Authenticator,
        now: Moment,
        is_urgent: bool,
        metrics: &Metrics,
    ) -> bool {
        let is_time = now.saturating_sub(self.looked) >= LOOK_INTERVAL;
        if is_time {
            self.looked = now;
        }
        let mut has_news = false;
        for (server, (name, remote)) in self.servers.iter_mut().zip(authenticator.remotes()) {
            if is_urgent || is_time || remote.wants_fetch(now) {
                has_news |= server.adopt_shared(name, remote);
            }
            if remote.is_lost(now) {
                server.token = None;
                server.fail(name, remote, now, Fetch::Unsent, "no answer", metrics);
                has_news = true;
            }
            if remote.wants_fetch(now) {
                has_news |= server.ask(name, remote, now, metrics);
            }
        }
        has_news
    }

    /// Whether a server is to be asked, and another worker is doing it.
    pub(super) fn want_something(&self, authenticator: &mut Authenticator, now: Moment) -> bool {
        authenticator
            .remotes()
            .any(|(_, remote)| remote.wants_fetch(now))
    }

    pub(super) fn answer(
        &mut self,
        authenticator: &mut Authenticator,
        token: u32,
        body_size: usize,
        now: Moment,
        metrics: &Metrics,
    ) {
        for (server, (name, remote)) in self.servers.iter_mut().zip(authenticator.remotes()) {
            if server.token == Some(token) {
                server.token = None;
                server.take(name, remote, body_size, now, metrics);
            }
        }
    }
}

impl Server {
    /// Asks the server, unless another worker does. Returns whether there is news.
    fn ask(&mut self, name: &str, remote: &mut Remote, now: Moment, metrics: &Metrics) -> bool {
        let stored = hostcalls::get_shared_data(&self.names.lease).ok().flatten();
        let (lease, cas) = match &stored {
            Some((bytes, cas)) => (Lease::from_bytes(bytes), Some(*cas)),
            None => (None, None),
        };
        if let Some(lease) = lease {
            self.demanded = lease.demanded;
            if lease.is_held(now) {
                if lease.state == LeaseState::BackingOff {
                    remote.back_off(lease.until);
                    return true;
                }
                return false;
            }
            if !remote.is_due(now) && lease.has_met_demand(now) {
                remote.drop_demand();
                return true;
            }
        }
        let is_demanded = remote.is_demanded();
        if is_demanded {
            self.demanded = now;
        }
        remote.begin(now);
        let lease = Lease {
            state: LeaseState::Asking,
            until: remote.lease_ends(),
            demanded: self.demanded,
        };
        let taken = hostcalls::set_shared_data(&self.names.lease, &lease.to_bytes(), cas);
        if taken.is_err_and(|error| error.status() == HostError::CAS_MISMATCH) {
            // Another worker was faster: next time its lease is there to see.
            remote.withdraw(is_demanded);
            return false;
        }
        match dispatch(remote.settings()) {
            Ok(token) => {
                self.token = Some(token);
                false
            }
            Err(reason) => {
                self.fail(name, remote, now, Fetch::Unsent, reason, metrics);
                true
            }
        }
    }

    /// Takes the answer that is there to read.
    fn take(
        &mut self,
        name: &str,
        remote: &mut Remote,
        body_size: usize,
        now: Moment,
        metrics: &Metrics,
    ) {
        let body = match read_answer(body_size) {
            Ok(body) => body,
            Err((fetch, why)) => return self.fail(name, remote, now, fetch, &why, metrics),
        };
        let before = remote.fingerprint();
        match remote.adopt(&body, now) {
            Err(why) => {
                self.fail(name, remote, now, Fetch::Invalid, &why.to_string(), metrics);
            }
            Ok(left_out) => {
                metrics.fetched(Fetch::Success);
                self.gauges.show(remote);
                if remote.fingerprint() != before {
                    log_keys(name, remote, &left_out);
                }
                self.share(remote, &body, now);
            }
        }
    }

    /// Tells the other workers. One that does not learn of it asks for itself.
    fn share(&self, remote: &Remote, body: &[u8], now: Moment) {
        let Some(fingerprint) = remote.fingerprint() else {
            return;
        };
        let note = Note {
            fetched: now,
            fingerprint,
        };
        let lease = Lease {
            state: LeaseState::Asking,
            until: Moment::ZERO,
            demanded: self.demanded,
        };
        for (name, value) in [
            (&self.names.body, body),
            (&self.names.note, &note.to_bytes()),
            (&self.names.lease, &lease.to_bytes()),
        ] {
            if let Err(error) = hostcalls::set_shared_data(name, value, None) {
                log::debug!("keys are not shared: {error}");
            }
        }
    }

    /// Takes what another worker has got, if it is newer. Returns whether it is.
    fn adopt_shared(&self, name: &str, remote: &mut Remote) -> bool {
        let read = |name: &str| hostcalls::get_shared_data(name).ok().flatten();
        let Some(note) = read(&self.names.note).and_then(|(bytes, _)| Note::from_bytes(&bytes))
        else {
            return false;
        };
        if remote.fetched().is_some_and(|ours| ours >= note.fetched) {
            return false;
        }
        let before = remote.fingerprint();
        if before == Some(note.fingerprint) {
            remote.confirm(note.fetched);
        } else {
            let Some((body, _)) = read(&self.names.body) else {
                return false;
            };
            // The note and the body may be of two answers: then the next tick has both.
            match remote.adopt_noted(&body, &note) {
                Ok(left_out) => log_keys(name, remote, &left_out),
                Err(_) => return false,
            }
        }
        self.gauges.show(remote);
        true
    }

    fn fail(
        &mut self,
        name: &str,
        remote: &mut Remote,
        now: Moment,
        fetch: Fetch,
        why: &str,
        metrics: &Metrics,
    ) {
        let until = remote.fail(now);
        metrics.fetched(fetch);
        self.gauges.show(remote);
        log::warn!(
            "the keys of {name} could not be fetched: {why}; {} are in use; next try in {} s",
            remote.key_count(),
            until.saturating_sub(now).as_secs()
        );
        let lease = Lease {
            state: LeaseState::BackingOff,
            until,
            demanded: self.demanded,
        };
        let _ = hostcalls::set_shared_data(&self.names.lease, &lease.to_bytes(), None);
    }
}

fn log_keys(name: &str, remote: &Remote, left_out: &[LeftOut]) {
    log::info!("{name}: {} key(s)", remote.key_count());
    for (index, unusable) in left_out {
        log::info!("{name}: keys[{index}] is not used: {unusable}");
    }
}

/// Sends the request; returns its token, or why there is none. This is the SDK's function because
/// only that makes the answer reach this context.
fn dispatch(settings: &Settings) -> Result<u32, &'static str> {
    let headers = vec![
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", settings.authority.as_str()),
        (":path", settings.path.as_str()),
        ("accept", "application/jwk-set+json, application/json"),
    ];
    let timeout = settings.timeout.max(Duration::from_millis(1));
    proxy_wasm::hostcalls::dispatch_http_call(&settings.cluster, headers, None, vec![], timeout)
        .map_err(|_| "the proxy has no such cluster, or no endpoint in it")
}

/// The body of the answer, if it could be a set of keys.
fn read_answer(body_size: usize) -> Result<Vec<u8>, (Fetch, String)> {
    let headers = HeaderView::fetch(MapType::HttpCallResponseHeaders)
        .map_err(|error| (Fetch::Unsent, error.to_string()))?;
    let status = headers.get(":status").unwrap_or_default();
    if status != b"200" {
        let status = String::from_utf8_lossy(status).into_owned();
        return Err((Fetch::Status, format!("status {status}")));
    }
    if body_size > MAX_BYTES {
        return Err((Fetch::TooLarge, format!("{body_size} bytes")));
    }
    let kind = headers.get("content-type").unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with(b"text/html") {
        return Err((Fetch::Html, "a page of HTML".into()));
    }
    let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, body_size)
        .map_err(|error| (Fetch::Unsent, error.to_string()))?
        .unwrap_or_default();
    if body.trim_ascii_start().starts_with(b"<") {
        return Err((Fetch::Html, "a page of HTML".into()));
    }
    Ok(body)
}
