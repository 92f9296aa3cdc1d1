//! From a list of image files to a fold on disk: decoded side by side, written in order.

use super::error::DataError;
use super::fold::{FoldInfo, FoldWriter};
use super::image::{self, Grey};
use crate::progress::{Monitor, Progress, Stopped};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Images that are decoded before the next write.
const CHUNK: usize = 256;

/// Tells how many images were read.
///
/// # Errors
/// A stop on request.
pub(super) fn tell_reading(
    monitor: &dyn Monitor,
    done: usize,
    total: usize,
) -> Result<(), DataError> {
    if monitor.stop_requested() {
        return Err(Stopped.into());
    }
    monitor.report(&Progress::counted("reading", done, total, "images"));
    Ok(())
}

/// Reads `files` into a fold in `folder`.
///
/// # Errors
/// A file cannot be read or decoded, the disk refuses, or a stop on request.
pub(super) fn ingest(
    folder: &Path,
    files: &[PathBuf],
    info: &FoldInfo,
    labels: &[u8],
    monitor: &dyn Monitor,
) -> Result<(), DataError> {
    let read = |path: &PathBuf| square(path, &image::read(path)?, info.side);
    let writer = read_images(folder, info.side, files, 1, monitor, read, |_, error| Err(error))?;
    writer.finish(info, labels)
}

/// Reads items that hold up to `most` images each. `read` gives the bytes of an item's images, one
/// behind the other; of an item that has none because it cannot be read, `refused` takes the position
/// and the reason, and the others go on.
///
/// # Errors
/// `refused` says so, the disk refuses, or a stop on request.
pub(super) fn read_images<Item: Sync>(
    folder: &Path,
    side: usize,
    items: &[Item],
    most: usize,
    monitor: &dyn Monitor,
    read: impl Fn(&Item) -> Result<Vec<u8>, DataError> + Sync,
    mut refused: impl FnMut(usize, DataError) -> Result<(), DataError>,
) -> Result<FoldWriter, DataError> {
    let mut writer = FoldWriter::create(folder, side)?;
    let mut done = 0;
    for chunk in items.chunks((CHUNK / most.max(1)).max(1)) {
        if monitor.stop_requested() {
            return Err(Stopped.into());
        }
        let images: Vec<Result<Vec<u8>, DataError>> = chunk.par_iter().map(&read).collect();
        for (position, images) in images.into_iter().enumerate() {
            match images {
                Ok(images) => writer.append(&images)?,
                Err(error) => refused(done + position, error)?,
            }
        }
        done += chunk.len();
        monitor.report(&Progress::counted("reading", done, items.len(), "images"));
    }
    Ok(writer)
}

/// An image as a square of bytes; errors name its file.
pub(super) fn square(path: &Path, grey: &Grey, side: usize) -> Result<Vec<u8>, DataError> {
    image::to_square(grey, side)
        .map_err(|reason| DataError::Image { path: path.to_owned(), reason })
}
