//! The published layout of CheXpert: one CSV file, images in folders of patients and studies.

mod table;

use super::error::DataError;
use super::fold::{FoldInfo, Origin};
use super::ingest::ingest;
use super::located::{Name, locate};
use super::memory::Memory;
use super::pixels::Raster;
use super::summary::{Dropped, Summary};
use super::table::{Named, cell, each_row, line, number, open, shortened, wrong_row};
use crate::data::image::Square;
use crate::progress::Monitor;
use csv::{Position, StringRecord};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use table::Columns;

/// What an uncertain label (-1) means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncertain {
    /// Present, the seed system's policy.
    Positive,
    /// Absent.
    Negative,
    /// The row is left out.
    Ignore,
}

/// Which views are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Frontal radiographs.
    Frontal,
    /// Lateral radiographs.
    Lateral,
    /// Both.
    Both,
}

/// How rows become labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What -1 means.
    pub uncertain: Uncertain,
    /// Which views are read.
    pub view: View,
    /// Whether rows without a positive finding are left out.
    pub drop_unlabelled: bool,
}

/// A table after its policy.
struct Table {
    findings: Vec<String>,
    sources: Vec<String>,
    patients: Vec<String>,
    labels: Vec<u8>,
    read: usize,
    dropped: [usize; 3],
    /// Where the row of each path stands.
    places: Vec<Option<Position>>,
    named: Named,
}

/// The images that the policy keeps.
///
/// # Errors
/// The table is missing or wrong, with the line.
pub fn images(csv: &Path, policy: Policy) -> Result<Vec<PathBuf>, DataError> {
    read_table(csv, policy)?.images(csv)
}

/// What the table says of the images that the policy keeps, and their labels, `[count, findings]`.
/// No image is looked for.
///
/// # Errors
/// The table is missing or wrong, with the line.
pub fn labels(
    csv: &Path,
    policy: Policy,
    raster: Raster,
) -> Result<(FoldInfo, Vec<u8>), DataError> {
    Ok(read_table(csv, policy)?.info(raster))
}

/// The folder that the paths in the table are relative to: the one above the table's own.
pub fn root(csv: &Path) -> PathBuf {
    csv.parent().and_then(Path::parent).map_or_else(PathBuf::new, Path::to_owned)
}

/// Reads the table and its images into a fold at `target`.
///
/// # Errors
/// The table is wrong, or an image is missing or cannot be decoded.
pub fn read(
    csv: &Path,
    policy: Policy,
    square: impl Into<Square>,
    target: &Path,
    monitor: &dyn Monitor,
    memory: &dyn Memory,
) -> Result<Summary, DataError> {
    let Square { raster, resampling } = square.into();
    let table = read_table(csv, policy)?;
    let paths = table.images(csv)?;
    let reasons = ["other view", "uncertain label", "no positive finding"];
    let dropped = reasons
        .iter()
        .zip(table.dropped)
        .map(|(reason, count)| Dropped { reason: (*reason).to_owned(), count })
        .collect();
    let read = table.read;
    let (info, labels) = table.info(raster);
    let summary = Summary::count(read, &info.findings, &labels, &info.patients, dropped);
    ingest(target, &paths, &info, &labels, resampling, monitor, memory)?;
    Ok(summary)
}

impl Table {
    /// The images' files.
    fn images(&self, csv: &Path) -> Result<Vec<PathBuf>, DataError> {
        let names = self
            .sources
            .par_iter()
            .zip(&self.places)
            .map(|(text, place)| Name { text, place: place.as_ref() });
        let remedy =
            "paths are relative to the folder above the table's; move the table or the images";
        locate(csv, &root(csv), names, remedy)
    }

    fn info(self, raster: Raster) -> (FoldInfo, Vec<u8>) {
        let info = FoldInfo {
            findings: self.findings,
            side: raster.side,
            depth: raster.depth,
            channels: raster.channels,
            count: self.sources.len(),
            origin: Origin::Real,
            patients: self.patients,
            sources: self.sources,
        };
        (info, self.labels)
    }
}

fn read_table(csv: &Path, policy: Policy) -> Result<Table, DataError> {
    let (mut reader, header) = open(csv)?;
    let columns = Columns::find(csv, &header)?;
    let mut table = Table {
        findings: columns.findings.iter().map(|(_, name)| name.clone()).collect(),
        sources: Vec::new(),
        patients: Vec::new(),
        labels: Vec::new(),
        read: 0,
        dropped: [0; 3],
        places: Vec::new(),
        named: Named::default(),
    };
    table.read =
        each_row(csv, &mut reader, |record| take_row(csv, &columns, policy, record, &mut table))?;
    if table.sources.is_empty() {
        return Err(DataError::Table {
            path: csv.to_owned(),
            row: None,
            reason: format!("none of its {} rows is kept", table.read),
            remedy: "choose another `view` or policy".to_owned(),
        });
    }
    Ok(table)
}

/// Adds a row to the table, or counts why it is left out.
fn take_row(
    csv: &Path,
    columns: &Columns,
    policy: Policy,
    record: &StringRecord,
    table: &mut Table,
) -> Result<(), DataError> {
    let row = || line(csv, record.position());
    let relative = cell(record, columns.path);
    table.named.add(csv, relative, record.position())?;
    if !policy.view.takes(record.get(columns.view).unwrap_or_default(), relative) {
        table.dropped[0] += 1;
        return Ok(());
    }
    let before = table.labels.len();
    for (column, name) in &columns.findings {
        let cell = cell(record, *column);
        match label(cell, policy.uncertain) {
            Ok(Some(value)) => table.labels.push(value),
            Ok(None) => {
                table.labels.truncate(before);
                table.dropped[1] += 1;
                return Ok(());
            }
            Err(reason) => {
                return Err(wrong_row(
                    csv,
                    row(),
                    format!("column `{name}` holds `{}`, {reason}", shortened(cell)),
                    "write 1, 0, -1 or leave the cell blank",
                ));
            }
        }
    }
    if policy.drop_unlabelled && table.labels[before..].iter().all(|&label| label == 0) {
        table.labels.truncate(before);
        table.dropped[2] += 1;
        return Ok(());
    }
    let patient =
        relative.split('/').find(|part| part.starts_with("patient")).ok_or_else(|| {
            wrong_row(
                csv,
                row(),
                format!("the path `{relative}` has no part `patient…`"),
                "patients are needed to keep one patient out of two folds",
            )
        })?;
    table.patients.push(patient.to_owned());
    table.sources.push(relative.to_owned());
    table.places.push(record.position().cloned());
    Ok(())
}

impl View {
    /// The file name decides where it says so, as in the published files; else the column.
    fn takes(self, column: &str, path: &str) -> bool {
        let frontal = if path.contains("_frontal") {
            true
        } else if path.contains("_lateral") {
            false
        } else {
            !column.eq_ignore_ascii_case("lateral")
        };
        match self {
            View::Frontal => frontal,
            View::Lateral => !frontal,
            View::Both => true,
        }
    }
}

/// A cell as a label; `None` where the row is to be left out.
fn label(cell: &str, uncertain: Uncertain) -> Result<Option<u8>, &'static str> {
    if cell.is_empty() {
        return Ok(Some(0));
    }
    match number(cell).ok_or("which is neither a number nor blank")? {
        1.0 => Ok(Some(1)),
        0.0 => Ok(Some(0)),
        -1.0 => Ok(match uncertain {
            Uncertain::Positive => Some(1),
            Uncertain::Negative => Some(0),
            Uncertain::Ignore => None,
        }),
        _ => Err("which is none of 1, 0 and -1"),
    }
}
