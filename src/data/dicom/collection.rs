//! A folder of DICOM files with labels from a table or from the names of its sub-folders.

use crate::data::error::DataError;
use crate::data::scans::{Listing, Patient, Scan};
use crate::data::summary::Dropped;
use crate::data::table::{
    below, cell, csv_error, line, must_find, open, patient_of, present, refuse_repeated_names,
    wrong_row,
};
use csv::StringRecord;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Where patients come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patients {
    /// From each file's tag (0010,0020).
    Tag,
    /// From this column of the table.
    Column(String),
    /// Every file is a patient of its own.
    File,
}

/// A table that says what each file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// The table.
    pub csv: PathBuf,
    /// The column of the files' paths, relative to the folder.
    pub file_column: String,
    /// The columns of findings; `None` for every column that is not said to be something else.
    pub findings: Option<Vec<String>>,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// The folder.
    pub folder: PathBuf,
    /// The table; without it the sub-folders of the folder are classes.
    pub labels: Option<Labels>,
    /// Where patients come from.
    pub patients: Patients,
}

/// Lists the files, with their labels. None of them is read whole.
///
/// # Errors
/// The folder or the table is missing or wrong, or there is no file.
pub fn list(collection: &Collection) -> Result<Listing, DataError> {
    match &collection.labels {
        Some(labels) => by_table(collection, labels),
        None => by_folder(collection),
    }
}

/// The columns that are read, by position.
struct Columns {
    file: usize,
    patient: Option<usize>,
    findings: Vec<(usize, String)>,
}

impl Columns {
    fn find(
        labels: &Labels,
        patients: &Patients,
        header: &StringRecord,
    ) -> Result<Columns, DataError> {
        let csv = &labels.csv;
        let file =
            must_find(csv, header, &labels.file_column, "name the files' column in `file_column`")?;
        let patient = match patients {
            Patients::Column(name) => {
                Some(must_find(csv, header, name, "name the patients' column in `patients`")?)
            }
            Patients::Tag | Patients::File => None,
        };
        let findings: Vec<(usize, String)> = match &labels.findings {
            Some(names) => names
                .iter()
                .map(|name| {
                    let remedy = "name columns of the table in `findings`";
                    Ok((must_find(csv, header, name, remedy)?, name.clone()))
                })
                .collect::<Result<_, DataError>>()?,
            None => (0..header.len())
                .filter(|&column| column != file && Some(column) != patient)
                .map(|column| (column, cell(header, column).to_owned()))
                .collect(),
        };
        if findings.is_empty() {
            let reason = "no column holds a finding".to_owned();
            return Err(wrong_row(csv, Some(1), reason, "add one column a finding"));
        }
        refuse_repeated_names(csv, findings.iter().map(|(_, name)| name.as_str()))?;
        Ok(Columns { file, patient, findings })
    }
}

fn by_table(collection: &Collection, labels: &Labels) -> Result<Listing, DataError> {
    let csv = labels.csv.as_path();
    let (mut reader, header) = open(csv)?;
    let columns = Columns::find(labels, &collection.patients, &header)?;
    let mut scans = Vec::new();
    let mut seen = BTreeSet::new();
    for record in reader.records() {
        let record = record.map_err(|error| csv_error(csv, error))?;
        let scan = scan_of(collection, csv, &columns, &record)?;
        if !seen.insert(scan.source.clone()) {
            let reason = format!("the file {} stands there twice", scan.source);
            return Err(wrong_row(
                csv,
                line(csv, record.position()),
                reason,
                "keep one row a file",
            ));
        }
        scans.push(scan);
    }
    if scans.is_empty() {
        let reason = "it has no rows".to_owned();
        return Err(wrong_row(csv, None, reason, "add one row a file"));
    }
    let findings = columns.findings.into_iter().map(|(_, name)| name).collect();
    let read = scans.len();
    Ok(Listing { findings, scans, read, repeated_rows: 0, dropped: Vec::new() })
}

fn scan_of(
    collection: &Collection,
    csv: &Path,
    columns: &Columns,
    record: &StringRecord,
) -> Result<Scan, DataError> {
    let wrong =
        |reason: String, remedy: &str| wrong_row(csv, line(csv, record.position()), reason, remedy);
    let source = cell(record, columns.file).to_owned();
    let path = below(csv, record, &collection.folder, &source)?;
    if !path.is_file() {
        let reason = format!("the file {} does not exist", path.display());
        return Err(wrong(reason, "paths are relative to the folder that `path` names"));
    }
    let patient = match (&collection.patients, columns.patient) {
        (_, Some(column)) => Patient::Known(patient_of(csv, record, column)?),
        (Patients::File, None) => Patient::Own,
        (_, None) => Patient::Tag,
    };
    let labels = columns.findings.iter().map(|(column, name)| present(csv, record, *column, name));
    Ok(Scan { path, source, labels: labels.collect::<Result<_, _>>()?, patient })
}

fn by_folder(collection: &Collection) -> Result<Listing, DataError> {
    let root = collection.folder.as_path();
    let patient = match collection.patients {
        Patients::Tag => Patient::Tag,
        Patients::File => Patient::Own,
        Patients::Column(_) => {
            return Err(DataError::Subset(
                "`patients` names a column, and there is no table; name the table in `table`"
                    .to_owned(),
            ));
        }
    };
    let mut files: Vec<(String, PathBuf, String)> = Vec::new();
    let mut others = 0;
    for path in files_below(root)? {
        let source = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let class = source.split(['/', '\\']).next().unwrap_or_default().to_owned();
        if class != source && is_dicom(&path)? {
            files.push((class, path, source));
        } else {
            others += 1;
        }
    }
    let classes: BTreeSet<&String> = files.iter().map(|(class, ..)| class).collect();
    let findings: Vec<String> = classes.into_iter().cloned().collect();
    if findings.is_empty() {
        return Err(DataError::Subset(format!(
            "{} has no sub-folders with DICOM files; put the files of each class into a folder of \
             its own, or name a table of labels in `table`",
            root.display()
        )));
    }
    let read = files.len() + others;
    let scans = files.into_iter().map(|(class, path, source)| {
        let labels = findings.iter().map(|finding| u8::from(*finding == class)).collect();
        Scan { path, source, labels, patient: patient.clone() }
    });
    let scans = scans.collect();
    let dropped =
        vec![Dropped { reason: "no DICOM file in a sub-folder".to_owned(), count: others }];
    Ok(Listing { findings, scans, read, repeated_rows: 0, dropped })
}

/// All files below a folder that are not hidden, in the order of their paths.
///
/// # Errors
/// The folder is missing, or a folder below it cannot be read.
pub fn files_below(root: &Path) -> Result<Vec<PathBuf>, DataError> {
    let is_shown = |name: &std::ffi::OsStr| !name.to_string_lossy().starts_with('.');
    let walk = WalkDir::new(root)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || is_shown(entry.file_name()));
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            DataError::io(&path)(error.into())
        })?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// Whether a file is meant to be an image in DICOM: by its ending, else by the letters behind the
/// preamble. A directory of a medium holds no image.
fn is_dicom(path: &Path) -> Result<bool, DataError> {
    const ENDINGS: [&str; 2] = ["dcm", "dicom"];
    if path.file_name().is_some_and(|name| name == "DICOMDIR") {
        return Ok(false);
    }
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) {
        return Ok(true);
    }
    let mut begin = Vec::new();
    let file = File::open(path).map_err(DataError::io(path))?;
    file.take(132).read_to_end(&mut begin).map_err(DataError::io(path))?;
    Ok(begin.get(128..132) == Some(b"DICM"))
}
