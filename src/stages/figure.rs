//! What a result says, in a few named numbers.

use crate::measure::Estimate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One number that a stage found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is; unique within its stage, and the same for every stage of a method.
    pub name: String,
    /// The point.
    pub value: f64,
    /// Lower and upper end of its interval; absent for numbers that merely describe.
    pub interval: Option<(f64, f64)>,
}

impl Figure {
    /// A number that describes.
    pub fn plain(name: impl Into<String>, value: f64) -> Figure {
        Figure { name: name.into(), value, interval: None }
    }

    /// An estimate with its interval.
    pub fn estimate(name: impl Into<String>, estimate: &Estimate) -> Figure {
        Figure {
            name: name.into(),
            value: estimate.value,
            interval: Some((estimate.low, estimate.high)),
        }
    }

    /// The number without its name: `0.812 [0.790, 0.834]`.
    pub fn number(&self) -> String {
        match self.interval {
            Some((low, high)) => format!("{:.3} [{low:.3}, {high:.3}]", self.value),
            // Counts, such as an epoch.
            None if self.value.fract() == 0.0 => self.value.to_string(),
            None => format!("{:.3}", self.value),
        }
    }
}

/// `mean AUROC 0.812 [0.790, 0.834]`
impl fmt::Display for Figure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.number())
    }
}

/// The files of one result, by output and name; nothing for a file that is not there.
pub struct ResultFiles<'a>(pub &'a dyn Fn(&str, &str) -> Option<Vec<u8>>);

impl ResultFiles<'_> {
    /// A JSON file; nothing where it is not there or of another form, such as one of an older version.
    pub fn json<T: DeserializeOwned>(&self, output: &str, file: &str) -> Option<T> {
        serde_json::from_slice(&(self.0)(output, file)?).ok()
    }
}
