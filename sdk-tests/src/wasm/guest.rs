//! One instance of a module.

use wasmtime::{Instance, Module, Store, Val};

use super::{State, link};
use crate::HostKind;
use crate::host::{Callback, Engine, Guest, SharedHost, Trap};

/// A callback that needs more instructions than this is taken for one that never ends.
const MOST_INSTRUCTIONS: u64 = 20_000_000_000;

/// Makes instances of a module.
pub(crate) struct WasmEngine {
    module: Module,
    env: Vec<String>,
    seed: u64,
}

impl WasmEngine {
    pub(super) fn new(module: Module) -> Self {
        Self {
            module,
            env: Vec::new(),
            seed: 0,
        }
    }
}

impl Engine for WasmEngine {
    type Guest = WasmGuest;

    fn instantiate(&self, host: &SharedHost) -> Result<WasmGuest, Trap> {
        let state = State {
            host: host.clone(),
            env: self.env.clone(),
            random: self.seed,
        };
        let mut store = Store::new(self.module.engine(), state);
        let instance = store
            .set_fuel(MOST_INSTRUCTIONS)
            .and_then(|()| link::linker(&self.module))
            .and_then(|linker| linker.instantiate(&mut store, &self.module))
            .map_err(|error| trap(&error))?;
        let mut guest = WasmGuest {
            store,
            instance,
            instructions: 0,
        };
        for initializer in ["_initialize", "_start"] {
            if guest.export(initializer, &[])?.is_some() {
                break;
            }
        }
        Ok(guest)
    }

    fn set_env(&mut self, name: &str, value: &str) {
        let start = format!("{name}=");
        self.env.retain(|variable| !variable.starts_with(&start));
        self.env.push(start + value);
    }

    fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    fn first_token(&self) -> u32 {
        1
    }

    fn kind(&self) -> HostKind {
        HostKind::Wasm
    }
}

/// One VM.
pub(crate) struct WasmGuest {
    store: Store<State>,
    instance: Instance,
    instructions: u64,
}

impl WasmGuest {
    /// Calls an export. `None`: the module has none of this name; 0 stands for no result.
    fn export(&mut self, name: &str, arguments: &[u32]) -> Result<Option<u32>, Trap> {
        self.instructions = 0;
        let Some(function) = self.instance.get_func(&mut self.store, name) else {
            return Ok(None);
        };
        let arguments: Vec<_> = arguments
            .iter()
            .map(|number| Val::I32(number.cast_signed()))
            .collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let called = self
            .store
            .set_fuel(MOST_INSTRUCTIONS)
            .and_then(|()| function.call(&mut self.store, &arguments, &mut results));
        self.instructions = MOST_INSTRUCTIONS - self.store.get_fuel().unwrap_or_default();
        called.map_err(|error| trap(&error))?;
        Ok(Some(match results.first() {
            Some(Val::I32(number)) => number.cast_unsigned(),
            _ => 0,
        }))
    }
}

impl Guest for WasmGuest {
    fn call(&mut self, callback: Callback, context: u32, arguments: &[u32]) -> Result<u32, Trap> {
        let arguments = [&[context], arguments].concat();
        let answer = self.export(callback.export(), &arguments)?;
        Ok(answer.unwrap_or_else(|| callback.default_answer()))
    }

    fn instructions(&self) -> Option<u64> {
        Some(self.instructions)
    }
}

fn trap(error: &wasmtime::Error) -> Trap {
    Trap {
        message: format!("{error:?}"),
    }
}
