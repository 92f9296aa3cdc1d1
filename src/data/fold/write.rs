//! Writing folds: image by image, or as a part of another fold.

use super::array::{header, write_array, wrong};
use super::{DIGEST, DIGESTS, Fold, FoldInfo, IMAGES, INFO, LABELS, ROWS};
use crate::data::error::DataError;
use std::fs::{self, File};
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// Writes a fold whose images are all in memory.
///
/// # Errors
/// The disk refuses, or the arrays do not fit `info`.
pub fn write_fold(
    folder: &Path,
    info: &FoldInfo,
    images: &[u8],
    labels: &[u8],
) -> Result<(), DataError> {
    let mut writer = FoldWriter::create(folder, info.side)?;
    writer.append(images)?;
    writer.finish(info, labels)
}

/// Writes a fold image by image, so that a dataset never stands in memory whole.
pub struct FoldWriter {
    folder: PathBuf,
    path: PathBuf,
    images: BufWriter<File>,
    side: usize,
    digests: Vec<u8>,
}

impl FoldWriter {
    /// Starts a fold of images of `side` pixels.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn create(folder: &Path, side: usize) -> Result<FoldWriter, DataError> {
        fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        let path = folder.join(IMAGES);
        let begin = || {
            let mut images = BufWriter::new(File::create(&path)?);
            images.write_all(&header([0, side, side])?)?;
            Ok(images)
        };
        let images = begin().map_err(DataError::io(&path))?;
        Ok(FoldWriter { folder: folder.to_owned(), path, images, side, digests: Vec::new() })
    }

    /// Adds whole images, `[n, side, side]`.
    ///
    /// # Errors
    /// The disk refuses, or the last image is cut short.
    pub fn append(&mut self, pixels: &[u8]) -> Result<(), DataError> {
        let images = pixels.chunks_exact(self.side * self.side);
        if !images.remainder().is_empty() {
            return Err(wrong(&self.path, "an image was written in part".to_owned()));
        }
        images.for_each(|image| self.digests.extend_from_slice(blake3::hash(image).as_bytes()));
        self.images.write_all(pixels).map_err(DataError::io(&self.path))
    }

    /// Images so far.
    pub fn count(&self) -> usize {
        self.digests.len() / DIGEST
    }

    /// Writes labels, `[count, findings]`, and the description.
    ///
    /// # Errors
    /// The disk refuses, or images, labels and description do not fit together.
    pub fn finish(mut self, info: &FoldInfo, labels: &[u8]) -> Result<(), DataError> {
        if (info.count, info.side) != (self.count(), self.side) {
            let reason = format!("{} images were written for {}", self.count(), info.count);
            return Err(wrong(&self.path, reason));
        }
        self.begin_with_header().map_err(DataError::io(&self.path))?;
        write_rest(&self.folder, info, labels, &self.digests)
    }

    /// Only now is it known how many images there are.
    fn begin_with_header(&mut self) -> std::io::Result<()> {
        self.images.rewind()?;
        self.images.write_all(&header([self.count(), self.side, self.side])?)?;
        self.images.flush()
    }
}

/// Writes a fold of some images of another one, `indices` among its, sharing its pixels where the
/// file system has hard links.
///
/// # Errors
/// The disk refuses, or `info` and labels are not of these images.
pub fn write_part(
    folder: &Path,
    whole: &Fold,
    indices: &[usize],
    info: &FoldInfo,
    labels: &[u8],
) -> Result<(), DataError> {
    fs::create_dir_all(folder).map_err(DataError::io(folder))?;
    if info.side != whole.info.side || info.count != indices.len() {
        let reason = format!("{} images were chosen for {}", indices.len(), info.count);
        return Err(wrong(&folder.join(IMAGES), reason));
    }
    if fs::hard_link(whole.images.path(), folder.join(IMAGES)).is_err() {
        let mut writer = FoldWriter::create(folder, info.side)?;
        indices.iter().try_for_each(|&index| writer.append(whole.image(index)))?;
        return writer.finish(info, labels);
    }
    let rows: Vec<usize> = indices.iter().map(|&index| whole.row(index)).collect();
    write_rows(folder, &rows, whole.images.shape()[0])?;
    let digests: Vec<u8> = indices.iter().flat_map(|&index| whole.digest(index)).copied().collect();
    write_rest(folder, info, labels, &digests)
}

/// Says where the images stand among `stored` ones, unless they are these.
fn write_rows(folder: &Path, rows: &[usize], stored: usize) -> Result<(), DataError> {
    if rows.len() == stored && rows.iter().enumerate().all(|(place, &row)| place == row) {
        return Ok(());
    }
    let path = folder.join(ROWS);
    let rows: Result<Vec<u32>, _> = rows.iter().map(|&row| u32::try_from(row)).collect();
    let rows = rows.map_err(|_| wrong(&path, "it cannot name so many images".to_owned()))?;
    write_array(&path, &rows, &[rows.len()])
}

/// All but the pixels.
fn write_rest(
    folder: &Path,
    info: &FoldInfo,
    labels: &[u8],
    digests: &[u8],
) -> Result<(), DataError> {
    let width = info.findings.len();
    if labels.len() != info.count * width {
        let reason = "there is not one label for each image and finding".to_owned();
        return Err(wrong(&folder.join(LABELS), reason));
    }
    write_array(&folder.join(DIGESTS), digests, &[info.count, DIGEST])?;
    write_array(&folder.join(LABELS), labels, &[info.count, width])?;
    let path = folder.join(INFO);
    let text = serde_json::to_vec_pretty(info).map_err(|error| wrong(&path, error.to_string()))?;
    fs::write(&path, text).map_err(DataError::io(&path))
}
