//! What happened in a scenario, for whoever reads a failed test.

use std::fmt::{self, Write as _};

use crate::HostKind;
use crate::host::{Cost, HostCall, Log, Status};
use crate::reply::Reply;
use crate::request::Request;

/// A request, what the plugins did about it, and what the client got.
pub(crate) struct Exchanged {
    request: Request,
    end: End,
    /// Empty on Envoy, where nothing is counted.
    costs: Vec<Cost>,
}

/// How it ended for the client.
pub(crate) enum End {
    /// It still waits.
    Open,
    /// It did not wait.
    Left,
    Replied(Reply),
}

impl Exchanged {
    pub(crate) fn started(request: Request) -> Self {
        Self {
            request,
            end: End::Open,
            costs: Vec::new(),
        }
    }

    pub(crate) fn ended(&mut self, end: End, costs: Vec<Cost>) {
        self.end = end;
        self.costs = costs;
    }
}

/// All of it: each request with the callbacks and host calls that it took, then the log.
pub(crate) fn tell(host: HostKind, exchanges: &[Exchanged], logs: &[Log]) -> String {
    let mut story = format!("--- on the host {host:?} ---\n");
    let written = exchanges
        .iter()
        .try_for_each(|exchanged| exchange(&mut story, exchanged))
        .and_then(|()| logs.iter().try_for_each(|log| writeln!(story, "{log}")));
    written.expect("a String takes everything");
    story
}

fn exchange(story: &mut String, exchanged: &Exchanged) -> fmt::Result {
    let request = &exchanged.request;
    let path = String::from_utf8_lossy(&request.path);
    writeln!(story, "> {} {path}", request.method)?;
    for (name, value) in &request.headers {
        writeln!(story, ">   {name}: {}", value.escape_ascii())?;
    }
    let costs = &exchanged.costs;
    let in_a_chain = costs.windows(2).any(|two| two[0].plugin != two[1].plugin);
    for cost in costs {
        callback(story, cost, in_a_chain)?;
    }
    let reply = match &exchanged.end {
        End::Open => return writeln!(story, "< nobody has waited for the reply"),
        End::Left => return writeln!(story, "< the client left"),
        End::Replied(reply) => reply,
    };
    let upstream = if reply.upstream().is_some() {
        ""
    } else {
        " (not from the upstream)"
    };
    writeln!(story, "< {}{upstream}", reply.status())?;
    for (name, value) in reply.all_headers() {
        writeln!(story, "<   {name}: {}", value.escape_ascii())?;
    }
    Ok(())
}

/// A line for the callback and one for each host call. A callback that did nothing, as one that the
/// plugin does not have, is passed over.
fn callback(story: &mut String, cost: &Cost, in_a_chain: bool) -> fmt::Result {
    if cost.instructions.unwrap_or_default() == 0 && cost.host_calls.is_empty() {
        return Ok(());
    }
    write!(story, "  {}", cost.callback)?;
    if in_a_chain {
        write!(story, " of {}", cost.plugin)?;
    }
    match cost.instructions {
        Some(count) => writeln!(story, ": {count} instructions")?,
        None => writeln!(story)?,
    }
    // A loop over the same call is one line.
    for calls in cost.host_calls.chunk_by(|a, b| a == b) {
        writeln!(story, "    {}", HostCalls(calls))?;
    }
    Ok(())
}

/// Equal host calls in a row.
struct HostCalls<'a>(&'a [HostCall]);

impl fmt::Display for HostCalls<'_> {
    fn fmt(&self, line: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(call) = self.0.first() else {
            return Ok(());
        };
        write!(line, "{} -> ", call.name)?;
        match Status::from_code(call.status) {
            Some(status) => write!(line, "{status:?}")?,
            None => write!(line, "status {}", call.status)?,
        }
        match (call.bytes_in, call.bytes_out) {
            (0, 0) => {}
            (read, 0) => write!(line, ", {read} bytes in")?,
            (0, given) => write!(line, ", {given} bytes out")?,
            (read, given) => write!(line, ", {read} bytes in, {given} out")?,
        }
        match self.0.len() {
            1 => Ok(()),
            count => write!(line, " ({count} times)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &'static str, status: Status, bytes: (usize, usize)) -> HostCall {
        HostCall {
            name,
            status: status.code(),
            bytes_in: bytes.0,
            bytes_out: bytes.1,
        }
    }

    fn cost(callback: &'static str, instructions: Option<u64>, host_calls: &[HostCall]) -> Cost {
        Cost {
            plugin: "a".to_owned(),
            callback,
            instructions,
            host_calls: host_calls.to_vec(),
        }
    }

    #[test]
    fn a_request_is_told_with_its_callbacks_and_their_host_calls() {
        let property = call("proxy_get_property", Status::NotFound, (12, 0));
        let exchanged = Exchanged {
            request: Request::get("/a").header("x-a", b"\xff"),
            end: End::Replied(Reply {
                status: 401,
                headers: vec![("x-b".to_owned(), b"c".to_vec())],
                ..Reply::default()
            }),
            costs: vec![
                cost(
                    "proxy_on_request_headers",
                    Some(1234),
                    &[
                        call("proxy_get_header_map_value", Status::Ok, (5, 6)),
                        property.clone(),
                        property,
                        call("proxy_increment_metric", Status::Ok, (0, 0)),
                    ],
                ),
                cost("proxy_on_log", Some(0), &[]),
                cost("proxy_on_delete", Some(317), &[]),
            ],
        };
        let log = Log {
            level: crate::Level::Info,
            message: "refused".to_owned(),
        };
        assert_eq!(
            tell(HostKind::Wasm, &[exchanged], &[log]),
            "\
--- on the host Wasm ---
> GET /a
>   x-a: \\xff
  proxy_on_request_headers: 1234 instructions
    proxy_get_header_map_value -> Ok, 5 bytes in, 6 out
    proxy_get_property -> NotFound, 12 bytes in (2 times)
    proxy_increment_metric -> Ok
  proxy_on_delete: 317 instructions
< 401 (not from the upstream)
<   x-b: c
[info] refused
"
        );
    }

    #[test]
    fn where_nothing_is_counted_only_callbacks_with_host_calls_are_told() {
        let gone = Exchanged {
            request: Request::get("/"),
            end: End::Left,
            costs: vec![
                cost("proxy_on_context_create", None, &[]),
                cost(
                    "proxy_on_request_headers",
                    None,
                    &[call("proxy_http_call", Status::Ok, (70, 4))],
                ),
            ],
        };
        assert_eq!(
            tell(HostKind::Native, &[gone], &[]),
            "\
--- on the host Native ---
> GET /
  proxy_on_request_headers
    proxy_http_call -> Ok, 70 bytes in, 4 out
< the client left
"
        );
    }

    #[test]
    fn in_a_chain_each_callback_is_told_with_its_plugin() {
        let mut costs = vec![cost("proxy_on_request_headers", Some(7), &[]); 2];
        costs[1].plugin = "b".to_owned();
        let waiting = Exchanged {
            costs,
            ..Exchanged::started(Request::get("/"))
        };
        assert_eq!(
            tell(HostKind::Wasm, &[waiting], &[]),
            "\
--- on the host Wasm ---
> GET /
  proxy_on_request_headers of a: 7 instructions
  proxy_on_request_headers of b: 7 instructions
< nobody has waited for the reply
"
        );
    }
}
