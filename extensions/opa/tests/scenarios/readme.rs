//! What the README shows of the input is what a server gets.

use std::time::Duration;

use sdk_tests::{Proxy, Request, json, scenario};
use serde_json::Value;

use super::{always, input, plugin, result};

/// The input of the README, which has `…` where it goes on.
fn shown() -> Value {
    let readme = include_str!("../../README.md");
    let (_, after) = readme.split_once("```json data\n").unwrap();
    let (block, _) = after.split_once("```").unwrap();
    serde_json::from_str(block).unwrap()
}

/// `value` with what only the README says: ids, the end of a text, the date, and the headers that it
/// leaves out.
fn shortened(value: &mut Value, shown: &Value) {
    match (value, shown) {
        (Value::Object(fields), Value::Object(shown)) => {
            if shown.contains_key(":path") {
                fields.retain(|name, _| shown.contains_key(name));
            }
            for (name, field) in fields {
                match name.as_str() {
                    "seconds" if field.is_u64() => *field = shown[name].clone(),
                    name => shortened(field, &shown[name]),
                }
            }
        }
        (Value::String(text), Value::String(shown)) => {
            if let Some(start) = shown.strip_suffix('…')
                && text.starts_with(start)
            {
                text.clone_from(shown);
            }
        }
        _ => {}
    }
}

/// Envoy says by itself who is at the other end, and there is no TLS in front of it.
#[scenario(native, wasm)]
fn the_input_is_what_the_readme_shows(proxy: &mut Proxy) {
    for (path, value) in [
        (["source", "address"], "10.0.0.7:56306"),
        (["destination", "address"], "10.0.0.1:8000"),
        (["connection", "uri_san_peer_certificate"], "spiffe://a"),
        (["connection", "requested_server_name"], "example.test"),
    ] {
        proxy.property(&path, value);
    }
    always(proxy, result(json!(true)), json!({}));
    // The fraction of a second that it shows.
    proxy.advance(Duration::from_nanos(502_657_000));
    let request = Request::get("/my/path?a=1").header("x-user", "alice");
    proxy.send(request.header("x-request-id", "7"));
    let (mut got, shown) = (input(proxy, 0), shown());
    shortened(&mut got, &shown);
    assert_eq!(got, shown);
}
