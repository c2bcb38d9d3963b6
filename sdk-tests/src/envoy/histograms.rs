//! Histograms, from Envoy's page for Prometheus: the only one that has sums.

use std::net::SocketAddr;
use std::time::Duration;

use super::admin;
use crate::proxy::Histogram;

/// A metric's name as Prometheus has it.
fn sanitized(name: &str) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || c == ':' {
        true => c,
        false => '_',
    };
    name.chars().map(plain).collect()
}

/// What the histogram was told. Envoy collects it from its workers when it is asked, and answers
/// with what it knew before: ask until it stands still.
pub(super) fn read(address: SocketAddr, name: &str) -> Histogram {
    let name = sanitized(name);
    let mut known = Histogram::default();
    let mut same = 0;
    while same < 3 {
        let page = admin::get(address, "/stats/prometheus").unwrap_or_default();
        let now = find(&page, &name);
        same = match now == known {
            true => same + 1,
            false => 0,
        };
        known = now;
        std::thread::sleep(Duration::from_millis(20));
    }
    known
}

/// The count and the sum of a histogram without labels.
fn find(page: &str, name: &str) -> Histogram {
    let value = |suffix: &str| {
        let prefix = format!("{name}_{suffix}");
        let line = page.lines().find_map(|line| {
            let rest = line.strip_prefix(&prefix)?;
            let rest = rest.strip_prefix("{}").unwrap_or(rest);
            rest.strip_prefix(' ')
        });
        line.and_then(|text| text.trim().parse::<f64>().ok())
            .unwrap_or_default()
    };
    Histogram {
        count: value("count") as u64,
        sum: value("sum"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_and_the_sum_are_found() {
        let page = "# TYPE a_b histogram\na_b_bucket{le=\"0.5\"} 0\na_b_sum{} 10.5\na_b_count{} 2\n\
                    a_b_c_count{} 7\n";
        let found = find(page, &sanitized("a.b"));
        assert_eq!((found.count, found.sum), (2, 10.5));
        assert_eq!(find(page, "a"), Histogram::default());
    }
}
