//! The folds that a data set was published with.

use super::error::DataError;
use super::fold::write_array;
use super::npy;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// The file beside a data set's images; `[count]` bytes, the folds by number.
const FILE: &str = "splits.npy";

/// The fold that an image was published in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    /// To train on.
    Train,
    /// To validate on.
    Valid,
    /// To test on.
    Test,
}

impl Split {
    /// From the words that tables use for it, in any case.
    pub fn from_word(word: &str) -> Option<Split> {
        match word.to_lowercase().as_str() {
            "train" | "training" => Some(Split::Train),
            "valid" | "val" | "validate" | "validation" => Some(Split::Valid),
            "test" | "testing" => Some(Split::Test),
            _ => None,
        }
    }
}

/// Writes the folds of a data set's images beside them.
///
/// # Errors
/// The disk refuses.
pub(super) fn write_splits(folder: &Path, splits: &[Split]) -> Result<(), DataError> {
    let numbers: Vec<u8> = splits.iter().map(|&split| split as u8).collect();
    write_array(&folder.join(FILE), &numbers, &[numbers.len()])
}

/// The folds of the `count` images in a folder; `None` where they were published without.
///
/// # Errors
/// The file is damaged.
pub fn read_splits(folder: &Path, count: usize) -> Result<Option<Vec<Split>>, DataError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok(None);
    }
    let file = File::open(&path).map_err(DataError::io(&path))?;
    let wrong = |reason: String| DataError::Fold { path: path.clone(), reason };
    let numbers: Vec<u8> =
        npy::numbers(BufReader::new(file)).map_err(|error| wrong(error.to_string()))?;
    let splits = numbers.into_iter().map(|number| match number {
        0 => Ok(Split::Train),
        1 => Ok(Split::Valid),
        2 => Ok(Split::Test),
        other => Err(wrong(format!("{other} is the number of no fold"))),
    });
    let splits: Vec<Split> = splits.collect::<Result<_, _>>()?;
    match splits.len() == count {
        true => Ok(Some(splits)),
        false => Err(wrong(format!("it holds {} folds for {count} images", splits.len()))),
    }
}
