//! Rewrites a module's export section. Every other byte stays as it is.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

use super::callbacks;

/// The module without the callback exports that are not in `keep`.
pub(super) fn keep(module: &[u8], keep: &BTreeSet<&str>) -> Result<Vec<u8>> {
    let mut out = Module::new();
    let mut missing: BTreeSet<&str> = keep.clone();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::ExportSection(section) = payload {
            let mut exports = ExportSection::new();
            for export in section {
                let export = export?;
                missing.remove(export.name);
                if export.name.starts_with("proxy_on_") && !callbacks::is_known_export(export.name)
                {
                    bail!(
                        "the module exports {}, a callback that xtask/src/postlink/callbacks.rs does not know",
                        export.name
                    );
                }
                if keep.contains(export.name) || !is_droppable(export.name) {
                    exports.export(export.name, kind(export.kind)?, export.index);
                }
            }
            out.section(&exports);
        } else if let Some((id, range)) = payload.as_section() {
            let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
            let Some(data) = module.get(range) else {
                bail!("a section is cut off")
            };
            out.section(&RawSection { id, data });
        }
    }
    if !missing.is_empty() {
        bail!("the linked module does not export {missing:?}, which its sources implement");
    }
    Ok(out.finish())
}

/// Every callback goes unless it is wanted.
fn is_droppable(export: &str) -> bool {
    export.starts_with("proxy_on_") && !callbacks::ALWAYS.contains(&export)
}

fn kind(kind: ExternalKind) -> Result<ExportKind> {
    Ok(match kind {
        ExternalKind::Func => ExportKind::Func,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Table => ExportKind::Table,
        other => bail!("the module exports a {other:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exports(module: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::ExportSection(section) = payload.unwrap() {
                names.extend(
                    section
                        .into_iter()
                        .map(|export| export.unwrap().name.to_owned()),
                );
            }
        }
        names
    }

    const MODULE: &str = r#"(module
        (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func $f (export "proxy_on_request_headers") (export "proxy_on_log") (export "proxy_on_delete"))
        (func (export "_initialize")))"#;

    #[test]
    fn only_the_wanted_callbacks_and_what_is_always_there_stay() {
        let module = wat::parse_str(MODULE).unwrap();
        let kept = keep(&module, &["proxy_on_request_headers"].into()).unwrap();
        let expected = [
            "memory",
            "proxy_on_request_headers",
            "proxy_on_delete",
            "_initialize",
        ];
        assert_eq!(exports(&kept), expected);
        wasmparser::validate(&kept).unwrap();
    }

    #[test]
    fn the_rest_of_the_module_keeps_its_bytes() {
        let module = wat::parse_str(MODULE).unwrap();
        let all = ["proxy_on_request_headers", "proxy_on_log"].into();
        assert_eq!(keep(&module, &all).unwrap(), module);
    }

    #[test]
    fn a_callback_that_nobody_knows_is_an_error() {
        let text = r#"(module (func (export "proxy_on_news")))"#;
        let error = keep(&wat::parse_str(text).unwrap(), &BTreeSet::new()).unwrap_err();
        assert!(error.to_string().contains("proxy_on_news"), "{error}");
    }

    #[test]
    fn a_callback_that_is_not_exported_is_an_error() {
        let module = wat::parse_str(MODULE).unwrap();
        let error = keep(&module, &["proxy_on_tick"].into())
            .unwrap_err()
            .to_string();
        assert!(error.contains("proxy_on_tick"), "{error}");
    }
}
