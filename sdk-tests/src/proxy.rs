//! The proxy as a scenario sees it, whichever host is behind it.

mod histogram;
mod network;
mod observed;
mod requests;
mod servers;
mod settings;
mod surroundings;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::backend::Backend;
use crate::config::{Config, Rejected};
use crate::host::Log;
use crate::plugin::Plugin;
use crate::rules::Rule;
use crate::story::Exchanged;
use network::Spoken;

pub use histogram::Histogram;
pub use network::Connection;
pub use requests::Started;
pub use surroundings::Surroundings;

/// What runs the plugin.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// proxy.send(Request::get("/"));
/// let counted = proxy.costs().iter().all(|cost| cost.instructions.is_some());
/// match proxy.host() {
///     HostKind::Wasm => assert!(counted),
///     HostKind::Native => assert!(!counted),
///     HostKind::Envoy => assert!(proxy.costs().is_empty()),
/// }
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostKind {
    /// The plugin's code itself, in the test's process.
    Native,
    /// The module that ships, in Wasmtime.
    Wasm,
    /// The module that ships, in a real Envoy.
    Envoy,
}

/// A proxy with the plugin in it, a client before it and an upstream behind it.
///
/// The upstream answers 200 with the body that it got, unless told otherwise. When the scenario
/// is over, the proxy looks back: a panic of the plugin, an error in its log, a host call in the
/// wrong phase or a leaked context fails the test, unless the scenario said that it expects it.
///
/// The plugin of the examples is one that sdk-tests tests itself with. It greets in `x-greeting`, and
/// does what a path says: `/ask` asks the cluster `opa`, `/deny` replies 403, `/panic` panics. Its
/// configuration can say it, too: over `configure: call opa hello` it makes a gRPC call. As a network
/// filter it does what the bytes say: `upper` becomes `UPPER`, over `close` it closes the connection.
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// let reply = proxy.send(Request::get("/"));
/// assert_eq!(reply.header("x-greeting"), Some(&b"hello"[..]));
/// assert!(reply.upstream().is_some());
/// assert_eq!(proxy.metric("fixture_logged"), 1);
/// # });
/// ```
pub struct Proxy {
    backend: Box<dyn Backend>,
    /// The name of the plugin under test, the first of the chain.
    plugin: String,
    exchanges: Vec<Exchanged>,
    /// What was said on connections.
    spoken: Vec<Spoken>,
    is_network: bool,
    expected: Expected,
    configured: bool,
    /// Requests that somebody still has to wait for.
    started: usize,
}

#[derive(Default)]
struct Expected {
    allowed: BTreeSet<Rule>,
    panic: bool,
    /// Lines that a refused configuration accounts for.
    logs: Vec<Log>,
}

impl Proxy {
    /// A proxy on this host.
    ///
    /// ```
    /// # use sdk_tests_fixture as my_extension;
    /// use sdk_tests::{HostKind, Plugin, Proxy, Request};
    ///
    /// let plugin = Plugin::new("my_extension", my_extension::root_context);
    /// // Without `#[scenario]`, and so without its rules.
    /// let mut proxy = Proxy::new(HostKind::Native, &plugin);
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/")).status(), 200);
    /// ```
    ///
    /// # Panics
    ///
    /// If this crate was built without the host's feature, or the host is not installed.
    pub fn new(kind: HostKind, plugin: &Plugin) -> Self {
        Self {
            backend: backend(kind, plugin),
            plugin: plugin.name.clone(),
            exchanges: Vec::new(),
            spoken: Vec::new(),
            is_network: plugin.is_network_filter,
            expected: Expected::default(),
            configured: false,
            started: 0,
        }
    }

    /// Which host this is.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// if proxy.host() != HostKind::Envoy {
    ///     // Envoy has properties of its own.
    ///     proxy.property(&["source", "address"], "10.0.0.1:4711");
    /// }
    /// # });
    /// ```
    pub fn host(&self) -> HostKind {
        self.backend.kind()
    }

    pub(crate) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// Configures the plugin: JSON, or any text. Another call is a dynamic update.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// let rejected = proxy.configure("bad").unwrap_err();
    /// assert!(rejected.reason().contains("is not a greeting"));
    /// let reply = proxy.send(Request::get("/"));
    /// assert_eq!(reply.header("x-greeting"), Some(&b"hello"[..]));
    /// # });
    /// ```
    ///
    /// # Errors
    ///
    /// The plugin refused it; the configuration before it goes on serving.
    pub fn configure(&mut self, config: impl Into<Config>) -> Result<(), Rejected> {
        self.configured = true;
        let result = self.backend.configure(&config.into().0);
        if let Err(rejected) = &result {
            self.expected.logs.extend_from_slice(rejected.logs());
        }
        result
    }

    /// Lets time pass. The mock moves its clock and fires the timers; Envoy really waits.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// use std::time::Duration;
    ///
    /// proxy.configure("tick").unwrap();
    /// proxy.advance(Duration::from_millis(2_500));
    /// // In the VMs of the main thread and of the worker.
    /// assert_eq!(proxy.metric("fixture_ticks"), 4);
    /// # });
    /// ```
    pub fn advance(&mut self, by: Duration) {
        self.backend.advance(by);
    }
}

fn backend(kind: HostKind, plugin: &Plugin) -> Box<dyn Backend> {
    match kind {
        HostKind::Native => Box::new(crate::native::mock(plugin)),
        #[cfg(feature = "wasm")]
        HostKind::Wasm => Box::new(crate::wasm::mock(plugin)),
        #[cfg(feature = "harness")]
        HostKind::Envoy => Box::new(crate::envoy::host(plugin)),
        #[cfg(not(all(feature = "wasm", feature = "harness")))]
        _ => panic!("sdk-tests was built without the feature for the host {kind:?}"),
    }
}
