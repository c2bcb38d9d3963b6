//! A chart of what Prometheus answers, for the docs.

use std::fmt::Write as _;

use anyhow::Result;

use super::prometheus::Prometheus;
use crate::workspace;

/// Where the docs have it.
const FILE: &str = "docs/src/images/telemetry.svg";

const QUERY: &str = "sort_desc(sum by (reporter, source_workload, destination_workload, response_code, \
                     request_protocol) (istio_requests_total))";

const BAR: u32 = 16;
const ROW: u32 = 24;
const LEFT: u32 = 330;
const WIDTH: u32 = 780;

/// Draws the requests by who reports, by whom they were sent and to whom, and how they ended.
pub(super) fn write(prometheus: &Prometheus) -> Result<()> {
    let samples = prometheus.query(QUERY)?;
    let most = samples
        .iter()
        .map(|sample| sample.value)
        .fold(1.0, f64::max);
    let height = ROW * u32::try_from(samples.len())? + 40;
    let mut svg = String::new();
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">"
    )?;
    writeln!(
        svg,
        "  <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>"
    )?;
    writeln!(
        svg,
        "  <text x=\"8\" y=\"20\" font-size=\"14\">istio_requests_total, as Prometheus has it after the demo</text>"
    )?;
    for (row, sample) in (0_u32..).zip(&samples) {
        let top = 34 + row * ROW;
        let text = format!(
            "{}: {} to {}, {} {}",
            sample.label("reporter"),
            sample.label("source_workload"),
            sample.label("destination_workload"),
            sample.label("request_protocol"),
            sample.label("response_code"),
        );
        let color = match sample.label("response_code").as_bytes().first() {
            Some(b'2') => "#2a9d5c",
            Some(b'4') => "#d99a21",
            _ => "#c8443c",
        };
        let length = sample.value / most * f64::from(WIDTH - LEFT - 50);
        writeln!(
            svg,
            "  <text x=\"{}\" y=\"{}\" text-anchor=\"end\">{text}</text>",
            LEFT - 8,
            top + 12
        )?;
        writeln!(
            svg,
            "  <rect x=\"{LEFT}\" y=\"{top}\" width=\"{length:.0}\" height=\"{BAR}\" fill=\"{color}\"/>"
        )?;
        writeln!(
            svg,
            "  <text x=\"{:.0}\" y=\"{}\">{}</text>",
            f64::from(LEFT) + length + 6.0,
            top + 12,
            sample.value
        )?;
    }
    svg.push_str("</svg>\n");
    let file = workspace::root().join(FILE);
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&file, svg)?;
    println!("wrote {}", workspace::relative(&file));
    Ok(())
}
