//! Dead VMs that come back, and those that nobody misses.

use sdk_tests::{Plugin, Proxy, Request, scenario};

fn plugin() -> Plugin {
    crate::plugin().reload_after_a_panic()
}

#[scenario]
fn the_request_after_a_panic_is_served_by_a_new_vm(proxy: &mut Proxy) {
    proxy.expect_panic();
    proxy.configure("one").unwrap();
    assert_eq!(proxy.send(Request::get("/panic")).status(), 503);
    let reply = proxy.send(Request::get("/plain"));
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("x-greeting"), Some(&b"one"[..]));
    assert_eq!(proxy.metric("fixture_configured"), 4);
}

mod failing_open {
    use super::*;

    fn plugin() -> Plugin {
        crate::plugin().fail_open()
    }

    #[scenario]
    fn requests_pass_a_dead_plugin_that_fails_open(proxy: &mut Proxy) {
        proxy.expect_panic();
        proxy.configure("one").unwrap();
        // The one that kills it has no luck.
        assert_eq!(proxy.send(Request::get("/panic")).status(), 503);
        let reply = proxy.send(Request::post("/plain").body("abc"));
        assert_eq!((reply.status(), reply.body()), (200, &b"abc"[..]));
        assert_eq!(reply.header("x-greeting"), None);
    }
}
