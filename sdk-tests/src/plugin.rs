//! Which plugin a scenario is about.

use std::path::{Path, PathBuf};

use proxy_wasm::traits::RootContext;

use crate::config::Config;

/// A plugin under test: its name and how to make it.
///
/// ```
/// # use sdk_tests::{Plugin, json};
/// # use sdk_tests_fixture as my_extension;
/// fn plugin() -> Plugin {
///     Plugin::new("my_extension", my_extension::root_context).reload_after_a_panic()
/// }
/// # plugin();
/// ```
#[derive(Clone, Debug)]
pub struct Plugin {
    pub(crate) name: String,
    pub(crate) new_root: fn() -> Box<dyn RootContext>,
    pub(crate) root_id: String,
    pub(crate) vm_configuration: Vec<u8>,
    pub(crate) wasm_file: Option<PathBuf>,
    pub(crate) reloads: bool,
    pub(crate) fails_open: bool,
    pub(crate) is_network_filter: bool,
    pub(crate) holds_headers_alone: bool,
    /// The rest of the chain, with the configuration of each.
    pub(crate) next: Vec<(Plugin, Config)>,
}

impl Plugin {
    /// The plugin `name`, which is also the name of its module (`<name>.wasm`), with the
    /// constructor of its root context.
    ///
    /// ```
    /// # use sdk_tests::{Plugin, json};
    /// # use sdk_tests_fixture as my_extension;
    /// Plugin::new("my_extension", my_extension::root_context);
    /// ```
    pub fn new(name: impl Into<String>, new_root: fn() -> Box<dyn RootContext>) -> Self {
        Self {
            name: name.into(),
            new_root,
            root_id: String::new(),
            vm_configuration: Vec::new(),
            wasm_file: None,
            reloads: false,
            fails_open: false,
            is_network_filter: false,
            holds_headers_alone: false,
            next: Vec::new(),
        }
    }

    /// The root id that the proxy's configuration gives; empty unless set.
    ///
    /// ```
    /// # use sdk_tests::{Plugin, json};
    /// # use sdk_tests_fixture as my_extension;
    /// Plugin::new("my_extension", my_extension::root_context).root_id("inbound");
    /// ```
    #[must_use]
    pub fn root_id(mut self, root_id: impl Into<String>) -> Self {
        self.root_id = root_id.into();
        self
    }

    /// The configuration of its VM, which the plugin gets in `on_vm_start`; empty unless set.
    ///
    /// ```
    /// # use sdk_tests::{Plugin, json};
    /// # use sdk_tests_fixture as my_extension;
    /// Plugin::new("my_extension", my_extension::root_context)
    ///     .vm_configuration(json!({ "log": "info" }));
    /// ```
    #[must_use]
    pub fn vm_configuration(mut self, configuration: impl Into<Config>) -> Self {
        self.vm_configuration = configuration.into().0;
        self
    }

    /// Makes it a network filter: its root context makes stream contexts, and the proxy has
    /// connections for it instead of requests. See [`Proxy::connect`](crate::Proxy::connect).
    ///
    /// ```
    /// # use sdk_tests_fixture as my_extension;
    /// # use sdk_tests::{HostKind, Plugin, Proxy};
    /// let plugin = Plugin::new("my_filter", my_extension::network_root_context).network_filter();
    /// let mut proxy = Proxy::new(HostKind::Native, &plugin);
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.write(&connection, "hello");
    /// assert_eq!(proxy.upstream_got(&connection), b"hello");
    /// ```
    #[must_use]
    pub fn network_filter(mut self) -> Self {
        self.is_network_filter = true;
        self
    }

    /// Puts another plugin behind this one in the chain, with the configuration that it keeps.
    /// Requests come to it later, responses earlier. Both need names of their own.
    ///
    /// ```
    /// # use sdk_tests::{Plugin, json};
    /// # use sdk_tests_fixture as my_extension;
    /// # use sdk_tests_fixture as other_extension;
    /// # use sdk_tests::{HostKind, Proxy, Request};
    /// let second = Plugin::new("other_extension", other_extension::root_context);
    /// let plugin = Plugin::new("my_extension", my_extension::root_context)
    ///     .followed_by(second, "second");
    /// let mut proxy = Proxy::new(HostKind::Native, &plugin);
    /// proxy.configure("first").unwrap();
    /// let reply = proxy.send(Request::get("/"));
    /// // Both have added it.
    /// assert_eq!(reply.upstream().unwrap().headers("x-fixture").len(), 2);
    /// ```
    ///
    /// # Panics
    ///
    /// If one of them is a network filter and the other is not.
    #[must_use]
    pub fn followed_by(mut self, next: Self, config: impl Into<Config>) -> Self {
        assert!(
            self.is_network_filter == next.is_network_filter,
            "a chain is of network filters, or of HTTP filters"
        );
        self.next.push((next, config.into()));
        self
    }

    /// All plugins of the chain in the order of requests.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.next.iter().map(|(plugin, _)| plugin))
    }

    /// Lets requests pass without the plugin when its VM is dead (Envoy's `FAIL_OPEN`), instead of
    /// answering 503. The request that kills it still gets the 503.
    ///
    /// ```
    /// # use sdk_tests::{Plugin, json};
    /// # use sdk_tests_fixture as my_extension;
    /// # use sdk_tests::{HostKind, Proxy, Request};
    /// let plugin = Plugin::new("my_extension", my_extension::root_context).fail_open();
    /// let mut proxy = Proxy::new(HostKind::Native, &plugin);
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/panic")).status(), 503);
    /// assert_eq!(proxy.send(Request::get("/")).status(), 200);
    /// ```
    #[must_use]
    pub fn fail_open(mut self) -> Self {
        self.fails_open = true;
        self
    }

    /// Makes the proxy load a dead VM again with the next request (Envoy's `FAIL_RELOAD`), instead
    /// of answering 503 from then on.
    ///
    /// ```
    /// # use sdk_tests::{Plugin, json};
    /// # use sdk_tests_fixture as my_extension;
    /// # use sdk_tests::{HostKind, Proxy, Request};
    /// let plugin = Plugin::new("my_extension", my_extension::root_context).reload_after_a_panic();
    /// let mut proxy = Proxy::new(HostKind::Native, &plugin);
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.send(Request::get("/panic")).status(), 503);
    /// let reply = proxy.send(Request::get("/"));
    /// assert_eq!(reply.header("x-greeting"), Some(&b"hello"[..]));
    /// ```
    #[must_use]
    pub fn reload_after_a_panic(mut self) -> Self {
        self.reloads = true;
        self
    }

    /// Lets the plugin see bodies and trailers while it holds the headers back (Envoy's
    /// `allow_on_headers_stop_iteration`). A body callback that does not pause lets the headers go.
    ///
    /// ```
    /// # use sdk_tests::Plugin;
    /// # use sdk_tests_fixture as my_extension;
    /// Plugin::new("my_extension", my_extension::root_context).hold_headers_alone();
    /// ```
    #[must_use]
    pub fn hold_headers_alone(mut self) -> Self {
        self.holds_headers_alone = true;
        self
    }

    /// The module that the hosts `wasm` and `envoy` load. Without it they look for `<name>.wasm`
    /// in the directory `$SDK_TESTS_WASM_DIR`, or else in the `target/wasm` of the nearest
    /// directory at or above the tested crate that has it.
    ///
    /// ```
    /// # use sdk_tests::{Plugin, json};
    /// # use sdk_tests_fixture as my_extension;
    /// Plugin::new("my_extension", my_extension::root_context)
    ///     .wasm_file("target/wasm32-wasip1/release/my_extension.wasm");
    /// ```
    #[must_use]
    pub fn wasm_file(mut self, path: impl AsRef<Path>) -> Self {
        self.wasm_file = Some(path.as_ref().to_owned());
        self
    }
}
