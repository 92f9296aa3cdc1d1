//! The header of a CheXpert table, and words for what is wrong with it.

use crate::data::error::DataError;
use csv::StringRecord;
use std::path::Path;

/// Columns before the findings; every column after the last of them is a finding.
const COLUMNS: [&str; 5] = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA"];

/// Where the columns that are read stand.
pub(super) struct Columns {
    pub(super) path: usize,
    pub(super) view: usize,
    /// Position and name of each finding.
    pub(super) findings: Vec<(usize, String)>,
}

impl Columns {
    pub(super) fn find(csv: &Path, header: &StringRecord) -> Result<Columns, DataError> {
        let position = |wanted: &str| {
            header.iter().position(|name| name.trim() == wanted).ok_or_else(|| {
                wrong_row(
                    csv,
                    Some(1),
                    format!("the column `{wanted}` is missing"),
                    "the header must be that of CheXpert: Path, Sex, Age, Frontal/Lateral, \
                     AP/PA, then findings",
                )
            })
        };
        let positions: Vec<usize> =
            COLUMNS.iter().map(|name| position(name)).collect::<Result<_, _>>()?;
        let last = positions.iter().copied().max().unwrap_or(0);
        let findings: Vec<(usize, String)> = header
            .iter()
            .enumerate()
            .skip(last + 1)
            .map(|(column, name)| (column, name.trim().to_owned()))
            .collect();
        if findings.is_empty() {
            return Err(wrong_row(
                csv,
                Some(1),
                "there is no finding behind `AP/PA`".to_owned(),
                "add one column a finding",
            ));
        }
        let repeated = |(place, (_, name)): &(usize, &(usize, String))| {
            findings[..*place].iter().any(|(_, other)| other == name)
        };
        if let Some((_, (_, name))) = findings.iter().enumerate().find(repeated) {
            return Err(wrong_row(
                csv,
                Some(1),
                format!("the column `{name}` stands there twice"),
                "give every finding a name of its own",
            ));
        }
        Ok(Columns { path: positions[0], view: positions[3], findings })
    }
}

/// The line on which a record begins, as an editor counts. The reader's own count stands before
/// the rest of the last line's end and before empty lines.
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
