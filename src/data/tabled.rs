//! Image files that a table of any form names.

use super::error::DataError;
use super::labels::LabelTable;
use super::scans::{Listing, Patients};
use super::summary::Dropped;
use super::table::{open, wrong_row};
use std::path::PathBuf;

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tabled {
    /// The table.
    pub table: LabelTable,
    /// The folder that its paths are relative to.
    pub root: PathBuf,
    /// Where patients come from; `None` where nobody said so.
    pub patients: Option<Patients>,
    /// Whether rows without a finding are left out.
    pub drop_unlabelled: bool,
}

/// Lists the files, with their labels. None of them is opened.
///
/// # Errors
/// The table is missing or wrong, or a file is missing.
pub fn list(tabled: &Tabled) -> Result<Listing, DataError> {
    let csv = tabled.table.csv.as_path();
    let patients = match &tabled.patients {
        Some(patients) => patients.clone(),
        None => refuse_unused_patients(tabled).map(|()| Patients::File)?,
    };
    let mut labelled = tabled.table.read(&patients)?;
    let before = labelled.rows.len();
    if tabled.drop_unlabelled {
        labelled.rows.retain(|row| row.labels.contains(&1));
    }
    let unlabelled = before - labelled.rows.len();
    if labelled.rows.is_empty() {
        let reason = format!("none of its {} rows has a finding", labelled.read);
        return Err(wrong_row(csv, None, reason, "choose other `findings`"));
    }
    let (findings, read) = (labelled.findings.clone(), labelled.read);
    let repeated_rows = labelled.repeated;
    let remedy = "paths are relative to `root`, or else to the folder of the table";
    let scans = labelled.scans(csv, &tabled.root, &patients, remedy)?;
    let dropped = vec![
        Dropped { reason: "row for an image that others are for".to_owned(), count: repeated_rows },
        Dropped { reason: "no positive finding".to_owned(), count: unlabelled },
    ];
    Ok(Listing { findings, scans, read, repeated_rows, dropped })
}

/// A table that seems to know its patients, while nobody said that they do not matter: one patient's
/// images would fall into several folds.
fn refuse_unused_patients(tabled: &Tabled) -> Result<(), DataError> {
    let csv = tabled.table.csv.as_path();
    let (_, header) = open(csv)?;
    let names = header.iter().map(str::trim);
    let is_patient = |name: &&str| {
        let letters: String = name.chars().filter(|sign| sign.is_alphanumeric()).collect();
        ["patient", "patientid", "subject", "subjectid"].contains(&letters.to_lowercase().as_str())
    };
    match names.clone().find(is_patient) {
        None => Ok(()),
        Some(column) => Err(wrong_row(
            csv,
            Some(1),
            format!("the column `{column}` seems to name patients, and nothing says so"),
            &format!(
                "write `patients: column(\"{column}\")`, so that none is in two folds, or \
                 `patients: file` if every image is of a patient of its own"
            ),
        )),
    }
}
