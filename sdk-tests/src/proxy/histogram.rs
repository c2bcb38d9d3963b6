//! What a histogram has been told.

use crate::Proxy;

/// A histogram of the plugin, as all hosts can tell it; see [`Proxy::histogram`].
///
/// ```
/// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
/// proxy.configure("hello").unwrap();
/// // The plugin records 7.
/// proxy.send(Request::get("/metrics"));
/// let histogram: Histogram = proxy.histogram("fixture_histogram");
/// assert_eq!(histogram.count, 1);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How many values it was told.
    pub count: u64,
    /// What they add up to. Envoy keeps values in bins, and so tells this to about 5 %.
    pub sum: f64,
}

impl Histogram {
    pub(crate) fn of(values: &[u64]) -> Self {
        Self {
            count: values.len() as u64,
            sum: values.iter().map(|value| *value as f64).sum(),
        }
    }

    /// Whether the sum is this one, as exactly as Envoy tells it.
    ///
    /// ```
    /// use sdk_tests::Histogram;
    ///
    /// let histogram = Histogram { count: 2, sum: 20.3 };
    /// assert!(histogram.adds_up_to(20.0));
    /// assert!(!histogram.adds_up_to(25.0));
    /// ```
    pub fn adds_up_to(&self, sum: f64) -> bool {
        (self.sum - sum).abs() <= sum.abs() * 0.05 + 0.05
    }
}

impl Proxy {
    /// What a histogram has been told so far; nothing if nobody defined it. Names are the plugin's
    /// own, without Envoy's `wasmcustom.`.
    ///
    /// ```
    /// # use sdk_tests::{__private::example, *}; example(sdk_tests_fixture::root_context, |proxy| {
    /// proxy.configure("hello").unwrap();
    /// assert_eq!(proxy.histogram("misspelt").count, 0);
    /// # });
    /// ```
    pub fn histogram(&mut self, name: &str) -> Histogram {
        self.backend.histogram(name)
    }
}
