//! Connections, which network filters are for.

use std::sync::Arc;

use super::Proxy;

/// A client's connection through the proxy; see [`Proxy::connect`].
///
/// ```
/// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
/// # use sdk_tests::Connection;
/// proxy.configure("").unwrap();
/// let first: Connection = proxy.connect();
/// let second: Connection = proxy.connect();
/// proxy.write(&first, "hello");
/// assert_eq!(proxy.upstream_got(&first), b"hello");
/// assert_eq!(proxy.upstream_got(&second), b"");
/// # });
/// ```
#[derive(Debug)]
pub struct Connection {
    id: u64,
}

/// Something that was said on a connection, for the story of a failed test.
pub(super) struct Spoken {
    connection: u64,
    what: String,
}

pub(super) fn story(spoken: &[Spoken]) -> String {
    spoken
        .iter()
        .map(|spoken| format!("connection {}: {}\n", spoken.connection, spoken.what))
        .collect()
}

/// Connections, for plugins that are [network filters](crate::Plugin::network_filter).
///
/// ```
/// # use proxy_wasm::traits::{Context, RootContext, StreamContext};
/// # use proxy_wasm::types::{Action, ContextType};
/// # use sdk_tests::{Plugin, Proxy, scenario};
/// # struct Root;
/// # impl Context for Root {}
/// # impl RootContext for Root {
/// #     fn get_type(&self) -> Option<ContextType> {
/// #         Some(ContextType::StreamContext)
/// #     }
/// #     fn create_stream_context(&self, _: u32) -> Option<Box<dyn StreamContext>> {
/// #         Some(Box::new(Shouter))
/// #     }
/// # }
/// struct Shouter;
/// impl Context for Shouter {}
/// impl StreamContext for Shouter {
///     fn on_upstream_data(&mut self, size: usize, _: bool) -> Action {
///         let data = self.get_upstream_data(0, size).unwrap_or_default();
///         self.set_upstream_data(0, size, &data.to_ascii_uppercase());
///         Action::Continue
///     }
/// }
///
/// fn plugin() -> Plugin {
///     Plugin::new("shouter", || Box::new(Root)).network_filter()
/// }
///
/// #[scenario(native)]
/// fn shouts(proxy: &mut Proxy) {
///     proxy.configure("").unwrap();
///     let connection = proxy.connect();
///     proxy.write(&connection, "hello");
///     assert_eq!(proxy.upstream_got(&connection), b"hello");
///     assert_eq!(proxy.read(&connection), b"HELLO");
///     proxy.hang_up(connection);
/// }
/// # sdk_tests::__private::run(sdk_tests::HostKind::Native, &plugin(), shouts);
/// ```
impl Proxy {
    /// Opens a connection. The upstream echoes what comes to it, and hangs up when the client has,
    /// unless it is told otherwise.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.write(&connection, "hello");
    /// assert_eq!(proxy.read(&connection), b"hello");
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// If the plugin is no network filter, or is not configured.
    pub fn connect(&mut self) -> Connection {
        self.connect_to_worker(0)
    }

    /// Opens a connection that this worker serves; the first is 0. See [`Proxy::workers`].
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.workers(2);
    /// proxy.configure("").unwrap();
    /// for worker in [0, 1] {
    ///     proxy.connect_to_worker(worker);
    ///     // Each is the first that its worker's VM has.
    ///     assert_eq!(proxy.logs()[worker].message, "connection 1");
    /// }
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Proxy::connect`], and if there is no such worker.
    pub fn connect_to_worker(&mut self, worker: usize) -> Connection {
        assert!(
            self.is_network,
            "connections are for network filters: see `Plugin::network_filter`"
        );
        assert!(
            self.configured,
            "a plugin is configured before somebody connects"
        );
        let id = self.backend.connect(worker);
        self.note(id, "opened".to_owned());
        Connection { id }
    }

    /// Writes on a connection, and waits until the proxy has taken it. Each piece comes to the
    /// plugin for itself if it is small, a few KiB.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// // The plugin holds back what begins with `hold`, until there is a full stop.
    /// proxy.write(&connection, "hold on");
    /// assert_eq!(proxy.upstream_got(&connection), b"");
    /// proxy.write(&connection, ".");
    /// assert_eq!(proxy.upstream_got(&connection), b"hold on.");
    /// # });
    /// ```
    pub fn write(&mut self, connection: &Connection, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.note(connection.id, format!("> {}", bytes.escape_ascii()));
        self.backend.write(connection.id, bytes);
    }

    /// What has come to the client since it last read. Before that, everything happens that is on
    /// its way: callouts are answered, and the upstream as well.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.write(&connection, "hello");
    /// assert_eq!(proxy.read(&connection), b"hello");
    /// assert_eq!(proxy.read(&connection), b"");
    /// # });
    /// ```
    pub fn read(&mut self, connection: &Connection) -> Vec<u8> {
        let bytes = self.backend.read(connection.id);
        self.note(connection.id, format!("< {}", bytes.escape_ascii()));
        bytes
    }

    /// Says that the client writes nothing more; it still reads.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.write(&connection, "hello");
    /// proxy.stop_writing(&connection);
    /// assert_eq!(proxy.read(&connection), b"hello");
    /// assert!(proxy.logs().iter().any(|log| log.message == r#"downstream "" end true"#));
    /// # });
    /// ```
    pub fn stop_writing(&mut self, connection: &Connection) {
        self.note(connection.id, "the client stops writing".to_owned());
        self.backend.stop_writing(connection.id);
    }

    /// Says that the client writes nothing more, and waits for the end, if it comes.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.hang_up(connection);
    /// // The plugin has counted it in `on_done`.
    /// assert_eq!(proxy.metric("fixture_done"), 1);
    /// # });
    /// ```
    pub fn hang_up(&mut self, connection: Connection) {
        self.note(connection.id, "the client hangs up".to_owned());
        self.backend.hang_up(connection.id);
    }

    /// Breaks a connection off, as a client does that crashes.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.reset(connection);
    /// assert!(proxy.logs().iter().any(|log| log.message == "downstream close Remote"));
    /// # });
    /// ```
    pub fn reset(&mut self, connection: Connection) {
        self.note(connection.id, "the client is gone".to_owned());
        self.backend.reset(connection.id);
    }

    /// Whether more may come to the client: neither the proxy nor the upstream has hung up. As with
    /// [`Proxy::read`], everything happens before that is on its way.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// assert!(proxy.is_open(&connection));
    /// // The plugin does what the bytes say.
    /// proxy.write(&connection, "close");
    /// assert!(!proxy.is_open(&connection));
    /// # });
    /// ```
    pub fn is_open(&mut self, connection: &Connection) -> bool {
        self.backend.is_open(connection.id)
    }

    /// All that has come to the upstream on a connection so far. As with [`Proxy::read`],
    /// everything happens before that is on its way.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// // The plugin writes this word in capitals.
    /// proxy.write(&connection, "upper");
    /// proxy.write(&connection, ", lower");
    /// assert_eq!(proxy.upstream_got(&connection), b"UPPER, lower");
    /// # });
    /// ```
    pub fn upstream_got(&mut self, connection: &Connection) -> Vec<u8> {
        self.backend.upstream_got(connection.id)
    }

    /// Lets the upstream say something by itself, and waits until the proxy has taken it.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.upstream_says(&connection, "welcome");
    /// assert_eq!(proxy.read(&connection), b"welcome");
    /// # });
    /// ```
    pub fn upstream_says(&mut self, connection: &Connection, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let what = format!("the upstream: {}", bytes.escape_ascii());
        self.note(connection.id, what);
        self.backend.upstream_says(connection.id, bytes);
    }

    /// Lets the upstream hang up; it still takes what comes.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.upstream_hangs_up(&connection);
    /// assert!(!proxy.is_open(&connection));
    /// proxy.write(&connection, "hello");
    /// assert_eq!(proxy.upstream_got(&connection), b"hello");
    /// # });
    /// ```
    pub fn upstream_hangs_up(&mut self, connection: &Connection) {
        self.note(connection.id, "the upstream hangs up".to_owned());
        self.backend.upstream_hangs_up(connection.id);
    }

    /// Makes the upstream say this to every piece that comes to it from now on, on any connection,
    /// instead of the echo.
    ///
    /// ```
    /// # sdk_tests::__private::network_example(sdk_tests_fixture::network_root_context, |proxy| {
    /// proxy.upstream_answers(|bytes| format!("{} bytes", bytes.len()).into_bytes());
    /// proxy.configure("").unwrap();
    /// let connection = proxy.connect();
    /// proxy.write(&connection, "hello");
    /// assert_eq!(proxy.read(&connection), b"5 bytes");
    /// # });
    /// ```
    pub fn upstream_answers(&mut self, answers: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) {
        self.backend.upstream_answers(Arc::new(answers));
    }

    fn note(&mut self, connection: u64, what: String) {
        self.spoken.push(Spoken { connection, what });
    }
}
