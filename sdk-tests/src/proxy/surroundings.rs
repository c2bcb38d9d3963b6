//! What is around a plugin: the proxy's node, its listener, the cluster and endpoint behind it.

use serde_json::Value;

use crate::Proxy;
use crate::host::properties::Value as Property;

/// What the proxy's own configuration says, alike on all hosts: see [`Proxy::surround`].
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.surround(
///     Surroundings::default()
///         .node_metadata(json!({ "NAMESPACE": "default", "LABELS": { "app": "shop" } }))
///         .inbound(),
/// );
/// proxy.configure("hello").unwrap();
/// # });
/// ```
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub(crate) node_metadata: Option<Value>,
    pub(crate) direction: i64,
    pub(crate) cluster_metadata: Option<Value>,
    pub(crate) endpoint_metadata: Option<Value>,
    pub(crate) filters: Vec<Value>,
}

impl Surroundings {
    /// The metadata of the proxy's node: properties below `xds.node.metadata`.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.surround(Surroundings::default().node_metadata(json!({ "NAMESPACE": "default" })));
    /// proxy.configure("hello").unwrap();
    /// // The plugin logs what it reads.
    /// proxy.send(Request::get("/").header("x-steps", "get,xds/node/metadata/NAMESPACE"));
    /// assert!(proxy.logs().iter().any(|log| log.message.ends_with("= \"default\"")));
    /// # });
    /// ```
    #[must_use]
    pub fn node_metadata(mut self, metadata: Value) -> Self {
        self.node_metadata = Some(metadata);
        self
    }

    /// Makes the listener one for requests to the workload: `xds.listener_direction` is 1.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.surround(Surroundings::default().inbound());
    /// proxy.configure("hello").unwrap();
    /// // The plugin logs what it reads.
    /// proxy.send(Request::get("/").header("x-steps", "get,xds/listener_direction"));
    /// assert!(proxy.logs().iter().any(|log| log.message.contains("= \"\\x01")));
    /// # });
    /// ```
    #[must_use]
    pub fn inbound(mut self) -> Self {
        self.direction = 1;
        self
    }

    /// Makes the listener one for the workload's own requests: `xds.listener_direction` is 2.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.surround(Surroundings::default().outbound());
    /// proxy.configure("hello").unwrap();
    /// // The plugin logs what it reads.
    /// proxy.send(Request::get("/").header("x-steps", "get,xds/listener_direction"));
    /// assert!(proxy.logs().iter().any(|log| log.message.contains("= \"\\x02")));
    /// # });
    /// ```
    #[must_use]
    pub fn outbound(mut self) -> Self {
        self.direction = 2;
        self
    }

    /// The `filter_metadata` of the route's cluster, by namespace: properties below
    /// `xds.cluster_metadata.filter_metadata`.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.surround(Surroundings::default().cluster_metadata(json!({ "istio": { "zone": "a" } })));
    /// proxy.configure("hello").unwrap();
    /// // The plugin logs what it reads.
    /// proxy.send(Request::get("/").header("x-steps", "get,xds/cluster_metadata/filter_metadata/istio/zone"));
    /// assert!(proxy.logs().iter().any(|log| log.message.ends_with("= \"a\"")));
    /// # });
    /// ```
    #[must_use]
    pub fn cluster_metadata(mut self, metadata: Value) -> Self {
        self.cluster_metadata = Some(metadata);
        self
    }

    /// The `filter_metadata` of the cluster's endpoint, by namespace: properties below
    /// `xds.upstream_host_metadata.filter_metadata`.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.surround(Surroundings::default().endpoint_metadata(json!({ "istio": { "workload": "w" } })));
    /// proxy.configure("hello").unwrap();
    /// // The plugin logs what it reads.
    /// proxy.send(Request::get("/").header("x-steps", "log@get,xds/upstream_host_metadata/filter_metadata/istio/workload"));
    /// assert!(proxy.logs().iter().any(|log| log.message.ends_with("= \"w\"")));
    /// # });
    /// ```
    #[must_use]
    pub fn endpoint_metadata(mut self, metadata: Value) -> Self {
        self.endpoint_metadata = Some(metadata);
        self
    }

    /// One of Envoy's own filters before the plugins, as its configuration has it. The mock has
    /// none of them: [`Proxy::property`] says there what it would have left behind.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// let buffer = json!({
    ///     "name": "envoy.filters.http.buffer",
    ///     "typed_config": {
    ///         "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
    ///         "max_request_bytes": 4
    ///     }
    /// });
    /// proxy.surround(Surroundings::default().filter(buffer));
    /// proxy.configure("hello").unwrap();
    /// let reply = proxy.send(Request::post("/").body("too large"));
    /// let is_refused = reply.status() == 413;
    /// assert_eq!(is_refused, proxy.host() == HostKind::Envoy);
    /// # });
    /// ```
    #[must_use]
    pub fn filter(mut self, filter: Value) -> Self {
        self.filters.push(filter);
        self
    }

    /// The properties that the mock has of all this.
    pub(crate) fn properties(&self) -> Vec<(Vec<String>, Vec<u8>)> {
        let mut properties = Vec::new();
        let direction = self.direction.to_le_bytes().to_vec();
        let path = ["xds", "listener_direction"].map(str::to_owned).to_vec();
        properties.push((path, direction));
        for (path, metadata) in [
            ("node/metadata", &self.node_metadata),
            ("cluster_metadata/filter_metadata", &self.cluster_metadata),
            (
                "upstream_host_metadata/filter_metadata",
                &self.endpoint_metadata,
            ),
        ] {
            let path = std::iter::once("xds").chain(path.split('/'));
            let path: Vec<_> = path.map(str::to_owned).collect();
            if let Some(metadata) = metadata {
                let below = below(&path, metadata);
                properties.extend(below.into_iter().filter(|(known, _)| *known != path));
            }
        }
        properties
    }
}

/// A value and all that is below it, as properties give them.
fn below(path: &[String], value: &Value) -> Vec<(Vec<String>, Vec<u8>)> {
    let mut properties = vec![(path.to_vec(), bytes(value))];
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, v)| (name.clone(), v)).collect(),
        Value::Array(values) => {
            let values = values.iter().enumerate();
            values.map(|(at, value)| (at.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, child) in children {
        let path = [path, &[name]].concat();
        properties.extend(below(&path, child));
    }
    properties
}

/// A value of metadata as a property gives it.
fn bytes(value: &Value) -> Vec<u8> {
    property(value).serialize().unwrap_or_default()
}

/// The same as a property: numbers are doubles.
fn property(value: &Value) -> Property {
    match value {
        Value::Null => Property::text(""),
        Value::Bool(value) => Property::Bool(*value),
        Value::Number(value) => Property::Double(value.as_f64().unwrap_or_default()),
        Value::String(text) => Property::text(text),
        Value::Array(values) => Property::List(values.iter().map(property).collect()),
        Value::Object(fields) => {
            let entry = |(name, value): (&String, &Value)| (Property::text(name), property(value));
            Property::Map(fields.iter().map(entry).collect())
        }
    }
}

impl Proxy {
    /// Says what is around the plugin. Call it before [`Proxy::configure`].
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.surround(Surroundings::default().node_metadata(json!({ "NAME": "shop-1" })));
    /// proxy.configure("steps get,xds/node/metadata/NAME").unwrap();
    /// assert!(proxy.logs().iter().any(|log| log.message.ends_with("= \"shop-1\"")));
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// If the plugin is configured already.
    pub fn surround(&mut self, surroundings: Surroundings) {
        assert!(
            !self.configured,
            "the proxy's surroundings are there before the plugin is configured"
        );
        self.backend.surround(surroundings);
    }
}
