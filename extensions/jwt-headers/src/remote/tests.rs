use super::*;

const A: &[u8] = br#"{"keys":[{"kid":"a","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const B: &[u8] = br#"{"keys":[{"kid":"b","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

fn at(seconds: u64) -> Moment {
    Duration::from_secs(1_000_000 + seconds)
}

fn remote() -> Remote {
    Remote::new(Settings {
        cluster: "keys".into(),
        authority: "issuer.example".into(),
        path: "/jwks".into(),
        timeout: Duration::from_secs(5),
        refresh_interval: Duration::from_secs(600),
        stale_for: Duration::from_secs(3_600),
    })
}

fn fetched(body: &[u8], now: Moment) -> Remote {
    let mut remote = remote();
    remote.begin(now);
    remote.adopt(body, now).unwrap();
    remote
}

/// `ready <generation>`, `wait` or `back off <seconds>`.
fn state(remote: &Remote, now: Moment) -> String {
    match remote.lookup(now) {
        Lookup::Ready(_, generation) => format!("ready {generation}"),
        Lookup::Wait => "wait".into(),
        Lookup::BackOff(wait) => format!("back off {}", wait.as_secs()),
    }
}

#[test]
fn requests_wait_for_the_first_keys() {
    let mut remote = remote();
    assert_eq!(state(&remote, at(0)), "wait");
    assert!(remote.wants_fetch(at(0)));
    remote.begin(at(0));
    assert!(!remote.wants_fetch(at(1)), "it is on its way");
    assert_eq!(state(&remote, at(1)), "wait");
    remote.adopt(A, at(2)).unwrap();
    assert_eq!(state(&remote, at(2)), "ready 1");
    assert_eq!((remote.key_count(), remote.fetched()), (1, Some(at(2))));
}

#[test]
fn old_keys_are_used_while_new_ones_are_fetched() {
    let mut remote = fetched(A, at(0));
    assert!(!remote.wants_fetch(at(599)));
    assert!(remote.wants_fetch(at(600)));
    remote.begin(at(600));
    assert_eq!(state(&remote, at(601)), "ready 1");
    remote.adopt(A, at(602)).unwrap();
    assert_eq!(state(&remote, at(602)), "ready 1", "the same keys");
    remote.begin(at(1_300));
    remote.adopt(B, at(1_300)).unwrap();
    assert_eq!(state(&remote, at(1_300)), "ready 2");
}

#[test]
fn failures_back_off_and_keep_the_last_good_set_for_a_while() {
    let mut remote = fetched(A, at(0));
    remote.begin(at(600));
    assert_eq!(remote.fail(at(601)), at(602));
    assert_eq!(state(&remote, at(601)), "ready 1");
    assert!(!remote.wants_fetch(at(601)));
    assert!(remote.wants_fetch(at(602)));
    for (second, until) in [(602, 604), (604, 608), (608, 616), (616, 632), (632, 664)] {
        remote.begin(at(second));
        assert_eq!(remote.fail(at(second)), at(until));
    }
    for second in [664, 800] {
        assert_eq!(remote.fail(at(second)), at(second + 60), "and no longer");
    }
    assert_eq!(state(&remote, at(4_199)), "ready 1");
    remote.fail(at(4_199));
    assert_eq!(state(&remote, at(4_200)), "back off 59");
    assert_eq!(state(&remote, at(4_259)), "wait");
    remote.adopt(A, at(4_260)).unwrap();
    assert_eq!(state(&remote, at(4_260)), "ready 1");
    assert_eq!(remote.fail(at(5_000)), at(5_001), "it starts anew");
}

#[test]
fn without_keys_a_failure_is_told_at_once() {
    let mut remote = remote();
    remote.begin(at(0));
    remote.fail(at(1));
    assert_eq!(state(&remote, at(1)), "back off 1");
    assert_eq!(state(&remote, at(2)), "wait");
    assert!(remote.wants_fetch(at(2)));
}

#[test]
fn an_unknown_kid_is_asked_for_once_in_a_while() {
    let mut remote = fetched(A, at(0));
    assert!(remote.demand(at(5)));
    assert!(remote.wants_fetch(at(5)));
    assert!(remote.demand(at(5)), "others wait for the same answer");
    remote.begin(at(5));
    assert!(remote.demand(at(6)), "also for one that is on its way");
    remote.adopt(B, at(6)).unwrap();
    assert!(!remote.demand(at(34)));
    assert!(!remote.wants_fetch(at(34)));
    assert!(remote.demand(at(35)));
    remote.drop_demand();
    assert!(!remote.wants_fetch(at(35)));
    assert!(!remote.demand(at(36)));
}

#[test]
fn what_is_on_its_way_anyway_is_waited_for() {
    let mut remote = fetched(A, at(0));
    remote.begin(at(600));
    assert!(remote.demand(at(601)));
    remote.adopt(A, at(602)).unwrap();
    assert!(!remote.demand(at(602)), "the answer did not have it");
    assert!(!remote.wants_fetch(at(602)));
}

#[test]
fn nobody_is_asked_during_a_back_off() {
    let mut remote = fetched(A, at(0));
    remote.begin(at(600));
    remote.fail(at(600));
    assert!(!remote.demand(at(600)));
    assert!(remote.demand(at(601)));
}

#[test]
fn an_answer_that_never_comes_is_lost() {
    let mut remote = remote();
    remote.begin(at(0));
    assert!(!remote.is_lost(at(5)));
    assert!(remote.is_lost(at(6)));
    assert_eq!(remote.lease_ends(), at(6));
}

#[test]
fn a_set_that_is_refused_changes_nothing() {
    let mut remote = fetched(A, at(0));
    remote.begin(at(600));
    for body in [
        &b""[..],
        b"<html>",
        br#"{"keys":[]}"#,
        br#"{"keys":[{"kty":"RSA","use":"enc"}]}"#,
    ] {
        assert!(remote.adopt(body, at(601)).is_err());
        assert_eq!(state(&remote, at(601)), "ready 1");
        assert_eq!(remote.fetched(), Some(at(0)));
    }
}

#[test]
fn a_clock_that_goes_back_does_no_harm() {
    let mut remote = fetched(A, at(1_000));
    assert_eq!(state(&remote, at(0)), "ready 1");
    assert!(remote.wants_fetch(at(0)));
    assert!(remote.demand(at(0)));
}
