//! The operations of a script: one for each host function, by its name without `proxy_`.
//!
//! A name with an `@` behind it gives the host an address outside the memory for its results.

mod grpc;
mod maps;
mod queues;
mod streams;
mod values;

use std::collections::BTreeMap;

use crate::abi;
use crate::arguments::Arguments;
use crate::results::{BytesOut, NumberOut, show_number};
use crate::script::Step;

/// What came of the operations so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    /// Numbers that later steps may use.
    pub(crate) names: BTreeMap<&'static str, u32>,
    /// The tokens of the calls that are on their way.
    pub(crate) tokens: Vec<u32>,
}

/// Does what a step says. Returns the status and the results, as the log shows them.
pub(crate) fn run(step: &Step, case: &str, results: &mut Results) -> String {
    let (operation, anywhere) = match step.operation.strip_suffix('@') {
        Some(operation) => (operation, false),
        None => (step.operation.as_str(), true),
    };
    let known = results.names.clone();
    let arguments = Arguments::new(&step.arguments, case, &known);
    let call = Call {
        arguments,
        results,
        anywhere,
    };
    // SAFETY: addresses and lengths are those of slices and variables, or such that a host must
    // refuse them.
    unsafe {
        call.maps(operation)
            .or_else(|call| call.values(operation))
            .or_else(|call| call.streams(operation))
            .or_else(|call| call.queues(operation))
            .or_else(|call| call.grpc(operation))
    }
    .unwrap_or_else(|_| "no such operation".to_owned())
}

struct Call<'a> {
    arguments: Arguments<'a>,
    results: &'a mut Results,
    /// Whether the host is told where to write.
    anywhere: bool,
}

fn status(status: abi::Status) -> String {
    status.to_string()
}

fn bytes_status(status: abi::Status, bytes: BytesOut) -> String {
    format!("{status} {}", bytes.show())
}

fn word_status(status: abi::Status, word: &NumberOut<u32>) -> String {
    format!("{status} {}", show_number(word.touched()))
}

impl Call<'_> {
    /// Tokens are not dense, and start anywhere: the log says only that there is one.
    fn token(&mut self, code: abi::Status, token: &NumberOut<u32>) -> String {
        let token = token.touched();
        self.results
            .tokens
            .extend(token.filter(|token| *token != 0));
        self.results
            .names
            .insert("token", token.unwrap_or_default());
        let shown = match token {
            None => "-",
            Some(0) => "no token",
            Some(_) => "token",
        };
        format!("{code} {shown}")
    }

    fn queue(&mut self, code: abi::Status, id: &NumberOut<u32>) -> String {
        let id = id.touched();
        self.results.names.insert("queue", id.unwrap_or_default());
        format!("{code} {}", id.map_or("-", |_| "queue"))
    }
}
