//! Sources that must be understood, and sources that must be refused with their line.

use super::*;

fn scan_text(source: &str) -> (Scan, Vec<String>) {
    let (mut scan, mut problems) = (Scan::default(), Vec::new());
    read(Path::new("lib.rs"), source, &mut scan, &mut problems).unwrap();
    (scan, problems)
}

fn methods(source: &str) -> Vec<String> {
    let (scan, problems) = scan_text(source);
    assert!(problems.is_empty(), "{problems:?}");
    scan.methods.into_iter().collect()
}

fn refusal(source: &str) -> String {
    let (_, problems) = scan_text(source);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.into_iter().next().unwrap()
}

#[test]
fn overridden_callbacks_are_found_and_other_methods_are_not() {
    let source = "
        use proxy_wasm::traits::*;
        proxy_wasm::main! {{
            proxy_wasm::set_root_context(|_| -> Box<dyn proxy_wasm::traits::RootContext> { Box::new(Root) });
        }}
        impl Context for Stream { fn on_done(&mut self) -> bool { true } }
        impl<T: Clone> proxy_wasm::traits::HttpContext for Generic<T> {
            fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action { Action::Continue }
            fn get_http_request_header(&self, _: &str) -> Option<String> { None }
        }
        impl Stream { fn on_log(&mut self) {} }
        impl Other for Stream { fn on_tick(&mut self) {} }
    ";
    assert_eq!(methods(source), ["on_done", "on_http_request_headers"]);
}

#[test]
fn code_behind_a_cfg_counts_and_test_modules_do_not() {
    let source = "
        impl HttpContext for A {
            #[cfg(feature = \"x\")]
            fn on_log(&mut self) {}
        }
        #[cfg(target_os = \"plan9\")]
        impl RootContext for B { fn on_tick(&mut self) {} }
        #[cfg(test)]
        mod tests { impl HttpContext for C { fn on_http_request_body(&mut self) {} } }
    ";
    assert_eq!(methods(source), ["on_log", "on_tick"]);
}

#[test]
fn an_impl_inside_a_function_is_found() {
    let source =
        "fn f() { struct A; impl RootContext for A { fn on_queue_ready(&mut self, _: u32) {} } }";
    assert_eq!(methods(source), ["on_queue_ready"]);
}

#[test]
fn telling_names_are_seen_in_code_and_in_macros() {
    let mentions = |source: &str| Vec::from_iter(scan_text(source).0.mentions);
    assert_eq!(mentions("fn f() -> Action { Action::Pause }"), ["Pause"]);
    assert_eq!(
        mentions("fn f() { check!(self.dispatch_http_call()) }"),
        ["dispatch_http_call"]
    );
    assert!(mentions("fn f() -> Action { Action::Continue }").is_empty());
}

#[test]
fn a_renamed_trait_is_refused() {
    let problem = refusal("\nuse proxy_wasm::traits::{Context, HttpContext as Filter};");
    assert!(
        problem.starts_with("lib.rs:2: `HttpContext` is imported under the name `Filter`"),
        "{problem}"
    );
    assert!(methods("use anyhow::Context as _; use std::task::Context as Task;").is_empty());
}

#[test]
fn a_trait_named_in_a_macro_is_refused() {
    let definition = refusal("macro_rules! filter {\n ($t:ty) => { impl HttpContext for $t {} } }");
    assert!(
        definition.starts_with("lib.rs:2: `HttpContext` inside a macro"),
        "{definition}"
    );
    let call = refusal("implement!(RootContext, Root);");
    assert!(
        call.starts_with("lib.rs:1: `RootContext` inside a macro"),
        "{call}"
    );
    // `dyn` covers the type that follows it, and only that.
    refusal("implement!(Box<dyn RootContext>, HttpContext);");
}

#[test]
fn a_macro_or_an_attribute_that_could_add_methods_is_refused() {
    let inner = refusal("impl HttpContext for A {\n callbacks!(); }");
    assert!(
        inner.starts_with("lib.rs:2: a macro inside this impl"),
        "{inner}"
    );
    let outer = refusal("#[with_logging] impl HttpContext for A {}");
    assert!(
        outer.starts_with("lib.rs:1: the attribute `with_logging`"),
        "{outer}"
    );
    assert!(methods("#[allow(dead_code)] #[cfg(unix)] impl HttpContext for A {}").is_empty());
}

#[test]
fn code_from_elsewhere_is_refused() {
    assert!(refusal("include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\"));").contains("include!"));
    assert!(refusal("fn f() { vec![include!(\"x.rs\")] }").contains("include!"));
    assert!(refusal("#[path = \"../x.rs\"] mod x;").contains("#[path]"));
    assert!(refusal("#[cfg_attr(unix, path = \"x.rs\")] mod x;").contains("#[path]"));
    assert!(methods("const X: &str = include_str!(\"x.txt\");").is_empty());
}

#[test]
fn an_unknown_callback_is_refused() {
    let problem = refusal("impl HttpContext for A { fn on_something_new(&mut self) {} }");
    assert!(problem.contains("on_something_new"), "{problem}");
}

#[test]
fn a_source_that_does_not_parse_names_its_line() {
    let (mut scan, mut problems) = (Scan::default(), Vec::new());
    let error = read(
        Path::new("lib.rs"),
        "fn f() {}\nfn {",
        &mut scan,
        &mut problems,
    )
    .unwrap_err();
    assert!(error.to_string().starts_with("lib.rs:2: "), "{error}");
}

#[test]
fn raw_identifiers_are_the_same_names() {
    let source = "impl r#HttpContext for A { fn r#on_http_request_body(&mut self) {} }";
    assert_eq!(methods(source), ["on_http_request_body"]);
}

#[test]
fn ways_to_hide_an_impl_are_refused() {
    for source in [
        "cfg_if! { if #[cfg(unix)] { #[path = \"../shared.rs\"] mod callbacks; } }",
        "#[cfg_attr(a, cfg_attr(b, path = \"x.rs\"))] mod x;",
        "macro_rules! f { (dyn HttpContext for $s:ty) => {} }",
        "use std::include as inc;",
        "#[cfg_attr(all(), with_logging)] impl HttpContext for A {}",
    ] {
        refusal(source);
    }
}

#[test]
fn telling_names_are_seen_in_imports() {
    let (scan, _) = scan_text("use Action::{Pause as Hold}; use x::dispatch_http_call as call;");
    assert_eq!(
        Vec::from_iter(scan.mentions),
        ["Pause", "dispatch_http_call"]
    );
}

#[test]
#[cfg(unix)]
fn a_linked_folder_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let (source, shared) = (folder.path().join("src"), folder.path().join("shared"));
    fs::create_dir(&source).unwrap();
    fs::create_dir(&shared).unwrap();
    let text = "impl HttpContext for A { fn on_log(&mut self) {} }";
    fs::write(shared.join("mod.rs"), text).unwrap();
    std::os::unix::fs::symlink(&shared, source.join("callbacks")).unwrap();
    let found = scan(&[source]).unwrap().methods;
    assert_eq!(Vec::from_iter(found), ["on_log"]);
}
