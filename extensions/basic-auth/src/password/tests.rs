use super::*;

/// Made by other programs: OpenSSL, Python's bcrypt, argon2-cffi and passlib.
const OPEN_SESAME: &[&str] = &[
    "{SHA}W8r/fyL/UzygmbNAjq2HbA67qac=",
    "{SSHA}hN5uxFJUEWCPg56kk42tnVCdJ61zYWx0",
    "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.",
    "$2a$04$EBo/oKqPKKb/TYMPtfe/Ae8rdzVNyUZWCdoyeBmWQC86A7iCMpsEO",
    "$2b$04$/Tz/sKJHJhAdDYcURlx9cOAY/EbKe4/YBrdmSwCf5mP5UC8z.ATry",
    "$2y$04$EbYWUok.NVK9C0Nc.4unaOaegSkNmU6vdrYkuboTe9FtsI1Kb7nPO",
    "$5$saltstring$sOFRiuqOzKEQCZAIFmMrCbPuMEMUPOi/BmBpBwWMgW3",
    "$6$saltstring$b4SOQO.YI.BXjgbKQa.97c9EQud0NW8Txr5rCRGsAucjEsL95TW5MDF/7KcC3bcG5NoxZbmB6Lh82fxg8soAZ0",
    "$6$rounds=1000$abc$T/VoLjX2QrHMGse5qGcGKXqZAM4/7BRMew5D44u0FfFVnTVZMxQu6mVPThREVK4UbnACKwrKl1LmLEfHrdaya/",
    "$argon2id$v=19$m=64,t=1,p=1$XdJLjOts/5MZBM0O4YhMPA$EqACtH6Gf9bbuDw7MFQ7iPbpnG+Gfe7ptLKeOaLsCsg",
];

fn error(text: &str) -> HashError {
    PasswordHash::parse(text).err().unwrap()
}

#[test]
fn every_form_accepts_its_password_and_no_other() {
    for text in OPEN_SESAME {
        let hash = PasswordHash::parse(text).unwrap();
        assert!(hash.verify(b"open sesame"), "{text}");
        for wrong in [&b"open sesamf"[..], b"", b"open sesame ", b"\xff"] {
            assert!(!hash.verify(wrong), "{text}");
        }
    }
}

#[test]
fn passwords_may_be_utf_8_and_hold_colons() {
    let hash = "$5$rounds=1234$abc$Dv/tlTtrNYZ93RaEHrkKnvWNt4HTpLPn6By4SkAupl.";
    assert!(
        PasswordHash::parse(hash)
            .unwrap()
            .verify("pä:ss".as_bytes())
    );
}

#[test]
fn apr1_agrees_with_openssl_and_passlib_at_every_length() {
    for (password, hash) in [
        ("", "$apr1$x$tMwYqBfQwi3FYAr0aJc8M/"),
        ("c", "$apr1$Ab.1/z$.2bD9AuFHX4zTDFeKT7Q8."),
        ("bYb1110Xb1a00a1", "$apr1$Ab.1/z$LMOcrvj7QsrnME9t.SED7."),
        ("YXbZaaa9a0X0a9X1", "$apr1$Ab.1/z$64Uk8hSRLZJNpqn1SkIjx."),
        ("19XZXX1Ya09bcYbZ9", "$apr1$Ab.1/z$EidfTNnS.W/yYn8O4rv/11"),
        (
            "09XYY190a1X00cZ9Zb19bc90Z1a1aY0cc",
            "$apr1$Ab.1/z$sPlnr8Tp6zazlgTzcDFrM1",
        ),
        (
            "9XaX99X09ZZ1Y9a09c99X0a1Z9X901Z0Za99Z1aXc9cb9Yabba1aYXYbcZYbccY9",
            "$apr1$Ab.1/z$6qFWQ9ShKzk09C/PGL.P..",
        ),
        (
            "cYY1Z11baY0Z0XYbY9X0aXa0cac1909X91X9a0Z0aYcXaYbbYYc0Yca9aX1c9a0XZbX0X1b0Y91aZ0YacXZcZ0XYb09Z919Xbabc",
            "$apr1$Ab.1/z$86aQBKouJi8.jPTgw8sZA/",
        ),
    ] {
        assert!(
            PasswordHash::parse(hash)
                .unwrap()
                .verify(password.as_bytes()),
            "{password:?}"
        );
    }
}

#[test]
fn no_password_makes_a_check_panic() {
    for text in OPEN_SESAME {
        let hash = PasswordHash::parse(text).unwrap();
        for length in [
            0, 1, 15, 16, 17, 63, 64, 65, 71, 72, 73, 128, 255, 256, 3000,
        ] {
            assert!(
                !hash.verify(&vec![0xff; length]),
                "{text} with {length} bytes"
            );
        }
    }
}

#[test]
fn only_sha1_is_cheap() {
    for text in OPEN_SESAME {
        let hash = PasswordHash::parse(text).unwrap();
        assert_eq!(hash.is_expensive(), text.starts_with('$'), "{text}");
    }
}

#[test]
fn a_long_password_is_wrong_without_a_look_where_looking_is_expensive() {
    for text in OPEN_SESAME {
        let hash = PasswordHash::parse(text).unwrap();
        assert!(!hash.is_too_long(&[b'x'; 128]));
        assert_eq!(
            hash.is_too_long(&[b'x'; 129]),
            hash.is_expensive(),
            "{text}"
        );
    }
}

#[test]
fn the_cost_follows_the_work_factor() {
    let cost = |text: &str| PasswordHash::parse(text).unwrap().cost().as_micros();
    for (text, expected) in [
        (OPEN_SESAME[0], 0),
        (
            "$2b$10$/Tz/sKJHJhAdDYcURlx9cOAY/EbKe4/YBrdmSwCf5mP5UC8z.ATry",
            57_344,
        ),
        (OPEN_SESAME[7], 1800),
        (OPEN_SESAME[8], 360),
        (OPEN_SESAME[9], 44),
    ] {
        assert_eq!(cost(text), expected, "{text}");
    }
}

#[test]
fn other_forms_are_unknown() {
    for text in [
        "",
        "hunter2",
        "$1$abcd0123$9Qcg8DyviekV3tDGMZynJ1",
        "$2x$04$EBo/oKqPKKb/TYMPtfe/Ae8rdzVNyUZWCdoyeBmWQC86A7iCMpsEO",
        "$argon2i$v=19$m=64,t=1,p=1$XdJLjOts/5MZBM0O4YhMPA$EqACtH6Gf9bbuDw7MFQ7iPbpnG+Gfe7ptLKeOaLsCsg",
        "{SMD5}abc",
        "$",
    ] {
        assert_eq!(error(text), HashError::UnknownForm, "{text}");
    }
}

#[test]
fn a_hash_that_could_never_match_is_malformed() {
    for text in [
        "{SHA}",
        "{SHA}W8r/fyL/UzygmbNAjq2HbA67qa==",
        "{SHA}hN5uxFJUEWCPg56kk42tnVCdJ61zYWx0",
        "{SSHA}W8r/fyL/UzygmbNAjq2HbA67qac=",
        "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ",
        "$apr1$saltsalts$HIDXe7D36X22w1CH4M1cQ.",
        "$apr1$saltsalt",
        "$2b$04$tooshort",
        "$2b$03$/Tz/sKJHJhAdDYcURlx9cOAY/EbKe4/YBrdmSwCf5mP5UC8z.ATry",
        "$2b$04$/Tz/sKJHJhAdDYcURlx9cOAY/EbKe4/YBrdmSwCf5mP5UC8z.ATr\u{e9}",
        "$5$saltstring$short",
        "$5$rounds=999$saltstring$sOFRiuqOzKEQCZAIFmMrCbPuMEMUPOi/BmBpBwWMgW3",
        "$5$rounds=+5000$saltstring$sOFRiuqOzKEQCZAIFmMrCbPuMEMUPOi/BmBpBwWMgW3",
        "$5$rounds=x$saltstring$sOFRiuqOzKEQCZAIFmMrCbPuMEMUPOi/BmBpBwWMgW3",
        "$5$saltstringsaltstring$sOFRiuqOzKEQCZAIFmMrCbPuMEMUPOi/BmBpBwWMgW3",
        "$6$saltstring$sOFRiuqOzKEQCZAIFmMrCbPuMEMUPOi/BmBpBwWMgW3",
        "$argon2id$v=19$m=64,t=1,p=1$XdJLjOts/5MZBM0O4YhMPA",
        "$argon2id$v=19$m=1,t=0,p=1$XdJLjOts/5MZBM0O4YhMPA$EqACtH6Gf9bbuDw7MFQ7iPbpnG+Gfe7ptLKeOaLsCsg",
        "$argon2id$",
    ] {
        assert!(matches!(error(text), HashError::Malformed(_)), "{text}");
    }
}

#[test]
fn a_hash_that_would_block_the_worker_is_too_expensive() {
    for (text, message) in [
        (
            "$2b$13$/Tz/sKJHJhAdDYcURlx9cOAY/EbKe4/YBrdmSwCf5mP5UC8z.ATry",
            "a work factor of at most 12 cost, not 13",
        ),
        (
            "$5$rounds=200001$saltstring$sOFRiuqOzKEQCZAIFmMrCbPuMEMUPOi/BmBpBwWMgW3",
            "a work factor of at most 200000 rounds, not 200001",
        ),
        (
            "$argon2id$v=19$m=65537,t=1,p=1$XdJLjOts/5MZBM0O4YhMPA$EqACtH6Gf9bbuDw7MFQ7iPbpnG+Gfe7ptLKeOaLsCsg",
            "a work factor of at most 65536 KiB of memory, not 65537",
        ),
        (
            "$argon2id$v=19$m=65536,t=5,p=1$XdJLjOts/5MZBM0O4YhMPA$EqACtH6Gf9bbuDw7MFQ7iPbpnG+Gfe7ptLKeOaLsCsg",
            "a work factor of at most 262144 KiB of memory times passes, not 327680",
        ),
    ] {
        assert_eq!(error(text).to_string(), message);
    }
}
