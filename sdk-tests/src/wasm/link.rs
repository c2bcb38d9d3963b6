//! The host functions as imports of a module.

use wasmtime::{Caller, FuncType, Linker, Module, Result, Val, ValType};

use super::memory::WasmMemory;
use super::{State, wasi};
use crate::host::abi;

/// A linker with every host function and what the module needs of WASI.
///
/// An import that Envoy does not have either stays undefined, and the module does not load.
pub(super) fn linker(module: &Module) -> Result<Linker<State>> {
    let engine = module.engine();
    let mut linker = Linker::new(engine);
    for function in abi::FUNCTIONS {
        let parameters = function
            .parameters
            .chars()
            .map(|parameter| match parameter {
                'l' => ValType::I64,
                _ => ValType::I32,
            });
        let ty = FuncType::new(engine, parameters, [ValType::I32]);
        let call = move |mut caller: Caller<'_, State>, arguments: &[Val], results: &mut [Val]| {
            let host = caller.data().host.clone();
            let arguments: Vec<_> = arguments.iter().map(number).collect();
            let mut memory = WasmMemory::of(&mut caller)?;
            let status = abi::call(function, &host, &mut memory, &arguments);
            results[0] = Val::I32(status.code().cast_signed());
            Ok(())
        };
        linker.func_new("env", function.name, ty, call)?;
    }
    wasi::link(&mut linker, module)?;
    Ok(linker)
}

/// A value without its sign.
fn number(value: &Val) -> u64 {
    match value {
        Val::I32(number) => u64::from(number.cast_unsigned()),
        Val::I64(number) => number.cast_unsigned(),
        _ => 0,
    }
}
