//! A fold on disk: images, labels, and where each image comes from.
//!
//! `images.npy` holds bytes of shape `[count, side, side]`, `labels.npy` bytes of shape
//! `[count, findings]`, both in C order and readable with NumPy; `fold.json` is a [`FoldInfo`].

use super::error::DataError;
use super::label_set::LabelSet;
use memmap2::Mmap;
use npyz::{DType, NpyHeader, Order, TypeStr, WriterBuilder};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// The files of a fold: what it is, its images and its labels.
pub const FILES: [&str; 3] = ["fold.json", "images.npy", "labels.npy"];

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
    labels: MappedArray,
}

impl Fold {
    /// Opens the fold in a folder.
    ///
    /// # Errors
    /// A file is missing, cut short, or of another shape than `fold.json` says.
    pub fn open(folder: &Path) -> Result<Fold, DataError> {
        Fold::open_files(|file| folder.join(file))
    }

    /// Opens a fold whose [`FILES`] lie wherever `place` says.
    ///
    /// # Errors
    /// As for [`Fold::open`].
    pub fn open_files(place: impl Fn(&str) -> PathBuf) -> Result<Fold, DataError> {
        let path = place("fold.json");
        let bytes = fs::read(&path).map_err(DataError::io(&path))?;
        let info: FoldInfo = serde_json::from_slice(&bytes)
            .map_err(|error| DataError::Fold { path: path.clone(), reason: error.to_string() })?;
        info.check().map_err(|reason| DataError::Fold { path, reason })?;
        let images = MappedArray::open(&place("images.npy"), &[info.count, info.side, info.side])?;
        let labels = MappedArray::open(&place("labels.npy"), &[info.count, info.findings.len()])?;
        Ok(Fold { info, images, labels })
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

    /// All pixels, `[count, side, side]`.
    pub fn images(&self) -> &[u8] {
        self.images.values()
    }

    /// One image, `[side, side]`.
    pub fn image(&self, index: usize) -> &[u8] {
        let size = self.info.side * self.info.side;
        &self.images()[index * size..(index + 1) * size]
    }

    /// All labels, `[count, findings]`, zero or one.
    pub fn all_labels(&self) -> &[u8] {
        self.labels.values()
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

/// The bytes of a `.npy` file behind its header.
#[derive(Debug)]
struct MappedArray {
    map: Mmap,
    start: usize,
}

impl MappedArray {
    fn open(path: &Path, shape: &[usize]) -> Result<MappedArray, DataError> {
        let mut file = File::open(path).map_err(DataError::io(path))?;
        let wrong = |reason: String| DataError::Fold { path: path.to_owned(), reason };
        let header = NpyHeader::from_reader(&mut file)
            .map_err(|error| wrong(format!("it has no header of NumPy's: {error}")))?;
        if !holds_bytes(&header.dtype()) || header.order() != Order::C {
            let kind = header.dtype().descr();
            return Err(wrong(format!("it holds {kind}, not bytes in C order")));
        }
        let found: Vec<usize> = header
            .shape()
            .iter()
            .map(|&side| usize::try_from(side).unwrap_or(usize::MAX))
            .collect();
        if found != shape {
            return Err(wrong(format!("its shape is {found:?}, fold.json says {shape:?}")));
        }
        let start = file.stream_position().map_err(DataError::io(path))?;
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        // SAFETY: objects of the store are immutable; nobody writes to a mapped fold.
        let map = unsafe { Mmap::map(&file) }.map_err(DataError::io(path))?;
        let expected = shape.iter().product::<usize>();
        if map.len().saturating_sub(start) != expected {
            return Err(wrong(format!(
                "it holds {} values where its header promises {expected}",
                map.len().saturating_sub(start)
            )));
        }
        Ok(MappedArray { map, start })
    }

    fn values(&self) -> &[u8] {
        &self.map[self.start..]
    }
}

fn holds_bytes(kind: &DType) -> bool {
    let bytes = "|u1".parse::<TypeStr>();
    matches!((kind, bytes), (DType::Plain(kind), Ok(bytes)) if *kind == bytes)
}

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
    let mut writer = FoldWriter::create(folder, info.count, info.side)?;
    writer.append(images)?;
    writer.finish(info, labels)
}

/// Writes a fold image by image, so that a dataset never stands in memory whole.
pub struct FoldWriter {
    folder: PathBuf,
    path: PathBuf,
    images: npyz::NpyWriter<u8, BufWriter<File>>,
    shape: (usize, usize),
    written: usize,
}

impl FoldWriter {
    /// Starts a fold of `count` images of `side` pixels.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn create(folder: &Path, count: usize, side: usize) -> Result<FoldWriter, DataError> {
        fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        let path = folder.join("images.npy");
        let file = File::create(&path).map_err(DataError::io(&path))?;
        let images = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&[count as u64, side as u64, side as u64])
            .writer(BufWriter::new(file))
            .begin_nd()
            .map_err(DataError::io(&path))?;
        Ok(FoldWriter { folder: folder.to_owned(), path, images, shape: (count, side), written: 0 })
    }

    /// Adds whole images, `[n, side, side]`.
    ///
    /// # Errors
    /// The disk refuses, or these are more images than announced.
    pub fn append(&mut self, pixels: &[u8]) -> Result<(), DataError> {
        self.written += pixels.len();
        let (count, side) = self.shape;
        if self.written > count * side * side {
            return Err(self.wrong("more images were written than announced"));
        }
        self.images.extend(pixels.iter().copied()).map_err(DataError::io(&self.path))
    }

    /// Writes labels, `[count, findings]`, and the description.
    ///
    /// # Errors
    /// The disk refuses, or fewer images were written than announced.
    pub fn finish(self, info: &FoldInfo, labels: &[u8]) -> Result<(), DataError> {
        let (count, side) = self.shape;
        if self.written != count * side * side || (info.count, info.side) != self.shape {
            return Err(self.wrong("the number of images written is not the number announced"));
        }
        if labels.len() != count * info.findings.len() {
            return Err(self.wrong("there is not one label for each image and finding"));
        }
        self.images.finish().map_err(DataError::io(&self.path))?;
        let path = self.folder.join("labels.npy");
        write_labels(&path, labels, count, info.findings.len()).map_err(DataError::io(&path))?;
        let path = self.folder.join("fold.json");
        let text = serde_json::to_vec_pretty(info)
            .map_err(|error| DataError::Fold { path: path.clone(), reason: error.to_string() })?;
        fs::write(&path, text).map_err(DataError::io(&path))
    }

    fn wrong(&self, reason: &str) -> DataError {
        DataError::Fold { path: self.path.clone(), reason: reason.to_owned() }
    }
}

fn write_labels(path: &Path, labels: &[u8], count: usize, width: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[count as u64, width as u64])
        .writer(&mut file)
        .begin_nd()?;
    writer.extend(labels.iter().copied())?;
    writer.finish()?;
    file.flush()
}
