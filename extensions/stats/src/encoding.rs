//! How a metric with labels becomes one name, from which Envoy's `stats_tags` make labels again.

/// The longest value of a label, in bytes.
const MAX_VALUE: usize = 256;

/// What Istio's metrics begin with.
const PREFIX: &str = "istio_";

/// How names are put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Between a label and its value: `=.=` in Istio's `stats_tags`.
    pub value_separator: String,
    /// Behind a value: `;.;` in Istio's `stats_tags`.
    pub field_separator: String,
    /// Whether labels come before the metric's own name, as the older plugin wrote it.
    pub legacy_order: bool,
}

impl Default for Encoding {
    fn default() -> Self {
        Self {
            value_separator: "=.=".to_owned(),
            field_separator: ";.;".to_owned(),
            legacy_order: false,
        }
    }
}

impl Encoding {
    /// The whole name of `metric` with `labels`, whose values must be [safe](Self::safe).
    pub fn name<'a>(
        &self,
        metric: &str,
        labels: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> String {
        let mut name = String::with_capacity(1024);
        if !self.legacy_order {
            name.push_str(PREFIX);
            name.push_str(metric);
        }
        for (label, value) in labels {
            name.push_str(label);
            name.push_str(&self.value_separator);
            name.push_str(value);
            name.push_str(&self.field_separator);
        }
        if self.legacy_order {
            name.push_str(PREFIX);
            name.push_str(metric);
        }
        name
    }

    /// `value` as a label can have it: no control characters, no separators that would begin other
    /// labels, not too long.
    pub fn safe(&self, value: &[u8]) -> String {
        let mut safe: String = String::from_utf8_lossy(value)
            .chars()
            .map(|c| match c {
                char::REPLACEMENT_CHARACTER => '_',
                c if c.is_control() => '_',
                c => c,
            })
            .collect();
        let mut end = MAX_VALUE.min(safe.len());
        while !safe.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        safe.truncate(end);
        let safe = defused(safe, &self.value_separator, "");
        defused(safe, &self.field_separator, &self.field_separator)
    }
}

/// `text` without `separator` in it, also not across its end where `behind` follows: the first
/// character of each becomes `_`.
fn defused(text: String, separator: &str, behind: &str) -> String {
    let mut whole = text;
    let length = whole.len();
    whole.push_str(behind);
    // Each turn takes one away, and `_` begins none.
    while let Some(at) = whole.find(separator)
        && at < length
    {
        let mut rest = whole.get(at..).unwrap_or_default().chars();
        let first = rest.next().map_or(0, char::len_utf8);
        whole.replace_range(at..at.saturating_add(first), &"_".repeat(first));
    }
    whole.truncate(length);
    whole
}

/// Whether Istio's regular expressions for labels can find the ends of values by this.
pub fn is_separator(text: &str) -> bool {
    (2..=8).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_punctuation() && byte != b'_')
}

/// The name of the gauge that tells which build this is.
pub fn build_name(version: &str) -> String {
    let version = Encoding::default().safe(version.as_bytes());
    // Ends at `;.` already.
    let version = version.replace(";.", "_.");
    format!("component.proxy.tag.{version};.{PREFIX}build")
}

#[cfg(test)]
mod tests;
