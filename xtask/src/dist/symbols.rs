//! Holds the bill of materials to the module: whose function is in it must be in the bill.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use super::graph::Graph;
use crate::postlink;

/// What the standard library is made of; the bill has it as one.
const STANDARD_LIBRARY: [&str; 17] = [
    "__rustc",
    "addr2line",
    "adler2",
    "alloc",
    "cfg_if",
    "compiler_builtins",
    "core",
    "dlmalloc",
    "gimli",
    "hashbrown",
    "libc",
    "memchr",
    "miniz_oxide",
    "panic_abort",
    "rustc_demangle",
    "std",
    "wasi",
];

/// Fails with the crates that have code in the module and are not in the graph.
pub(super) fn check(module: &[u8], graph: &Graph) -> Result<()> {
    let linked = graph.crates.iter().filter(|one| one.linked);
    let known: BTreeSet<&str> = linked
        .map(|one| one.library.as_str())
        .chain(STANDARD_LIBRARY)
        .collect();
    let mut unknown = BTreeSet::new();
    for name in postlink::functions(module)? {
        let name = format!("{:#}", rustc_demangle::demangle(&name));
        unknown.extend(
            crates(&name)
                .filter(|name| !known.contains(name))
                .map(str::to_owned),
        );
    }
    ensure!(
        unknown.is_empty(),
        "functions of {unknown:?} are in the module, and Cargo's dependency graph lacks them"
    );
    Ok(())
}

/// The crates that a demangled name begins its paths with: `<a::B as c::D>::e` has `a` and `c`.
fn crates(name: &str) -> impl Iterator<Item = &str> {
    let starts = name.split('<').flat_map(|part| part.split(" as "));
    starts.filter_map(|path| {
        let (first, _) = path.split_once("::")?;
        let is_crate = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        (!first.is_empty() && first.chars().all(is_crate)).then_some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_crates() {
        let of = |name| crates(name).collect::<Vec<_>>();
        assert_eq!(of("serde_json::de::from_slice"), ["serde_json"]);
        assert_eq!(
            of("<md5::Md5 as digest::Update>::update"),
            ["md5", "digest"]
        );
        assert_eq!(of("<T as core::fmt::Debug>::fmt"), ["core"]);
        assert_eq!(of("memcpy"), [""; 0]);
    }

    #[test]
    fn a_crate_that_the_graph_lacks_is_found() {
        let graph = Graph {
            root: ("a".to_owned(), "1.0.0".to_owned()),
            crates: Vec::new(),
        };
        let module = |function: &str| {
            let name = format!("_ZN{}{function}3run17h32cae641dbc16610E", function.len());
            wat::parse_str(format!("(module (func (@name \"{name}\")))")).unwrap()
        };
        check(&module("core"), &graph).unwrap();
        let error = check(&module("hidden"), &graph).unwrap_err().to_string();
        assert!(error.contains("hidden"), "{error}");
    }
}
