//! The two Envoys: `productpage` asks, `reviews` is asked.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use anyhow::{Context as _, Result};
use sdk_tests::UpstreamReply;
use sdk_tests::envoy::{Envoy, EnvoyOptions, Upstream};
use serde_json::{Map, Value, json};

use super::tls::Identity;
use crate::workspace;

/// The service that both know.
pub(super) const SERVICE: &str = "reviews.books.svc.cluster.local";

/// In which modules stats and metadata-exchange are.
#[derive(Clone, Copy)]
pub(super) enum Modules {
    /// In one each, and so in a VM each.
    Apart,
    /// In `telemetry.wasm`, and so in one VM.
    Together,
}

impl Modules {
    fn of(self, plugin: &str) -> &str {
        match self {
            Self::Together if plugin != "attribute_gen" => "telemetry",
            Self::Together | Self::Apart => plugin,
        }
    }
}

pub(super) struct Proxies {
    // The Envoys go before what they talk to.
    client: Envoy,
    server: Envoy,
    _upstream: Upstream,
}

impl Proxies {
    pub(super) fn start(binary: &Path) -> Result<Self> {
        let upstream = Upstream::start(|request| {
            Some(match request.path() {
                b"/fail" => UpstreamReply::new(500),
                b"/books.Reviews/List" => grpc("0"),
                b"/books.Reviews/Missing" => grpc("5"),
                _ => UpstreamReply::echo(request),
            })
        });
        let upstream = upstream.context("cannot start the upstream")?;
        let clusters = [
            cluster("upstream", &[upstream.addr()], false),
            cluster("database", &[echo()?], false),
        ];
        let server = config(
            &node("reviews", "books"),
            &server_listeners(Modules::Together),
            &clusters,
        )?;
        let server = Envoy::start(&EnvoyOptions::new(binary, &server))?;
        let http = server.listener("inbound");
        let tcp = server.listener("inbound-tcp");
        let clusters = [
            secured(cluster("reviews", &[http], true)),
            secured(cluster("reviews-tcp", &[tcp], false)),
            cluster("down", &[], false),
        ];
        let client = config(
            &node("productpage", "web"),
            &client_listeners(Modules::Apart),
            &clusters,
        )?;
        let client = Envoy::start(&EnvoyOptions::new(binary, &client))?;
        Ok(Self {
            client,
            server,
            _upstream: upstream,
        })
    }

    /// Where the client's workload sends its requests.
    pub(super) fn http(&self) -> SocketAddr {
        self.client.listener("outbound")
    }

    /// Where it sends anything else.
    pub(super) fn tcp(&self) -> SocketAddr {
        self.client.listener("outbound-tcp")
    }

    pub(super) fn scraped(&self) -> [(&'static str, SocketAddr); 2] {
        [
            ("client", self.client.admin()),
            ("server", self.server.admin()),
        ]
    }

    /// How many VMs the client's Envoy has, and the server's.
    pub(super) fn vms(&self) -> Result<(u64, u64)> {
        let vms = |envoy: &Envoy| {
            let stat = "wasm.envoy.wasm.runtime.v8.active";
            let page = envoy.admin_page(&format!("/stats?filter=^{stat}$"))?;
            let value = page.trim().strip_prefix(&format!("{stat}: "));
            let value = value.with_context(|| format!("no {stat}, but {page:?}"))?;
            anyhow::Ok(value.parse()?)
        };
        Ok((vms(&self.client)?, vms(&self.server)?))
    }

    pub(super) fn are_up(&self) -> bool {
        [&self.client, &self.server]
            .iter()
            .all(|envoy| envoy.admin_page("/ready").is_ok())
    }
}

/// A server that says again what it hears, and hangs up after the client, for as long as this process
/// runs.
fn echo() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    let serve = |mut connection: TcpStream| -> std::io::Result<()> {
        let mut said = Vec::new();
        connection.read_to_end(&mut said)?;
        connection.write_all(&said)
    };
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // Who breaks off has heard enough.
            let _ = serve(connection);
        }
    });
    Ok(address)
}

fn grpc(status: &str) -> UpstreamReply {
    UpstreamReply::new(200)
        .header("content-type", "application/grpc")
        .chunk([0; 5])
        .trailer("grpc-status", status)
}

/// What Istio writes into the bootstrap of a workload's proxy.
fn node(app: &str, namespace: &str) -> Value {
    json!({
        "id": format!("{app}-v1-abc.{namespace}"),
        "cluster": app,
        "metadata": {
            "NAME": format!("{app}-v1-abc"),
            "NAMESPACE": namespace,
            "WORKLOAD_NAME": format!("{app}-v1"),
            "CLUSTER_ID": "cluster-1",
            "ISTIO_VERSION": "1.29.0",
            "OWNER": format!("kubernetes://apis/apps/v1/namespaces/{namespace}/deployments/{app}-v1"),
            "LABELS": {
                "app": app,
                "version": "v1",
                "service.istio.io/canonical-name": app,
                "service.istio.io/canonical-revision": "v1",
            },
        },
    })
}

/// A bootstrap with the labels' regular expressions that users copy.
pub(super) fn config(node: &Value, listeners: &[Value], clusters: &[Value]) -> Result<String> {
    let file = workspace::root().join("extensions/stats/deploy/stats-tags.yaml");
    let tags = std::fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
    let mut tags: Value = serde_saphyr::from_str(&tags)?;
    if let Some(tags) = tags["stats_config"]["stats_tags"].as_array_mut() {
        tags.extend(OWN_LABELS.map(
            |(label, _)| json!({ "tag_name": label, "regex": format!("({label}=\\.=(.*?);\\.;)") }),
        ));
    }
    let config = json!({
        "node": node,
        "admin": { "address": any_port() },
        "stats_config": tags["stats_config"],
        // Envoy collects histograms from its workers when it flushes: every 5 s unless told.
        "stats_flush_interval": "1s",
        "static_resources": { "listeners": listeners, "clusters": clusters },
    });
    Ok(config.to_string())
}

fn any_port() -> Value {
    socket(SocketAddr::from(([127, 0, 0, 1], 0)))
}

fn socket(address: SocketAddr) -> Value {
    json!({ "socket_address": { "address": address.ip().to_string(), "port_value": address.port() } })
}

/// A cluster as Istio makes one: its metadata says which service it is, its endpoint's which workload.
fn cluster(name: &str, endpoints: &[SocketAddr], http2: bool) -> Value {
    const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    let protocol = match http2 {
        true => json!({ "http2_protocol_options": {} }),
        false => json!({ "http_protocol_options": { "enable_trailers": true } }),
    };
    let endpoints: Vec<_> = endpoints
        .iter()
        .map(|address| {
            json!({
                "endpoint": { "address": socket(*address) },
                "metadata": { "filter_metadata": { "istio": {
                    "workload": "reviews-v1;books;reviews;v1;cluster-1",
                } } },
            })
        })
        .collect();
    json!({
        "name": name,
        "type": "STATIC",
        "typed_extension_protocol_options": { OPTIONS: {
            "@type": format!("type.googleapis.com/{OPTIONS}"),
            "explicit_http_config": protocol,
        } },
        "metadata": { "filter_metadata": { "istio": { "services": [
            { "host": SERVICE, "name": "reviews", "namespace": "books" },
        ] } } },
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": endpoints }],
        },
    })
}

/// The same, with TLS.
fn secured(mut cluster: Value) -> Value {
    cluster["transport_socket"] = Identity::Productpage.upstream();
    cluster
}

/// A plugin, as an HTTP filter or a network filter. All that run one module share a VM.
fn wasm(modules: Modules, plugin: &str, kind: &str, config: &Value) -> Value {
    let artifact = modules.of(plugin);
    let module = workspace::wasm().join(format!("{artifact}.wasm"));
    json!({
        "name": plugin,
        "typed_config": {
            "@type": format!("type.googleapis.com/envoy.extensions.filters.{kind}.wasm.v3.Wasm"),
            "config": {
                "name": format!("{plugin}_{kind}"),
                "root_id": plugin,
                "failure_policy": "FAIL_OPEN",
                "vm_config": {
                    "vm_id": artifact,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": { "local": { "filename": module } },
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": config.to_string(),
                },
            },
        },
    })
}

fn to(cluster: &str) -> Value {
    json!({ "cluster": cluster })
}

fn client_listeners(modules: Modules) -> [Value; 2] {
    let routes = json!([
        { "match": { "path": "/down" }, "route": to("down") },
        // There is no route for it: an exact match of what nobody asks for.
        { "match": { "safe_regex": { "regex": "/(ok|fail|forbidden|books.Reviews/.*)" } }, "route": to("reviews") },
    ]);
    [
        http_listener("outbound", "OUTBOUND", modules, &routes),
        tcp_listener("outbound-tcp", "OUTBOUND", modules, "reviews-tcp"),
    ]
}

fn server_listeners(modules: Modules) -> [Value; 2] {
    let routes = json!([
        { "match": { "path": "/forbidden" }, "direct_response": { "status": 403 } },
        { "match": { "prefix": "/" }, "route": to("upstream") },
    ]);
    [
        http_listener("inbound", "INBOUND", modules, &routes),
        tcp_listener("inbound-tcp", "INBOUND", modules, "database"),
    ]
    .map(|mut listener| {
        listener["filter_chains"][0]["transport_socket"] = Identity::Reviews.downstream();
        listener
    })
}

/// What attribute-gen generates: an operation and a class of responses.
fn classes() -> Value {
    let class = |value: &str, condition: &str| json!({ "value": value, "condition": condition });
    json!({ "attributes": [
        { "output_attribute": "istio_operationId", "phase": "ON_REQUEST", "match": [
            class("ListReviews", "request.url_path == '/books.Reviews/List'"),
            class("OtherReviews", "request.url_path.matches('^/books[.]Reviews/[A-Z][a-z]+$')"),
            class("Page", "request.method == 'GET'"),
        ] },
        { "output_attribute": "istio_responseClass", "match": [
            class("2xx", "response.code >= 200 && response.code <= 299"),
            class("5xx", "response.code >= 500 && response.code <= 599"),
            { "value": "other" },
        ] },
    ] })
}

/// The labels that stats makes of it, and where it finds them.
const OWN_LABELS: [(&str, &str); 2] = [
    ("request_operation", "istio_operationId"),
    ("response_class", "istio_responseClass"),
];

/// What stats is told, over HTTP and TCP: so they also share what a worker keeps of it.
fn counting() -> Value {
    let own_labels: Map<String, Value> = OWN_LABELS
        .iter()
        .map(|(label, attribute)| ((*label).to_owned(), json!(attribute)))
        .collect();
    json!({
        "max_series": 1000,
        "metrics": [{ "name": "requests_total", "dimensions": own_labels }],
    })
}

pub(super) fn http_listener(
    name: &str,
    direction: &str,
    modules: Modules,
    routes: &Value,
) -> Value {
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "http_protocol_options": { "enable_trailers": true },
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }] },
        "http_filters": [
            {
                "name": "envoy.filters.http.grpc_stats",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
                    "emit_filter_state": true,
                },
            },
            wasm(modules, "metadata_exchange", "http", &json!({})),
            // Before stats, which reads what it generates: also what it generates at the very end.
            wasm(modules, "attribute_gen", "http", &classes()),
            wasm(modules, "stats", "http", &counting()),
            {
                "name": "envoy.filters.http.router",
                "typed_config": { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
            },
        ],
    });
    listener(
        name,
        direction,
        &json!([{
            "name": "envoy.filters.network.http_connection_manager", "typed_config": manager,
        }]),
    )
}

fn tcp_listener(name: &str, direction: &str, modules: Modules, cluster: &str) -> Value {
    listener(
        name,
        direction,
        &json!([
            wasm(modules, "stats", "network", &counting()),
            {
                "name": "envoy.filters.network.tcp_proxy",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                    "stat_prefix": name,
                    "cluster": cluster,
                },
            },
        ]),
    )
}

fn listener(name: &str, direction: &str, filters: &Value) -> Value {
    json!({
        "name": name,
        "traffic_direction": direction,
        "address": any_port(),
        "filter_chains": [{ "filters": filters }],
    })
}
