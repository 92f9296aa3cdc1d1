//! Which volumes there are and what they show: by a table of files or patients, or by sub-folder.

use crate::data::dicom::collection::files_below;
use crate::data::error::DataError;
use crate::data::labels::LabelTable;
use crate::data::scans::{Listing, Patient, Patients, Scan};
use crate::data::summary::Dropped;
use crate::data::table::wrong_row;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the rows of a table are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Files, by their paths below the folder.
    Files,
    /// Patients, by a folder of theirs or by what the names of their files begin with.
    Patients,
}

/// A table of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The table; its column of files holds patients where rows are about these.
    pub labels: LabelTable,
    /// What its rows are about.
    pub rows: Rows,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// The folder.
    pub folder: PathBuf,
    /// The table; without it the sub-folders of the folder are classes.
    pub table: Option<Table>,
    /// Where patients come from, if rows are about files.
    pub patients: Patients,
}

/// Lists the volumes, with their labels. None of them is opened.
///
/// # Errors
/// The folder or the table is missing or wrong, or there is no volume.
pub fn list(collection: &Collection) -> Result<Listing, DataError> {
    match &collection.table {
        Some(Table { labels, rows: Rows::Files }) => {
            labels.list(&collection.folder, &collection.patients)
        }
        Some(Table { labels, rows: Rows::Patients }) => by_patients(collection, labels),
        None => by_folder(collection),
    }
}

/// The volumes below a folder and how many other files are there.
///
/// # Errors
/// The folder cannot be read.
pub fn volumes_below(folder: &Path) -> Result<(Vec<PathBuf>, usize), DataError> {
    let files = files_below(folder)?;
    let all = files.len();
    let volumes: Vec<PathBuf> = files.into_iter().filter(|path| stem(path).is_some()).collect();
    let others = all - volumes.len();
    Ok((volumes, others))
}

/// A volume's name without its ending.
fn stem(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    name.strip_suffix(".nii").or_else(|| name.strip_suffix(".nii.gz"))
}

fn source_of(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned()
}

fn by_patients(collection: &Collection, table: &LabelTable) -> Result<Listing, DataError> {
    let labelled = table.read(&Patients::File)?;
    let (volumes, others) = volumes_below(&collection.folder)?;
    let read = volumes.len() + others;
    let mut scans = Vec::new();
    let mut unnamed = 0;
    let mut seen = vec![false; labelled.rows.len()];
    for path in volumes {
        let source = source_of(&path, &collection.folder);
        let mut rows = (0..seen.len()).filter(|&row| is_of(&source, &labelled.rows[row].name));
        let Some(row) = rows.next() else {
            unnamed += 1;
            continue;
        };
        if let Some(other) = rows.next() {
            let (one, other) = (&labelled.rows[row].name, &labelled.rows[other].name);
            let reason = format!("{source} may be of {one} and of {other}");
            return Err(wrong_row(&table.csv, None, reason, "give each patient a folder"));
        }
        seen[row] = true;
        let row = &labelled.rows[row];
        scans.push(Scan {
            path,
            source,
            labels: row.labels.clone(),
            patient: Patient::Known(row.name.clone()),
            split: row.split(),
        });
    }
    if let Some(row) = seen.iter().position(|seen| !seen) {
        let reason = format!(
            "no volume below {} is of {}",
            collection.folder.display(),
            labelled.rows[row].name
        );
        let remedy = "a patient's volumes lie in a folder of that name, or begin with it and `_`";
        return Err(labelled.rows[row].wrong(&table.csv, reason, remedy));
    }
    let dropped = vec![
        Dropped { reason: "no .nii or .nii.gz file".to_owned(), count: others },
        Dropped { reason: "volume of a patient without a row".to_owned(), count: unnamed },
    ];
    Ok(Listing {
        findings: labelled.findings,
        scans,
        read,
        repeated_rows: labelled.repeated,
        dropped,
    })
}

/// Whether a volume is of a patient: by a folder above it, or by its name.
fn is_of(source: &str, patient: &str) -> bool {
    let path = Path::new(source);
    let is_above = path.parent().is_some_and(|above| above.iter().any(|part| part == patient));
    let is_named = stem(path)
        .and_then(|stem| stem.strip_prefix(patient))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    is_above || is_named
}

fn by_folder(collection: &Collection) -> Result<Listing, DataError> {
    let folder = collection.folder.as_path();
    if let Patients::Column(_) = collection.patients {
        return Err(DataError::Subset(
            "`patients` names a column, and there is no table; name the table in `table`"
                .to_owned(),
        ));
    }
    let (volumes, mut others) = volumes_below(folder)?;
    let read = volumes.len() + others;
    let mut classed: Vec<(String, PathBuf, String)> = Vec::new();
    for path in volumes {
        let source = source_of(&path, folder);
        match source.split_once('/').map(|(class, _)| class.to_owned()) {
            Some(class) => classed.push((class, path, source)),
            None => others += 1,
        }
    }
    let classes: BTreeSet<&String> = classed.iter().map(|(class, ..)| class).collect();
    let findings: Vec<String> = classes.into_iter().cloned().collect();
    if findings.is_empty() {
        return Err(DataError::Subset(format!(
            "{} has no sub-folders with .nii or .nii.gz files; put the volumes of each class into a \
             folder of its own, or name a table of labels in `table`",
            folder.display()
        )));
    }
    let scans = classed.into_iter().map(|(class, path, source)| {
        let labels = findings.iter().map(|finding| u8::from(*finding == class)).collect();
        Scan { path, source, labels, patient: Patient::Own, split: None }
    });
    let scans = scans.collect();
    let dropped = vec![Dropped { reason: "no volume in a sub-folder".to_owned(), count: others }];
    Ok(Listing { findings, scans, read, repeated_rows: 0, dropped })
}
