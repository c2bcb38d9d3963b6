//! `expr_create`, `expr_evaluate` and `expr_delete`: the language of expressions (CEL).
//!
//! The crate `cel` parses and evaluates; names, functions and bytes are as in Envoy.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::{Context, Program, Value as Cel};

use super::attributes;
use super::functions;
use super::{Given, current_root};
use crate::host::properties::{self, Value};
use crate::host::{HostState, Status};

/// So many expressions are remembered.
const MAX_PARSED: usize = 1000;

/// The expressions of one root context.
#[derive(Default)]
pub(super) struct Expressions {
    next: u32,
    programs: BTreeMap<u32, Arc<Program>>,
}

impl Expressions {
    fn token(&mut self) -> u32 {
        let token = self.next;
        self.next = self.next.wrapping_add(1);
        token
    }
}

/// Parses an expression. Gives its token, in 4 bytes.
///
/// # Errors
///
/// `BadArgument`: it is none, or it calls a function that Envoy does not have.
pub(super) fn create(host: &mut HostState, source: &[u8]) -> Result<Vec<u8>, Status> {
    let source = std::str::from_utf8(source).map_err(|_| Status::BadArgument)?;
    let program = parsed(source).ok_or(Status::BadArgument)?;
    let root = current_root(host);
    let expressions = host.foreign.expressions.entry(root).or_default();
    // An expression that parses has had its token, whatever else is wrong with it.
    let token = expressions.token();
    if !functions::all_known(&program) {
        return Err(Status::BadArgument);
    }
    expressions.programs.insert(token, program);
    Ok(token.to_le_bytes().to_vec())
}

/// Parses an expression, unless it was parsed a moment ago: each VM of a plugin asks for the same ones,
/// and the parser takes most of a test's time.
fn parsed(source: &str) -> Option<Arc<Program>> {
    thread_local! {
        static PARSED: RefCell<HashMap<String, Arc<Program>>> = RefCell::default();
    }
    if let Some(program) = PARSED.with_borrow(|parsed| parsed.get(source).cloned()) {
        return Some(program);
    }
    let program = Arc::new(functions::env().compile(source).ok()?);
    PARSED.with_borrow_mut(|parsed| {
        if parsed.len() >= MAX_PARSED {
            parsed.clear();
        }
        parsed.insert(source.to_owned(), program.clone());
    });
    Some(program)
}

fn token(arguments: &[u8]) -> Result<u32, Status> {
    let token = arguments.try_into().map_err(|_| Status::BadArgument)?;
    Ok(u32::from_le_bytes(token))
}

/// Forgets an expression, if it is there.
pub(super) fn delete(host: &mut HostState, arguments: &[u8]) -> Given {
    let token = token(arguments)?;
    let root = current_root(host);
    let expressions = host.foreign.expressions.entry(root).or_default();
    expressions.programs.remove(&token);
    Ok(None)
}

/// Evaluates an expression for the context that runs.
///
/// # Errors
///
/// `BadArgument`: not a token. `NotFound`: nobody's token. `InternalFailure`: it has no value.
/// `SerializationFailure`: its value has no bytes.
pub(super) fn evaluate(host: &mut HostState, arguments: &[u8]) -> Result<Vec<u8>, Status> {
    let token = token(arguments)?;
    let root = current_root(host);
    let expressions = host.foreign.expressions.get(&root);
    let program = expressions.and_then(|expressions| expressions.programs.get(&token));
    let program = program.cloned().ok_or(Status::NotFound)?;

    let mut context = Context::with_env(functions::env());
    for name in program.references().variables() {
        if let Some(value) = properties::variable(host, host.called, name) {
            context.add_variable_as_val(name, attributes::val(value));
        }
    }
    let evaluated = Cel::resolve_val(program.expression(), &context);
    let value = evaluated.map_err(|_| Status::InternalFailure)?;
    let value = attributes::value(value.as_ref())?;
    if value == Value::Opaque {
        host.violation("the mock host does not look into FlatBuffers and Protobuf values");
        return Err(Status::InternalFailure);
    }
    value.serialize()
}
