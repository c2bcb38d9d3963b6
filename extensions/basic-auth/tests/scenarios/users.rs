//! The user table: htpasswd hashes, their cost, and where they come from.

use std::time::Duration;

use sdk_tests::{Proxy, Rule, json, scenario};

use super::{get_as, plugin};

/// All of `open sesame`, with the least work factors.
const HTPASSWD: &str = "\
sha:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=
ssha:{SSHA}hN5uxFJUEWCPg56kk42tnVCdJ61zYWx0
apr1:$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.
bcrypt:$2y$04$EbYWUok.NVK9C0Nc.4unaOaegSkNmU6vdrYkuboTe9FtsI1Kb7nPO
sha256:$5$saltstring$sOFRiuqOzKEQCZAIFmMrCbPuMEMUPOi/BmBpBwWMgW3
sha512:$6$rounds=1000$abc$T/VoLjX2QrHMGse5qGcGKXqZAM4/7BRMew5D44u0FfFVnTVZMxQu6mVPThREVK4UbnACKwrKl1LmLEfHrdaya/
argon2:$argon2id$v=19$m=64,t=1,p=1$XdJLjOts/5MZBM0O4YhMPA$EqACtH6Gf9bbuDw7MFQ7iPbpnG+Gfe7ptLKeOaLsCsg
";

const BCRYPT: &str = "alice:$2b$04$/Tz/sKJHJhAdDYcURlx9cOAY/EbKe4/YBrdmSwCf5mP5UC8z.ATry";

#[scenario]
fn every_hash_of_an_htpasswd_file_lets_its_user_in(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "users": HTPASSWD,
            "basic_auth_rules": [{ "prefix": "/" }],
            "expensive_checks": { "burst": 100 }
        }))
        .unwrap();
    for line in HTPASSWD.lines() {
        let user = line.split(':').next().unwrap();
        assert_eq!(
            get_as(proxy, &format!("{user}:open sesame"), "/").status(),
            200,
            "{user}"
        );
        assert_eq!(
            get_as(proxy, &format!("{user}:open sesamf"), "/").status(),
            401,
            "{user}"
        );
    }
}

#[scenario]
fn users_can_come_from_the_environment(proxy: &mut Proxy) {
    proxy.env("BASIC_AUTH_USERS", &format!("# staff\n{BCRYPT}\n"));
    proxy
        .configure(json!({
            "users_env": "BASIC_AUTH_USERS",
            "basic_auth_rules": [{ "prefix": "/" }]
        }))
        .unwrap();
    assert_eq!(get_as(proxy, "alice:open sesame", "/").status(), 200);
    assert_eq!(get_as(proxy, "alice:wrong", "/").status(), 401);
}

#[scenario]
fn a_missing_variable_is_refused(proxy: &mut Proxy) {
    proxy.allow(Rule::ErrorLogs);
    let rejected = proxy
        .configure(json!({
            "users_env": "NO_SUCH_VARIABLE_HERE",
            "basic_auth_rules": [{ "prefix": "/" }]
        }))
        .unwrap_err();
    assert!(
        rejected
            .reason()
            .contains("users_env: got \"NO_SUCH_VARIABLE_HERE\"")
    );
}

#[scenario]
fn rules_admit_credentials_users_or_both(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "users": HTPASSWD,
            "basic_auth_rules": [
                { "prefix": "/credentials", "credentials": ["plain:1"] },
                { "prefix": "/some", "allowed_users": ["sha"] },
                { "prefix": "/both", "credentials": ["plain:1"], "allowed_users": ["sha"] },
                { "prefix": "/anyone" }
            ]
        }))
        .unwrap();
    for (path, plain, sha, ssha) in [
        ("/credentials", 200, 401, 401),
        ("/some", 401, 200, 401),
        ("/both", 200, 200, 401),
        ("/anyone", 401, 200, 200),
    ] {
        assert_eq!(
            get_as(proxy, "plain:1", path).status(),
            plain,
            "plain {path}"
        );
        assert_eq!(
            get_as(proxy, "sha:open sesame", path).status(),
            sha,
            "sha {path}"
        );
        assert_eq!(
            get_as(proxy, "ssha:open sesame", path).status(),
            ssha,
            "ssha {path}"
        );
    }
    assert_eq!(proxy.metric("basic_auth_denied.reason.not_allowed"), 2);
}

#[scenario]
fn guessing_is_throttled_and_known_passwords_still_pass(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "users": BCRYPT,
            "basic_auth_rules": [{ "prefix": "/" }],
            "expensive_checks": { "per_second": 0.01, "burst": 3 }
        }))
        .unwrap();
    // The first check of the three; remembered from then on.
    assert_eq!(get_as(proxy, "alice:open sesame", "/").status(), 200);
    assert_eq!(get_as(proxy, "alice:guess", "/").status(), 401);
    // An unknown user costs as much as a known one.
    assert_eq!(get_as(proxy, "mallory:guess", "/").status(), 401);
    let reply = get_as(proxy, "alice:guess", "/");
    assert_eq!(reply.status(), 429);
    assert!(reply.upstream().is_none());
    let seconds: u32 = String::from_utf8(reply.header("retry-after").unwrap().to_vec())
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=100).contains(&seconds), "{seconds}");
    assert_eq!(get_as(proxy, "mallory:guess", "/").status(), 429);
    assert_eq!(get_as(proxy, "alice:open sesame", "/").status(), 200);
    assert_eq!(proxy.metric("basic_auth_denied.reason.budget_exhausted"), 2);
}

/// The clock of a real proxy cannot be moved so far.
#[scenario(native, wasm)]
fn the_budget_refills_and_remembered_passwords_expire(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "users": BCRYPT,
            "basic_auth_rules": [{ "prefix": "/" }],
            "password_cache": { "ttl": "60s" },
            "expensive_checks": { "per_second": 0.1, "burst": 1 }
        }))
        .unwrap();
    assert_eq!(get_as(proxy, "alice:open sesame", "/").status(), 200);
    let throttled = get_as(proxy, "alice:guess", "/");
    assert_eq!(throttled.status(), 429);
    assert_eq!(throttled.header("retry-after"), Some(&b"10"[..]));
    proxy.advance(Duration::from_secs(10));
    assert_eq!(get_as(proxy, "alice:guess", "/").status(), 401);
    proxy.advance(Duration::from_secs(49));
    assert_eq!(get_as(proxy, "alice:guess", "/").status(), 401);
    // Remembered for 60 s, of which one is left …
    assert_eq!(get_as(proxy, "alice:open sesame", "/").status(), 200);
    proxy.advance(Duration::from_secs(1));
    // … and now it is to be checked again, for which there is no budget.
    assert_eq!(get_as(proxy, "alice:open sesame", "/").status(), 429);
}

#[scenario]
fn a_user_that_a_new_config_removes_is_out_at_once(proxy: &mut Proxy) {
    let users = |line: &str| json!({ "users": line, "basic_auth_rules": [{ "prefix": "/" }] });
    proxy.configure(users(BCRYPT)).unwrap();
    assert_eq!(get_as(proxy, "alice:open sesame", "/").status(), 200);
    proxy
        .configure(users(&BCRYPT.replace("alice", "bob")))
        .unwrap();
    assert_eq!(get_as(proxy, "alice:open sesame", "/").status(), 401);
    assert_eq!(get_as(proxy, "bob:open sesame", "/").status(), 200);
}

/// The time of SHA-crypt grows with the password: a long one is wrong without a look.
#[scenario]
fn a_very_long_password_costs_nothing(proxy: &mut Proxy) {
    proxy
        .configure(json!({
            "users": HTPASSWD,
            "basic_auth_rules": [{ "prefix": "/" }],
            "expensive_checks": { "per_second": 0.01, "burst": 1 }
        }))
        .unwrap();
    let long = "x".repeat(129);
    for user in ["sha512", "bcrypt", "nobody"] {
        for _ in 0..3 {
            assert_eq!(
                get_as(proxy, &format!("{user}:{long}"), "/").status(),
                401,
                "{user}"
            );
        }
    }
    assert_eq!(get_as(proxy, "sha512:open sesame", "/").status(), 200);
}
