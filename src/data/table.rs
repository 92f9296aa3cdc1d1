//! Tables as CSV: rows in the order of the file, and words for what is wrong with them.

use super::error::DataError;
use crate::language::suggest::nearest;
use csv::{Position, Reader, ReaderBuilder, StringRecord};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use std::collections::BTreeSet;
use std::fs::File;
use std::hash::BuildHasher;
use std::ops::Range;
use std::path::Path;

/// An open table and its header; cells stand between commas, or between tabs in a `.tsv`. A byte order mark and line ends of Windows are passed over.
///
/// # Errors
/// It is missing, or its header is no text.
pub(super) fn open(csv: &Path) -> Result<(Reader<File>, StringRecord), DataError> {
    let has_tabs = csv.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("tsv"));
    let mut reader = ReaderBuilder::new()
        .flexible(false)
        .delimiter(if has_tabs { b'\t' } else { b',' })
        .from_path(csv)
        .map_err(|error| csv_error(csv, error))?;
    let header = reader.headers().map_err(|error| csv_error(csv, error))?.clone();
    Ok((reader, header))
}

/// The position of a column.
pub(super) fn find(header: &StringRecord, name: &str) -> Option<usize> {
    header.iter().position(|found| found.trim() == name)
}

/// Hands every row to `take` and returns how many there were. One record is used for all of them:
/// a row of its own for each would cost as much as reading it.
///
/// # Errors
/// A row is wrong, or `take` says so.
pub(super) fn each_row(
    csv: &Path,
    reader: &mut Reader<File>,
    mut take: impl FnMut(&StringRecord) -> Result<(), DataError>,
) -> Result<usize, DataError> {
    let mut record = StringRecord::new();
    let mut read = 0;
    while reader.read_record(&mut record).map_err(|error| csv_error(csv, error))? {
        read += 1;
        take(&record)?;
    }
    Ok(read)
}

/// The position of a column that must be there.
///
/// # Errors
/// It is missing; the message lists the columns that there are and names the one that may be meant.
pub(super) fn must_find(
    csv: &Path,
    header: &StringRecord,
    name: &str,
    remedy: &str,
) -> Result<usize, DataError> {
    find(header, name).ok_or_else(|| {
        let found: Vec<&str> = header.iter().map(str::trim).collect();
        let reason = format!("the column `{name}` is missing among {}", found.join(", "));
        let remedy = match other_delimiter(&found) {
            Some(delimiter) => format!("its cells stand between {delimiter}; save it with commas"),
            None => meant(name, found.iter().copied(), remedy),
        };
        wrong_row(csv, Some(1), reason, &remedy)
    })
}

/// What separates the cells of a table that seems to have one column only.
fn other_delimiter(header: &[&str]) -> Option<&'static str> {
    let [only] = header else { return None };
    [(';', "semicolons"), ('\t', "tabs")]
        .into_iter()
        .find(|(sign, _)| only.contains(*sign))
        .map(|(_, name)| name)
}

/// A remedy that names what was probably meant, where anything is like it.
pub(super) fn meant<'a>(
    written: &str,
    candidates: impl Iterator<Item = &'a str> + Clone,
    remedy: &str,
) -> String {
    let in_other_case =
        candidates.clone().find(|candidate| candidate.to_lowercase() == written.to_lowercase());
    match in_other_case.or_else(|| nearest(written, candidates)) {
        Some(candidate) => format!("did you mean `{candidate}`? Otherwise {remedy}"),
        None => remedy.to_owned(),
    }
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
    match number(cell) {
        None if cell.is_empty() => Ok(0),
        Some(0.0) => Ok(0),
        Some(1.0) => Ok(1),
        _ => Err(wrong_row(
            csv,
            line(csv, record.position()),
            format!("column `{name}` holds `{}`, which is neither 1 nor 0", shortened(cell)),
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

/// A cell as a number. The forms that labels mostly have are read without a parser.
pub(super) fn number(cell: &str) -> Option<f64> {
    match cell {
        "" => None,
        "1" | "1.0" => Some(1.0),
        "0" | "0.0" => Some(0.0),
        other => other.parse().ok(),
    }
}

/// A cell in a message; an open quotation mark makes one of half the table.
pub(super) fn shortened(cell: &str) -> String {
    const MOST: usize = 60;
    match cell.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell.to_owned(),
    }
}

/// The images that a table has named so far, and where. A text and a map entry of its own for each
/// would cost as much as reading the table.
#[derive(Default)]
pub(super) struct Named {
    hasher: DefaultHashBuilder,
    /// Every name, one behind the other.
    text: String,
    images: HashTable<NamedImage>,
}

struct NamedImage {
    hash: u64,
    name: Range<usize>,
    /// Where its row begins in the table.
    byte: u64,
}

impl Named {
    /// Adds an image. Two rows for one image may contradict each other, and would count it twice.
    ///
    /// # Errors
    /// It stands above already.
    pub(super) fn add(
        &mut self,
        csv: &Path,
        name: &str,
        place: Option<&Position>,
    ) -> Result<(), DataError> {
        let hash = self.hasher.hash_one(name);
        let is_same = |image: &NamedImage| {
            image.hash == hash && self.text.get(image.name.clone()) == Some(name)
        };
        match self.images.entry(hash, is_same, |image| image.hash) {
            Entry::Occupied(first) => {
                let mut above = Position::new();
                above.set_byte(first.get().byte);
                let first = line(csv, Some(&above)).unwrap_or(0);
                let reason = format!("the image {name} stands on line {first} already");
                Err(wrong_row(csv, line(csv, place), reason, "keep one row an image"))
            }
            Entry::Vacant(free) => {
                let begin = self.text.len();
                self.text.push_str(name);
                let byte = place.map_or(0, Position::byte);
                free.insert(NamedImage { hash, name: begin..self.text.len(), byte });
                Ok(())
            }
        }
    }
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
