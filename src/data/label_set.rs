//! A class is a label set: one distinct combination of findings.

use std::collections::{BTreeMap, HashMap};

/// The findings that an image shows, as positions in the list of findings, ascending.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LabelSet(pub Vec<usize>);

impl LabelSet {
    /// From a row of the label matrix: one byte a finding, non-zero for present.
    pub fn from_row(row: &[u8]) -> LabelSet {
        LabelSet(row.iter().enumerate().filter(|(_, value)| **value != 0).map(|(i, _)| i).collect())
    }

    /// `Edema + Pleural Effusion`, or `no finding` for the empty set.
    pub fn name(&self, findings: &[String]) -> String {
        if self.0.is_empty() {
            return "no finding".to_owned();
        }
        let names: Vec<&str> = self
            .0
            .iter()
            .map(|&index| findings.get(index).map_or("unknown finding", String::as_str))
            .collect();
        names.join(" + ")
    }
}

/// Label sets with the number of images that show them, most frequent first. Equally frequent
/// sets stand in the order of their findings' positions, compared from the first finding on, so
/// that the ranking depends on nothing but labels.
pub fn ranking<'a>(rows: impl Iterator<Item = &'a [u8]>) -> Vec<(LabelSet, usize)> {
    // There are few sets and many rows, so that a set is made for each distinct row only.
    let mut distinct: HashMap<&[u8], usize> = HashMap::new();
    for row in rows {
        *distinct.entry(row).or_default() += 1;
    }
    let mut counts: BTreeMap<LabelSet, usize> = BTreeMap::new();
    for (row, count) in distinct {
        *counts.entry(LabelSet::from_row(row)).or_default() += count;
    }
    let mut ranked: Vec<(LabelSet, usize)> = counts.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ranked
}
