//! Callouts of network filters, and what waits for them.

use std::time::Duration;

use sdk_tests::{Fault, Proxy, UpstreamReply, UpstreamRequest, scenario};

use crate::network::{logs, plugin, say};

/// How long the server takes: long enough for a client to say something on any machine.
const A_WHILE: Duration = Duration::from_secs(1);

fn slowly(_: &UpstreamRequest) -> UpstreamReply {
    UpstreamReply::new(200).after(A_WHILE)
}

#[scenario]
fn a_connection_can_wait_for_an_answer(proxy: &mut Proxy) {
    proxy.serve("opa", slowly);
    proxy.configure("ask").unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello ");
    proxy.write(&connection, "again");
    assert_eq!(proxy.read(&connection), b"hello again");
    assert_eq!(
        logs(proxy, 1),
        [
            "asked true",
            r#"answer Some("200") held None"#,
            // What has come meanwhile comes as one piece.
            r#"downstream "hello again" end false"#,
            r#"upstream "hello again" end false"#,
        ]
    );
    assert_eq!(proxy.callouts().len(), 1);
}

#[scenario]
fn an_answer_can_close_a_connection(proxy: &mut Proxy) {
    proxy.serve("opa", |_| UpstreamReply::new(403));
    proxy.configure("ask").unwrap();
    let connection = proxy.connect();
    assert!(!proxy.is_open(&connection));
    assert_eq!(
        logs(proxy, 2),
        [
            r#"answer Some("403") held None"#,
            "downstream close Local",
            "done",
            "log"
        ]
    );
}

#[scenario]
fn a_callout_that_is_refused_is_an_answer_too(proxy: &mut Proxy) {
    proxy.serve_fault("opa", Fault::Refused);
    proxy.configure("ask").unwrap();
    let connection = proxy.connect();
    assert!(!proxy.is_open(&connection));
    assert_eq!(logs(proxy, 2)[0], r#"answer Some("503") held None"#);
}

#[scenario]
fn bytes_that_wait_can_be_read_and_replaced(proxy: &mut Proxy) {
    proxy.serve("opa", |_| UpstreamReply::new(200));
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    let (read, logs) = say(proxy, &connection, "ask-replace");
    assert_eq!(read, "replaced");
    assert_eq!(logs[2], r#"answer Some("200") held Some("ask-replace")"#);
    assert_eq!(proxy.upstream_got(&connection), b"replaced");
}

#[scenario]
fn an_end_waits_with_the_bytes(proxy: &mut Proxy) {
    proxy.serve("opa", slowly);
    proxy.configure("hold-end").unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "ask");
    proxy.stop_writing(&connection);
    assert_eq!(proxy.read(&connection), b"ask");
    assert_eq!(
        logs(proxy, 3)[..5],
        [
            r#"downstream "ask" end true"#,
            r#"answer Some("200") held Some("ask")"#,
            r#"upstream "ask" end false"#,
            r#"upstream "" end true"#,
            "upstream close Unknown",
        ]
    );
    assert!(!proxy.is_open(&connection));
}

#[scenario]
fn a_client_that_hangs_up_at_the_start_is_noticed_late(proxy: &mut Proxy) {
    proxy.serve("opa", slowly);
    proxy.configure("ask").unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    proxy.hang_up(connection);
    let logs = logs(proxy, 2);
    assert_eq!(
        logs[..4],
        [
            r#"answer Some("200") held None"#,
            r#"downstream "hello" end true"#,
            r#"upstream "hello" end false"#,
            r#"upstream "" end true"#,
        ]
    );
    assert_eq!(logs[5], "downstream close Local");
}

#[scenario]
fn a_client_that_is_gone_at_the_start_is_noticed_late(proxy: &mut Proxy) {
    proxy.serve("opa", slowly);
    proxy.configure("ask").unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    proxy.reset(connection);
    proxy.advance(2 * A_WHILE);
    assert_eq!(
        logs(proxy, 2),
        [
            r#"answer Some("200") held None"#,
            r#"downstream "hello" end false"#,
            "downstream close Remote",
            "done",
            "log",
        ]
    );
}

#[scenario]
fn a_client_that_is_gone_gets_no_answer(proxy: &mut Proxy) {
    proxy.serve("opa", slowly);
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "ask");
    proxy.reset(connection);
    proxy.advance(2 * A_WHILE);
    assert_eq!(logs(proxy, 3), ["downstream close Remote", "done", "log"]);
}

#[scenario]
fn a_panic_over_an_answer_closes_the_connection_with_the_next_bytes(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.serve("opa", |_| UpstreamReply::new(200));
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "ask-panic").0, "");
    assert!(proxy.is_open(&connection));
    assert_eq!(say(proxy, &connection, "hello").0, "");
    assert!(!proxy.is_open(&connection));
    assert_eq!(proxy.upstream_got(&connection), b"");
}
