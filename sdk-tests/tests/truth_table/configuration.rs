//! Configurations, updates, panics, the environment and time.

use std::time::Duration;

use sdk_tests::{HostKind, Level, Proxy, Request, Rule, UpstreamReply, scenario};

use crate::{plugin, send};

#[scenario]
fn a_configuration_reaches_three_vms(proxy: &mut Proxy) {
    proxy.configure("one").unwrap();
    assert_eq!(proxy.metric("fixture_configured"), 3);
}

#[scenario]
fn an_update_takes_the_place_of_the_old_configuration(proxy: &mut Proxy) {
    proxy.configure("one").unwrap();
    assert_eq!(
        proxy.send(Request::get("/plain")).header("x-greeting"),
        Some(&b"one"[..])
    );
    proxy.configure("two").unwrap();
    assert_eq!(
        proxy.send(Request::get("/plain")).header("x-greeting"),
        Some(&b"two"[..])
    );
    assert_eq!(proxy.metric("fixture_configured"), 6);
    assert_eq!(proxy.metric("fixture_logged"), 2);
}

/// Envoy lets go of a root context when the last stream that began under it has ended.
#[scenario]
fn a_stream_keeps_the_configuration_that_it_began_with(proxy: &mut Proxy) {
    proxy.serve("opa", |_| {
        UpstreamReply::new(200)
            .body("allow")
            .after(Duration::from_secs(1))
    });
    proxy.configure("one").unwrap();
    let slow = proxy.start(Request::get("/ask"));
    proxy.configure("two").unwrap();
    assert_eq!(proxy.finish(slow).status(), 200);
    assert_eq!(
        proxy.send(Request::get("/plain")).header("x-greeting"),
        Some(&b"two"[..])
    );
}

#[scenario]
fn a_refused_update_leaves_the_old_configuration_serving(proxy: &mut Proxy) {
    proxy.configure("one").unwrap();
    let rejected = proxy.configure("bad").unwrap_err();
    assert_eq!(
        rejected.reason(),
        "field `greeting`: \"bad\" is not a greeting"
    );
    assert_eq!(rejected.logs().len(), 1);
    assert_eq!(rejected.logs()[0].level, Level::Error);
    assert!(rejected.to_string().contains("not a greeting"));
    assert_eq!(proxy.metric("fixture_configured"), 4);
    assert_eq!(
        proxy.send(Request::get("/plain")).header("x-greeting"),
        Some(&b"one"[..])
    );
}

#[scenario]
fn a_panic_over_an_update_leaves_the_old_configuration_serving(proxy: &mut Proxy) {
    proxy.configure("one").unwrap();
    let rejected = proxy.configure("panic").unwrap_err();
    assert!(
        rejected.reason().contains("told to panic"),
        "{}",
        rejected.reason()
    );
    assert_eq!(
        proxy.send(Request::get("/plain")).header("x-greeting"),
        Some(&b"one"[..])
    );
}

#[scenario]
fn without_a_good_configuration_every_request_fails(proxy: &mut Proxy) {
    proxy.configure("bad").unwrap_err();
    let reply = proxy.send(Request::get("/plain"));
    assert_eq!(reply.status(), 500);
    assert!(reply.upstream().is_none());
    proxy.configure("good").unwrap();
    assert_eq!(proxy.send(Request::get("/plain")).status(), 200);
}

#[scenario]
fn a_panic_fails_this_request_and_all_after_it(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("one").unwrap();
    let (reply, logs) = send(proxy, Request::get("/panic"));
    assert_eq!((reply.status(), reply.body()), (503, &b""[..]));
    assert!(
        logs[1].starts_with("panicked at ") && logs[1].ends_with("told to panic"),
        "{logs:?}"
    );
    assert_eq!(logs.len(), 2, "a dead VM gets no more callbacks");
    assert_eq!(proxy.send(Request::get("/plain")).status(), 503);
    proxy.configure("two").unwrap();
    assert_eq!(
        proxy.send(Request::get("/plain")).header("x-greeting"),
        Some(&b"two"[..])
    );
}

#[scenario]
fn a_panic_at_the_end_of_a_stream_fails_the_next_request(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("one").unwrap();
    assert_eq!(proxy.send(Request::get("/panic-in-log")).status(), 200);
    assert_eq!(proxy.send(Request::get("/plain")).status(), 503);
}

#[scenario]
fn a_header_in_the_wrong_phase_kills_the_plugin(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.allow(Rule::WrongPhase);
    proxy.configure("one").unwrap();
    let (reply, logs) = send(proxy, Request::post("/wrong-phase").body("abc"));
    assert_eq!(reply.status(), 503);
    assert!(logs[2].ends_with("unexpected status: 2"), "{logs:?}");
}

#[scenario]
fn timers_fire_in_the_main_threads_vm_and_in_the_workers(proxy: &mut Proxy) {
    proxy.configure("tick").unwrap();
    proxy.advance(Duration::from_millis(2_500));
    let ticks = proxy.metric("fixture_ticks");
    match proxy.host() {
        // Time is the test's own here.
        HostKind::Native | HostKind::Wasm => assert_eq!(ticks, 4),
        HostKind::Envoy => assert!(ticks >= 4, "{ticks}"),
    }
    // An update without a timer ends the old one's.
    proxy.configure("quiet").unwrap();
    let ticks = proxy.metric("fixture_ticks");
    proxy.advance(Duration::from_millis(2_500));
    assert_eq!(proxy.metric("fixture_ticks"), ticks);
}

#[scenario]
fn the_environment_reaches_the_plugin(proxy: &mut Proxy) {
    proxy.env("SDK_TESTS_GREETING", "not this one");
    proxy.env("SDK_TESTS_GREETING", "from the environment");
    proxy.configure("env").unwrap();
    let reply = proxy.send(Request::get("/plain"));
    assert_eq!(
        reply.header("x-greeting"),
        Some(&b"from the environment"[..])
    );
}
