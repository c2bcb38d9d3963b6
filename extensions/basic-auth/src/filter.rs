//! The Proxy-Wasm callbacks: reads from the host, asks the [`Authenticator`], acts.
//!
//! [`Authenticator`]: crate::authenticator::Authenticator

mod metrics;
mod replies;

use std::{borrow::Cow, cell::RefCell, rc::Rc, time::Duration};

use extension_common::{
    config::{self, ConfigError},
    headers::{self, HeaderError, HeaderName, HeaderView},
    host, hostcalls, metric,
    reply::LocalReply,
};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext},
    types::{Action, ContextType, MapType},
};

use crate::{
    authenticator::{Authenticator, Decision, Target},
    config::{Config, ConfigJson},
    credentials::AuthorizationValue,
};
use metrics::Metrics;
use replies::Replies;

/// The plugin, as the SDK wants it.
pub fn root_context() -> Box<dyn RootContext> {
    Box::new(Root::default())
}

/// One per worker and configuration.
#[derive(Default)]
struct Root {
    /// Defined once: the host keeps every definition.
    metrics: Option<Metrics>,
    active: Option<Rc<Active>>,
}

/// A configuration in force, shared by the requests that began under it.
struct Active {
    authenticator: RefCell<Authenticator>,
    replies: Replies,
    metrics: Metrics,
    username_header: Option<HeaderName>,
    forward_authorization: bool,
}

impl Active {
    fn configure(metrics: Metrics) -> Result<Self, ConfigError> {
        let mut cache_key = [0; 32];
        getrandom::fill(&mut cache_key)
            .map_err(|_| ConfigError::expected("VM", "a source of randomness"))?;
        let config =
            config::read::<ConfigJson>()?.validate(|name| std::env::var(name).ok(), cache_key)?;
        let replies = Replies::new(&config.challenge, &config.body)
            .ok_or_else(|| ConfigError::expected("realm", "a valid header value"))?;
        config.remarks.log();
        log::info!(
            "basic-auth is on: {} rule(s), {} user(s)",
            config.rule_count,
            config.user_count
        );
        let Config {
            authenticator,
            username_header,
            forward_authorization,
            ..
        } = config;
        Ok(Self {
            authenticator: RefCell::new(authenticator),
            replies,
            metrics,
            username_header,
            forward_authorization,
        })
    }

    /// What is to be sent instead of the request, if anything.
    fn check(&self) -> Option<Cow<'_, LocalReply>> {
        let decision = self.decide().unwrap_or_else(|error| {
            log::error!("request refused: {error}");
            Decision::Unavailable
        });
        self.metrics.count(&decision);
        match decision {
            Decision::Unprotected | Decision::Allowed(_) => None,
            Decision::Denied(denial) => {
                log::debug!("denied: {}", replies::reason(denial));
                Some(Cow::Borrowed(self.replies.denied(denial)))
            }
            Decision::Refused(unsafe_path) => {
                log::debug!("refused: {unsafe_path}");
                Some(Cow::Borrowed(self.replies.refused()))
            }
            Decision::Throttled { retry_after } => {
                log::debug!("throttled: too many expensive password checks");
                let seconds = whole_seconds(retry_after);
                Some(Cow::Owned(self.replies.throttled(seconds)))
            }
            Decision::Unavailable => Some(Cow::Borrowed(self.replies.unavailable())),
        }
    }

    /// Decides, and makes the request what the upstream may see of it.
    fn decide(&self) -> Result<Decision, HeaderError> {
        const MAP: MapType = MapType::HttpRequestHeaders;
        let headers = HeaderView::fetch(MAP)?;
        headers::remove_spellings(MAP, &headers, &self.username_header)?;
        let request = Request::of(&headers);
        let host = request.authority.map(host::normalize);
        let target = Target {
            host: host.as_deref(),
            method: request.method,
            path: request.path.unwrap_or_default(),
        };
        // Never borrowed already: no callback runs inside another.
        let Ok(mut authenticator) = self.authenticator.try_borrow_mut() else {
            return Ok(Decision::Unavailable);
        };
        let decision = authenticator.decide(
            &target,
            || request.authorization.parse(),
            || hostcalls::current_time().ok(),
        );
        if let Decision::Allowed(user) = &decision {
            if let Some(name) = &self.username_header {
                headers::set(MAP, name, user)?;
            }
            if !self.forward_authorization {
                hostcalls::remove_map_value(MAP, b"authorization")?;
            }
        }
        Ok(decision)
    }

    /// Some servers take trailers for headers.
    fn clean_trailers(&self) -> Result<(), HeaderError> {
        const MAP: MapType = MapType::HttpRequestTrailers;
        if self.username_header.is_none() {
            return Ok(());
        }
        headers::remove_spellings(MAP, &HeaderView::fetch(MAP)?, &self.username_header)
    }
}

/// Rounded up: a client that comes back earlier would be turned away again.
fn whole_seconds(wait: Duration) -> u64 {
    let partial = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(partial).max(1)
}

/// The parts of the request headers that rules speak of.
#[derive(Default)]
struct Request<'a> {
    authority: Option<&'a [u8]>,
    method: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    authorization: AuthorizationValue<'a>,
}

impl<'a> Request<'a> {
    fn of(headers: &'a HeaderView) -> Self {
        let mut request = Self::default();
        for (name, value) in headers {
            match name {
                b":authority" => request.authority = Some(value),
                b":method" => request.method = Some(value),
                b":path" => request.path = Some(value),
                b"authorization" => request.authorization.add(value),
                _ => {}
            }
        }
        request
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let metrics = match metric::defined_once(&mut self.metrics, Metrics::define) {
            Ok(metrics) => metrics,
            Err(error) => {
                log::error!("basic-auth is not configured: {error}");
                return false;
            }
        };
        match Active::configure(metrics.clone()) {
            Ok(active) => {
                self.active = Some(Rc::new(active));
                true
            }
            Err(error) => {
                metrics.config_error();
                log::error!("basic-auth is not configured: {error}");
                false
            }
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter(self.active.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// One per request.
struct Filter(Option<Rc<Active>>);

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        let reply = match &self.0 {
            Some(active) => active.check(),
            None => Some(Cow::Owned(replies::unavailable())),
        };
        act(reply)
    }

    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        let Some(active) = &self.0 else {
            return Action::Continue;
        };
        act(active.clean_trailers().err().map(|error| {
            log::error!("request refused: {error}");
            Cow::Borrowed(active.replies.unavailable())
        }))
    }
}

/// Sends an answer, if there is one, in place of the request.
fn act(reply: Option<Cow<'_, LocalReply>>) -> Action {
    let Some(reply) = reply else {
        return Action::Continue;
    };
    if let Err(error) = reply.send() {
        log::error!("the answer could not be sent: {error}");
    }
    Action::Pause
}
