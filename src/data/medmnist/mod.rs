//! MedMNIST: small images in one `.npz` archive, or saved into a folder as image files.
//!
//! Names and layout are those of the package `medmnist` 3: arrays `train_images`, `train_labels`
//! and the same for `val` and `test`; files `<split><number>_<labels>.png`.

mod archive;
mod folder;
mod names;

use super::error::DataError;
use super::memory::Memory;
use super::split::Split;
use super::summary::Summary;
use crate::data::image::Square;
use crate::progress::Monitor;
use std::path::{Path, PathBuf};

/// Names of the splits in arrays and files.
const SPLITS: [(&str, Split); 3] =
    [("train", Split::Train), ("val", Split::Valid), ("test", Split::Test)];

/// How a data set is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Names of the findings, in the order of class numbers or label columns; `None` for those of
    /// the published data set that the file is named after, or else numbers.
    pub names: Option<Vec<String>>,
    /// Whether images without a finding are left out.
    pub drop_unlabelled: bool,
    /// What becomes of each image.
    pub square: Square,
}

/// The files that a data set consists of.
///
/// # Errors
/// The path is missing, or a folder without images.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    if path.is_dir() { folder::files(path) } else { Ok(vec![path.to_owned()]) }
}

/// Reads the data set into a fold at `target`, with the folds that it was published in. Nothing is
/// known of patients, so every image counts as a patient of its own.
///
/// # Errors
/// A file is missing, no archive of NumPy's, or of another layout.
pub fn read(
    path: &Path,
    options: &Options,
    target: &Path,
    monitor: &dyn Monitor,
    memory: &dyn Memory,
) -> Result<Summary, DataError> {
    if path.is_dir() {
        folder::read(path, options, target, monitor, memory)
    } else {
        archive::read(path, options, target, monitor)
    }
}

/// What the numbers of all images mean: one number an image is a class, several are findings that
/// are there or not.
struct Labels {
    findings: Vec<String>,
    /// `[count, findings]`.
    matrix: Vec<u8>,
}

/// Turns numbers, `width` an image, into labels.
fn labels(path: &Path, options: &Options, numbers: &[i64], width: usize) -> Result<Labels, String> {
    let is_class = width == 1;
    let most = numbers.iter().copied().max().unwrap_or(0);
    if let Some(wrong) = numbers.iter().find(|&&number| number < 0 || (!is_class && number > 1)) {
        return Err(format!("{wrong} is no label; classes count from 0, findings are 0 or 1"));
    }
    let count = if is_class { usize::try_from(most).unwrap_or(usize::MAX) + 1 } else { width };
    if count > MOST_CLASSES {
        return Err(format!("its labels name {count} classes; at most {MOST_CLASSES} are read"));
    }
    let findings = match (&options.names, names::published(path)) {
        (Some(names), _) => names.clone(),
        (None, Some(names)) => names,
        (None, None) => (0..count).map(|number| number.to_string()).collect(),
    };
    if findings.len() < count || (!is_class && findings.len() != count) {
        return Err(format!(
            "its labels are of {count} classes or findings, the names are {}: {}; name them all in \
             `names`",
            findings.len(),
            findings.join(", ")
        ));
    }
    let mut matrix = vec![0; numbers.len() / width * findings.len()];
    for (row, numbers) in matrix.chunks_mut(findings.len()).zip(numbers.chunks(width)) {
        match numbers {
            [class] => row[usize::try_from(*class).unwrap_or(0)] = 1,
            several => {
                for (label, number) in row.iter_mut().zip(several) {
                    *label = u8::from(*number == 1);
                }
            }
        }
    }
    Ok(Labels { findings, matrix })
}

/// More are no classes but measurements.
const MOST_CLASSES: usize = 10_000;
