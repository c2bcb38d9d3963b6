//! What cannot be equal on two hosts, and is made so before they are compared. Each rule says why.

/// A date: the mock's clock stands still.
const DATE: &str = "<date>";

/// A time: the real upstream takes some.
const MILLISECONDS: &str = "<milliseconds>";

/// A port that the system chose.
const PORT: &str = "<port>";

/// Whether a header is compared at all.
pub(crate) fn is_compared(name: &str) -> bool {
    // The script differs from case to case. HTTP/1 has no scheme: an upstream makes it up.
    !["x-probe", ":scheme"].contains(&name)
}

/// The value of a header as it is compared.
pub(crate) fn header(name: &str, value: &[u8]) -> String {
    match name {
        "date" if value.ends_with(b" GMT") => DATE.to_owned(),
        "x-envoy-upstream-service-time" => MILLISECONDS.to_owned(),
        _ => value.escape_ascii().to_string(),
    }
}

/// The order of headers: HTTP/1 has none for what HTTP/2 calls pseudo headers.
pub(crate) fn rank(name: &str) -> usize {
    let pseudo = [":authority", ":path", ":method"];
    let rank = pseudo.iter().position(|pseudo| *pseudo == name);
    rank.unwrap_or(pseudo.len())
}

/// How a host ended. What reads memory that is gone ends by one signal or another.
pub(crate) fn death(error: &str) -> String {
    match error.starts_with("Envoy ended with signal: ") {
        true => "Envoy crashed".to_owned(),
        false => error.to_owned(),
    }
}

/// A body: a long one by its length.
pub(crate) fn body(body: &[u8]) -> String {
    match body.len() {
        0..1_000 => format!("\"{}\"", body.escape_ascii()),
        length => format!("of {length} bytes"),
    }
}

/// A line of the probe.
pub(crate) fn log(line: &str) -> String {
    if line.starts_with("configure(") {
        // The configuration has the scripts of many cases.
        return "configure(size)".to_owned();
    }
    if line.starts_with("queue_ready#") {
        // Which VM was the last to register the queue is up to the threads.
        return "queue_ready()".to_owned();
    }
    let line = line.replace('\n', "\\n").replace('\0', "\\0");
    // The port that Envoy reaches the upstream from.
    if let Some((before, port)) = line.split_once(" = 0 \"127.0.0.1:")
        && port.trim_end_matches('"').parse::<u16>().is_ok()
    {
        return format!("{before} = 0 \"127.0.0.1:{PORT}\"");
    }
    let line = replaced(&line, "date: ", " GMT", DATE);
    replaced(&line, "x-envoy-upstream-service-time: ", "", MILLISECONDS)
}

/// The line with the value of a header in a map replaced.
fn replaced(line: &str, name: &str, ends_with: &str, by: &str) -> String {
    let replaced = line.find(name).and_then(|at| {
        let (before, value) = line.split_at(at + name.len());
        // A date has a comma of its own.
        let end = match ends_with {
            "" => value.find([',', '}'])?,
            end => value.find(end)? + end.len(),
        };
        Some(format!("{before}{by}{}", &value[end..]))
    });
    replaced.unwrap_or_else(|| line.to_owned())
}
