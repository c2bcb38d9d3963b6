use sdk_tests::{Plugin, Proxy, Request, UpstreamReply, json, scenario};

fn plugin() -> Plugin {
    Plugin::new("http_auth_random", http_auth_random::root_context)
}

#[scenario]
fn an_even_number_lets_a_request_in(proxy: &mut Proxy) {
    proxy.serve("draws", |_| UpstreamReply::new(200).body("4"));
    proxy.configure(json!({ "cluster": "draws" })).unwrap();
    assert_eq!(proxy.send(Request::get("/")).status(), 200);
}
