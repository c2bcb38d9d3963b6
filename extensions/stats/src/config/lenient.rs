//! Values as Istio's configurations have them: some are text where another type would do.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

/// `true`, or a text that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected true or false")]
        enum Either {
            Flag(bool),
            Text(String),
        }
        match Either::deserialize(deserializer)? {
            Either::Flag(flag) => Ok(Self(flag)),
            Either::Text(text) => match text.as_str() {
                "true" => Ok(Self(true)),
                "false" => Ok(Self(false)),
                text => Err(de::Error::invalid_value(
                    de::Unexpected::Str(text),
                    &"true or false",
                )),
            },
        }
    }
}

/// A duration as Protobuf's JSON writes it (`1.5s`), or as Go does (`1m30s`, `500ms`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period(pub(super) Duration);

impl Period {
    fn parse(text: &str) -> Option<Duration> {
        let mut total = Duration::ZERO;
        let mut rest = text;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
            let (number, behind) = rest.split_at_checked(digits)?;
            let number: f64 = number.parse().ok()?;
            let letters = behind.find(|c: char| !c.is_ascii_lowercase());
            let (unit, behind) = behind.split_at_checked(letters.unwrap_or(behind.len()))?;
            let seconds = match unit {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                "us" => 1e-6,
                "ns" => 1e-9,
                _ => return None,
            };
            let part = Duration::try_from_secs_f64(number * seconds).ok()?;
            total = total.checked_add(part)?;
            rest = behind;
        }
        Some(total)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map(Self).ok_or_else(|| {
            de::Error::custom(format_args!(
                "{text:?} is not a duration such as \"15s\" or \"1m30s\""
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_protobufs_or_gos() {
        for (text, milliseconds) in [
            ("15s", 15_000),
            ("0.5s", 500),
            ("1.5s", 1500),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1h", 3_600_000),
        ] {
            let expected = Some(Duration::from_millis(milliseconds));
            assert_eq!(Period::parse(text), expected, "{text}");
        }
        for bad in [
            "",
            "15",
            "s",
            "-1s",
            "1x",
            "1s ",
            "1..s",
            "1e3s",
            "99999999999999999999h",
        ] {
            assert_eq!(Period::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn flags_may_be_text() {
        for (json, expected) in [("true", true), ("\"true\"", true), ("\"false\"", false)] {
            let flag: Flag = serde_json::from_str(json).unwrap();
            assert_eq!(flag.0, expected);
        }
        assert!(serde_json::from_str::<Flag>("\"yes\"").is_err());
        assert!(serde_json::from_str::<Flag>("1").is_err());
    }
}
