//! The last look at a module before it ships.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use wasmparser::{KnownCustom, Parser, Payload, Validator, WasmFeatures};

use super::callbacks;

/// The host functions of ABI 0.2.1 that the SDK can call.
const ENV: [&str; 40] = [
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_define_metric",
    "proxy_dequeue_shared_queue",
    "proxy_done",
    "proxy_enqueue_shared_queue",
    "proxy_get_buffer_bytes",
    "proxy_get_buffer_status",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_size",
    "proxy_get_header_map_value",
    "proxy_get_log_level",
    "proxy_get_metric",
    "proxy_get_property",
    "proxy_get_shared_data",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_register_shared_queue",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_resolve_shared_queue",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_effective_context",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
    "proxy_set_tick_period_milliseconds",
    "proxy_unregister_shared_queue",
];

/// The WASI functions that every Proxy-Wasm host has. A file or a socket would be a mistake.
const WASI: [&str; 8] = [
    "args_get",
    "args_sizes_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "proc_exit",
    "random_get",
];

/// WebAssembly 1.0 and the extensions that every Proxy-Wasm host takes.
const FEATURES: WasmFeatures = WasmFeatures::MVP
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION);

/// Fails unless the module is what a release may contain.
pub(super) fn check(module: &[u8], kept: &BTreeSet<&str>, private: &[String]) -> Result<()> {
    if let Err(error) = Validator::new_with_features(FEATURES).validate_all(module) {
        bail!("the module needs a WebAssembly feature that some hosts lack: {error}");
    }
    let contents = read(module)?;
    for (from, name) in &contents.imports {
        let allowed: &[&str] = match from.as_str() {
            "env" => &ENV,
            "wasi_snapshot_preview1" => &WASI,
            _ => &[],
        };
        if !allowed.contains(&name.as_str()) {
            bail!("the module imports {from}.{name}, which not every Proxy-Wasm host has");
        }
    }
    check_exports(&contents.exports, kept)?;
    if !contents.has_names {
        bail!("the module has no name section: Envoy could not print a readable backtrace");
    }
    for text in private {
        if contains_path(module, text) {
            bail!(
                "the module contains the path {text} of this machine: its bytes would differ elsewhere"
            );
        }
    }
    Ok(())
}

/// Whether `module` holds a path below `folder`.
fn contains_path(module: &[u8], folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    // `/src/` may well be a part of another path, such as `/cargo/x/src/lib.rs`.
    let is_short = folder.matches('/').count() < 2;
    let is_path_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./".contains(byte);
    let below = [folder.as_bytes(), b"/"].concat();
    let mut windows = module.windows(below.len()).enumerate();
    windows.any(|(at, window)| {
        let goes_on = at > 0 && module.get(at - 1).is_some_and(is_path_byte);
        window == below && !(is_short && goes_on)
    })
}

fn check_exports(exports: &BTreeSet<String>, kept: &BTreeSet<&str>) -> Result<()> {
    for name in callbacks::ALWAYS.iter().chain(kept) {
        if !exports.contains(*name) {
            bail!("the module does not export {name}");
        }
    }
    for name in exports {
        if name.starts_with("proxy_abi_version_") && name != "proxy_abi_version_0_2_1" {
            bail!("the module exports {name}: there must be one ABI version, 0.2.1");
        }
        let expected = callbacks::ALWAYS.contains(&name.as_str()) || kept.contains(name.as_str());
        if !expected {
            bail!("the module exports {name}, which no host asks for");
        }
    }
    Ok(())
}

/// What a module shows of itself.
#[derive(Default)]
pub(crate) struct Contents {
    /// Where from, and the name.
    pub(crate) imports: BTreeSet<(String, String)>,
    pub(crate) exports: BTreeSet<String>,
    has_names: bool,
}

pub(crate) fn read(module: &[u8]) -> Result<Contents> {
    let mut contents = Contents::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    contents
                        .imports
                        .insert((import.module.to_owned(), import.name.to_owned()));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    contents.exports.insert(export?.name.to_owned());
                }
            }
            Payload::CustomSection(section) => {
                contents.has_names |= matches!(section.as_known(), KnownCustom::Name(_));
            }
            _ => {}
        }
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORTS: &str = r#"
        (memory (export "memory") 1)
        (func $f (export "_initialize") (export "proxy_abi_version_0_2_1")
            (export "proxy_on_memory_allocate") (export "proxy_on_vm_start")
            (export "proxy_on_configure") (export "proxy_on_context_create")
            (export "proxy_on_delete") (export "proxy_on_log"))"#;

    fn lint(before: &str, after: &str) -> Result<()> {
        let module = wat::parse_str(format!("(module {before} {EXPORTS} {after})")).unwrap();
        check(
            &module,
            &["proxy_on_log"].into(),
            &["/home/somebody".to_owned()],
        )
    }

    fn refusal(before: &str, after: &str) -> String {
        lint(before, after).unwrap_err().to_string()
    }

    #[test]
    fn a_good_module_passes() {
        lint(r#"(import "env" "proxy_log" (func))"#, "").unwrap();
    }

    #[test]
    fn imports_outside_the_list_are_refused() {
        assert!(refusal(r#"(import "env" "proxy_new" (func))"#, "").contains("env.proxy_new"));
        let file = r#"(import "wasi_snapshot_preview1" "path_open" (func))"#;
        assert!(refusal(file, "").contains("path_open"));
        assert!(refusal(r#"(import "other" "proxy_log" (func))"#, "").contains("other.proxy_log"));
    }

    #[test]
    fn exports_outside_the_list_are_refused() {
        let second = r#"(func (export "proxy_abi_version_0_2_0"))"#;
        assert!(refusal("", second).contains("one ABI version"));
        assert!(refusal("", r#"(func (export "proxy_on_tick"))"#).contains("no host asks for"));
        assert!(refusal("", r#"(func (export "helper"))"#).contains("no host asks for"));
    }

    #[test]
    fn a_missing_export_is_refused() {
        let module = wat::parse_str(format!("(module {EXPORTS})")).unwrap();
        let error = check(&module, &["proxy_on_tick"].into(), &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("does not export proxy_on_tick"), "{error}");
    }

    #[test]
    fn a_module_without_names_is_refused() {
        let module = wat::parse_str(format!("(module {})", EXPORTS.replace("$f ", ""))).unwrap();
        let error = check(&module, &["proxy_on_log"].into(), &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("no name section"), "{error}");
    }

    #[test]
    fn a_path_of_the_machine_is_refused() {
        assert!(
            refusal("", r#"(data (i32.const 0) "/home/somebody/x.rs")"#).contains("/home/somebody")
        );
        assert!(refusal("", r#"(@custom "debug" "/home/somebody/")"#).contains("/home/somebody"));
        lint("", r#"(data (i32.const 0) "/home/somebody.rs")"#).unwrap();
        assert!(contains_path(b"x /src/lib.rs", "/src"));
        assert!(!contains_path(b"/cargo/x/src/lib.rs", "/src"));
    }

    #[test]
    fn newer_webassembly_is_refused() {
        let simd = "(func (result v128) (v128.const i64x2 0 0))";
        assert!(refusal("", simd).contains("feature that some hosts lack"));
    }
}
