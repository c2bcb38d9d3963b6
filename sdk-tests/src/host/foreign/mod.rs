//! Foreign functions: those that Envoy 1.40 has, and those that a scenario adds.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::filter_state::Declaration;
use super::{HostState, SharedHost, Status, Vm};
use crate::backend::ForeignAnswer;

mod attributes;
mod expressions;
mod filter_state;
mod functions;
mod messages;
mod signatures;
mod zlib;

/// A root context of a VM, which is where Envoy keeps what foreign functions keep.
type Root = (Vm, u32);

/// What foreign functions keep, and the scenario's own ones.
#[derive(Default)]
pub struct Foreign {
    answers: BTreeMap<String, Arc<ForeignAnswer>>,
    expressions: BTreeMap<Root, expressions::Expressions>,
    declarations: BTreeMap<Root, BTreeMap<Vec<u8>, Declaration>>,
}

impl fmt::Debug for Foreign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Foreign")
            .field("answers", &self.answers.keys())
            .field("declarations", &self.declarations)
            .finish_non_exhaustive()
    }
}

impl Foreign {
    /// Adds a function, or takes the place of one of Envoy's.
    pub(crate) fn answer(&mut self, name: &str, answer: Arc<ForeignAnswer>) {
        self.answers.insert(name.to_owned(), answer);
    }

    /// What a root context declared of a property.
    pub(super) fn declaration(&self, root: Root, property: &[u8]) -> Option<Declaration> {
        self.declarations.get(&root)?.get(property).copied()
    }

    /// Forgets what a context that is gone has kept.
    pub(super) fn end_context(&mut self, context: Root) {
        self.expressions.remove(&context);
        self.declarations.remove(&context);
    }

    /// Forgets what a VM that is gone has kept.
    pub(super) fn end_vm(&mut self, gone: Vm) {
        self.expressions.retain(|(vm, _), _| *vm != gone);
        self.declarations.retain(|(vm, _), _| *vm != gone);
    }
}

/// What a function gives: nothing at all, or bytes, of which there may be none.
type Given = Result<Option<Vec<u8>>, Status>;

/// Calls a foreign function; `None` if there is none of this name.
pub(super) fn call(host: &SharedHost, name: &str, arguments: &[u8]) -> Option<Given> {
    let Ok(mut state) = host.try_borrow_mut() else {
        return Some(Err(Status::InternalFailure));
    };
    if let Some(answer) = state.foreign.answers.get(name).cloned() {
        // The scenario's own code may look at the proxy.
        drop(state);
        return Some(answered(host, name, arguments, &*answer));
    }
    Some(match name {
        "clear_route_cache" => Ok(None),
        "compress" => zlib::compress(arguments).map(Some),
        "uncompress" => zlib::uncompress(arguments).map(Some),
        "declare_property" => filter_state::declare(&mut state, arguments),
        "set_envoy_filter_state" => filter_state::set(&mut state, arguments),
        "expr_create" => expressions::create(&mut state, arguments).map(Some),
        "expr_evaluate" => expressions::evaluate(&mut state, arguments).map(Some),
        "expr_delete" => expressions::delete(&mut state, arguments),
        "sign" => signatures::sign(&mut state, arguments).map(Some),
        "verify_signature" => signatures::verify(&mut state, arguments).map(Some),
        _ => return None,
    })
}

/// Asks the scenario. A panic there must not unwind through the plugin.
fn answered(host: &SharedHost, name: &str, arguments: &[u8], answer: &ForeignAnswer) -> Given {
    match catch_unwind(AssertUnwindSafe(|| answer(arguments))) {
        Ok(answer) => answer.map(Some),
        Err(_) => {
            if let Ok(mut host) = host.try_borrow_mut() {
                host.violation(&format!("the foreign function \"{name}\" panicked"));
            }
            Err(Status::InternalFailure)
        }
    }
}

/// The root context of the one that runs.
fn current_root(host: &HostState) -> Root {
    (host.vm, host.root_of(host.called))
}
