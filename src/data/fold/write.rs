//! Writing folds: image by image, or as a part of another fold.

use super::array::{header, write_array, wrong};
use super::behind::WrittenBehind;
use super::{DIGEST, DIGESTS, Fold, FoldInfo, IMAGES, INFO, LABELS, ROWS};
use crate::data::error::DataError;
use crate::data::pixels::Raster;
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::{Seek, Write};
use std::ops::Range;
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
    let mut writer = FoldWriter::create(folder, info.raster(), info.count)?;
    writer.append(images)?;
    writer.finish(info, labels)
}

/// The digest of each image, `[n, channels, side, side]`.
pub(in crate::data) fn digests(pixels: &[u8], raster: Raster) -> Vec<[u8; DIGEST]> {
    pixels.par_chunks(raster.bytes()).map(|image| *blake3::hash(image).as_bytes()).collect()
}

/// Writes a fold image by image, so that a dataset never stands in memory whole.
pub struct FoldWriter {
    folder: PathBuf,
    path: PathBuf,
    images: Images,
    raster: Raster,
    digests: Vec<u8>,
}

/// Where the images go.
enum Images {
    /// Into a file of the fold's own.
    Own(WrittenBehind),
    /// They stand at these rows among so many already.
    There { rows: Vec<usize>, stored: usize },
}

impl FoldWriter {
    /// Starts a fold of at most `expected` images.
    ///
    /// # Errors
    /// The disk refuses, or has no room for as many.
    pub fn create(folder: &Path, raster: Raster, expected: usize) -> Result<FoldWriter, DataError> {
        fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        let path = folder.join(IMAGES);
        check_room(&path, (expected as u64).saturating_mul(raster.bytes() as u64))?;
        let begin = || {
            let mut images = WrittenBehind::new(File::create(&path)?);
            images.write_all(&header(0, raster)?)?;
            Ok(images)
        };
        let images = Images::Own(begin().map_err(DataError::io(&path))?);
        Ok(FoldWriter { folder: folder.to_owned(), path, images, raster, digests: Vec::new() })
    }

    /// A fold of images that stand at `rows` of `stored` ones, in a file that is where
    /// [`FoldWriter::place_of_images`] says; `digests` has 32 bytes for each.
    pub(in crate::data) fn at_rows(
        folder: &Path,
        raster: Raster,
        (rows, stored): (Vec<usize>, usize),
        digests: Vec<u8>,
    ) -> FoldWriter {
        let (folder, path) = (folder.to_owned(), folder.join(IMAGES));
        FoldWriter { folder, path, images: Images::There { rows, stored }, raster, digests }
    }

    /// Where a fold has its images; the folder is made.
    ///
    /// # Errors
    /// The disk refuses.
    pub(in crate::data) fn place_of_images(folder: &Path) -> Result<PathBuf, DataError> {
        fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        Ok(folder.join(IMAGES))
    }

    /// Adds whole images, `[n, channels, side, side]`.
    ///
    /// # Errors
    /// The disk refuses, the last image is cut short, or the images are there already.
    pub fn append(&mut self, pixels: &[u8]) -> Result<(), DataError> {
        self.append_hashed(pixels, &digests(pixels, self.raster))
    }

    /// Adds whole images whose digests are known.
    pub(in crate::data) fn append_hashed(
        &mut self,
        pixels: &[u8],
        digests: &[[u8; DIGEST]],
    ) -> Result<(), DataError> {
        if pixels.len() != digests.len() * self.raster.bytes() {
            return Err(wrong(&self.path, "an image was written in part".to_owned()));
        }
        let Images::Own(file) = &mut self.images else {
            return Err(wrong(&self.path, "it is shared and takes no more images".to_owned()));
        };
        self.digests.extend_from_slice(digests.as_flattened());
        file.write_all(pixels).map_err(DataError::io(&self.path))
    }

    /// Images so far.
    pub fn count(&self) -> usize {
        self.digests.len() / DIGEST
    }

    /// The digests of some of them.
    pub(in crate::data) fn digests(&self, range: Range<usize>) -> Vec<[u8; DIGEST]> {
        self.digests.as_chunks().0[range].to_vec()
    }

    /// Writes labels, `[count, findings]`, and the description.
    ///
    /// # Errors
    /// The disk refuses, or images, labels and description do not fit together.
    pub fn finish(mut self, info: &FoldInfo, labels: &[u8]) -> Result<(), DataError> {
        let count = self.count();
        if (info.count, info.raster()) != (count, self.raster) {
            let reason = format!("{count} images were written for {}", info.count);
            return Err(wrong(&self.path, reason));
        }
        match &mut self.images {
            Images::Own(file) => {
                begin_with_header(file, count, self.raster).map_err(DataError::io(&self.path))?
            }
            Images::There { rows, stored } => write_rows(&self.folder, rows, *stored)?,
        }
        write_rest(&self.folder, info, labels, &self.digests)
    }
}

/// Refuses before the first image what the disk has plainly no room for.
fn check_room(path: &Path, needed: u64) -> Result<(), DataError> {
    // Where the system does not say how much is free, the disk will.
    let free = path.parent().and_then(|folder| rustix::fs::statvfs(folder).ok());
    let free = free.map_or(u64::MAX, |stat| stat.f_bavail.saturating_mul(stat.f_frsize));
    match needed > free {
        true => Err(DataError::NoRoom { needed, free }),
        false => Ok(()),
    }
}

/// Only in the end is it known how many images there are.
fn begin_with_header(
    file: &mut WrittenBehind,
    count: usize,
    raster: Raster,
) -> std::io::Result<()> {
    file.rewind()?;
    file.write_all(&header(count, raster)?)?;
    file.flush()?;
    file.wait()
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
    let raster = whole.info.raster();
    let target = FoldWriter::place_of_images(folder)?;
    if fs::hard_link(whole.images.path(), &target).is_err() {
        whole.check(indices)?;
        let mut writer = FoldWriter::create(folder, raster, indices.len())?;
        indices.iter().try_for_each(|&index| writer.append(whole.image(index)))?;
        return writer.finish(info, labels);
    }
    let rows = indices.iter().map(|&index| whole.pixels().row(index)).collect();
    let digests = indices.iter().flat_map(|&index| whole.digest(index)).copied().collect();
    let stored = whole.images.shape()[0];
    FoldWriter::at_rows(folder, raster, (rows, stored), digests).finish(info, labels)
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
