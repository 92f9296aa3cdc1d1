//! Rows that name a file again.

use super::Row;
use crate::data::error::DataError;
use crate::data::table::{Named, line, wrong_row};
use std::collections::HashMap;
use std::path::Path;

/// What becomes of rows that name a file again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// They are an error.
    Refuse,
    /// They count once if they say the same, and are an error if they do not.
    Once,
    /// Their findings are put together, as in tables with one row a finding.
    Join,
}

impl Repeated {
    /// Leaves one row a file and says how many went.
    ///
    /// # Errors
    /// Two rows contradict each other.
    pub(super) fn apply(self, csv: &Path, rows: &mut Vec<Row>) -> Result<usize, DataError> {
        if self == Repeated::Refuse {
            let mut named = Named::default();
            for row in rows.iter() {
                named.add(csv, &row.name, row.place.as_ref())?;
            }
            return Ok(0);
        }
        let before = rows.len();
        let mut places: HashMap<String, usize> = HashMap::with_capacity(before);
        let mut kept: Vec<Row> = Vec::with_capacity(before);
        for row in std::mem::take(rows) {
            let Some(&place) = places.get(&row.name) else {
                places.insert(row.name.clone(), kept.len());
                kept.push(row);
                continue;
            };
            let first = &mut kept[place];
            let contradicts = |what: &str| {
                let above = line(csv, first.place.as_ref()).unwrap_or(0);
                let reason = format!("it gives {} {what} than line {above} does", row.name);
                Err(wrong_row(csv, line(csv, row.place.as_ref()), reason, "keep what is right"))
            };
            if row.patient != first.patient {
                return contradicts("another patient");
            }
            if row.split != first.split {
                return contradicts("another fold");
            }
            if self == Repeated::Once && row.labels != first.labels {
                return contradicts("other findings");
            }
            for (label, other) in first.labels.iter_mut().zip(row.labels) {
                *label |= other;
            }
        }
        *rows = kept;
        Ok(before - rows.len())
    }
}
