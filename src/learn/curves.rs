//! Figures over the course of a training.

use serde::{Deserialize, Serialize};

/// A table of figures; the first column is the position (images or epoch).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curves {
    /// Column names.
    pub columns: Vec<String>,
    /// One row a measurement.
    pub rows: Vec<Vec<f64>>,
}

impl Curves {
    /// An empty table.
    pub fn new(columns: &[&str]) -> Curves {
        Curves {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: Vec::new(),
        }
    }
}
