//! A fold on disk: images, labels, and where each image comes from.
//!
//! `labels.npy` holds bytes of shape `[count, findings]`, `digests.npy` bytes of shape `[count,
//! 32]`, the blake3 hash of each image's pixels, and `fold.json` is a [`FoldInfo`]. These say what
//! the fold is. Its pixels stand in `images.npy` of shape `[stored, side, side]`, or `[stored,
//! channels, side, side]` where images have several channels, bytes or numbers of sixteen bits with
//! the lower byte first, which may be shared with other folds: where it holds other images than the
//! fold's, or in another order, `rows.npy` has the place of each, unsigned numbers of 32 bits and
//! shape `[count]`. All of them are arrays in C order that NumPy reads; `images[rows]` are the
//! fold's images.

mod array;
mod behind;
mod write;

pub(super) use array::{MappedArray, write_array};
pub(in crate::data) use write::digests;
pub use write::{FoldWriter, write_fold, write_part};

use super::channels::Channels;
use super::depth::Depth;
use super::error::DataError;
use super::label_set::LabelSet;
use super::pixels::Pixels;
use super::pixels::Raster;
use array::read_rows;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

const INFO: &str = "fold.json";
const IMAGES: &str = "images.npy";
const ROWS: &str = "rows.npy";
const LABELS: &str = "labels.npy";
const DIGESTS: &str = "digests.npy";

/// The files that every fold has.
pub const FILES: [&str; 4] = [INFO, IMAGES, LABELS, DIGESTS];

/// The files that pixels stand in. Folds with the same images may have different ones, which the
/// digests of the images make up for.
pub const BACKING_FILES: [&str; 2] = [IMAGES, ROWS];

/// Length of the digest of an image, in bytes.
pub(super) const DIGEST: usize = 32;

/// Images that a thread checks at least, so that small ones cost no more than their hash.
const WORTH_A_THREAD: usize = 64;

/// Whether images were taken of patients or made by a generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Taken from a dataset.
    Real,
    /// Made by a generator.
    Synthetic,
}

/// What a fold holds beside pixels and labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoldInfo {
    /// Names of the findings, in the order of the label matrix' columns.
    pub findings: Vec<String>,
    /// Side of the square images in pixels.
    pub side: usize,
    /// Bits of a pixel; eight are not written down.
    #[serde(default, skip_serializing_if = "Depth::is_eight")]
    pub depth: Depth,
    /// Channels of an image; one is not written down.
    #[serde(default, skip_serializing_if = "Channels::is_one")]
    pub channels: Channels,
    /// Number of images.
    pub count: usize,
    /// Real or synthetic.
    pub origin: Origin,
    /// One patient id an image; empty for synthetic images.
    pub patients: Vec<String>,
    /// One source (relative path or running number) an image; empty for synthetic images.
    pub sources: Vec<String>,
}

impl FoldInfo {
    /// Side, depth and channels of the images.
    pub fn raster(&self) -> Raster {
        Raster { side: self.side, depth: self.depth, channels: self.channels }
    }

    /// What does not fit together.
    fn check(&self) -> Result<(), String> {
        let lists = [("patients", &self.patients), ("sources", &self.sources)];
        match lists.iter().find(|(_, list)| !list.is_empty() && list.len() != self.count) {
            Some((name, list)) => {
                Err(format!("it lists {} {name} for {} images", list.len(), self.count))
            }
            None => Ok(()),
        }
    }
}

/// An open fold. Images are mapped into memory, not read.
#[derive(Debug)]
pub struct Fold {
    info: FoldInfo,
    images: MappedArray,
    rows: Option<Vec<u32>>,
    labels: MappedArray,
    digests: MappedArray,
}

impl Fold {
    /// Opens the fold in a folder and compares every image with its digest: a bit that the disk lost
    /// must not become part of a result.
    ///
    /// # Errors
    /// As for [`Fold::open_unread`], or as for [`Fold::check`].
    pub fn open(folder: &Path) -> Result<Fold, DataError> {
        let fold = Fold::open_unread(folder)?;
        fold.check_all()?;
        Ok(fold)
    }

    /// Opens the fold in a folder, for those who read few of its pixels. They [check](Fold::check)
    /// what they read.
    ///
    /// # Errors
    /// A file is missing, cut short, or of another shape than `fold.json` says.
    pub fn open_unread(folder: &Path) -> Result<Fold, DataError> {
        Fold::open_files(|file| {
            let path = folder.join(file);
            (file != ROWS || path.exists()).then_some(path)
        })
    }

    /// The same for a fold whose files lie wherever `place` says: [`FILES`], and `rows.npy` where the
    /// fold has one.
    ///
    /// # Errors
    /// As for [`Fold::open_unread`].
    pub fn open_files(place: impl Fn(&str) -> Option<PathBuf>) -> Result<Fold, DataError> {
        let must = |file: &str| {
            let missing = || DataError::Fold { path: file.into(), reason: "it is missing".into() };
            place(file).ok_or_else(missing)
        };
        let path = must(INFO)?;
        let bytes = fs::read(&path).map_err(DataError::io(&path))?;
        let info: FoldInfo = serde_json::from_slice(&bytes)
            .map_err(|error| DataError::Fold { path: path.clone(), reason: error.to_string() })?;
        info.check().map_err(|reason| DataError::Fold { path, reason })?;
        let images = MappedArray::open(&must(IMAGES)?)?;
        let rows = match place(ROWS) {
            Some(path) => Some(read_rows(&path, info.count, images.shape()[0])?),
            None => None,
        };
        let stored = if rows.is_some() { images.shape()[0] } else { info.count };
        images.require(&info.raster().shape(stored), info.depth)?;
        let labels = MappedArray::open(&must(LABELS)?)?;
        labels.require(&[info.count, info.findings.len()], Depth::Eight)?;
        let digests = MappedArray::open(&must(DIGESTS)?)?;
        digests.require(&[info.count, DIGEST], Depth::Eight)?;
        Ok(Fold { info, images, rows, labels, digests })
    }

    /// Compares these images with their digests, on all threads.
    ///
    /// # Errors
    /// [`DataError::Damaged`] for the first image that is not what was stored.
    pub fn check(&self, indices: &[usize]) -> Result<(), DataError> {
        self.check_each(indices.par_iter().copied())
    }

    /// The same for every image.
    ///
    /// # Errors
    /// As for [`Fold::check`].
    pub fn check_all(&self) -> Result<(), DataError> {
        self.check_each((0..self.len()).into_par_iter())
    }

    fn check_each(
        &self,
        indices: impl IndexedParallelIterator<Item = usize>,
    ) -> Result<(), DataError> {
        let is_other = |index: &usize| {
            blake3::hash(self.image(*index)).as_bytes().as_slice() != self.digest(*index)
        };
        match indices.with_min_len(WORTH_A_THREAD).find_any(is_other) {
            Some(_) => Err(DataError::Damaged { path: self.images.path().to_owned() }),
            None => Ok(()),
        }
    }

    /// Names, counts, origins.
    pub fn info(&self) -> &FoldInfo {
        &self.info
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.info.count
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.info.count == 0
    }

    /// All images.
    pub fn pixels(&self) -> Pixels<'_> {
        Pixels::at_rows(self.images.bytes(), self.info.raster(), self.rows.as_deref())
    }

    /// The bytes of one image, `[channels, side, side]`.
    pub fn image(&self, index: usize) -> &[u8] {
        self.pixels().image(index)
    }

    /// The blake3 hashes of all images' pixels, `[count, 32]`.
    pub fn digests(&self) -> &[u8] {
        self.digests.bytes()
    }

    /// The blake3 hash of one image's pixels, 32 bytes.
    pub fn digest(&self, index: usize) -> &[u8] {
        &self.digests()[index * DIGEST..][..DIGEST]
    }

    /// All labels, `[count, findings]`, zero or one.
    pub fn all_labels(&self) -> &[u8] {
        self.labels.bytes()
    }

    /// One image's labels.
    pub fn labels(&self, index: usize) -> &[u8] {
        let width = self.info.findings.len();
        &self.all_labels()[index * width..(index + 1) * width]
    }

    /// One image's label set.
    pub fn label_set(&self, index: usize) -> LabelSet {
        LabelSet::from_row(self.labels(index))
    }
}
