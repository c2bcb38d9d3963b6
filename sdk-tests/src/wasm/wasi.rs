//! As much of WASI preview 1 as a plugin gets. The rest answers `ENOSYS`, as in Envoy.

use wasmtime::{Caller, Error, ExternType, Linker, Module, Result, Val};

use super::State;
use super::memory::WasmMemory;
use crate::host::Level;
use crate::host::abi::Memory;

const MODULE: &str = "wasi_snapshot_preview1";
const SUCCESS: i32 = 0;
const EBADF: i32 = 8;
const EFAULT: i32 = 21;
const ENOSYS: i32 = 52;

pub(super) fn link(linker: &mut Linker<State>, module: &Module) -> Result<()> {
    linker.func_wrap(MODULE, "environ_sizes_get", environ_sizes_get)?;
    linker.func_wrap(MODULE, "environ_get", environ_get)?;
    linker.func_wrap(MODULE, "fd_write", fd_write)?;
    linker.func_wrap(MODULE, "random_get", random_get)?;
    linker.func_wrap(MODULE, "clock_time_get", clock_time_get)?;
    linker.func_wrap(MODULE, "proc_exit", |code: u32| -> Result<()> {
        Err(Error::msg(format!("proc_exit({code})")))
    })?;
    let known = [
        "environ_sizes_get",
        "environ_get",
        "fd_write",
        "random_get",
        "clock_time_get",
        "proc_exit",
    ];
    for import in module.imports() {
        if import.module() != MODULE || known.contains(&import.name()) {
            continue;
        }
        if let ExternType::Func(ty) = import.ty() {
            linker.func_new(MODULE, import.name(), ty, |_, _, results| {
                results.fill(Val::I32(ENOSYS));
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Success, or the one thing that can go wrong with addresses.
fn errno(done: Option<()>) -> i32 {
    if done.is_some() { SUCCESS } else { EFAULT }
}

fn environ_sizes_get(mut caller: Caller<'_, State>, count_to: u32, size_to: u32) -> Result<i32> {
    let mut memory = WasmMemory::of(&mut caller)?;
    let env = memory.state().env.clone();
    let count = u32::try_from(env.len())?;
    let size = u32::try_from(env.iter().map(|entry| entry.len() + 1).sum::<usize>())?;
    let done = memory
        .write(count_to.into(), &count.to_le_bytes())
        .and_then(|()| memory.write(size_to.into(), &size.to_le_bytes()));
    Ok(errno(done))
}

fn environ_get(mut caller: Caller<'_, State>, addresses_to: u32, bytes_to: u32) -> Result<i32> {
    let mut memory = WasmMemory::of(&mut caller)?;
    let (mut slot, mut at) = (u64::from(addresses_to), u64::from(bytes_to));
    for entry in memory.state().env.clone() {
        let address = u32::try_from(at)?;
        let entry = [entry.as_bytes(), b"\0"].concat();
        let done = memory
            .write(slot, &address.to_le_bytes())
            .and_then(|()| memory.write(at, &entry));
        if done.is_none() {
            return Ok(EFAULT);
        }
        slot += 4;
        at += entry.len() as u64;
    }
    Ok(SUCCESS)
}

/// Standard output is an info line in the plugin's log, standard error an error line.
fn fd_write(
    mut caller: Caller<'_, State>,
    fd: u32,
    pieces: u32,
    count: u32,
    written_to: u32,
) -> Result<i32> {
    let level = match fd {
        1 => Level::Info,
        2 => Level::Error,
        _ => return Ok(EBADF),
    };
    let mut memory = WasmMemory::of(&mut caller)?;
    let mut text = Vec::new();
    for index in 0..u64::from(count) {
        let piece = u64::from(pieces) + 8 * index;
        let bytes = memory
            .word(piece)
            .zip(memory.word(piece + 4))
            .and_then(|(address, length)| memory.read(address.into(), length.into()));
        let Some(mut bytes) = bytes else {
            return Ok(EFAULT);
        };
        text.append(&mut bytes);
    }
    let host = memory.state().host.clone();
    host.borrow_mut()
        .log(level, String::from_utf8_lossy(&text).into_owned());
    let written = u32::try_from(text.len())?;
    Ok(errno(
        memory.write(written_to.into(), &written.to_le_bytes()),
    ))
}

/// The same bytes in every run, so that instruction counts are the same too (SplitMix64).
fn random_get(mut caller: Caller<'_, State>, to: u32, length: u32) -> Result<i32> {
    let mut memory = WasmMemory::of(&mut caller)?;
    let mut bytes = Vec::with_capacity(length as usize + 8);
    while bytes.len() < length as usize {
        let state = memory.state();
        state.random = state.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = state.random;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    bytes.truncate(length as usize);
    Ok(errno(memory.write(to.into(), &bytes)))
}

fn clock_time_get(
    mut caller: Caller<'_, State>,
    _clock: u32,
    _precision: u64,
    to: u32,
) -> Result<i32> {
    let mut memory = WasmMemory::of(&mut caller)?;
    let now = memory.state().host.borrow().clock.now();
    Ok(errno(memory.write(to.into(), &now.to_le_bytes())))
}
