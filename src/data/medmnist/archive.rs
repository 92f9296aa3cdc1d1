//! One `.npz` archive with the arrays of all splits.

use super::{Options, SPLITS, labels};
use crate::data::array::numbers;
use crate::data::depth::Depth;
use crate::data::error::DataError;
use crate::data::fold::{FoldInfo, FoldWriter, Origin};
use crate::data::image::Square;
use crate::data::image::{Grey, luma};
use crate::data::ingest::{square, tell_reading};
use crate::data::npy;
use crate::data::split::{Split, write_splits};
use crate::data::summary::{Dropped, Summary};
use crate::progress::Monitor;
use npyz::{NpyHeader, Order};
use rayon::prelude::*;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::result::ZipError;

/// Bytes of images that are held at a time.
const CHUNK: usize = 16 << 20;

/// The most bytes of one image, and of all labels of a split.
const MOST: usize = 1 << 30;

/// An open archive.
struct Archive {
    path: PathBuf,
    zip: ZipArchive<BufReader<File>>,
}

/// The images of a split, before any is read.
struct Part {
    word: &'static str,
    split: Split,
    count: usize,
    height: usize,
    width: usize,
    /// 1 or 3.
    channels: usize,
    /// Of each channel.
    depth: Depth,
    /// Which images are kept.
    kept: Vec<bool>,
}

pub(super) fn read(
    path: &Path,
    options: &Options,
    target: &Path,
    monitor: &dyn Monitor,
) -> Result<Summary, DataError> {
    let mut archive = Archive::open(path)?;
    let mut parts = Vec::new();
    let mut numbers = Vec::new();
    let mut width = None;
    for (word, split) in SPLITS {
        if !archive.has(&format!("{word}_images")) {
            continue;
        }
        let mut part = archive.part(word, split)?;
        let (found, columns) = archive.numbers(&format!("{word}_labels"), part.count)?;
        if *width.get_or_insert(columns) != columns {
            return Err(archive.wrong(&format!("{word}_labels has {columns} columns, others not")));
        }
        let is_kept = |row: &[i64]| !options.drop_unlabelled || columns == 1 || row.contains(&1);
        part.kept = found.chunks(columns).map(is_kept).collect();
        numbers.extend(found.chunks(columns).filter(|row| is_kept(row)).flatten().copied());
        parts.push(part);
    }
    let read: usize = parts.iter().map(|part| part.count).sum();
    let (Some(width), false) = (width, numbers.is_empty()) else {
        return Err(archive.wrong("it holds no images with labels"));
    };
    let labels = labels(path, options, &numbers, width).map_err(|reason| archive.wrong(&reason))?;
    let kept = |part: &Part| -> Vec<usize> { (0..part.count).filter(|&i| part.kept[i]).collect() };
    let sources: Vec<String> = parts
        .iter()
        .flat_map(|part| kept(part).into_iter().map(|index| format!("{}/{index}", part.word)))
        .collect();
    let splits: Vec<Split> =
        parts.iter().flat_map(|part| vec![part.split; kept(part).len()]).collect();
    let info = FoldInfo {
        findings: labels.findings,
        side: options.square.raster.side,
        depth: options.square.raster.depth,
        channels: options.square.raster.channels,
        count: sources.len(),
        origin: Origin::Real,
        patients: sources.clone(),
        sources,
    };
    let mut writer = FoldWriter::create(target, options.square.raster, info.count)?;
    let mut done = 0;
    for part in &parts {
        archive.copy(part, options.square, &mut writer, &mut |count| {
            done += count;
            tell_reading(monitor, done, read)
        })?;
    }
    writer.finish(&info, &labels.matrix)?;
    write_splits(target, &splits)?;
    let dropped =
        vec![Dropped { reason: "no positive finding".to_owned(), count: read - info.count }];
    Ok(Summary::count(read, &info.findings, &labels.matrix, &[], dropped))
}

impl Archive {
    fn open(path: &Path) -> Result<Archive, DataError> {
        let file = File::open(path).map_err(DataError::io(path))?;
        let zip = ZipArchive::new(BufReader::new(file));
        let path = path.to_owned();
        match zip {
            Ok(zip) => Ok(Archive { path, zip }),
            Err(ZipError::Io(source)) => Err(DataError::Io { path, source }),
            Err(error) => Err(damaged(&path, &format!("it is no .npz archive ({error})"))),
        }
    }

    fn wrong(&self, reason: &str) -> DataError {
        damaged(&self.path, reason)
    }

    fn has(&self, array: &str) -> bool {
        self.zip.index_for_name(&format!("{array}.npy")).is_some()
    }

    /// An array's stream, behind its header.
    fn array(&mut self, name: &str) -> Result<(NpyHeader, impl Read + '_), DataError> {
        let path = self.path.clone();
        let mut file = self.zip.by_name(&format!("{name}.npy")).map_err(|error| {
            damaged(&path, &format!("it holds no array {name} that can be read ({error})"))
        })?;
        let header = npy::header(&mut file).map_err(|error| {
            damaged(&path, &format!("{name} has no header of NumPy's: {error}"))
        })?;
        Ok((header, file))
    }

    /// What the images of a split are.
    fn part(&mut self, word: &'static str, split: Split) -> Result<Part, DataError> {
        let name = format!("{word}_images");
        let (header, _) = self.array(&name)?;
        let kind = header.dtype().descr();
        let shape: Vec<usize> =
            header.shape().iter().map(|&side| usize::try_from(side).unwrap_or(MOST)).collect();
        let of_kind = |depth: &Depth| kind == format!("'{}'", depth.type_name());
        let depth = Depth::EVERY.into_iter().find(of_kind);
        let Some(depth) = depth.filter(|_| header.order() == Order::C) else {
            let wanted = "bytes or numbers of 16 bits (<u2) in C order";
            return Err(self.wrong(&format!("{name} holds {kind}, not {wanted}")));
        };
        let (count, height, width, channels) = match shape[..] {
            [count, height, width] => (count, height, width, 1),
            [count, height, width, 3] => (count, height, width, 3),
            [_, _, _, _] => {
                return Err(self.wrong(&format!("{name} holds volumes; only images are read")));
            }
            _ => return Err(self.wrong(&format!("{name} has the shape {shape:?}"))),
        };
        let size = height.saturating_mul(width).saturating_mul(channels * depth.bytes());
        if size == 0 || size > MOST {
            return Err(self.wrong(&format!("{name} has the shape {shape:?}")));
        }
        Ok(Part { word, split, count, height, width, channels, depth, kept: Vec::new() })
    }

    /// The labels of a split, `[count, columns]`, and the number of columns.
    fn numbers(&mut self, name: &str, count: usize) -> Result<(Vec<i64>, usize), DataError> {
        let path = self.path.clone();
        let wrong = |reason: String| damaged(&path, &reason);
        let (header, stream) = self.array(name)?;
        let columns = match header.shape() {
            [rows] if *rows == count as u64 => 1,
            [rows, columns] if *rows == count as u64 && *columns > 0 => *columns as usize,
            shape => {
                return Err(wrong(format!("{name} has the shape {shape:?} for {count} images")));
            }
        };
        let values = count.saturating_mul(columns);
        if values > MOST || header.order() != Order::C {
            return Err(wrong(format!("{name} is too large, or not in C order")));
        }
        let kind = header.dtype().descr();
        let numbers = numbers(header, stream, values)
            .map_err(|reason| wrong(format!("{name} ({kind}) {reason}")))?;
        match numbers.iter().find(|number| number.fract() != 0.0) {
            Some(number) => Err(wrong(format!("{name} holds {number}, which is no label"))),
            None => Ok((numbers.into_iter().map(|number| number as i64).collect(), columns)),
        }
    }

    /// Copies the images of a split that are kept.
    fn copy(
        &mut self,
        part: &Part,
        wanted: Square,
        writer: &mut FoldWriter,
        report: &mut dyn FnMut(usize) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let path = self.path.clone();
        let (_, mut stream) = self.array(&format!("{}_images", part.word))?;
        let size = part.height * part.width * part.channels * part.depth.bytes();
        let many = (CHUNK / size).max(1);
        let mut bytes = Vec::new();
        for chunk in part.kept.chunks(many) {
            bytes.resize(chunk.len() * size, 0);
            stream.read_exact(&mut bytes).map_err(|error| {
                damaged(&path, &format!("{}_images is cut short ({error})", part.word))
            })?;
            let images: Vec<Vec<u8>> = bytes
                .par_chunks(size)
                .zip(chunk)
                .filter(|(_, kept)| **kept)
                .map(|(bytes, _)| square(&path, &part.grey(bytes), wanted))
                .collect::<Result<_, _>>()?;
            for image in images {
                writer.append(&image)?;
            }
            report(chunk.len())?;
        }
        Ok(())
    }
}

impl Part {
    fn grey(&self, bytes: &[u8]) -> Grey {
        let values = self.depth.numbers(bytes, |level| level);
        let pixels = match self.channels {
            1 => values,
            _ => values.as_chunks().0.iter().map(|&rgb| luma(rgb)).collect(),
        };
        Grey { width: self.width, height: self.height, pixels }
    }
}

fn damaged(path: &Path, reason: &str) -> DataError {
    let remedy = "download the file again, or look at it with numpy.load".to_owned();
    DataError::File { path: path.to_owned(), reason: reason.to_owned(), remedy }
}
