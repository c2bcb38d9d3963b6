//! Checks the sources' answer against a linked module: its name section lists every function, and a
//! compiled `impl` carries the trait's name in its own.
//!
//! Optimisation hides some: LLVM makes one function of two with the same body, as the callbacks of an
//! extension that pauses often have. So an unoptimised module is checked besides the one that ships.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use wasmparser::{KnownCustom, Name, Parser, Payload};

use super::callbacks::{self, Method, TRAITS};

/// Fails if the module implements a callback that the sources do not show, for example because a
/// macro from another crate wrote it.
pub(super) fn check(module: &[u8], found: &BTreeSet<Method>) -> Result<()> {
    let names = functions(module)?;
    if names.is_empty() {
        bail!(
            "the linked module has no name section; [profile.release] needs strip = \"debuginfo\""
        );
    }
    for name in &names {
        if let Some(method) = overridden(name)
            && callbacks::is_known(&method)
            && !found.contains(&method)
        {
            bail!(
                "the module implements the callback `{method}` ({:#}), but no source file shows it. \
                 A macro may write it: write the impl out by hand, or the build would drop a \
                 callback that is needed.",
                rustc_demangle::demangle(name)
            );
        }
    }
    Ok(())
}

/// The function names of the name section, as the compiler mangled them.
pub(crate) fn functions(module: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CustomSection(section) = payload?
            && let KnownCustom::Name(subsections) = section.as_known()
        {
            for subsection in subsections {
                if let Name::Function(functions) = subsection? {
                    for function in functions {
                        names.push(function?.name.to_owned());
                    }
                }
            }
        }
    }
    Ok(names)
}

/// The callback method that the function `mangled` overrides, if it does.
fn overridden(mangled: &str) -> Option<Method> {
    // In the newer mangling, `Y` is a trait's own default method; it demangles like an override.
    if mangled.starts_with("_RNvY") {
        return None;
    }
    let name = format!("{:#}", rustc_demangle::demangle(mangled));
    TRAITS.iter().find_map(|name_of_trait| {
        let path = format!("proxy_wasm::traits::{name_of_trait}");
        // `<Type as Trait>::method`, or, in another module than the type's,
        // `module::<impl Trait for Type>::method`.
        let rest = match name.split_once(&format!(" as {path}>::")) {
            Some((_, method)) => method,
            None => {
                let (_, rest) = name.split_once(&format!("<impl {path} for "))?;
                // Generic arguments of the type may hold `>::` too: the methods are told by name.
                rest.match_indices(">::").find_map(|(at, separator)| {
                    let method = rest.get(at + separator.len()..)?;
                    method.starts_with("on_").then_some(method)
                })?
            }
        };
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        rest.get(..end).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEGACY: &str = "_ZN67_$LT$fx_demo..Stream$u20$as$u20$proxy_wasm..traits..HttpContext$GT$\
                          23on_http_request_headers17hfaebb1d2ecb8dfb7E";

    fn module(function: &str) -> Vec<u8> {
        wat::parse_str(format!("(module (func ${function}))")).unwrap()
    }

    #[test]
    fn an_override_is_recognised_and_a_default_method_is_not() {
        assert_eq!(
            overridden(LEGACY).as_deref(),
            Some("on_http_request_headers")
        );
        // Written in another module than the type.
        let elsewhere = "_ZN2rv6filter9callbacks92_$LT$impl$u20$proxy_wasm..traits..HttpContext$u20$for$u20$\
                         rv..filter..Guard$LT$rv..A$GT$$GT$20on_http_request_body17hfaebb1d2ecb8dfb7E";
        assert_eq!(
            overridden(elsewhere).as_deref(),
            Some("on_http_request_body")
        );
        let default = "_ZN10proxy_wasm6traits11HttpContext6on_log17h32cae641dbc16610E";
        assert_eq!(overridden(default), None);
    }

    #[test]
    fn an_override_that_no_source_shows_is_refused() {
        let module = wat::parse_str(format!("(module (func (@name \"{LEGACY}\")))")).unwrap();
        check(&module, &["on_http_request_headers".to_owned()].into()).unwrap();
        let error = check(&module, &["on_log".to_owned()].into())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`on_http_request_headers` (<fx_demo::Stream as"),
            "{error}"
        );
    }

    #[test]
    fn a_module_without_names_is_refused() {
        let error = check(
            &wat::parse_str("(module (func))").unwrap(),
            &BTreeSet::new(),
        )
        .unwrap_err();
        assert!(error.to_string().contains("no name section"), "{error}");
        check(&module("other"), &BTreeSet::new()).unwrap();
    }
}
