//! One column a finding, with 1, 0 or nothing in each.

use super::LabelTable;
use crate::data::error::DataError;
use crate::data::table::{cell, meant, present, refuse_repeated_names, wrong_row};
use csv::StringRecord;
use std::path::Path;

/// The findings, each with the columns that say whether it is there.
pub(super) struct Indicators(Vec<(String, Vec<(usize, String)>)>);

impl Indicators {
    /// The columns of the findings. Where none is named every column is one but `others`.
    pub(super) fn find(
        table: &LabelTable,
        header: &StringRecord,
        others: &[Option<usize>],
    ) -> Result<Indicators, DataError> {
        let csv = table.csv.as_path();
        let columns: Vec<(usize, &str)> = (0..header.len())
            .filter(|&column| !others.contains(&Some(column)))
            .map(|column| (column, cell(header, column)))
            .collect();
        let names = columns.iter().map(|(_, name)| *name);
        for (from, _) in &table.rename {
            if !names.clone().any(|name| name == from) {
                let reason = format!("there is no column `{from}` to rename");
                let remedy = meant(from, names, "name columns of the table in `rename`");
                return Err(wrong_row(csv, Some(1), reason, &remedy));
            }
        }
        let mut findings: Vec<(String, Vec<(usize, String)>)> = Vec::new();
        let wanted = table.findings.as_deref();
        for &(column, written) in &columns {
            let name = table.called(written);
            if wanted.is_some_and(|wanted| !wanted.iter().any(|one| one == name)) {
                continue;
            }
            let one = (column, written.to_owned());
            match findings.iter_mut().find(|(finding, _)| finding == name) {
                Some((_, columns)) => columns.push(one),
                None => findings.push((name.to_owned(), vec![one])),
            }
        }
        let kept = findings.iter().flat_map(|(_, columns)| columns);
        refuse_repeated_names(csv, kept.map(|(_, written)| written.as_str()))?;
        if let Some(wanted) = wanted {
            findings = in_order(table, wanted, findings, &columns)?;
        }
        if findings.is_empty() {
            let reason = "no column holds a finding".to_owned();
            return Err(wrong_row(csv, Some(1), reason, "add one column a finding"));
        }
        Ok(Indicators(findings))
    }

    pub(super) fn labels(&self, csv: &Path, record: &StringRecord) -> Result<Vec<u8>, DataError> {
        let mut labels = vec![0; self.0.len()];
        for (label, (_, columns)) in labels.iter_mut().zip(&self.0) {
            for (column, written) in columns {
                *label |= present(csv, record, *column, written)?;
            }
        }
        Ok(labels)
    }

    pub(super) fn findings(self) -> Vec<String> {
        self.0.into_iter().map(|(name, _)| name).collect()
    }
}

/// The findings in the order in which they are wanted.
fn in_order<T>(
    table: &LabelTable,
    wanted: &[String],
    mut findings: Vec<(String, T)>,
    columns: &[(usize, &str)],
) -> Result<Vec<(String, T)>, DataError> {
    let mut ordered = Vec::new();
    for name in wanted {
        let Some(at) = findings.iter().position(|(finding, _)| finding == name) else {
            let names: Vec<&str> = columns.iter().map(|(_, written)| *written).collect();
            let called = names.iter().map(|written| table.called(written));
            let reason = format!("the column `{name}` is missing among {}", names.join(", "));
            let remedy = meant(name, called, "name columns of the table in `findings`, each once");
            return Err(wrong_row(&table.csv, Some(1), reason, &remedy));
        };
        ordered.push(findings.remove(at));
    }
    Ok(ordered)
}

impl LabelTable {
    /// What a name of the table's is called here.
    pub(super) fn called<'a>(&'a self, written: &'a str) -> &'a str {
        self.rename.iter().find(|(from, _)| from == written).map_or(written, |(_, to)| to)
    }
}
