//! `cargo xtask demo`: the extensions in a real Envoy, with real requests.
//!
//! One Envoy, one echo upstream, one listener for each extension. What is asked of an extension
//! stands in its own file, as a list of cases.

mod attribute_gen;
mod basic_auth;
mod case;
mod interrupt;
mod jwt_headers;
mod opa;
mod stage;
mod telemetry;

use anyhow::{Result, bail};

use crate::tools::{self, Tools};
use crate::{build, table};

use case::Case;
use interrupt::Interrupt;
use stage::{Extension, Stage};
use telemetry::Chart;

/// See the extensions at work in a real Envoy
///
/// Installs what is missing, builds the extensions, starts Envoy on free ports with an echo
/// upstream, sends requests, and prints what was expected and what came. Fails if any differs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to show: `extensions`, each by itself, or `telemetry`, with two Envoys and a Prometheus
    #[arg(value_name = "WHAT", default_value = "extensions", value_parser = ["extensions", "telemetry"])]
    what: String,
    /// Draw the chart of the docs again, from what Prometheus answers (telemetry only)
    #[arg(long)]
    write_chart: bool,
    /// Stay up afterwards, for requests of your own; Ctrl-C ends it
    #[arg(long)]
    keep: bool,
}

/// What happens after the last request.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Then {
    Stop,
    StayUp,
}

const EXTENSIONS: [Extension; 6] = [
    basic_auth::EXTENSION,
    jwt_headers::EXTENSION,
    jwt_headers::BEHIND_JWT_AUTHN,
    opa::EMBEDDED,
    opa::SERVER,
    attribute_gen::EXTENSION,
];

/// Sets up, builds, shows.
pub(crate) fn run(args: &Args) -> Result<()> {
    let tools = tools::setup()?;
    build::all(&tools)?;
    let then = if args.keep { Then::StayUp } else { Then::Stop };
    if args.what == "telemetry" {
        let chart = match args.write_chart {
            true => Chart::Write,
            false => Chart::Keep,
        };
        return telemetry::show(&tools, then, chart);
    }
    show(&tools, then)
}

/// Shows the telemetry of the built extensions.
pub(crate) fn show_telemetry(tools: &Tools) -> Result<()> {
    telemetry::show(tools, Then::Stop, Chart::Keep)
}

/// Starts Envoy with the built extensions and sends the requests.
pub(crate) fn show(tools: &Tools, then: Then) -> Result<()> {
    let interrupt = Interrupt::install()?;
    let stage = Stage::start(&tools.envoy, &EXTENSIONS)?;
    let mut differ = 0_usize;
    for extension in &EXTENSIONS {
        interrupt.check()?;
        if extension.name == opa::SERVER.name
            && let Some(why) = stage.lacks_opa()
        {
            println!("\n{} with a server is not shown: {why}", extension.name);
            continue;
        }
        let cases = (extension.cases)(&mut stage.of(extension))?;
        differ += case::different(&cases);
        print(extension, &cases, &stage);
    }
    if differ > 0 {
        bail!("{differ} of the requests above got something else than expected");
    }
    println!("Everything is as expected.");
    if then == Then::StayUp {
        println!("\nTry it yourself:\n");
        for extension in &EXTENSIONS {
            let address = stage.address(extension);
            for (what, arguments) in extension.curl {
                let arguments = arguments.replace("{address}", &address.to_string());
                println!("  # {what}\n  curl -i {arguments}");
            }
        }
        println!(
            "\nEnvoy's admin page is at http://{}. Ctrl-C ends the demo.",
            stage.admin()
        );
        interrupt.wait(|| stage.is_up())?;
    }
    Ok(())
}

fn print(extension: &Extension, cases: &[Case], stage: &Stage) {
    println!(
        "\n{} in Envoy, at {}\n{}",
        extension.name,
        stage.address(extension),
        case::table("request", cases)
    );
    let mut metrics = table::new(["metric", "value"]);
    for (name, value) in stage.metrics(extension) {
        metrics.add_row([name, value.to_string()]);
    }
    println!("{metrics}");
}
