//! Guest code on its own, for unit tests.

use super::driver::enter;
use super::logger;
use crate::host::{Callback, HostState, SharedHost, Stream, Vm};
use crate::{Log, Violation};

/// What guest code finds around it in [`with_host`], and leaves behind.
///
/// ```
/// use sdk_tests::native::{Surroundings, with_host};
///
/// fn of_alice(host: &mut Surroundings) {
///     host.add_request_header("x-user", "alice");
/// }
///
/// let (_, host): ((), Surroundings) = with_host(of_alice, || log::info!("hello"));
/// assert_eq!(host.request_header("x-user"), Some(&b"alice"[..]));
/// assert_eq!(host.logs()[0].to_string(), "[info] hello");
/// ```
#[derive(Debug, Default)]
pub struct Surroundings(HostState);

impl Surroundings {
    /// Adds a header to the request; one of the same name stays.
    ///
    /// ```
    /// use proxy_wasm::hostcalls;
    /// use proxy_wasm::types::MapType;
    ///
    /// let (value, _) = sdk_tests::native::with_host(
    ///     |host| host.add_request_header("x-user", "alice"),
    ///     || hostcalls::get_map_value(MapType::HttpRequestHeaders, "X-User").unwrap(),
    /// );
    /// assert_eq!(value.as_deref(), Some("alice"));
    /// ```
    pub fn add_request_header(&mut self, name: &str, value: impl AsRef<[u8]>) {
        if let Some(stream) = self.0.stream_mut() {
            stream.request.headers.add(name, value.as_ref());
        }
    }

    /// Sets a property: its path and its bytes as the host gives them.
    ///
    /// ```
    /// use proxy_wasm::hostcalls;
    ///
    /// let (value, _) = sdk_tests::native::with_host(
    ///     |host| host.set_property(&["xds", "cluster_name"], "backend"),
    ///     || hostcalls::get_property(vec!["xds", "cluster_name"]).unwrap(),
    /// );
    /// assert_eq!(value.as_deref(), Some(&b"backend"[..]));
    /// ```
    pub fn set_property(&mut self, path: &[&str], value: impl AsRef<[u8]>) {
        self.0.properties.set(path, value.as_ref());
    }

    /// The first value of a header of the request.
    ///
    /// ```
    /// use proxy_wasm::hostcalls;
    /// use proxy_wasm::types::MapType;
    ///
    /// let (_, host) = sdk_tests::native::with_host(
    ///     |_| {},
    ///     || hostcalls::set_map_value(MapType::HttpRequestHeaders, "x-user", Some("alice")),
    /// );
    /// assert_eq!(host.request_header("x-user"), Some(&b"alice"[..]));
    /// ```
    pub fn request_header(&self, name: &str) -> Option<&[u8]> {
        self.0.stream()?.request.headers.get(name)
    }

    /// The value of a counter or gauge; 0 if nobody defined it.
    ///
    /// ```
    /// use proxy_wasm::hostcalls;
    /// use proxy_wasm::types::MetricType;
    ///
    /// let (_, host) = sdk_tests::native::with_host(|_| {}, || {
    ///     let seen = hostcalls::define_metric(MetricType::Counter, "seen").unwrap();
    ///     hostcalls::increment_metric(seen, 2).unwrap();
    /// });
    /// assert_eq!(host.metric("seen"), 2);
    /// ```
    pub fn metric(&self, name: &str) -> u64 {
        let metrics = self.0.metrics.scalars();
        metrics.get(name).copied().unwrap_or_default()
    }

    /// What the code has logged.
    ///
    /// ```
    /// let (_, host) = sdk_tests::native::with_host(|_| {}, || log::info!("hello"));
    /// assert_eq!(host.logs()[0].message, "hello");
    /// ```
    pub fn logs(&self) -> &[Log] {
        &self.0.logs
    }

    /// The rules that it broke.
    ///
    /// ```
    /// use proxy_wasm::hostcalls;
    /// use proxy_wasm::types::MapType;
    /// use sdk_tests::Rule;
    ///
    /// let (_, host) = sdk_tests::native::with_host(
    ///     |_| {},
    ///     || hostcalls::get_map(MapType::HttpResponseHeaders),
    /// );
    /// assert_eq!(host.violations()[0].rule, Rule::WrongPhase);
    /// ```
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }
}

/// Runs guest code inside the request-headers phase of a stream, without a plugin.
///
/// For unit tests of guest code that makes host calls. `prepare` gets what is there before, with an
/// empty stream whose request headers are open; what `guest` did can be seen in what is returned.
///
/// ```
/// use proxy_wasm::hostcalls;
/// use proxy_wasm::types::MapType;
///
/// let (value, host) = sdk_tests::native::with_host(
///     |host| host.add_request_header("x-user", "alice"),
///     || hostcalls::get_map_value(MapType::HttpRequestHeaders, "X-User").unwrap(),
/// );
/// assert_eq!(value.as_deref(), Some("alice"));
/// assert!(host.violations().is_empty());
/// ```
pub fn with_host<T>(
    prepare: impl FnOnce(&mut Surroundings),
    guest: impl FnOnce() -> T,
) -> (T, Surroundings) {
    logger::install();
    let mut stream = Stream::new(1);
    stream.views[0].request.headers_open = true;
    stream.views[0].root = 1;
    let mut state = HostState {
        context: 2,
        caller: 2,
        called: 2,
        phase: Some(Callback::RequestHeaders),
        ..HostState::default()
    };
    state.roots.insert((Vm::FIRST, 1));
    state.contexts.insert((Vm::FIRST, 2), 1);
    state.streams.insert(1, stream);
    let mut surroundings = Surroundings(state);
    prepare(&mut surroundings);
    let host = SharedHost::default();
    *host.borrow_mut() = surroundings.0;
    let result = enter(&host, guest);
    let state = std::mem::take(&mut *host.borrow_mut());
    (result, Surroundings(state))
}
