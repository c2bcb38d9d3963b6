//! The header that tells the upstream who the user is.

use sdk_tests::{Proxy, Request, json, scenario};

use super::{basic, get_as, plugin};

fn tell_the_user(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "basic_auth_rules": [{ "prefix": "/api", "credentials": ["alice:1", "üser:2"] }],
            "username_header": "X-Auth-User"
        }))
        .unwrap();
}

#[scenario]
fn the_upstream_is_told_who_the_user_is(proxy: &mut Proxy) {
    tell_the_user(proxy);
    let reply = get_as(proxy, "üser:2", "/api");
    assert_eq!(
        reply.upstream().unwrap().headers("x-auth-user"),
        ["üser".as_bytes()]
    );
}

/// Some servers take trailers for headers.
#[scenario]
fn a_spoofed_user_in_a_trailer_never_reaches_the_upstream(proxy: &mut Proxy) {
    tell_the_user(proxy);
    for path in ["/open", "/api"] {
        let request = Request::post(path)
            .header("authorization", basic("alice:1"))
            .chunk("hello")
            .trailer("x-auth-user", "admin")
            .trailer("x_auth_user", "admin")
            .trailer("x-sum", "5");
        let reply = proxy.send(request);
        assert_eq!(reply.status(), 200, "{path}");
        let upstream = reply.upstream().unwrap();
        assert_eq!(upstream.trailer("x-auth-user"), None, "{path}");
        assert_eq!(upstream.trailer("x_auth_user"), None, "{path}");
        assert_eq!(upstream.trailer("x-sum"), Some(&b"5"[..]), "{path}");
    }
}

#[scenario]
fn trailers_without_a_user_header_are_left_alone(proxy: &mut Proxy) {
    proxy
        .configure(json!({ "basic_auth_rules": [{ "prefix": "/api", "credentials": ["a:1"] }] }))
        .unwrap();
    let request = Request::post("/open")
        .chunk("hello")
        .trailer("x-auth-user", "admin");
    let reply = proxy.send(request);
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.trailer("x-auth-user"), Some(&b"admin"[..]));
}

#[scenario]
fn a_spoofed_user_never_reaches_the_upstream(proxy: &mut Proxy) {
    tell_the_user(proxy);
    let spoof = |path| {
        Request::get(path)
            .header("x-auth-user", "admin")
            .header("x-auth-user", "root")
            .header("X_Auth_User", "admin")
            .header("x-auth_user", "admin")
            .header("x.auth.user", "admin")
    };
    let reply = proxy.send(spoof("/open"));
    assert_eq!(reply.status(), 200);
    let upstream = reply.upstream().unwrap();
    for name in ["x-auth-user", "x_auth_user", "x-auth_user", "x.auth.user"] {
        assert_eq!(upstream.header(name), None, "{name}");
    }
    let reply = proxy.send(spoof("/api").header("authorization", basic("alice:1")));
    let upstream = reply.upstream().unwrap();
    assert_eq!(upstream.headers("x-auth-user"), [b"alice"]);
    for name in ["x_auth_user", "x-auth_user", "x.auth.user"] {
        assert_eq!(upstream.header(name), None, "{name}");
    }
}
