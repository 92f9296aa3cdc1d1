//! One column that holds the names of all findings of a row: `Edema|Effusion`.

use super::{LabelTable, Row};
use crate::data::error::DataError;
use crate::data::table::{cell, line, meant, must_find, wrong_row};
use csv::StringRecord;
use std::collections::HashMap;
use std::path::Path;

/// How names are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The column.
    pub column: String,
    /// What stands between two names.
    pub separator: String,
    /// The name that says that there is no finding; `None` where every name is one.
    pub none: Option<String>,
}

/// The names that have occurred. Which there are is known only at the end, so that until then
/// labels hold the numbers of names, two bytes each, in the order in which they came.
pub(super) struct Words<'a> {
    table: &'a LabelTable,
    joined: &'a Joined,
    column: usize,
    /// Numbers by the name as it is written.
    numbers: HashMap<String, u16>,
    /// What each number is called here.
    names: Vec<String>,
}

impl<'a> Words<'a> {
    pub(super) fn find(
        table: &'a LabelTable,
        joined: &'a Joined,
        header: &StringRecord,
    ) -> Result<Words<'a>, DataError> {
        let remedy = "name the column of findings in `joined`";
        let column = must_find(&table.csv, header, &joined.column, remedy)?;
        Ok(Words { table, joined, column, numbers: HashMap::new(), names: Vec::new() })
    }

    /// The numbers of a row's names.
    pub(super) fn labels(
        &mut self,
        csv: &Path,
        record: &StringRecord,
    ) -> Result<Vec<u8>, DataError> {
        let text = cell(record, self.column);
        let wrong = |reason: String, remedy: &str| {
            Err(wrong_row(csv, line(csv, record.position()), reason, remedy))
        };
        let Joined { column, separator, none } = self.joined;
        if text.contains('\n') {
            let reason = format!("column `{column}` holds more than one line");
            return wrong(reason, "see whether a quotation mark is missing");
        }
        let mut labels = Vec::new();
        let mut says_none = false;
        let words = text.split(separator.as_str()).map(str::trim).filter(|word| !word.is_empty());
        for word in words {
            if none.as_deref() == Some(word) {
                says_none = true;
                continue;
            }
            let Some(number) = self.number(word) else {
                let reason = format!("column `{column}` holds more than {} names", u16::MAX);
                return wrong(reason, "name the column of findings in `joined`");
            };
            labels.extend(number.to_le_bytes());
        }
        match none {
            Some(none) if says_none && !labels.is_empty() => wrong(
                format!("column `{column}` holds `{text}`, which is `{none}` and a finding"),
                "keep what is right",
            ),
            Some(none) if !says_none && labels.is_empty() => wrong(
                format!("column `{column}` is blank"),
                &format!("name the findings, or write `{none}`"),
            ),
            _ => Ok(labels),
        }
    }

    fn number(&mut self, word: &str) -> Option<u16> {
        if let Some(&number) = self.numbers.get(word) {
            return Some(number);
        }
        let called = self.table.called(word);
        let number = match self.names.iter().position(|name| name == called) {
            Some(number) => number,
            None => {
                self.names.push(called.to_owned());
                self.names.len() - 1
            }
        };
        let number = u16::try_from(number).ok()?;
        self.numbers.insert(word.to_owned(), number);
        Some(number)
    }

    /// Turns the numbers of all rows into labels and names the findings: those that are wanted, or
    /// all in the order of their names, so that the order of the rows does not matter.
    pub(super) fn finish(self, rows: &mut [Row]) -> Result<Vec<String>, DataError> {
        let csv = self.table.csv.as_path();
        let known = |name: &String| self.numbers.contains_key(name);
        let occurs = || self.numbers.keys().map(String::as_str);
        if let Some((from, _)) = self.table.rename.iter().find(|(from, _)| !known(from)) {
            let reason = format!("no row names `{from}`, which `rename` does");
            let remedy = meant(from, sorted(occurs()).into_iter(), "leave it out there");
            return Err(wrong_row(csv, None, reason, &remedy));
        }
        let findings = match &self.table.findings {
            Some(wanted) => wanted.clone(),
            None => sorted(self.names.iter().map(String::as_str))
                .into_iter()
                .map(str::to_owned)
                .collect(),
        };
        if findings.is_empty() {
            let reason = format!("column `{}` names no finding", self.joined.column);
            return Err(wrong_row(csv, None, reason, "name another column in `joined`"));
        }
        let mut places = vec![None; self.names.len()];
        for (place, finding) in findings.iter().enumerate() {
            let number = self.names.iter().position(|name| name == finding);
            match number.filter(|&number| places[number].is_none()) {
                Some(number) => places[number] = Some(place),
                None => {
                    let reason = format!("no row names `{finding}`, or `findings` does so twice");
                    let names = sorted(self.names.iter().map(String::as_str)).into_iter();
                    let remedy = meant(finding, names, "leave it out of `findings`");
                    return Err(wrong_row(csv, None, reason, &remedy));
                }
            }
        }
        for row in rows {
            let mut labels = vec![0; findings.len()];
            for number in row.labels.chunks_exact(2) {
                let number = u16::from_le_bytes([number[0], number[1]]);
                if let Some(place) = places[usize::from(number)] {
                    labels[place] = 1;
                }
            }
            row.labels = labels;
        }
        Ok(findings)
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}
