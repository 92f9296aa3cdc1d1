//! What images show, from a table: one column a finding, or one column that holds the names of all.

mod columns;
mod joined;
mod repeated;

pub use joined::Joined;
pub use repeated::Repeated;

use super::error::DataError;
use super::located::{Amiss, Name, locate, plain};
use super::scans::{Listing, Patient, Patients, Scan};
use super::split::Split;
use super::table::{cell, each_row, line, must_find, open, patient_of, shortened, wrong_row};
use columns::Indicators;
use csv::{Position, StringRecord};
use joined::Words;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A table of labels and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelTable {
    /// The table.
    pub csv: PathBuf,
    /// The column that names each row's file.
    pub file_column: String,
    /// The column that holds the names of all findings of a row; `None` for one column a finding.
    pub joined: Option<Joined>,
    /// The findings that are kept, in the order of the label vector; `None` for all: every column
    /// that is not said to be something else, or every name that occurs.
    pub findings: Option<Vec<String>>,
    /// Names as the table has them, and what they are called here. Several may become one.
    pub rename: Vec<(String, String)>,
    /// What becomes of rows that name a file again.
    pub repeated: Repeated,
    /// The column of the folds that the data set was published with.
    pub split_column: Option<String>,
}

/// One row that is kept.
pub(super) struct Row {
    /// The file.
    pub(super) name: String,
    /// Zero or one for each finding.
    pub(super) labels: Vec<u8>,
    pub(super) patient: Option<String>,
    split: Option<Split>,
    place: Option<Position>,
}

impl Row {
    pub(super) fn split(&self) -> Option<Split> {
        self.split
    }

    /// Something is wrong with this row.
    pub(super) fn wrong(&self, csv: &Path, reason: String, remedy: &str) -> DataError {
        wrong_row(csv, line(csv, self.place.as_ref()), reason, remedy)
    }
}

/// The rows of a table.
pub(super) struct Labelled {
    pub(super) findings: Vec<String>,
    pub(super) rows: Vec<Row>,
    pub(super) read: usize,
    /// Rows that were joined to others.
    pub(super) repeated: usize,
}

/// Where the findings of a row stand.
enum Layout<'a> {
    Columns(Indicators),
    Joined(Words<'a>),
}

impl LabelTable {
    /// A table with one column a finding and one row a file.
    pub fn new(csv: PathBuf, file_column: &str) -> LabelTable {
        LabelTable {
            csv,
            file_column: file_column.to_owned(),
            joined: None,
            findings: None,
            rename: Vec::new(),
            repeated: Repeated::Refuse,
            split_column: None,
        }
    }

    /// Lists the files that the table names below a folder, with their labels. None of them is opened.
    ///
    /// # Errors
    /// The table is missing or wrong, a path leads out of the folder, or there is no such file.
    pub(super) fn list(&self, folder: &Path, patients: &Patients) -> Result<Listing, DataError> {
        let labelled = self.read(patients)?;
        let (findings, read) = (labelled.findings.clone(), labelled.read);
        let repeated_rows = labelled.repeated;
        let remedy = "paths are relative to the folder that `path` names";
        let scans = labelled.scans(&self.csv, folder, patients, remedy)?;
        Ok(Listing { findings, scans, read, repeated_rows, dropped: Vec::new() })
    }

    /// Reads the table. No file that it names is looked for.
    ///
    /// # Errors
    /// It is missing or wrong, with line and remedy.
    pub(super) fn read(&self, patients: &Patients) -> Result<Labelled, DataError> {
        let csv = self.csv.as_path();
        let (mut reader, header) = open(csv)?;
        let file =
            must_find(csv, &header, &self.file_column, "name the files' column in `file_column`")?;
        let patient = match patients {
            Patients::Column(name) => {
                Some(must_find(csv, &header, name, "name the patients' column in `patients`")?)
            }
            Patients::Tag | Patients::File => None,
        };
        let split = self
            .split_column
            .as_ref()
            .map(|name| must_find(csv, &header, name, "name the folds' column in `split_column`"))
            .transpose()?;
        let others = [Some(file), patient, split];
        let mut layout = match &self.joined {
            None => Layout::Columns(Indicators::find(self, &header, &others)?),
            Some(joined) => Layout::Joined(Words::find(self, joined, &header)?),
        };
        let mut rows: Vec<Row> = Vec::new();
        let read = each_row(csv, &mut reader, |record| {
            rows.push(Row {
                name: file_of(record, file),
                labels: layout.labels(csv, record)?,
                patient: patient.map(|column| patient_of(csv, record, column)).transpose()?,
                split: split.map(|column| split_of(csv, record, column)).transpose()?,
                place: record.position().cloned(),
            });
            Ok(())
        })?;
        if rows.is_empty() {
            let reason = "it has no rows".to_owned();
            return Err(wrong_row(csv, None, reason, "add one row a file"));
        }
        let findings = match layout {
            Layout::Columns(indicators) => indicators.findings(),
            Layout::Joined(words) => words.finish(&mut rows)?,
        };
        refuse_same_but_for_case(csv, &findings)?;
        let repeated = self.repeated.apply(csv, &mut rows)?;
        Ok(Labelled { findings, rows, read, repeated })
    }
}

impl Layout<'_> {
    fn labels(&mut self, csv: &Path, record: &StringRecord) -> Result<Vec<u8>, DataError> {
        match self {
            Layout::Columns(indicators) => indicators.labels(csv, record),
            Layout::Joined(words) => words.labels(csv, record),
        }
    }
}

impl Labelled {
    /// The rows' files below `root`, with labels and patients.
    ///
    /// # Errors
    /// A path leads out of the folder, or there is no such file.
    pub(super) fn scans(
        self,
        csv: &Path,
        root: &Path,
        patients: &Patients,
        remedy: &str,
    ) -> Result<Vec<Scan>, DataError> {
        let names =
            self.rows.par_iter().map(|row| Name { text: &row.name, place: row.place.as_ref() });
        let paths = locate(csv, root, names, remedy)?;
        let rows = self.rows.into_iter().zip(paths);
        let scans = rows.map(|(row, path)| Scan {
            path,
            source: row.name,
            labels: row.labels,
            patient: match (row.patient, patients) {
                (Some(id), _) => Patient::Known(id),
                (None, Patients::File) => Patient::Own,
                (None, _) => Patient::Tag,
            },
            split: row.split,
        });
        Ok(scans.collect())
    }
}

/// The name of a row's file. One that leads nowhere is kept as it is, for the message of whoever
/// looks for it.
fn file_of(record: &StringRecord, column: usize) -> String {
    let name = cell(record, column);
    match plain(name) {
        Ok(plain) => plain,
        Err(Amiss::Blank | Amiss::LeadsOut) => name.to_owned(),
    }
}

/// The fold that a row says its file is in.
fn split_of(csv: &Path, record: &StringRecord, column: usize) -> Result<Split, DataError> {
    let word = cell(record, column);
    Split::from_word(word).ok_or_else(|| {
        let reason = format!("`{}` is no fold", shortened(word));
        let row = line(csv, record.position());
        wrong_row(csv, row, reason, "write train, valid or test")
    })
}

/// `Edema` and `edema` are one finding to whoever wrote the table.
fn refuse_same_but_for_case(csv: &Path, findings: &[String]) -> Result<(), DataError> {
    let mut seen: BTreeMap<String, &String> = BTreeMap::new();
    for name in findings {
        if let Some(before) = seen.insert(name.to_lowercase(), name) {
            let reason = format!("the findings `{before}` and `{name}` differ in case alone");
            return Err(wrong_row(csv, None, reason, "make them one with `rename`"));
        }
    }
    Ok(())
}
