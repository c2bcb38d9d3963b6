//! The Proxy-Wasm callbacks: reads what is known about a stream, has labels made of it, counts.
//!
//! A stream is reported when it is over, in `on_log`; open TCP connections and gRPC streams also in
//! `on_tick`. There is no other callback, so that one kind of context serves both.

mod active;
mod ask;
mod compiled;
mod facts;
mod midway;
mod read;
mod reader;
mod remembered;
mod report;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use extension_common::{
    hostcalls::{self, HostError},
    metric::{self, Counter},
};
use proxy_wasm::{
    traits::{Context, HttpContext, RootContext, StreamContext},
    types::ContextType,
};

use active::Active;
use midway::Streams;

/// What is remembered of the configuration of clusters is read again after this time.
const REFRESH: Duration = Duration::from_secs(60);

/// The plugin, as the SDK wants it.
pub fn root_context() -> Box<dyn RootContext> {
    Box::new(Root::default())
}

/// One per worker and configuration.
#[derive(Default)]
struct Root {
    /// Defined once: the host keeps every definition.
    counters: Option<Counters>,
    active: Option<Rc<Active>>,
    /// Since what is remembered of clusters was read.
    age: Duration,
    /// Since open streams were reported.
    unreported: Duration,
    /// Whether there was a request.
    has_requests: Cell<bool>,
}

/// What an operator sees beside Istio's metrics.
#[derive(Clone, Copy)]
struct Counters {
    overflow: Counter,
    config_errors: Counter,
}

impl Counters {
    fn define() -> Result<Self, HostError> {
        Ok(Self {
            overflow: Counter::define("istio_stats_overflow_total", &[])?,
            config_errors: Counter::define("stats_config_errors", &[])?,
        })
    }
}

impl Root {
    fn stream(&self, id: u32) -> Stream {
        if let Some(active) = &self.active {
            active.streams.add(id);
        }
        Stream {
            id,
            active: self.active.clone(),
        }
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let counters = match metric::defined_once(&mut self.counters, Counters::define) {
            Ok(counters) => *counters,
            Err(error) => {
                log::error!("stats is not configured: {error}");
                return false;
            }
        };
        let configured = Active::configure(counters).and_then(|active| {
            hostcalls::set_tick_period(active.tick())?;
            Ok(active)
        });
        match configured {
            Ok(active) => {
                self.active = Some(Rc::new(active));
                self.age = Duration::ZERO;
                self.unreported = Duration::ZERO;
                true
            }
            Err(error) => {
                counters.config_errors.increment();
                log::error!("stats is not configured: {error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        let Some(active) = &self.active else { return };
        self.age = self.age.saturating_add(active.tick());
        if self.age >= REFRESH {
            self.age = Duration::ZERO;
            active.forget();
        }
        self.unreported = self.unreported.saturating_add(active.tick());
        if self.unreported >= active.reporting_period() {
            self.unreported = Duration::ZERO;
            active.report_open_streams();
        }
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(self.stream(context_id)))
    }

    fn create_stream_context(&self, context_id: u32) -> Option<Box<dyn StreamContext>> {
        Some(Box::new(self.stream(context_id)))
    }

    /// Nothing says beforehand whether this is an HTTP filter or a network filter: streams do. Should
    /// one proxy use it as both, connections may be `HttpContext`s, since only `on_log` is called for
    /// them; requests must not be `StreamContext`s, which know no other callback that the module has.
    fn get_type(&self) -> Option<ContextType> {
        if !self.has_requests.get() {
            self.has_requests.set(ask::is_request());
        }
        Some(match self.has_requests.get() {
            true => ContextType::HttpContext,
            false => ContextType::StreamContext,
        })
    }
}

/// One per request or connection.
struct Stream {
    id: u32,
    active: Option<Rc<Active>>,
}

impl Stream {
    fn log(&mut self) {
        // Nothing comes after it but the end of this context.
        if let Some(active) = self.active.take() {
            let progress = active.streams.remove(self.id).unwrap_or_default();
            active.report_end(&progress);
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(active) = &self.active {
            active.streams.remove(self.id);
        }
    }
}

impl Context for Stream {}

impl HttpContext for Stream {
    fn on_log(&mut self) {
        self.log();
    }
}

impl StreamContext for Stream {
    fn on_log(&mut self) {
        self.log();
    }
}
