//! Tables as CSV: rows in the order of the file, and words for what is wrong with them.

use super::error::DataError;
use csv::{Reader, ReaderBuilder, StringRecord};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Component, Path, PathBuf};

/// An open table and its header. A byte order mark and line ends of Windows are passed over.
///
/// # Errors
/// It is missing, or its header is no text.
pub(super) fn open(csv: &Path) -> Result<(Reader<File>, StringRecord), DataError> {
    let mut reader = ReaderBuilder::new()
        .flexible(false)
        .from_path(csv)
        .map_err(|error| csv_error(csv, error))?;
    let header = reader.headers().map_err(|error| csv_error(csv, error))?.clone();
    Ok((reader, header))
}

/// The position of a column.
pub(super) fn find(header: &StringRecord, name: &str) -> Option<usize> {
    header.iter().position(|found| found.trim() == name)
}

/// The position of a column that must be there.
///
/// # Errors
/// It is missing; the message lists the columns that there are.
pub(super) fn must_find(
    csv: &Path,
    header: &StringRecord,
    name: &str,
    remedy: &str,
) -> Result<usize, DataError> {
    find(header, name).ok_or_else(|| {
        let found: Vec<&str> = header.iter().map(str::trim).collect();
        let reason = format!("the column `{name}` is missing among {}", found.join(", "));
        wrong_row(csv, Some(1), reason, remedy)
    })
}

/// A cell without the blanks around it.
pub(super) fn cell(record: &StringRecord, column: usize) -> &str {
    record.get(column).unwrap_or_default().trim()
}

/// Whose a row is.
///
/// # Errors
/// The cell is blank.
pub(super) fn patient_of(
    csv: &Path,
    record: &StringRecord,
    column: usize,
) -> Result<String, DataError> {
    match cell(record, column) {
        "" => Err(wrong_row(
            csv,
            line(csv, record.position()),
            "the patient is blank".to_owned(),
            "patients are needed to keep one patient out of two folds",
        )),
        patient => Ok(patient.to_owned()),
    }
}

/// A label that is present or absent; a blank cell means absent.
///
/// # Errors
/// It is anything but 1, 0 or blank.
pub(super) fn present(
    csv: &Path,
    record: &StringRecord,
    column: usize,
    name: &str,
) -> Result<u8, DataError> {
    let cell = cell(record, column);
    if cell.is_empty() {
        return Ok(0);
    }
    match cell.parse::<f64>() {
        Ok(0.0) => Ok(0),
        Ok(1.0) => Ok(1),
        _ => Err(wrong_row(
            csv,
            line(csv, record.position()),
            format!("column `{name}` holds `{cell}`, which is neither 1 nor 0"),
            "write 1, 0 or leave the cell blank",
        )),
    }
}

/// Two findings of one name could not be told apart.
///
/// # Errors
/// A name stands there twice.
pub(super) fn refuse_repeated_names<'a>(
    csv: &Path,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), DataError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            let reason = format!("the column `{name}` stands there twice");
            return Err(wrong_row(csv, Some(1), reason, "give every finding a name of its own"));
        }
    }
    Ok(())
}

/// A path of the table's, which must stay below `root`: the key of a stage covers what lies there.
///
/// # Errors
/// It is absolute or leads out.
pub(super) fn below(
    csv: &Path,
    record: &StringRecord,
    root: &Path,
    relative: &str,
) -> Result<PathBuf, DataError> {
    let stays = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(relative).components().all(stays) {
        return Err(wrong_row(
            csv,
            line(csv, record.position()),
            format!("the path `{relative}` leads out of {}", root.display()),
            "write paths relative to that folder, without `..`",
        ));
    }
    Ok(root.join(relative))
}

/// The line on which a record begins, as an editor counts. The reader's own count stands before
/// the rest of the last line's end and before empty lines. Reads the whole file: for messages only.
pub(super) fn line(csv: &Path, position: Option<&csv::Position>) -> Option<u64> {
    let bytes = std::fs::read(csv).ok()?;
    let begin = usize::try_from(position?.byte()).ok()?.min(bytes.len());
    let ends = bytes[begin..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let before = bytes[..begin + ends].iter().filter(|&&byte| byte == b'\n').count();
    Some(before as u64 + 1)
}

pub(super) fn wrong_row(csv: &Path, row: Option<u64>, reason: String, remedy: &str) -> DataError {
    DataError::Table { path: csv.to_owned(), row, reason, remedy: remedy.to_owned() }
}

pub(super) fn csv_error(path: &Path, error: csv::Error) -> DataError {
    let row = line(path, error.position());
    match error.into_kind() {
        csv::ErrorKind::Io(source) => DataError::Io { path: path.to_owned(), source },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => wrong_row(
            path,
            row,
            format!("the row has {len} cells, the header {expected_len}"),
            "give every row one cell a column",
        ),
        csv::ErrorKind::Utf8 { .. } => {
            wrong_row(path, row, "the row is not UTF-8 text".to_owned(), "save it as UTF-8")
        }
        other => wrong_row(path, row, format!("{other:?}"), "repair the table"),
    }
}
