//! Foreign functions but those of expressions and signatures.

use prost::Message;
use sdk_tests::{Proxy, Request, Rule, Status, scenario};

use crate::messages::{Declare, SetState};
use crate::plugin;
use crate::steps::{call, check, check_root, compare};

const NOT_FOUND: &str = "status 1";
const BAD_ARGUMENT: &str = "status 2";
/// Done, and nothing to give.
const DONE: &str = "empty";

const STRING: i32 = 1;
const PROTOBUF: i32 = 3;

fn declare(name: &str, read_only: bool, kind: i32, schema: &str) -> String {
    let declare = Declare {
        name: name.to_owned(),
        read_only,
        kind,
        schema: schema.to_owned(),
        span: 0,
    };
    call("declare_property", declare.encode_to_vec())
}

fn set_state(path: &str, value: &str) -> String {
    let set = SetState {
        path: path.to_owned(),
        value: value.as_bytes().to_vec(),
        span: 0,
    };
    call("set_envoy_filter_state", set.encode_to_vec())
}

#[scenario]
fn a_property_that_a_plugin_writes_can_be_read(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    check(
        proxy,
        Request::get("/plain"),
        &[
            ("get,mine", NOT_FOUND),
            ("set,mine,1", "0"),
            ("get,mine", r#""1""#),
            ("get,wasm/mine", NOT_FOUND),
            ("get,wasm.mine", NOT_FOUND),
            ("get,filter_state/wasm.mine", r#""1""#),
            ("get,filter_state", "status 3"),
            ("get,mine/x", NOT_FOUND),
            ("set,mine,2", "0"),
            ("response-headers@get,mine", r#""2""#),
            ("log@get,mine", r#""2""#),
            ("log@set,mine,3", "0"),
            ("done@get,mine", r#""3""#),
            ("set,nothing,", "0"),
            ("get,nothing", "empty"),
            // A path can be written, and never be read.
            ("set,a/b,1", "0"),
            ("get,a/b", NOT_FOUND),
            // What Envoy has comes first.
            ("set,request,1", "0"),
            ("get,request/path", r#""/plain""#),
            ("get,filter_state/wasm.request", r#""1""#),
            ("set,plugin_name,x", "0"),
            ("get,plugin_name", r#""sdk_tests_fixture""#),
        ],
    );
    check(proxy, Request::get("/plain"), &[("get,mine", NOT_FOUND)]);
}

#[scenario]
fn a_root_context_declares_properties_for_its_streams(proxy: &mut Proxy) {
    let once = declare("once", true, STRING, "");
    let message = declare("message", false, PROTOBUF, "type.googleapis.com/no.Such");
    check_root(
        proxy,
        &[
            (&once, DONE),
            (&once, BAD_ARGUMENT),
            (&message, DONE),
            (&call("declare_property", b"\xff"), BAD_ARGUMENT),
            (&call("declare_property", b""), DONE),
            ("set,once,1", "1"),
        ],
    );
    let other = declare("other", true, STRING, "");
    check(
        proxy,
        Request::get("/plain"),
        &[
            ("set,once,1", "0"),
            ("set,once,2", "2"),
            ("get,once", r#""1""#),
            // The whole of a message is its bytes.
            ("set,message,abc", "0"),
            ("get,message", r#""abc""#),
            // What a stream declares counts for nobody.
            (&other, DONE),
            (&other, BAD_ARGUMENT),
            (&declare("once", false, STRING, ""), DONE),
            ("set,other,1", "0"),
            ("set,other,2", "0"),
            ("get,other", r#""2""#),
        ],
    );
}

#[scenario]
fn envoys_own_filter_state_takes_the_names_that_envoy_knows(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let table = [
        ("envoy.string", "v", DONE, r#""v""#),
        ("envoy.hashable_string", "", DONE, "empty"),
        ("envoy.tcp_proxy.cluster", "c", DONE, r#""c""#),
        ("envoy.upstream.dynamic_port", " 007", DONE, r#""7""#),
        ("envoy.ratelimit.hits_addend", "x", BAD_ARGUMENT, NOT_FOUND),
        (
            "envoy.tcp_proxy.disable_tunneling",
            "yes",
            DONE,
            r#""false""#,
        ),
        ("envoy.network.application_protocols", "h2", DONE, NOT_FOUND),
        ("envoy.network.ip", "::1", DONE, r#""[::1]:0""#),
        ("my.own", "v", NOT_FOUND, NOT_FOUND),
    ];
    for (name, value, status, shown) in table {
        let read = format!("get,filter_state/{name}");
        let table = [(set_state(name, value), status), (read, shown)];
        let table = table
            .each_ref()
            .map(|(step, answer)| (step.as_str(), *answer));
        check(proxy, Request::get("/plain"), &table);
    }
    let name = "envoy.network.transport_socket.original_dst_address";
    check(
        proxy,
        Request::get("/plain"),
        &[
            (&set_state(name, "10.0.0.1"), BAD_ARGUMENT),
            (&set_state(name, "10.0.0.1:80"), DONE),
            (&format!("get,filter_state/{name}/ip"), r#""10.0.0.1""#),
            (&format!("get,filter_state/{name}"), r#""\x00\x00\x00\x00""#),
            (&call("set_envoy_filter_state", b"\xff"), BAD_ARGUMENT),
        ],
    );
    check_root(
        proxy,
        &[
            (&set_state("envoy.string", "v"), NOT_FOUND),
            (&set_state("envoy.network.ip", "x"), BAD_ARGUMENT),
        ],
    );
}

#[scenario]
fn the_route_cache_can_be_cleared_anywhere(proxy: &mut Proxy) {
    check_root(proxy, &[(&call("clear_route_cache", b""), DONE)]);
    let in_log = format!("log@{}", call("clear_route_cache", b"x"));
    let table = [(call("clear_route_cache", b""), DONE), (in_log, DONE)];
    let table = table
        .each_ref()
        .map(|(step, answer)| (step.as_str(), *answer));
    check(proxy, Request::get("/plain"), &table);
}

#[scenario]
fn what_is_compressed_can_be_uncompressed(proxy: &mut Proxy) {
    let packed = b"x\x9c\xcbH\xcd\xc9\xc9W\xc8@'\x01h\x03\x08\xb1";
    let shown = format!("\"{}\"", packed.escape_ascii());
    let long = b"x\x9cKL\x1c\x05\xa3`\x14\x0cw\x00\x00\xf9%\xd83";
    check_root(
        proxy,
        &[
            (&call("compress", b"hello hello hello hello"), &shown),
            (&call("uncompress", packed), r#""hello hello hello hello""#),
            (
                &call("uncompress", [packed, &b"junk"[..]].concat()),
                r#""hello hello hello hello""#,
            ),
            // No bytes, but not nothing.
            (
                &call("uncompress", b"x\x9c\x03\x00\x00\x00\x00\x01"),
                r#""""#,
            ),
            (&call("uncompress", &packed[..9]), "status 3"),
            (&call("uncompress", b"hello"), "status 3"),
            (&call("uncompress", b""), "status 3"),
            (&call("uncompress", long), "status 3"),
        ],
    );
}

#[scenario]
fn a_function_that_envoy_does_not_have_is_not_found(proxy: &mut Proxy) {
    check_root(proxy, &[(&call("no_such_function", b"x"), NOT_FOUND)]);
}

#[scenario(native, wasm)]
fn a_scenario_can_add_functions_of_its_own(proxy: &mut Proxy) {
    proxy.foreign_function("reverse", |arguments| {
        Ok(arguments.iter().rev().copied().collect())
    });
    proxy.foreign_function("deny", |_| Err(Status::BadArgument));
    proxy.foreign_function("compress", |_| Ok(Vec::new()));
    check_root(
        proxy,
        &[
            (&call("reverse", b"abc"), r#""cba""#),
            (&call("deny", b""), BAD_ARGUMENT),
            (&call("compress", b"abc"), r#""""#),
        ],
    );
}

#[scenario(native, wasm)]
fn a_function_that_panics_is_a_violation(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.foreign_function("break", |_| panic!("told to"));
    check_root(proxy, &[(&call("break", b""), "status 10")]);
}

/// A stream that a scenario configures steps for runs them as well.
#[scenario]
fn a_timer_can_call_them_too(proxy: &mut Proxy) {
    let step = format!("tick@{}", call("clear_route_cache", b""));
    proxy.configure(format!("steps {step}")).unwrap();
    proxy.advance(std::time::Duration::from_millis(150));
    compare(proxy, 0, "configure", &[(&step, DONE)]);
}
