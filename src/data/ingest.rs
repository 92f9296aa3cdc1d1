//! From a list of image files to a fold on disk: decoded side by side, written in order.

use super::error::DataError;
use super::fold::{FoldInfo, FoldWriter};
use super::image;
use crate::progress::{Monitor, Progress, Stopped};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Images that are decoded before the next write.
const CHUNK: usize = 256;

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
    let mut writer = FoldWriter::create(folder, info.count, info.side)?;
    for (position, chunk) in files.chunks(CHUNK).enumerate() {
        if monitor.stop_requested() {
            return Err(Stopped.into());
        }
        let squares: Vec<Vec<u8>> =
            chunk.par_iter().map(|path| square(path, info.side)).collect::<Result<_, _>>()?;
        for square in &squares {
            writer.append(square)?;
        }
        monitor.report(&Progress {
            activity: "reading".into(),
            done: (position * CHUNK + chunk.len()) as u64,
            total: files.len() as u64,
            unit: "images".into(),
            metrics: Vec::new(),
        });
    }
    writer.finish(info, labels)
}

fn square(path: &Path, side: usize) -> Result<Vec<u8>, DataError> {
    let grey = image::read(path)?;
    image::to_square(&grey, side)
        .map_err(|reason| DataError::Image { path: path.to_owned(), reason })
}
