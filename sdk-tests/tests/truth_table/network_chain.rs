//! Two network filters in one chain, and several workers. What begins with `second-` is for the
//! second one.

use sdk_tests::{Plugin, Proxy, UpstreamReply, scenario};

use crate::network::{filter, logs, say};

fn plugin() -> Plugin {
    chain("second")
}

fn chain(second: &str) -> Plugin {
    // A VM configuration of its own gives it a VM of its own, although the module is the same.
    let next = filter("second").vm_configuration("second");
    filter("first").followed_by(next, second)
}

#[scenario]
fn the_client_comes_to_the_first_and_the_upstream_to_the_second(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let connection = proxy.connect();
    assert_eq!(logs(proxy, 0), ["connection 1", "connection 1"]);
    // Only the first one heeds it.
    let (read, _) = say(proxy, &connection, "around");
    assert_eq!(read, "<around>");
    let (read, _) = say(proxy, &connection, "second-around");
    assert_eq!(read, "<second-around>");
    let before = proxy.logs().len();
    proxy.hang_up(connection);
    let logs = logs(proxy, before);
    assert_eq!(
        logs,
        [
            r#"downstream "" end true"#,
            r#"downstream "" end true"#,
            r#"upstream "" end true"#,
            "upstream close Unknown",
            r#"upstream "" end true"#,
            "upstream close Unknown",
            "downstream close Local",
            "done",
            "log",
            "downstream close Local",
            "done",
            "log",
        ]
    );
}

#[scenario]
fn the_upstreams_bytes_pass_the_second_before_the_first(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let connection = proxy.connect();
    let (read, logs) = say(proxy, &connection, "up-second-upper");
    assert_eq!(read, "UP-SECOND-UPPER");
    assert_eq!(
        logs[2..],
        [
            r#"upstream "up-second-upper" end false"#,
            r#"upstream "UP-SECOND-UPPER" end false"#,
        ]
    );
}

#[scenario]
fn what_the_second_holds_back_comes_to_the_first_again(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "second-hold 1").0, "");
    let (_, logs) = say(proxy, &connection, "2");
    let again = r#"downstream "second-hold 12" end false"#;
    assert_eq!(logs, [again, again]);
    assert_eq!(say(proxy, &connection, ".").0, "second-hold 12.");
}

#[scenario]
fn what_the_first_holds_back_does_not_come_to_the_second(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let connection = proxy.connect();
    let (_, logs) = say(proxy, &connection, "hold");
    assert_eq!(logs, [r#"downstream "hold" end false"#]);
    let (read, logs) = say(proxy, &connection, ".");
    assert_eq!((read.as_str(), logs.len()), ("hold.", 4));
}

#[scenario]
fn bytes_of_the_upstream_that_one_holds_back_pass_both_again(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let connection = proxy.connect();
    let (_, logs) = say(proxy, &connection, "up-second-hold");
    assert_eq!(logs[2..], [r#"upstream "up-second-hold" end false"#]);
    proxy.upstream_says(&connection, ".");
    assert_eq!(proxy.read(&connection), b"up-second-hold.");
    let (_, logs) = say(proxy, &connection, "up-hold");
    let held = r#"upstream "up-hold" end false"#;
    assert_eq!(logs[2..], [held, held]);
    proxy.upstream_says(&connection, ".");
    assert_eq!(proxy.read(&connection), b"up-hold.");
}

#[scenario]
fn one_closes_for_both(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    for (command, seen) in [("close", 1), ("second-close", 2), ("up-second-close", 3)] {
        let connection = proxy.connect();
        let (read, logs) = say(proxy, &connection, command);
        assert_eq!(read, "");
        let ends = ["downstream close Local", "done", "log"];
        assert_eq!(logs[seen..], [ends, ends].concat(), "{command}");
    }
}

#[scenario]
fn a_panic_of_the_second_is_an_end_for_the_first(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("first").unwrap();
    let connection = proxy.connect();
    let (_, after) = say(proxy, &connection, "second-panic");
    assert_eq!(after[3..], ["downstream close Local", "done", "log"]);
    // The next connection gets as far as the dead plugin.
    let before = proxy.logs().len();
    let connection = proxy.connect();
    assert!(!proxy.is_open(&connection));
    let logs = logs(proxy, before);
    assert_eq!(
        logs,
        ["connection 2", "downstream close Local", "done", "log"]
    );
}

#[scenario]
fn what_one_sets_the_other_reads(proxy: &mut Proxy) {
    proxy.configure("first").unwrap();
    let connection = proxy.connect();
    let (_, logs) = say(proxy, &connection, "second-state");
    assert_eq!(logs[2], r#"state Some("of the first")"#);
}

#[scenario]
fn the_second_hears_nothing_while_the_first_waits(proxy: &mut Proxy) {
    proxy.serve("opa", |_| UpstreamReply::new(200));
    proxy.configure("first ask").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "hello").0, "hello");
    let logs = logs(proxy, 0);
    assert_eq!(
        logs[..4],
        [
            "connection 1",
            "asked true",
            r#"answer Some("200") held None"#,
            "connection 1",
        ]
    );
}

mod waiting_second {
    use super::*;

    fn plugin() -> Plugin {
        super::chain("second ask")
    }

    #[scenario]
    fn nothing_comes_to_the_first_while_the_second_waits(proxy: &mut Proxy) {
        proxy.serve("opa", |_| UpstreamReply::new(200));
        proxy.configure("first").unwrap();
        let connection = proxy.connect();
        assert_eq!(say(proxy, &connection, "hello").0, "hello");
        let logs = logs(proxy, 3);
        let hello = r#"downstream "hello" end false"#;
        assert_eq!(logs[..3], [r#"answer Some("200") held None"#, hello, hello]);
    }
}

#[scenario]
fn every_worker_has_plugins_of_its_own(proxy: &mut Proxy) {
    proxy.workers(2);
    proxy.configure("first").unwrap();
    let connections = [0, 1, 1, 0, 1].map(|worker| proxy.connect_to_worker(worker));
    let numbers = ["1", "1", "2", "2", "3"].map(|number| format!("connection {number}"));
    let of_the_first: Vec<_> = logs(proxy, 0).into_iter().step_by(2).collect();
    assert_eq!(of_the_first, numbers);
    for connection in connections {
        assert_eq!(say(proxy, &connection, "hello").0, "hello");
        proxy.hang_up(connection);
    }
    assert_eq!(proxy.metric("fixture_done"), 10);
}
