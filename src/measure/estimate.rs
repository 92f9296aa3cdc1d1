//! A number with its uncertainty.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// With fewer positives or negatives than this the interval is shown in place of the point.
pub const FEW_CASES: usize = 10;

/// A point estimate with an interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Confidence level of the interval.
    pub confidence: f64,
    /// How the interval was made.
    pub method: String,
    /// Cases behind it.
    pub count: usize,
}

impl Estimate {
    /// A normal interval around a point, cut to `range`.
    pub fn normal(
        value: f64,
        variance: f64,
        confidence: f64,
        range: (f64, f64),
        method: &str,
        count: usize,
    ) -> Estimate {
        let half = quantile(confidence) * variance.max(0.0).sqrt();
        Estimate {
            value,
            low: (value - half).max(range.0),
            high: (value + half).min(range.1),
            confidence,
            method: method.to_owned(),
            count,
        }
    }
}

/// The standard normal distribution.
pub(super) fn standard_normal() -> Normal {
    Normal::standard()
}

/// How many standard deviations hold this share around the mean.
pub(super) fn quantile(confidence: f64) -> f64 {
    standard_normal().inverse_cdf(0.5 + confidence / 2.0)
}
