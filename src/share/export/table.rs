//! The table beside exported files: which fold each is in, and what it shows.

use super::place::Folder;
use super::{Export, ExportError, file_name};

/// Its name.
pub(super) const TABLE: &str = "images.csv";
/// The folder of the files that it lists.
pub(super) const FILES: &str = "images";
/// Its columns before those of the findings.
const COLUMNS: [&str; 2] = ["path", "fold"];

/// Where the file of an image stands: `images/train/000001.png`.
pub(super) fn path(fold: &str, image: usize, ending: &str) -> String {
    format!("{FILES}/{fold}/{}", file_name(image, ending))
}

/// Makes the folders of the files.
pub(super) fn create_folders(export: &Export<'_>, place: &Folder<'_>) -> Result<(), ExportError> {
    export.folds.iter().try_for_each(|(name, _)| place.create(&format!("{FILES}/{name}")))
}

/// Writes the table: a row an image, with its path relative to the table, its fold, and 1 or 0 for
/// each finding.
pub(super) fn write(
    export: &Export<'_>,
    ending: &str,
    place: &Folder<'_>,
) -> Result<(), ExportError> {
    if let Some(name) = export.findings().iter().find(|name| COLUMNS.contains(&name.as_str())) {
        return Err(ExportError::Form(format!(
            "a finding has the name `{name}`, which is a column of the table; export with --to \
             folder or --to npz"
        )));
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| ExportError::Form(format!("cannot write {TABLE}: {error}"));
    let findings = export.findings().iter().map(String::as_str);
    table.write_record(COLUMNS.into_iter().chain(findings)).map_err(failed)?;
    for (name, fold) in export.folds {
        for image in 0..fold.len() {
            let labels = fold.labels(image).iter().map(|&label| if label == 0 { "0" } else { "1" });
            let path = path(name, image, ending);
            let row = [path.as_str(), name.as_str()].into_iter().chain(labels);
            table.write_record(row).map_err(failed)?;
        }
    }
    let bytes = table.into_inner().map_err(|error| failed(error.into_error().into()))?;
    place.write(TABLE, &bytes)
}
