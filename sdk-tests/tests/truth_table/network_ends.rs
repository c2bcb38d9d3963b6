//! How connections end, and what network filters hear of it.

use sdk_tests::{Plugin, Proxy, Request, scenario};

use crate::network::{logs, plugin, say};

/// What a plugin hears last.
const GOES: [&str; 2] = ["done", "log"];

fn of_end(peer: &str) -> Vec<String> {
    let close = format!("downstream close {peer}");
    let goes = GOES.map(str::to_owned);
    [close].into_iter().chain(goes).collect()
}

#[scenario]
fn a_client_that_hangs_up_is_followed_by_the_upstream(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    proxy.hang_up(connection);
    let logs = logs(proxy, 1);
    assert_eq!(
        logs[..3],
        [
            r#"downstream "" end true"#,
            r#"upstream "" end true"#,
            "upstream close Unknown",
        ]
    );
    // The proxy is the last to close.
    assert_eq!(logs[3..], of_end("Local"));
    assert_eq!(proxy.metric("fixture_done"), 1);
}

#[scenario]
fn a_client_can_write_on_when_the_upstream_has_hung_up(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    proxy.upstream_hangs_up(&connection);
    assert!(!proxy.is_open(&connection));
    let (read, more) = say(proxy, &connection, "more");
    assert_eq!(read, "");
    assert_eq!(more, [r#"downstream "more" end false"#]);
    assert_eq!(proxy.upstream_got(&connection), b"more");
    proxy.hang_up(connection);
    let logs = logs(proxy, 1);
    assert_eq!(logs[0], r#"upstream "" end true"#);
    assert_eq!(logs[1], "upstream close Unknown");
    assert_eq!(logs[3], r#"downstream "" end true"#);
    assert_eq!(logs[4..], of_end("Remote"));
}

#[scenario]
fn a_client_that_stops_writing_still_reads(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    proxy.write(&connection, "hello");
    proxy.stop_writing(&connection);
    assert_eq!(proxy.read(&connection), b"hello");
}

#[scenario]
fn a_client_that_is_gone_is_the_peer_that_closed(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    proxy.reset(connection);
    assert_eq!(logs(proxy, 1), of_end("Remote"));
}

#[scenario]
fn an_end_that_is_held_back_comes_to_nobody(proxy: &mut Proxy) {
    proxy.configure("hold-end").unwrap();
    let connection = proxy.connect();
    proxy.stop_writing(&connection);
    assert!(proxy.is_open(&connection));
    assert_eq!(logs(proxy, 1), [r#"downstream "" end true"#]);
    // Both ends have hung up then.
    proxy.upstream_hangs_up(&connection);
    assert!(!proxy.is_open(&connection));
    assert_eq!(logs(proxy, 4), of_end("Local"));
}

#[scenario]
fn a_pause_over_the_upstreams_end_does_not_hold_it_back(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "up-hold").0, "");
    proxy.hang_up(connection);
    let logs = logs(proxy, 3);
    assert_eq!(
        logs[..3],
        [
            r#"downstream "" end true"#,
            r#"upstream "up-hold" end true"#,
            "upstream close Unknown",
        ]
    );
    assert_eq!(logs[3..], of_end("Local"));
}

#[scenario]
fn a_plugin_can_close_a_connection(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    for command in ["close", "close-upstream"] {
        let connection = proxy.connect();
        let (read, logs) = say(proxy, &connection, command);
        assert_eq!(read, "");
        assert_eq!(logs[1..], of_end("Local"));
        assert_eq!(proxy.upstream_got(&connection), b"");
        assert!(!proxy.is_open(&connection));
    }
}

#[scenario]
fn a_plugin_can_close_over_what_the_upstream_says(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    for command in ["up-close", "up-close-upstream"] {
        let connection = proxy.connect();
        let (read, logs) = say(proxy, &connection, command);
        assert_eq!(read, "");
        assert_eq!(logs[2..], of_end("Local"));
        assert_eq!(proxy.upstream_got(&connection), command.as_bytes());
        assert!(!proxy.is_open(&connection));
    }
}

#[scenario]
fn a_plugin_can_close_a_connection_at_its_start(proxy: &mut Proxy) {
    proxy.configure("close").unwrap();
    let connection = proxy.connect();
    assert!(!proxy.is_open(&connection));
    assert_eq!(logs(proxy, 1), of_end("Local"));
}

#[scenario]
fn a_context_goes_whether_it_is_done_or_not(proxy: &mut Proxy) {
    proxy.configure("leak").unwrap();
    let connection = proxy.connect();
    proxy.hang_up(connection);
    assert_eq!(logs(proxy, 4), of_end("Local"));
}

#[scenario]
fn what_is_held_back_can_be_read_to_the_end(proxy: &mut Proxy) {
    proxy.configure("read-at-the-end").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "hold").0, "");
    proxy.reset(connection);
    let logs = logs(proxy, 2);
    assert_eq!(
        logs[..2],
        ["downstream close Remote", r#"held Some("hold")"#]
    );
    assert_eq!(logs[2..], GOES);
}

#[scenario]
fn a_panic_closes_the_connections_of_the_plugin_one_by_one(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("").unwrap();
    let [first, second, third] = [(); 3].map(|()| proxy.connect());
    let (read, logs) = say(proxy, &first, "panic");
    assert_eq!((read.as_str(), logs.len()), ("", 2), "{logs:?}");
    assert!(!proxy.is_open(&first));
    // The others close when something comes.
    assert!(proxy.is_open(&second));
    assert_eq!(say(proxy, &second, "hello").0, "");
    assert!(!proxy.is_open(&second));
    proxy.upstream_says(&third, "hello");
    assert_eq!(proxy.read(&third), b"");
    assert!(!proxy.is_open(&third));
    let next = proxy.connect();
    assert!(!proxy.is_open(&next));
}

#[scenario]
fn a_panic_over_what_the_upstream_says_closes_the_connection(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "up-panic").0, "");
    assert!(!proxy.is_open(&connection));
    assert_eq!(proxy.upstream_got(&connection), b"up-panic");
}

#[scenario]
fn a_panic_at_the_end_of_a_connection_is_the_last_that_happens(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("panic-at-the-end").unwrap();
    let connection = proxy.connect();
    proxy.hang_up(connection);
    let logs = logs(proxy, 4);
    assert_eq!(logs[0], "downstream close Local");
    assert!(logs[1].ends_with("told to panic at the end"), "{logs:?}");
    assert_eq!(logs.len(), 2, "{logs:?}");
}

#[scenario]
fn nobody_connects_without_a_good_configuration(proxy: &mut Proxy) {
    proxy.configure("bad").unwrap_err();
    let connection = proxy.connect();
    assert!(!proxy.is_open(&connection));
    proxy.configure("good").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "hello").0, "hello");
}

#[scenario]
fn a_connection_keeps_the_configuration_that_it_began_with(proxy: &mut Proxy) {
    proxy.configure("one").unwrap();
    let connection = proxy.connect();
    proxy.configure("hold").unwrap();
    assert_eq!(say(proxy, &connection, "hello").0, "hello");
    let next = proxy.connect();
    assert_eq!(say(proxy, &next, "hello").0, "");
}

mod fail_open {
    use super::*;

    fn plugin() -> Plugin {
        super::plugin().fail_open()
    }

    #[scenario]
    fn a_dead_plugin_lets_new_connections_pass(proxy: &mut Proxy) {
        proxy.expect_panic();
        proxy.configure("").unwrap();
        let [first, second] = [(); 2].map(|()| proxy.connect());
        assert_eq!(say(proxy, &first, "panic").0, "");
        assert!(!proxy.is_open(&first));
        assert_eq!(say(proxy, &second, "hello").0, "");
        assert!(!proxy.is_open(&second));
        let next = proxy.connect();
        assert_eq!(say(proxy, &next, "hello"), ("hello".to_owned(), vec![]));
    }
}

mod reload {
    use super::*;

    fn plugin() -> Plugin {
        super::plugin().reload_after_a_panic()
    }

    #[scenario]
    fn a_dead_plugin_lives_again_with_the_next_connection(proxy: &mut Proxy) {
        proxy.expect_panic();
        proxy.configure("").unwrap();
        let [first, second] = [(); 2].map(|()| proxy.connect());
        assert_eq!(say(proxy, &first, "panic").0, "");
        let next = proxy.connect();
        assert_eq!(say(proxy, &next, "hello").0, "hello");
        // What the dead one had is lost.
        assert_eq!(say(proxy, &second, "hello").0, "");
        assert!(!proxy.is_open(&second));
    }
}

mod mistaken {
    use super::*;

    fn plugin() -> Plugin {
        crate::with_module(
            Plugin::new("mistaken", sdk_tests_fixture::root_context).network_filter(),
        )
    }

    #[scenario(native)]
    fn an_http_filter_is_no_network_filter(proxy: &mut Proxy) {
        proxy.expect_panic();
        proxy.configure("").unwrap();
        proxy.connect();
        let logs = logs(proxy, 0);
        assert!(
            logs[0].ends_with("a network filter has no HttpContext"),
            "{logs:?}"
        );
    }
}

mod mistaken_too {
    use super::*;

    fn plugin() -> Plugin {
        Plugin::new("mistaken", sdk_tests_fixture::network_root_context)
    }

    #[scenario(native)]
    fn a_network_filter_is_no_http_filter(proxy: &mut Proxy) {
        proxy.expect_panic();
        proxy.configure("").unwrap();
        assert_eq!(proxy.send(Request::get("/")).status(), 503);
        let logs = logs(proxy, 0);
        assert!(logs[0].contains("see `Plugin::network_filter`"), "{logs:?}");
    }
}
