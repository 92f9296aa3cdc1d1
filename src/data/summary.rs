//! What a source read and what it left out, in numbers.

use super::label_set::ranking;
use super::scans::Skipped;
use serde::{Deserialize, Serialize};

/// A reason for leaving rows or images out, with how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Why, e.g. `lateral view`.
    pub reason: String,
    /// How many.
    pub count: usize,
}

/// What a dataset or fold holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Rows or files looked at.
    pub read: usize,
    /// Images kept.
    pub kept: usize,
    /// Distinct patients among them; zero where patients are unknown.
    pub patients: usize,
    /// What was left out.
    pub dropped: Vec<Dropped>,
    /// Images that show each finding.
    pub findings: Vec<(String, usize)>,
    /// Images of each label set, most frequent first.
    pub label_sets: Vec<(String, usize)>,
}

/// What was read and left out, as far as the summary of any stage tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Rows or files looked at.
    pub read: Option<usize>,
    /// Images kept.
    pub kept: Option<usize>,
    /// What was left out.
    pub dropped: Vec<Dropped>,
    /// Rows of the table that say again what others say.
    pub repeated_rows: usize,
    /// Files left out because they cannot be read.
    pub skipped: Vec<Skipped>,
}

impl Summary {
    /// Counts labels `[count, findings]`; reasons with a count of zero are left away.
    pub fn count(
        read: usize,
        findings: &[String],
        labels: &[u8],
        patients: &[String],
        dropped: Vec<Dropped>,
    ) -> Summary {
        let width = findings.len().max(1);
        let rows = || labels.chunks(width);
        let per_finding = findings
            .iter()
            .enumerate()
            .map(|(column, name)| (name.clone(), rows().filter(|row| row[column] != 0).count()));
        let mut distinct: Vec<&String> = patients.iter().collect();
        distinct.sort();
        distinct.dedup();
        Summary {
            read,
            kept: labels.len() / width,
            patients: distinct.len(),
            dropped: dropped.into_iter().filter(|dropped| dropped.count > 0).collect(),
            findings: per_finding.collect(),
            label_sets: ranking(rows())
                .into_iter()
                .map(|(set, count)| (set.name(findings), count))
                .collect(),
        }
    }
}
