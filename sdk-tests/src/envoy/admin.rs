//! Envoy's admin interface.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use super::client;
use crate::Request;

/// The text of an admin page.
pub(super) fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let reply = client::send(address, &Request::get(path))?;
    if reply.status() == 200 {
        Ok(reply.text().into_owned())
    } else {
        Err(io::Error::other(format!(
            "{path} of Envoy's admin interface: {}",
            reply.status()
        )))
    }
}

/// All counters and gauges whose name matches the expression.
pub(super) fn stats(address: SocketAddr, filter: &str) -> io::Result<BTreeMap<String, u64>> {
    let page = get(address, &format!("/stats?filter={filter}"))?;
    // A histogram's line holds more than one number, and is left out.
    let number = |line: &str| {
        let (name, value) = line.rsplit_once(": ")?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    Ok(page.lines().filter_map(number).collect())
}

/// Waits until Envoy has read so many bytes of the route's upstream, or is gone.
pub(super) fn wait_for_bytes_of_the_upstream(address: SocketAddr, bytes: u64) {
    const NAME: &str = "cluster.upstream.upstream_cx_rx_bytes_total";
    while let Ok(stats) = stats(address, NAME)
        && stats.get(NAME).copied().unwrap_or_default() < bytes
    {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// The address of each listener by name.
pub(super) fn listeners(address: SocketAddr) -> io::Result<BTreeMap<String, SocketAddr>> {
    let page = get(address, "/listeners?format=json")?;
    let page: serde_json::Value = serde_json::from_str(&page)?;
    let listener = |status: &serde_json::Value| {
        let socket = &status["local_address"]["socket_address"];
        let ip = socket["address"].as_str()?.parse().ok()?;
        let port = u16::try_from(socket["port_value"].as_u64()?).ok()?;
        Some((
            status["name"].as_str()?.to_owned(),
            SocketAddr::new(ip, port),
        ))
    };
    Ok(page["listener_statuses"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(listener)
        .collect())
}
