//! A folder of DICOM files with labels from a table or from the names of its sub-folders.

use crate::data::error::DataError;
use crate::data::labels::LabelTable;
use crate::data::scans::{Listing, Patient, Patients, Scan};
use crate::data::summary::Dropped;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// The folder.
    pub folder: PathBuf,
    /// The table; without it the sub-folders of the folder are classes.
    pub labels: Option<LabelTable>,
    /// Where patients come from.
    pub patients: Patients,
}

/// Lists the files, with their labels. None of them is read whole.
///
/// # Errors
/// The folder or the table is missing or wrong, or there is no file.
pub fn list(collection: &Collection) -> Result<Listing, DataError> {
    match &collection.labels {
        Some(labels) => labels.list(&collection.folder, &collection.patients),
        None => by_folder(collection),
    }
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
        Scan { path, source, labels, patient: patient.clone(), split: None }
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
