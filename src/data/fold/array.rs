//! The arrays of a fold.

use crate::data::error::DataError;
use crate::data::npy;
use memmap2::Mmap;
use npyz::{AutoSerialize, DType, Order, TypeStr, WriterBuilder};
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// The bytes of a `.npy` file behind its header.
#[derive(Debug)]
pub(in crate::data) struct MappedArray {
    path: PathBuf,
    shape: Vec<usize>,
    map: Mmap,
    start: usize,
}

impl MappedArray {
    /// Opens an array of bytes with at least one axis, which is as long as its header says.
    pub(in crate::data) fn open(path: &Path) -> Result<MappedArray, DataError> {
        let mut file = File::open(path).map_err(DataError::io(path))?;
        let header = npy::header(&mut file)
            .map_err(|error| wrong(path, format!("it has no header of NumPy's: {error}")))?;
        if !holds_bytes(&header.dtype()) || header.order() != Order::C || header.shape().is_empty()
        {
            let kind = header.dtype().descr();
            return Err(wrong(path, format!("it holds {kind}, not bytes in C order")));
        }
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
        let promised = shape.iter().try_fold(1, |size: usize, &side| size.checked_mul(side));
        if promised != Some(held) {
            let promised = promised.unwrap_or(usize::MAX);
            let reason = format!("it holds {held} values where its header promises {promised}");
            return Err(wrong(path, reason));
        }
        Ok(MappedArray { path: path.to_owned(), shape, map, start })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::data) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Refuses an array of another shape.
    pub(super) fn require_shape(&self, shape: &[usize]) -> Result<(), DataError> {
        if self.shape == shape {
            return Ok(());
        }
        let found = &self.shape;
        Err(wrong(&self.path, format!("its shape is {found:?}, fold.json says {shape:?}")))
    }

    pub(in crate::data) fn values(&self) -> &[u8] {
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

/// What stands before bytes of a shape. For images it has the same length however many there are, so
/// that it can be written behind them.
pub(super) fn header(shape: [usize; 3]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shape = shape.map(|side| side as u64);
    let options = npyz::WriteOptions::<u8>::new().default_dtype().shape(&shape);
    // Dropped without the values, which leaves the header.
    drop(options.writer(&mut bytes).begin_nd()?);
    Ok(bytes)
}

pub(super) fn wrong(path: &Path, reason: String) -> DataError {
    DataError::Fold { path: path.to_owned(), reason }
}

fn holds_bytes(kind: &DType) -> bool {
    let bytes = "|u1".parse::<TypeStr>();
    matches!((kind, bytes), (DType::Plain(kind), Ok(bytes)) if *kind == bytes)
}
