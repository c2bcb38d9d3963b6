//! The `#[scenario]` attribute of `sdk-tests`.

use proc_macro::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Error, Ident, ItemFn, Token, parse_macro_input};

/// Turns a function over `&mut Proxy` into one test a host.
///
/// `fn name(proxy: &mut Proxy)` becomes the tests `name::native`, `name::wasm` and `name::envoy`;
/// the latter two exist only with the features `wasm` and `envoy` of `sdk-tests`. The plugin is
/// whatever the function `plugin()` beside it returns. `#[scenario(native, wasm)]` names the hosts
/// that it makes sense on. `#[ignore]` and `#[cfg]` apply to all its tests. The function may
/// return a `Result<(), E>`.
#[proc_macro_attribute]
pub fn scenario(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let parser = Punctuated::<Ident, Token![,]>::parse_terminated;
    let hosts = parse_macro_input!(arguments with parser);
    let function = parse_macro_input!(item as ItemFn);
    expand(&hosts, &function).unwrap_or_else(|error| error.to_compile_error().into())
}

fn expand(hosts: &Punctuated<Ident, Token![,]>, function: &ItemFn) -> syn::Result<TokenStream> {
    let (mut native, mut wasm, mut envoy) = (hosts.is_empty(), hosts.is_empty(), hosts.is_empty());
    for host in hosts {
        match host.to_string().as_str() {
            "native" => native = true,
            "wasm" => wasm = true,
            "envoy" => envoy = true,
            other => {
                let message = format!("no host `{other}`: expected `native`, `wasm` or `envoy`");
                return Err(Error::new(host.span(), message));
            }
        }
    }
    if function.sig.inputs.len() != 1 {
        let message = "a scenario takes one argument: `proxy: &mut Proxy`";
        return Err(Error::new_spanned(&function.sig, message));
    }

    let mut function = function.clone();
    let (on_tests, on_function) = std::mem::take(&mut function.attrs)
        .into_iter()
        .partition::<Vec<_>, _>(|attribute| attribute.path().is_ident("ignore"));
    function.attrs = on_function;
    let conditions: Vec<_> = function
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect();

    let name = &function.sig.ident;
    let test = |host: &str, kind: &str| {
        let host = Ident::new(host, name.span());
        let kind = Ident::new(kind, name.span());
        quote! {
            #[test]
            #(#on_tests)*
            fn #host() {
                ::sdk_tests::__private::run(
                    ::sdk_tests::HostKind::#kind,
                    &super::plugin(),
                    super::#name,
                );
            }
        }
    };
    // Without the features of its hosts it has no test, and is none the less not forgotten.
    let mention =
        (!native).then(|| quote! { const _: () = { _ = super::plugin; _ = super::#name; }; });
    let native = native.then(|| test("native", "Native"));
    let wasm = wasm.then(|| test("wasm", "Wasm"));
    let envoy = envoy.then(|| test("envoy", "Envoy"));
    Ok(quote! {
        #[cfg_attr(not(test), allow(dead_code))]
        #[allow(
            clippy::arithmetic_side_effects,
            clippy::expect_used,
            clippy::indexing_slicing,
            clippy::panic,
            clippy::string_slice,
            clippy::unwrap_used,
            reason = "a test may fail in any way"
        )]
        #function

        #(#conditions)*
        #[cfg(test)]
        mod #name {
            #mention
            #native
            ::sdk_tests::__if_wasm! { #wasm }
            ::sdk_tests::__if_envoy! { #envoy }
        }
    }
    .into())
}
