//! What each property is, in each phase.

use sdk_tests::{Proxy, Request, UpstreamReply, scenario};

use crate::plugin;
use crate::steps::{check, check_root};

const ZERO: &str = r#""\x00\x00\x00\x00\x00\x00\x00\x00""#;
const ONE: &str = r#""\x01\x00\x00\x00\x00\x00\x00\x00""#;
/// A map without entries.
const EMPTY: &str = r#""\x00\x00\x00\x00""#;
const NOT_FOUND: &str = "status 1";
/// Something that has no bytes.
const NO_BYTES: &str = "status 3";

#[scenario]
fn the_request_is_there_with_its_headers(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let request = Request::get("/plain?q=1&b=2")
        .header("x-dup", "a")
        .header("x-dup", "b")
        .header("referer", "from")
        .header("user-agent", "me")
        .header("x-request-id", "mine");
    check(
        proxy,
        request,
        &[
            ("get,request/path", r#""/plain?q=1&b=2""#),
            ("get,request/url_path", r#""/plain""#),
            ("get,request/query", r#""q=1&b=2""#),
            ("get,request/host", r#""example.test""#),
            ("get,request/scheme", r#""http""#),
            ("get,request/method", r#""GET""#),
            ("get,request/referer", r#""from""#),
            ("get,request/useragent", r#""me""#),
            ("get,request/id", r#""mine""#),
            ("get,request/protocol", r#""HTTP/1.1""#),
            ("get,request/headers/x-dup", r#""a,b""#),
            ("get,request/headers/X-DUP", r#""a,b""#),
            ("get,request/headers/:path", r#""/plain?q=1&b=2""#),
            ("get,request/headers/nope", NOT_FOUND),
            ("get,request/path/x", NOT_FOUND),
            ("get,request/nope", NOT_FOUND),
            ("get,request", NO_BYTES),
            ("get,request/", NO_BYTES),
            ("get,/request", NOT_FOUND),
            ("get,request//path", NOT_FOUND),
            ("measure,request/time", "8 bytes"),
            ("response-headers@get,request/path", NOT_FOUND),
            ("response-headers@get,request/query", NOT_FOUND),
            ("response-headers@get,request/headers", EMPTY),
            ("response-headers@get,request/headers_bytes", ZERO),
            ("response-headers@get,request/protocol", r#""HTTP/1.1""#),
            ("log@get,request/path", r#""/plain?q=1&b=2""#),
            ("log@get,request/headers/x-fixture", r#""1""#),
            ("done@get,request/path", NOT_FOUND),
            ("done@get,request/headers", EMPTY),
        ],
    );
}

#[scenario]
fn sizes_grow_as_bytes_pass(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let three = r#""\x03\x00\x00\x00\x00\x00\x00\x00""#;
    check(
        proxy,
        Request::post("/plain").body("abc"),
        &[
            // What the request says of itself.
            ("get,request/size", three),
            ("request-body@get,request/size", three),
            ("request-body@get,request/total_size", three),
            ("get,response/size", ZERO),
            ("response-body@get,response/size", ZERO),
            ("log@get,response/size", three),
            ("done@get,response/total_size", three),
        ],
    );
    let chunked = Request::post("/plain").body("abc").trailer("x-sum", "1");
    check(
        proxy,
        chunked,
        &[
            ("get,request/size", ZERO),
            ("request-body@get,request/size", three),
        ],
    );
}

#[scenario]
fn the_response_is_there_when_the_upstream_has_answered(proxy: &mut Proxy) {
    let reply = UpstreamReply::new(404)
        .header("x-up", "1")
        .header("x-up", "2");
    proxy.upstream_replies(reply.body("hello").trailer("x-sum", "9"));
    proxy.configure("").unwrap();
    check(
        proxy,
        Request::get("/plain"),
        &[
            ("get,response/code", NOT_FOUND),
            ("get,response/code_details", NOT_FOUND),
            ("get,response/grpc_status", NOT_FOUND),
            ("get,response/flags", ZERO),
            ("get,response/headers", EMPTY),
            ("get,response", NO_BYTES),
            (
                "response-headers@get,response/code",
                r#""\x94\x01\x00\x00\x00\x00\x00\x00""#,
            ),
            (
                "response-headers@get,response/code_details",
                r#""via_upstream""#,
            ),
            (
                "response-headers@get,response/grpc_status",
                r#""\x0c\x00\x00\x00\x00\x00\x00\x00""#,
            ),
            ("response-headers@get,response/headers/x-up", r#""1,2""#),
            ("response-headers@get,response/backend_latency", NOT_FOUND),
            ("response-body@get,response/headers", EMPTY),
            ("response-body@get,response/trailers", EMPTY),
            ("log@get,response/headers/x-up", r#""1,2""#),
            ("log@get,response/trailers/x-sum", r#""9""#),
            ("log@measure,response/backend_latency", "8 bytes"),
            ("done@get,response/headers", EMPTY),
            ("get,request/duration", NOT_FOUND),
            ("response-body@get,request/duration", NOT_FOUND),
            ("log@measure,request/duration", "8 bytes"),
            ("done@measure,request/duration", "8 bytes"),
        ],
    );
}

#[scenario]
fn the_grpc_status_is_what_the_response_says(proxy: &mut Proxy) {
    let five = r#""\x05\x00\x00\x00\x00\x00\x00\x00""#;
    let two = r#""\x02\x00\x00\x00\x00\x00\x00\x00""#;
    proxy.upstream_replies(UpstreamReply::new(200).header("grpc-status", "5"));
    proxy.configure("").unwrap();
    let status = "response-headers@get,response/grpc_status";
    check(proxy, Request::get("/plain"), &[(status, five)]);
    proxy.upstream_replies(
        UpstreamReply::new(200)
            .body("x")
            .trailer("grpc-status", "5"),
    );
    let table = [(status, two), ("log@get,response/grpc_status", five)];
    check(proxy, Request::get("/plain"), &table);
}

#[scenario]
fn a_local_reply_has_the_details_that_it_was_given(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    check(
        proxy,
        Request::get("/plain"),
        &[
            ("reply,418,my_details", "0"),
            (
                "response-headers@get,response/code",
                r#""\xa2\x01\x00\x00\x00\x00\x00\x00""#,
            ),
            (
                "response-headers@get,response/code_details",
                r#""my_details""#,
            ),
            ("response-headers@get,request/path", r#""/plain""#),
            ("response-headers@get,upstream/address", NOT_FOUND),
        ],
    );
    // The SDK gives none.
    let details = ("log@get,response/code_details", "empty");
    check(proxy, Request::get("/deny"), &[details]);
    let details = ("log@get,response/code_details", r#""wasm_close_stream""#);
    check(proxy, Request::get("/close"), &[details]);
}

#[scenario]
fn a_refused_request_says_why(proxy: &mut Proxy) {
    let steps = "log@get,response/code_details log@get,xds/cluster_name log@get,request/headers";
    proxy.configure(format!("steps {steps}")).unwrap();
    let mut details = Vec::new();
    for request in [
        Request::get("/a#b"),
        Request::new("OPTIONS", "*"),
        Request::new("NOPE", "/"),
        Request::get("/").without_authority(),
    ] {
        let before = proxy.logs().len();
        proxy.send(request);
        let logs = proxy.logs().split_off(before);
        let answer = |step: &str| {
            let mut lines = logs.iter().filter_map(|log| log.message.split_once(" = "));
            let line = lines.find(|(line, _)| line.ends_with(step));
            line.map(|(_, answer)| answer.to_owned())
                .unwrap_or_default()
        };
        assert_eq!(answer("xds/cluster_name"), NOT_FOUND);
        details.push(answer("response/code_details"));
    }
    assert_eq!(
        details,
        [
            r#""path_normalization_failed""#,
            r#""absolute_path_rejected""#,
            r#""http1.codec_error""#,
            r#""missing_host_header""#,
        ]
    );
}

#[scenario]
fn the_connection_and_its_ends_are_there(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    check(
        proxy,
        Request::get("/plain"),
        &[
            ("measure,connection/id", "8 bytes"),
            ("measure,connection_id", "8 bytes"),
            ("get,connection/mtls", r#""\x00""#),
            ("get,connection/requested_server_name", "empty"),
            ("get,connection/tls_version", NOT_FOUND),
            ("get,connection/termination_details", NOT_FOUND),
            ("get,connection", NO_BYTES),
            ("measure,source/address", "15 bytes"),
            ("measure,source/port", "8 bytes"),
            ("get,source", NO_BYTES),
            ("measure,destination/address", "15 bytes"),
            ("measure,destination/port", "8 bytes"),
        ],
    );
}

#[scenario]
fn the_upstream_is_there_once_the_router_has_chosen_it(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    check(
        proxy,
        Request::post("/plain").body("abc"),
        &[
            ("get,upstream/address", NOT_FOUND),
            ("get,upstream/request_attempt_count", ZERO),
            ("get,upstream/num_endpoints", ONE),
            ("get,xds/upstream_host_metadata", NOT_FOUND),
            ("request-body@measure,upstream/address", "15 bytes"),
            ("request-body@measure,upstream/port", "8 bytes"),
            ("request-body@get,upstream/request_attempt_count", ONE),
            ("request-body@get,upstream/local_address", NOT_FOUND),
            (
                "request-body@get,upstream/transport_failure_reason",
                "empty",
            ),
            ("request-body@get,upstream/locality/region", "empty"),
            ("request-body@get,xds/upstream_host_metadata", NO_BYTES),
            ("get,upstream_filter_state", NOT_FOUND),
            (
                "response-headers@measure,upstream/local_address",
                "15 bytes",
            ),
            (
                "response-headers@measure,upstream/cx_pool_ready_duration",
                "8 bytes",
            ),
            ("response-headers@get,upstream_filter_state", NO_BYTES),
        ],
    );
}

#[scenario]
fn the_configuration_is_below_xds(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    check(
        proxy,
        Request::get("/plain"),
        &[
            ("get,xds", NO_BYTES),
            ("get,xds/cluster_name", r#""upstream""#),
            ("get,xds/cluster_metadata", "empty"),
            ("get,xds/cluster_metadata/filter_metadata", EMPTY),
            ("get,xds/cluster_metadata/nope", NOT_FOUND),
            ("get,xds/route_name", "empty"),
            ("get,xds/virtual_host_name", r#""scenario""#),
            ("get,xds/filter_chain_name", "empty"),
            ("get,xds/listener_direction", ZERO),
            ("get,xds/listener_metadata", "empty"),
            ("get,xds/node/id", r#""sdk-tests""#),
            ("get,xds/node/cluster", r#""sdk-tests""#),
            ("get,xds/node/metadata", EMPTY),
            ("get,xds/node/locality/zone", "empty"),
            ("get,xds/node/user_agent_name", r#""envoy""#),
            ("get,metadata", "empty"),
            ("get,metadata/filter_metadata/a", NOT_FOUND),
            ("get,plugin_name", r#""sdk_tests_fixture""#),
            ("get,plugin_root_id", "empty"),
            ("get,plugin_vm_id", "empty"),
        ],
    );
}

/// The documentation has them at the top still.
#[scenario]
fn the_old_names_at_the_top_are_gone(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let gone = [
        "node",
        "cluster_name",
        "cluster_metadata",
        "route_name",
        "route_metadata",
        "listener_direction",
        "listener_metadata",
        "upstream_host_metadata",
    ];
    let steps: Vec<_> = gone.iter().map(|name| format!("get,{name}")).collect();
    let table: Vec<_> = steps
        .iter()
        .map(|step| (step.as_str(), NOT_FOUND))
        .collect();
    check(proxy, Request::get("/plain"), &table);
}

#[scenario]
fn outside_a_stream_there_are_the_node_and_the_plugin(proxy: &mut Proxy) {
    check_root(
        proxy,
        &[
            ("get,xds/node/id", r#""sdk-tests""#),
            ("get,xds", NO_BYTES),
            ("get,xds/cluster_name", NOT_FOUND),
            ("get,plugin_name", r#""sdk_tests_fixture""#),
            ("get,request", NOT_FOUND),
            ("get,source/address", NOT_FOUND),
            ("get,connection_id", NOT_FOUND),
            ("get,filter_state", NOT_FOUND),
            ("set,a,1", NOT_FOUND.trim_start_matches("status ")),
            ("status", "0 empty"),
        ],
    );
}
