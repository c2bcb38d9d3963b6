//! Walks one file's syntax tree.

use std::path::Path;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemImpl, ItemMod, ItemUse, Macro, Meta, UseTree};

use super::Scan;
use crate::postlink::callbacks::{self, TELLING, TRAITS};
use crate::workspace;

/// Attributes that change nothing about which methods an `impl` has.
const HARMLESS_ATTRIBUTES: [&str; 11] = [
    "allow", "cfg", "clippy", "cold", "deny", "doc", "expect", "inline", "must_use", "rustfmt",
    "warn",
];

pub(super) struct Visitor<'a> {
    path: &'a Path,
    scan: &'a mut Scan,
    problems: &'a mut Vec<String>,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(path: &'a Path, scan: &'a mut Scan, problems: &'a mut Vec<String>) -> Self {
        Self {
            path,
            scan,
            problems,
        }
    }

    fn problem(&mut self, at: Span, message: &str) {
        let path = workspace::relative(self.path);
        self.problems
            .push(format!("{path}:{}: {message}", at.start().line));
    }

    fn mention(&mut self, ident: &Ident) {
        self.scan
            .mentions
            .extend(TELLING.into_iter().filter(|name| ident.unraw() == name));
    }

    /// An attribute macro could add methods to what it stands on.
    fn check_attributes(&mut self, attributes: &[Attribute]) {
        for attribute in attributes {
            let first = attribute.path().segments.first();
            let first = first
                .map(|segment| segment.ident.to_string())
                .unwrap_or_default();
            if !HARMLESS_ATTRIBUTES.contains(&first.as_str()) {
                let message =
                    format!("the attribute `{first}` could add callbacks to this impl; remove it");
                self.problem(attribute.pound_token.span, &message);
            }
        }
    }

    /// A renamed trait could be implemented under a name that nobody looks for.
    fn check_renames(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.check_renames(&path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.check_renames(tree)),
            // `as _` brings in methods; nothing can be implemented through it.
            UseTree::Rename(rename) if rename.ident == "include" => {
                self.problem(rename.ident.span(), INCLUDE);
            }
            UseTree::Rename(rename) if is_trait(&rename.ident) && rename.rename != "_" => {
                let message = format!(
                    "`{}` is imported under the name `{}`; import it under its own",
                    rename.ident, rename.rename
                );
                self.problem(rename.ident.span(), &message);
            }
            _ => {}
        }
    }

    /// A macro could implement a trait that is named in its tokens. `dyn Trait` is a type.
    fn check_tokens(&mut self, tokens: TokenStream) {
        let mut after_dyn = false;
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => {
                    self.check_tokens(group.stream());
                    after_dyn = false;
                }
                TokenTree::Ident(ident) => {
                    self.mention(&ident);
                    // In a macro's pattern, `dyn $trait for $type` is no type.
                    let is_type = after_dyn
                        && !matches!(tokens.peek(), Some(TokenTree::Ident(next)) if next == "for");
                    if is_trait(&ident) && !is_type {
                        let message = format!(
                            "`{ident}` inside a macro could implement it; write the impl out"
                        );
                        self.problem(ident.span(), &message);
                    }
                    let is_macro =
                        matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                    if ident == "include" && is_macro {
                        self.problem(ident.span(), INCLUDE);
                    }
                    // `#[path = "…"]` on a module inside of a macro.
                    let is_value =
                        matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == '=');
                    if ident == "path" && is_value {
                        self.problem(ident.span(), PATH);
                    }
                    let path_goes_on =
                        matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == ':');
                    after_dyn = ident == "dyn" || (after_dyn && path_goes_on);
                }
                // The colons of `dyn proxy_wasm::traits::HttpContext`.
                TokenTree::Punct(punct) => after_dyn &= punct.as_char() == ':',
                TokenTree::Literal(_) => after_dyn = false,
            }
        }
    }
}

const PATH: &str = "`#[path]` can lead out of src; use the module's ordinary place";
const INCLUDE: &str = "`include!` brings in code from elsewhere; make it a module of this crate";

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        // Never part of a shipped module.
        if !attributes(item).iter().any(is_cfg_test) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let name = item
            .trait_
            .as_ref()
            .and_then(|(path, _)| path.segments.last());
        if name.is_some_and(|segment| is_trait(&segment.ident)) {
            self.check_attributes(&item.attrs);
            for part in &item.items {
                match part {
                    ImplItem::Fn(method) => {
                        self.check_attributes(&method.attrs);
                        let name = method.sig.ident.unraw().to_string();
                        if callbacks::is_known(&name) {
                            self.scan.methods.insert(name);
                        } else if name.starts_with("on_") {
                            let message = format!(
                                "the callback `{name}` is not known to xtask/src/postlink/callbacks.rs; add it"
                            );
                            self.problem(method.sig.ident.span(), &message);
                        }
                    }
                    ImplItem::Macro(part) => {
                        let span = part.mac.bang_token.span;
                        self.problem(
                            span,
                            "a macro inside this impl could add callbacks; write them out",
                        );
                    }
                    _ => {}
                }
            }
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let first = match &item.tree {
            UseTree::Path(path) => path.ident.to_string(),
            _ => String::new(),
        };
        // `std::task::Context` and its like are other things; `include` is what it says.
        let others = imported(&item.tree);
        if !["std", "core"].contains(&first.as_str()) || others.iter().any(|name| name == "include")
        {
            self.check_renames(&item.tree);
        }
        visit::visit_item_use(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        for attribute in &item.attrs {
            let moved = match &attribute.meta {
                Meta::NameValue(meta) => meta.path.is_ident("path"),
                Meta::List(meta) => {
                    meta.path.is_ident("cfg_attr") && mentions_path(meta.tokens.clone())
                }
                Meta::Path(_) => false,
            };
            if moved {
                self.problem(attribute.pound_token.span, PATH);
            }
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        if item
            .path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "include")
        {
            self.problem(item.bang_token.span, INCLUDE);
        }
        self.check_tokens(item.tokens.clone());
    }

    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.mention(ident);
    }
}

fn is_trait(ident: &Ident) -> bool {
    TRAITS.iter().any(|name| ident.unraw() == name)
}

/// Whether `path` stands anywhere, in nested groups too.
fn mentions_path(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident.unraw() == "path",
        TokenTree::Group(group) => mentions_path(group.stream()),
        _ => false,
    })
}

/// The names that a `use` brings in, as they are called where they come from.
fn imported(tree: &UseTree) -> Vec<Ident> {
    match tree {
        UseTree::Path(path) => imported(&path.tree),
        UseTree::Group(group) => group.items.iter().flat_map(imported).collect(),
        UseTree::Rename(rename) => vec![rename.ident.clone()],
        UseTree::Name(name) => vec![name.ident.clone()],
        UseTree::Glob(_) => Vec::new(),
    }
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(meta) => meta.path.is_ident("cfg") && meta.tokens.to_string() == "test",
        _ => false,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
