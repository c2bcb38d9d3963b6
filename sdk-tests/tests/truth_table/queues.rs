//! Shared queues: who is told of a value, and when.

use std::time::Duration;

use sdk_tests::{Proxy, Request, scenario};

use crate::steps::{check, check_root};
use crate::{plugin, send};

const OK: &str = "0";
const NOT_FOUND: &str = "status 1";
const EMPTY: &str = "status 7";

/// Registers the queue `q`, and takes a value out whenever there is word of one.
const TAKES: &str = "steps register,q queue-ready@dequeue,q";

/// The lines of a log that are about queues, callbacks included.
fn story(logs: &[String]) -> Vec<&str> {
    let about = |log: &&str| !log.contains("enqueue") && !log.starts_with("configure");
    logs.iter().map(String::as_str).filter(about).collect()
}

#[scenario]
fn a_queue_has_one_id_in_all_vms(proxy: &mut Proxy) {
    check_root(
        proxy,
        &[
            ("register,q", "status 0 id 1"),
            ("register,q", "status 0 id 1"),
            ("register,r", "status 0 id 2"),
            ("resolve,,q", "status 0 id 1"),
            ("resolve,,unknown", "status 1 id 0"),
            ("resolve,other-vm,q", "status 1 id 0"),
            ("dequeue,q", EMPTY),
            ("dequeue,99", NOT_FOUND),
            ("enqueue,99,x", "1"),
        ],
    );
}

#[scenario]
fn values_leave_a_queue_in_the_order_that_they_came_in(proxy: &mut Proxy) {
    proxy.configure("steps register,q").unwrap();
    check(
        proxy,
        Request::get("/plain"),
        &[
            ("enqueue,q,one", OK),
            ("enqueue,q,", OK),
            ("enqueue,q,two", OK),
            ("dequeue,q", r#""one""#),
            ("dequeue,q", "empty"),
            ("dequeue,q", r#""two""#),
            ("dequeue,q", EMPTY),
        ],
    );
}

#[scenario]
fn word_of_a_value_comes_after_all_callbacks_of_a_request(proxy: &mut Proxy) {
    proxy.configure(TAKES).unwrap();
    let steps = "enqueue,q,1 request-body@enqueue,q,2 response-headers@enqueue,q,3 log@enqueue,q,4";
    let (_, logs) = send(
        proxy,
        Request::post("/plain").header("x-steps", steps).body("abc"),
    );
    assert_eq!(
        story(&logs),
        [
            "request /plain with 8 headers, end false",
            "request body 3 end false",
            "request body 0 end true",
            "queue 1 is ready",
            r#"queue-ready: dequeue,q = "1""#,
            "queue 1 is ready",
            r#"queue-ready: dequeue,q = "2""#,
            "queue 1 is ready",
            r#"queue-ready: dequeue,q = "2""#,
            "response headers end false",
            "response body 3 end false",
            "response body 0 end true",
            r#"log Ok(Some("/plain")) Ok(Some("200"))"#,
            "queue 1 is ready",
            r#"queue-ready: dequeue,q = "3""#,
            "queue 1 is ready",
            r#"queue-ready: dequeue,q = "4""#,
        ]
    );
}

#[scenario]
fn word_of_a_value_comes_even_if_it_is_gone(proxy: &mut Proxy) {
    proxy.configure(TAKES).unwrap();
    let (_, logs) = send(
        proxy,
        Request::get("/deny").header("x-steps", "enqueue,q,1 dequeue,q"),
    );
    let told = [
        r#"log Ok(Some("/deny")) Ok(Some("403"))"#,
        "queue 1 is ready",
        "queue-ready: dequeue,q = status 7",
    ];
    assert_eq!(story(&logs)[5..], told);
}

/// The canary's word goes to the VM of the main thread.
#[scenario]
fn each_vm_can_be_told_while_it_is_the_last_that_registered(proxy: &mut Proxy) {
    proxy.configure(format!("{TAKES} enqueue,q,v")).unwrap();
    proxy.advance(Duration::from_millis(150));
    let told = |log: &&sdk_tests::Log| log.message == r#"queue-ready: dequeue,q = "v""#;
    assert_eq!(proxy.logs().iter().filter(told).count(), 3);
}

#[scenario]
fn a_timer_can_fill_a_queue(proxy: &mut Proxy) {
    proxy
        .configure(format!("{TAKES} tick@enqueue,q,t"))
        .unwrap();
    proxy.advance(Duration::from_millis(150));
    let told = |log: sdk_tests::Log| log.message == r#"queue-ready: dequeue,q = "t""#;
    assert!(proxy.logs().into_iter().any(told));
}

#[scenario]
fn a_stream_can_wait_for_word_from_a_queue(proxy: &mut Proxy) {
    proxy.configure(TAKES).unwrap();
    let request = Request::get("/wait-for-root").header("x-steps", "enqueue,q,1");
    let (reply, logs) = send(proxy, request);
    assert_eq!(reply.status(), 200);
    assert_eq!(
        logs[2..5],
        [
            "queue 1 is ready",
            r#"queue-ready: dequeue,q = "1""#,
            "resumed Ok(())"
        ]
    );
}

#[scenario]
fn a_configuration_that_takes_the_place_of_another_is_told_instead(proxy: &mut Proxy) {
    proxy.configure(TAKES).unwrap();
    proxy
        .configure("steps register,q queue-ready@dequeue,1")
        .unwrap();
    proxy.send(Request::get("/plain").header("x-steps", "enqueue,q,1"));
    // In Envoy the reply may be there first.
    proxy.advance(Duration::from_millis(150));
    let logs = proxy.logs();
    let told = |pair: &[sdk_tests::Log]| {
        pair[0].message == "queue 1 is ready"
            && pair[1].message == r#"queue-ready: dequeue,1 = "1""#
    };
    assert_eq!(logs.windows(2).filter(|pair| told(pair)).count(), 1);
}

#[scenario]
fn a_panic_over_a_value_fails_the_next_request(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy
        .configure("steps register,q queue-ready@panic")
        .unwrap();
    let request = Request::get("/plain").header("x-steps", "log@enqueue,q,1");
    assert_eq!(proxy.send(request).status(), 200);
    assert_eq!(proxy.send(Request::get("/plain")).status(), 503);
}

#[scenario]
fn a_queue_goes_with_the_last_vm(proxy: &mut Proxy) {
    proxy
        .configure("steps register,q enqueue,q,1 refuse")
        .unwrap_err();
    check_root(
        proxy,
        &[
            ("register,r", "status 0 id 2"),
            ("resolve,,q", "status 1 id 0"),
        ],
    );
}
