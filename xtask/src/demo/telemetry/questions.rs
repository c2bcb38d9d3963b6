//! What Prometheus is asked, and what it has to answer.

use anyhow::Result;

use super::prometheus::Prometheus;
use super::proxies::SERVICE;
use super::tls::Identity;
use super::traffic::Sent;
use crate::demo::case::Case;

/// The peers, as both proxies must tell them.
const BETWEEN: &str = "source_workload=\"productpage-v1\",destination_workload=\"reviews-v1\"";

/// A rate is told by looking back so far.
const RATE: &str = "[1m]";

pub(super) fn ask(prometheus: &Prometheus, sent: &Sent) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let (source, destination) = (
        format!("{{reporter=\"source\",{BETWEEN}"),
        format!("{{reporter=\"destination\",{BETWEEN}"),
    );
    let mut count = |query: String, expected: u32| -> Result<()> {
        let got = prometheus.number(&query)?;
        cases.push(case(query, expected.to_string(), got.to_string()));
        Ok(())
    };
    let total = "istio_requests_total";
    count(format!("sum({total}{source}}})"), sent.at_destination())?;
    count(
        format!("sum({total}{destination}}})"),
        sent.at_destination(),
    )?;
    for of in [&source, &destination] {
        count(
            format!("sum({total}{of},response_code=\"500\"}})"),
            sent.failed,
        )?;
        count(
            format!("sum({total}{of},response_code=\"403\"}})"),
            sent.forbidden,
        )?;
        let grpc = "request_protocol=\"grpc\",grpc_response_status";
        count(format!("sum({total}{of},{grpc}=\"0\"}})"), sent.grpc_ok)?;
        count(
            format!("sum({total}{of},{grpc}=\"5\"}})"),
            sent.grpc_missing,
        )?;
        count(
            format!("sum(istio_request_messages_total{of}}})"),
            sent.messages,
        )?;
        let service =
            format!("destination_service=\"{SERVICE}\",destination_service_name=\"reviews\"");
        count(
            format!("sum(istio_request_bytes_count{of},{service}}})"),
            reached(sent, of),
        )?;
    }
    // What attribute-gen has named: the requests before they went, the responses when all was over.
    let named = |of: &str, label: &str| format!("sum({total}{of},{label}}})");
    let pages = sent.ok + sent.failed + sent.forbidden;
    for of in [&source, &destination] {
        count(named(of, "request_operation=\"ListReviews\""), sent.grpc_ok)?;
        count(
            named(of, "request_operation=\"OtherReviews\""),
            sent.grpc_missing,
        )?;
        count(named(of, "request_operation=\"Page\""), pages)?;
        count(named(of, "response_class=\"5xx\""), sent.failed)?;
        count(named(of, "response_class=\"other\""), sent.forbidden)?;
    }
    let flag =
        |flag: &str| format!("sum({total}{{reporter=\"source\",response_flags=\"{flag}\"}})");
    count(flag("NR"), sent.no_route)?;
    count(flag("UH"), sent.no_endpoint)?;
    count(
        format!("sum(istio_tcp_connections_opened_total{source}}})"),
        sent.connections,
    )?;
    for bytes in ["received", "sent"] {
        let hello = 5 * sent.connections;
        count(
            format!("sum(istio_tcp_{bytes}_bytes_total{source}}})"),
            hello,
        )?;
    }
    let principals = format!(
        "source_principal=\"{}\",destination_principal=\"{}\"",
        Identity::Productpage.principal(),
        Identity::Reviews.principal()
    );
    let policy = "connection_security_policy=\"mutual_tls\"";
    count(
        format!("sum({total}{source},{principals}}})"),
        sent.at_destination(),
    )?;
    count(
        format!("sum({total}{destination},{principals},{policy}}})"),
        sent.at_destination(),
    )?;
    // A TCP connection tells who asks by its certificate alone.
    let tcp = format!(
        "{{reporter=\"destination\",source_workload_namespace=\"web\",{principals},{policy}}}"
    );
    count(
        format!("sum(istio_tcp_connections_opened_total{tcp})"),
        sent.connections,
    )?;
    let by_server = "{reporter=\"destination\",destination_workload=\"reviews-v1\"}";
    count(
        format!("sum(istio_tcp_connections_closed_total{by_server})"),
        sent.connections,
    )?;
    count(
        "count(istio_build{component=\"proxy\",tag=\"1.29.0\"})".to_owned(),
        2,
    )?;
    // Where the bootstrap lacks stats_tags, every label is a part of the name: that shows here.
    count(
        "count({__name__=~\"istio_.*(___|reporter).*\"})".to_owned(),
        0,
    )?;

    cases.extend(rates(prometheus, sent, &destination)?);
    Ok(cases)
}

/// What the cluster of the service was told: a server knows nothing of it for its own answers.
fn reached(sent: &Sent, of: &str) -> u32 {
    match of.contains("reporter=\"source\"") {
        true => sent.at_destination(),
        false => sent.at_destination() - sent.forbidden,
    }
}

fn rates(prometheus: &Prometheus, sent: &Sent, destination: &str) -> Result<Vec<Case>> {
    let by = "sum by (source_workload, destination_workload)";
    let query = format!("{by} (rate(istio_requests_total{{reporter=\"destination\"}}{RATE})) > 0");
    let pairs: Vec<_> = prometheus
        .query(&query)?
        .iter()
        .map(|sample| {
            format!(
                "{} to {}",
                sample.label("source_workload"),
                sample.label("destination_workload")
            )
        })
        .collect();
    let mut cases = vec![case(
        query,
        "productpage-v1 to reviews-v1".to_owned(),
        pairs.join(", "),
    )];

    let rate = |code: &str| format!("sum(rate(istio_requests_total{destination}{code}}}{RATE}))");
    let query = format!("{} / {}", rate(",response_code=~\"5..\""), rate(""));
    let ratio = f64::from(sent.failed) / f64::from(sent.at_destination());
    let got = prometheus.number(&query)?;
    // Scrapes come between the requests of a wave.
    let is_near = (got - ratio).abs() < ratio * 0.25;
    let expected = format!("about {ratio:.3}");
    let got = if is_near {
        expected.clone()
    } else {
        got.to_string()
    };
    cases.push(case(query, expected, got));

    let buckets = format!("istio_request_duration_milliseconds_bucket{destination}}}");
    let query = format!("histogram_quantile(0.99, sum by (le) (rate({buckets}{RATE})))");
    let got = prometheus.number(&query)?;
    let expected = "more than 0 ms, less than 1000".to_owned();
    let got = if got > 0.0 && got < 1000.0 {
        expected.clone()
    } else {
        got.to_string()
    };
    cases.push(case(query, expected, got));
    Ok(cases)
}

pub(super) fn case(request: String, expected: String, got: String) -> Case {
    Case {
        request,
        expected,
        got,
    }
}
