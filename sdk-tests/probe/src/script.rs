//! Scripts: `<case>;<phase> <operation> <argument> …;<phase> <operation> …`.
//!
//! A phase is the name of a callback without its `proxy_on_`; `request_body#2` is its second call
//! in a context. What arguments mean is in `arguments`.

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The callback in which to do it.
    pub(crate) phase: String,
    /// What to do: a host function without its `proxy_`, or `return`.
    pub(crate) operation: String,
    /// Its arguments as they are written.
    pub(crate) arguments: Vec<String>,
}

/// What a context is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    /// The case, which all its log lines begin with. Without one nothing is logged.
    pub(crate) case: String,
    /// What to do, in order.
    pub(crate) steps: Vec<Step>,
}

impl Script {
    /// Reads a script. A step without an operation is left out.
    pub(crate) fn parse(text: &str) -> Self {
        let mut parts = text.split(';');
        let case = parts.next().unwrap_or_default().to_owned();
        let step = |part: &str| {
            let mut words = part.split(' ').map(str::to_owned);
            Some(Step {
                phase: words.next()?,
                operation: words.next()?,
                arguments: words.collect(),
            })
        };
        Self {
            case,
            steps: parts.filter_map(step).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_its_case_and_its_steps() {
        let script = Script::parse("c1;log done;tick get_metric metric 1");
        assert_eq!(script.case, "c1");
        assert_eq!(script.steps[0].phase, "log");
        assert_eq!(script.steps[0].operation, "done");
        assert_eq!(script.steps[1].arguments, ["metric", "1"]);
        assert_eq!(Script::parse(""), Script::default());
    }
}
