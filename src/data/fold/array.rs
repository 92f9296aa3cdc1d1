//! The arrays of a fold.

use crate::data::depth::Depth;
use crate::data::error::DataError;
use crate::data::npy;
use crate::data::pixels::Raster;
use memmap2::Mmap;
use npyz::{AutoSerialize, DType, Order, TypeStr};
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// The bytes of a `.npy` file behind its header.
#[derive(Debug)]
pub(in crate::data) struct MappedArray {
    path: PathBuf,
    shape: Vec<usize>,
    depth: Depth,
    map: Mmap,
    start: usize,
}

impl MappedArray {
    /// Opens an array of whole numbers of a known [`Depth`] with at least one axis, which is as long as
    /// its header says.
    pub(in crate::data) fn open(path: &Path) -> Result<MappedArray, DataError> {
        let mut file = File::open(path).map_err(DataError::io(path))?;
        let header = npy::header(&mut file)
            .map_err(|error| wrong(path, format!("it has no header of NumPy's: {error}")))?;
        let is_array = header.order() == Order::C && !header.shape().is_empty();
        let Some(depth) = depth_of(&header.dtype()).filter(|_| is_array) else {
            let kind = header.dtype().descr();
            return Err(wrong(
                path,
                format!("it holds {kind}, not bytes or numbers of 16 bits in C order"),
            ));
        };
        let shape: Vec<usize> = header
            .shape()
            .iter()
            .map(|&side| usize::try_from(side).unwrap_or(usize::MAX))
            .collect();
        let start = file.stream_position().map_err(DataError::io(path))?;
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        // SAFETY: objects of the store are immutable; nobody writes to a mapped fold.
        let map = unsafe { Mmap::map(&file) }.map_err(DataError::io(path))?;
        let held = map.len().saturating_sub(start);
        let promised = shape.iter().try_fold(depth.bytes(), |size, &side| size.checked_mul(side));
        if promised != Some(held) {
            let promised = promised.unwrap_or(usize::MAX);
            let reason = format!("it holds {held} bytes where its header promises {promised}");
            return Err(wrong(path, reason));
        }
        Ok(MappedArray { path: path.to_owned(), shape, depth, map, start })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::data) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Refuses an array of another shape or depth.
    pub(super) fn require(&self, shape: &[usize], depth: Depth) -> Result<(), DataError> {
        let found = &self.shape;
        if found != shape {
            let reason = format!("its shape is {found:?}, fold.json says {shape:?}");
            return Err(wrong(&self.path, reason));
        }
        if self.depth != depth {
            let (found, wanted) = (self.depth.bits(), depth.bits());
            let reason = format!("its values have {found} bits where {wanted} belong");
            return Err(wrong(&self.path, reason));
        }
        Ok(())
    }

    /// Whether these are images of this side, depth and channels.
    pub(in crate::data) fn holds(&self, raster: Raster) -> bool {
        let stored = self.shape.first().copied().unwrap_or(0);
        self.shape == raster.shape(stored) && self.depth == raster.depth
    }

    /// The bytes of all values.
    pub(in crate::data) fn bytes(&self) -> &[u8] {
        &self.map[self.start..]
    }
}

/// Where each of `count` images stands among `stored` ones.
pub(super) fn read_rows(path: &Path, count: usize, stored: usize) -> Result<Vec<u32>, DataError> {
    let file = File::open(path).map_err(DataError::io(path))?;
    let rows: Vec<u32> = npy::numbers(BufReader::new(file))
        .map_err(|error| wrong(path, format!("its rows cannot be read: {error}")))?;
    if rows.len() != count {
        return Err(wrong(path, format!("it has {} rows for {count} images", rows.len())));
    }
    match rows.iter().find(|&&row| row as usize >= stored) {
        Some(row) => Err(wrong(path, format!("it names row {row} of {stored} images"))),
        None => Ok(rows),
    }
}

/// Writes an array of bytes or other numbers in C order.
///
/// # Errors
/// The disk refuses.
pub(in crate::data) fn write_array<T: AutoSerialize + Copy>(
    path: &Path,
    values: &[T],
    shape: &[usize],
) -> Result<(), DataError> {
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        npy::write(&mut file, values.iter().copied(), shape)?;
        file.flush()
    };
    write().map_err(DataError::io(path))
}

/// What stands before so many images. It has the same length however many there are, so that it can be
/// written behind them.
pub(super) fn header(count: usize, raster: Raster) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    npy::write_header(&mut bytes, raster.depth, &raster.shape(count))?;
    Ok(bytes)
}

pub(super) fn wrong(path: &Path, reason: String) -> DataError {
    DataError::Fold { path: path.to_owned(), reason }
}

fn depth_of(kind: &DType) -> Option<Depth> {
    let DType::Plain(kind) = kind else { return None };
    let is_of = |depth: &Depth| depth.type_name().parse::<TypeStr>().is_ok_and(|of| of == *kind);
    Depth::EVERY.into_iter().find(is_of)
}
