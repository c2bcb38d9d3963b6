//! A configuration in force.

use extension_common::{
    config::{self, ConfigError},
    expression::Expression,
    foreign, hostcalls,
    hostcalls::HostError,
    metric::Counter,
};

use super::{envoy::Envoy, metrics::Metrics};
use crate::{
    attribute::Observation,
    config::{ConfigJson, Phase},
    program::{self, Program},
};

/// A configuration in force, shared by the requests that began under it. When the last of them is
/// gone, the host is told to forget the expressions.
pub(super) struct Active {
    on_request: Vec<Generator>,
    on_response: Vec<Generator>,
    after_response: Vec<Generator>,
    runtime_errors: Counter,
    debug: bool,
}

/// An attribute and its counter.
struct Generator {
    program: Program<Expression>,
    matched: Counter,
}

impl Active {
    pub(super) fn configure(metrics: &mut Metrics) -> Result<Self, ConfigError> {
        let config = config::read::<ConfigJson>()?.validate()?;
        let mut active = Self {
            on_request: Vec::new(),
            on_response: Vec::new(),
            after_response: Vec::new(),
            runtime_errors: metrics.runtime_errors(),
            debug: config.debug,
        };
        let count = config.attributes.len();
        for (index, attribute) in config.attributes.into_iter().enumerate() {
            let program = program::compile(&Envoy, index, attribute)?;
            let matched = metrics.matched(&program.name)?;
            let generators = match program.phase {
                Phase::OnRequest => &mut active.on_request,
                Phase::OnResponse => &mut active.on_response,
                Phase::AfterResponse => &mut active.after_response,
            };
            generators.push(Generator { program, matched });
        }
        // Only now: nothing takes a declaration back.
        for generator in active.generators() {
            declare(&generator.program.name)?;
        }
        config.remarks.log();
        log::info!("attribute-gen is on: {count} attribute(s)");
        Ok(active)
    }

    fn generators(&self) -> impl Iterator<Item = &Generator> {
        [&self.on_request, &self.on_response, &self.after_response]
            .into_iter()
            .flatten()
    }

    /// Generates the attributes of a phase.
    pub(super) fn generate(&self, phase: Phase) {
        let generators = match phase {
            Phase::OnRequest => &self.on_request,
            Phase::OnResponse => &self.on_response,
            Phase::AfterResponse => &self.after_response,
        };
        if generators.is_empty() {
            return;
        }
        let seen = Observation::new(&Envoy);
        for generator in generators {
            self.set(generator, &seen);
        }
    }

    fn set(&self, generator: &Generator, seen: &Observation<'_, Envoy>) {
        let name = &generator.program.name;
        let outcome = generator.program.run(seen);
        for index in outcome.errors {
            self.runtime_errors.increment();
            log::debug!("{name}: match[{index}] cannot be evaluated");
        }
        let Some((index, value)) = outcome.matched else {
            return;
        };
        match hostcalls::set_property(&[name], &value) {
            Ok(()) => {
                generator.matched.increment();
                if self.debug {
                    let value = String::from_utf8_lossy(&value);
                    log::debug!("{name}: match[{index}] gives {value:?}");
                }
            }
            Err(error) => {
                self.runtime_errors.increment();
                log::debug!("{name} cannot be set: {error}");
            }
        }
    }
}

/// Lets the attribute be text where others read it.
fn declare(name: &str) -> Result<(), ConfigError> {
    match foreign::declare_text_property(name) {
        Ok(()) => Ok(()),
        // Declared by an earlier configuration, or twice in this one; or a host without types.
        Err(error)
            if matches!(
                error.status(),
                HostError::BAD_ARGUMENT | HostError::NOT_FOUND
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
