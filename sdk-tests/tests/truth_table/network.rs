//! Network filters: what comes to them on a connection, and what they may do with it.

use sdk_tests::{Connection, HostKind, Plugin, Proxy, Rule, scenario};

pub(crate) fn plugin() -> Plugin {
    filter("network_filter")
}

/// The fixture as a network filter of any name.
pub(crate) fn filter(name: &str) -> Plugin {
    let plugin = Plugin::new(name, sdk_tests_fixture::network_root_context)
        .root_id("network")
        .network_filter();
    crate::with_module(plugin)
}

/// What the plugins have logged since `from` lines.
pub(crate) fn logs(proxy: &mut Proxy, from: usize) -> Vec<String> {
    let logs = proxy.logs().split_off(from);
    logs.into_iter().map(|log| log.message).collect()
}

/// Writes, and returns what comes back and what is logged over it.
pub(crate) fn say(
    proxy: &mut Proxy,
    connection: &Connection,
    bytes: &str,
) -> (String, Vec<String>) {
    let before = proxy.logs().len();
    proxy.write(connection, bytes);
    let read = proxy.read(connection);
    let read = String::from_utf8_lossy(&read).into_owned();
    (read, logs(proxy, before))
}

#[scenario]
fn a_connection_comes_to_the_plugin_before_anything_is_said(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    assert!(proxy.is_open(&connection));
    assert_eq!(logs(proxy, 0), ["connection 1"]);
}

#[scenario]
fn bytes_pass_the_plugin_both_ways(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    let (read, logs) = say(proxy, &connection, "hello");
    assert_eq!(read, "hello");
    assert_eq!(
        logs,
        [
            r#"downstream "hello" end false"#,
            r#"upstream "hello" end false"#,
        ]
    );
    assert_eq!(proxy.upstream_got(&connection), b"hello");
}

#[scenario]
fn the_upstream_can_speak_first(proxy: &mut Proxy) {
    proxy.upstream_answers(|bytes| format!("{} too", bytes.escape_ascii()).into_bytes());
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    proxy.upstream_says(&connection, "welcome");
    assert_eq!(proxy.read(&connection), b"welcome");
    let (read, _) = say(proxy, &connection, "hello");
    assert_eq!(read, "hello too");
}

#[scenario]
fn bytes_can_be_replaced_added_and_dropped(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "upper").0, "UPPER");
    assert_eq!(say(proxy, &connection, "around").0, "<around>");
    assert_eq!(say(proxy, &connection, "drop").0, "");
    assert_eq!(proxy.upstream_got(&connection), b"UPPER<around>");
    assert_eq!(say(proxy, &connection, "up-upper").0, "UP-UPPER");
    assert_eq!(say(proxy, &connection, "up-around").0, "<up-around>");
    assert_eq!(say(proxy, &connection, "up-drop").0, "");
}

#[scenario]
fn bytes_that_are_held_back_come_again_with_the_next_ones(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "hold 1").0, "");
    let (read, logs) = say(proxy, &connection, "2");
    assert_eq!(read, "");
    assert_eq!(logs, [r#"downstream "hold 12" end false"#]);
    assert_eq!(proxy.upstream_got(&connection), b"");
    assert_eq!(say(proxy, &connection, ".").0, "hold 12.");
}

#[scenario]
fn bytes_of_the_upstream_that_are_held_back_come_again_with_its_next_ones(proxy: &mut Proxy) {
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "up-hold 1").0, "");
    let (read, logs) = say(proxy, &connection, "2");
    assert_eq!(read, "");
    assert_eq!(
        logs,
        [
            r#"downstream "2" end false"#,
            r#"upstream "up-hold 12" end false"#,
        ]
    );
    proxy.upstream_says(&connection, ".");
    assert_eq!(proxy.read(&connection), b"up-hold 12.");
}

#[scenario]
fn a_pause_at_the_start_keeps_everything_away(proxy: &mut Proxy) {
    proxy.configure("hold").unwrap();
    let connection = proxy.connect();
    let (read, logs) = say(proxy, &connection, "hello");
    assert_eq!((read.as_str(), logs.len()), ("", 0));
    assert_eq!(proxy.upstream_got(&connection), b"");
    assert!(proxy.is_open(&connection));
    // Nobody looks whether the client is still there.
    proxy.hang_up(connection);
    assert_eq!(proxy.metric("fixture_done"), 0);
}

#[scenario]
fn a_pause_can_be_ended_before_the_callback_returns(proxy: &mut Proxy) {
    proxy.configure("resume").unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "hello").0, "hello");
    assert_eq!(say(proxy, &connection, "resume").0, "resume");
}

#[scenario]
fn bytes_of_the_upstream_cannot_be_resumed(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.allow(Rule::WrongPhase);
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    let (_, logs) = say(proxy, &connection, "resume-upstream");
    // Natively the SDK must not see a status that it does not know.
    let status = match proxy.host() {
        HostKind::Native => 10,
        HostKind::Wasm | HostKind::Envoy => 12,
    };
    let panic = format!("unexpected status: {status}");
    assert!(logs[1].ends_with(&panic), "{logs:?}");
    assert!(!proxy.is_open(&connection));
}

/// What a connection has, and what only requests have.
#[scenario]
fn expressions_see_a_connection_at_its_end(proxy: &mut Proxy) {
    let number = |number: u8| {
        format!(
            "Ok({:?})",
            [number, 0, 0, 0, 0, 0, 0, 0].escape_ascii().to_string()
        )
    };
    let yes = r#"Ok("\\x01")"#.to_owned();
    let no = r#"Ok("\\x00")"#.to_owned();
    let text = |text: &str| format!("Ok({text:?})");
    let expected = [
        ("request.total_size", number(5)),
        ("response.total_size", number(5)),
        ("response.flags", number(0)),
        ("size(request.headers)", number(0)),
        ("'content-type' in request.headers", no.clone()),
        ("has(request.protocol)", no.clone()),
        ("has(request.duration)", no.clone()),
        ("has(request.host)", no.clone()),
        ("has(response.code)", no.clone()),
        ("has(response.grpc_status)", no.clone()),
        ("xds.listener_direction", number(0)),
        ("xds.cluster_name", text("upstream")),
        ("has(xds.route_name)", no.clone()),
        ("has(xds.virtual_host_name)", no.clone()),
        ("xds.upstream_host_metadata == null", yes.clone()),
        ("upstream.num_endpoints", number(1)),
        ("has(upstream.uri_san_peer_certificate)", no.clone()),
        ("has(upstream.local_address)", yes.clone()),
        ("has(connection.id)", yes.clone()),
        ("connection.mtls", no.clone()),
        ("source.port > 0", yes.clone()),
        ("'upstream_peer' in filter_state", no),
        ("'wasm.fixture_state' in filter_state", yes),
    ];
    let expressions = expected.each_ref().map(|(expression, _)| *expression);
    let config = format!("first evaluate {}", expressions.join("; "));
    proxy.configure(config).unwrap();
    let connection = proxy.connect();
    assert_eq!(say(proxy, &connection, "hello").0, "hello");
    let before = proxy.logs().len();
    proxy.hang_up(connection);
    let lines = expected.map(|(expression, value)| format!("{expression} = {value}"));
    let logs = logs(proxy, before);
    let logs: Vec<_> = logs.iter().filter(|line| line.contains(" = ")).collect();
    assert_eq!(logs, lines.iter().collect::<Vec<_>>());
}

#[scenario]
fn what_makes_no_sense_on_a_connection_does_nothing(proxy: &mut Proxy) {
    proxy.allow(Rule::WrongPhase);
    proxy.configure("").unwrap();
    let connection = proxy.connect();
    let (read, logs) = say(proxy, &connection, "calls");
    assert_eq!(read, "calls");
    let unimplemented = match proxy.host() {
        HostKind::Native => 10,
        HostKind::Wasm | HostKind::Envoy => 12,
    };
    assert_eq!(
        logs[1..10],
        [
            format!("continue [0, 0, {unimplemented}, 2] close [0, 0, 2]").as_str(),
            "set [2, 2] upstream Ok(None) body Ok(None)",
            "headers Ok([]) reply Ok(())",
            r#"["request", "size"] Ok(Some([5, 0, 0, 0, 0, 0, 0, 0]))"#,
            r#"["response", "size"] Ok(Some([0, 0, 0, 0, 0, 0, 0, 0]))"#,
            r#"["request", "path"] Ok(None)"#,
            r#"["xds", "cluster_name"] Ok(Some([117, 112, 115, 116, 114, 101, 97, 109]))"#,
            r#"["connection", "mtls"] Ok(Some([0]))"#,
            r#"["connection"] Err(SerializationFailure)"#,
        ]
    );
}
