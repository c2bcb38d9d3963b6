//! regorus.

use std::num::{NonZeroU32, NonZeroUsize};

use extension_common::config::ConfigError;
use regorus::{
    Engine, LimitError, Value,
    utils::limits::{ExecutionTimerConfig, PolicyLengthConfig},
};

use super::{Evaluation, HostCall, builtins, calls, memory};
use crate::{
    answer::{self, Failure, Outcome},
    config::Policy,
    decision::Decision,
    input::{Document, Names},
};

/// A policy with its data, ready to be asked.
pub struct Evaluator {
    policy: Policy,
    /// `None` until a policy has been fetched.
    engine: Option<Engine>,
    /// Whether an evaluation has gone wrong under this configuration.
    has_failed: bool,
    ids: Ids,
    names: Names,
    /// What verifies the signatures of tokens, if the host does.
    host: Option<HostCall>,
}

/// The steps of an evaluation between two looks at the clock, which costs as much as some of them.
const STEPS: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// A set of keys is a line of some thousand characters; whoever writes policies is trusted with more.
const LENGTH: PolicyLengthConfig = PolicyLengthConfig {
    max_col: NonZeroU32::new(1_000_000).unwrap(),
    max_file_bytes: NonZeroUsize::new(crate::poll::MAX_BODY).unwrap(),
    max_lines: NonZeroUsize::new(1_000_000).unwrap(),
};

impl Evaluator {
    /// Compiles a policy, if there is one yet.
    ///
    /// # Errors
    /// It does not compile: the error has the line and the column.
    pub fn new(policy: &Policy, host: Option<HostCall>) -> Result<Self, ConfigError> {
        memory::install_clock();
        let engine = policy
            .inline
            .as_ref()
            .map(|text| compile(policy, host, "policy.inline", text, &policy.data))
            .transpose()?;
        Ok(Self {
            policy: policy.clone(),
            engine,
            has_failed: false,
            ids: Ids::new(),
            names: Names::default(),
            host,
        })
    }

    /// Takes another policy, other data, or both, in place of what was there: all or nothing.
    ///
    /// # Errors
    /// They do not compile; what was there stays.
    pub fn replace(
        &mut self,
        text: Option<&str>,
        data: Option<&serde_json::Value>,
    ) -> Result<(), ConfigError> {
        let Some(text) = text.or(self.policy.inline.as_deref()) else {
            return Ok(());
        };
        let data = data.unwrap_or(&self.policy.data);
        let engine = compile(&self.policy, self.host, "policy", text, data)?;
        let (text, data) = (text.to_owned(), data.clone());
        self.engine = Some(engine);
        self.policy.inline = Some(text);
        self.policy.data = data;
        Ok(())
    }

    /// Asks the policy about the document, which is JSON.
    pub fn evaluate(&mut self, document: &str) -> Evaluation {
        self.evaluate_input(|_| Value::from_json_str(document))
    }

    /// Asks the policy about a request.
    pub fn evaluate_document(&mut self, document: &Document<'_>) -> Evaluation {
        self.evaluate_input(|names| document.value(names))
    }

    fn evaluate_input(
        &mut self,
        input: impl FnOnce(&mut Names) -> anyhow::Result<Value>,
    ) -> Evaluation {
        let Some(engine) = &mut self.engine else {
            return Evaluation::Failed(Failure::NoPolicy);
        };
        let query = self.policy.query.clone();
        let names = &mut self.names;
        let result = memory::limited(self.policy.memory_limit, || {
            engine.set_input(input(names)?);
            let value = engine.eval_rule(query);
            engine.set_input(Value::Undefined);
            value
        });
        if memory::was_refused() {
            return Evaluation::LimitExceeded;
        }
        match result {
            Ok(value) => Evaluation::Outcome(self.outcome(&value)),
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &anyhow::Error) -> Evaluation {
        if error.downcast_ref::<LimitError>().is_some() {
            return Evaluation::LimitExceeded;
        }
        let (place, problem) = located(error);
        // Clients could fill the log with it.
        let level = match std::mem::replace(&mut self.has_failed, true) {
            false => log::Level::Warn,
            true => log::Level::Debug,
        };
        log::log!(level, "the policy cannot be evaluated: {place}{problem}");
        Evaluation::Failed(Failure::Evaluation)
    }

    fn outcome(&self, value: &Value) -> Outcome {
        let id = self.ids.next();
        match value {
            Value::Undefined => Outcome::Undefined(id),
            Value::Bool(allowed) => Outcome::Decided(
                Decision {
                    id,
                    ..Decision::bare(*allowed)
                }
                .into(),
            ),
            value => {
                let json = serde_json::to_value(value).unwrap_or_default();
                answer::outcome(json, id)
            }
        }
    }
}

fn compile(
    policy: &Policy,
    host: Option<HostCall>,
    name: &str,
    text: &str,
    data: &serde_json::Value,
) -> Result<Engine, ConfigError> {
    let refused = |error: &anyhow::Error| {
        let (place, problem) = located(error);
        let path = if place.is_empty() {
            name
        } else {
            place.trim_end_matches(": ")
        };
        ConfigError::Shape {
            path: path.to_owned(),
            problem,
        }
    };
    let mut engine = Engine::new();
    engine.set_rego_v0(policy.rego_v0);
    engine.set_strict_builtin_errors(false);
    engine.set_policy_length_config(LENGTH);
    // Proving that the host verifies takes calls of it.
    let host = host.filter(|_| text.contains("io.jwt"));
    builtins::register(&mut engine, host).map_err(|error| refused(&error))?;
    engine
        .add_policy(name.to_owned(), text.to_owned())
        .map_err(|error| refused(&error))?;
    let data = Value::from_json_str(&data.to_string()).map_err(|error| refused(&error))?;
    engine.add_data(data).map_err(|error| refused(&error))?;
    engine
        .compile_with_entrypoint(&policy.query.as_str().into())
        .map_err(|error| match error.to_string() == "not a valid rule path" {
            true => {
                let expected = "a rule of the policy";
                ConfigError::invalid("policy.query", &policy.query, expected)
            }
            false => refused(&error),
        })?;
    calls::check(name, text)?;
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: policy.time_limit,
        check_interval: STEPS,
    });
    // A rule that depends on itself shows only when it is evaluated.
    let query = policy.query.clone();
    let tried = memory::limited(policy.memory_limit, || {
        engine.set_input(Value::new_object());
        engine.eval_rule(query)
    });
    match tried {
        Err(error) if error.to_string().contains("recursion detected") => Err(refused(&error)),
        _ => Ok(engine),
    }
}

/// The place (`file:line:column: `, or nothing) and the problem, out of an error that shows the
/// source line too.
pub(super) fn located(error: &anyhow::Error) -> (String, String) {
    let text = error.to_string();
    let line = |prefix: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(prefix))
            .map(str::to_owned)
    };
    match (line("--> "), line("error: ")) {
        (Some(place), Some(problem)) => (format!("{place}: "), problem),
        _ => (String::new(), text.lines().collect::<Vec<_>>().join(" ")),
    }
}

/// Ids of decisions: random for the VM, then counted.
struct Ids {
    vm: u64,
    count: std::cell::Cell<u64>,
}

impl Ids {
    fn new() -> Self {
        Self {
            // Two VMs with one id make logs harder to read, and nothing worse.
            vm: getrandom::u64().unwrap_or_default(),
            count: std::cell::Cell::new(0),
        }
    }

    fn next(&self) -> Option<String> {
        self.count.set(self.count.get().wrapping_add(1));
        Some(format!("{:016x}-{}", self.vm, self.count.get()))
    }
}
