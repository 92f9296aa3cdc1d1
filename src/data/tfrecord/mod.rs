//! Images at every power of two in TFRecord files, as the seed system keeps them.
//!
//! `<name>-r05.tfrecords` holds all images at 32 (2⁵) pixels, and so on for other sides; each record
//! is an [`Example`]. `<name>-rxx.labels` is an array of NumPy's, `[count, findings]`.

mod example;
mod record;

pub use example::Example;
pub use record::{read_record, write_record};

use super::array::numbers;
use super::channels::Channels;
use super::depth::Depth;
use super::error::DataError;
use super::fold::{FoldInfo, FoldWriter, Origin};
use super::image::luma;
use super::ingest::tell_reading;
use super::npy;
use super::pixels::Raster;
use super::summary::Summary;
use crate::progress::Monitor;
use npyz::Order;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// The most labels of a set.
const MOST_LABELS: u64 = 1 << 30;

/// Images between two words of progress.
const CHUNK: usize = 1024;

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// The folder.
    pub folder: PathBuf,
    /// What the names of the files begin with; `None` where there is one set only.
    pub name: Option<String>,
    /// Side of the images, which must be there.
    pub side: usize,
    /// Names of the findings, in the order of the label columns; `None` for their numbers.
    pub findings: Option<Vec<String>>,
}

/// The two files that are read.
#[derive(Debug)]
struct Files {
    name: String,
    images: PathBuf,
    labels: PathBuf,
}

/// The files that are read: images at the wanted side, and labels.
///
/// # Errors
/// The folder holds no such files, several sets, or none of that side.
pub fn files(records: &Records) -> Result<[PathBuf; 2], DataError> {
    find(records).map(|files| [files.images, files.labels])
}

fn find(records: &Records) -> Result<Files, DataError> {
    let folder = records.folder.as_path();
    // Sides by the name of the set.
    let mut sets: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(DataError::io(folder))? {
        let file = entry.map_err(DataError::io(folder))?.file_name().to_string_lossy().into_owned();
        if let Some((name, power)) = parse(&file) {
            sets.entry(name.to_owned()).or_default().insert(power);
        }
    }
    let names = || sets.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let none = |reason: &str, remedy: &str| {
        DataError::Subset(format!("{}: {reason}; {remedy}", folder.display()))
    };
    let name = match &records.name {
        Some(name) if sets.contains_key(name) => name.clone(),
        None if sets.len() == 1 => names(),
        _ if sets.is_empty() => {
            return Err(none("it holds no files like chest-r05.tfrecords", "name their folder"));
        }
        None => {
            return Err(none(&format!("it holds the sets {}", names()), "choose one by `name`"));
        }
        Some(name) => {
            return Err(none(
                &format!("there is no set `{name}`"),
                &format!("there is {}", names()),
            ));
        }
    };
    let sides: Vec<String> =
        sets[&name].iter().map(|power| format!("{}px", 1_u64 << power)).collect();
    let power = sets[&name].iter().find(|&&power| 1_u64 << power == records.side as u64);
    let Some(power) = power else {
        let reason = format!("{name} has no images of {}px", records.side);
        return Err(none(&reason, &format!("choose a `size` of {}", sides.join(", "))));
    };
    let labels = folder.join(format!("{name}-rxx.labels"));
    if !labels.is_file() {
        let reason = format!("{name}-rxx.labels does not exist");
        return Err(none(&reason, "put the labels beside the images"));
    }
    let images = folder.join(format!("{name}-r{power:02}.tfrecords"));
    Ok(Files { name, images, labels })
}

/// A set's name and the power of two that is its side.
fn parse(file: &str) -> Option<(&str, u32)> {
    let (name, digits) = file.strip_suffix(".tfrecords")?.rsplit_once("-r")?;
    let power = digits.parse().ok().filter(|power| *power < 16)?;
    (digits.len() == 2 && !name.is_empty()).then_some((name, power))
}

/// Reads the images into a fold at `target`, byte by byte as they stand there. Nothing is known of
/// patients, so every image counts as a patient of its own.
///
/// # Errors
/// A file is missing, damaged or of another layout, or there are not as many images as labels.
pub fn read(records: &Records, target: &Path, monitor: &dyn Monitor) -> Result<Summary, DataError> {
    let files = find(records)?;
    let (labels, findings) = read_labels(&files.labels, records)?;
    let count = labels.len() / findings.len();
    let path = files.images.as_path();
    let file = File::open(path).map_err(DataError::io(path))?;
    let mut stream = BufReader::new(file);
    let mut writer = FoldWriter::create(target, Raster::eight(records.side), count)?;
    let mut read = 0;
    loop {
        let record = read_record(&mut stream)
            .map_err(|error| wrong(path, &format!("record {read} cannot be read: {error}")))?;
        let Some(record) = record else { break };
        if read == count {
            return Err(wrong(path, &format!("it holds more images than {count}, as labels do")));
        }
        let image = Example::decode(&record)
            .and_then(|example| grey(example, records.side))
            .map_err(|reason| wrong(path, &format!("record {read}: {reason}")))?;
        writer.append(&image)?;
        read += 1;
        if read.is_multiple_of(CHUNK) || read == count {
            tell_reading(monitor, read, count)?;
        }
    }
    if read < count {
        return Err(wrong(path, &format!("it holds {read} images, the labels are of {count}")));
    }
    let sources: Vec<String> =
        (0..count).map(|number| format!("{}/{number}", files.name)).collect();
    let info = FoldInfo {
        findings,
        side: records.side,
        depth: Depth::Eight,
        channels: Channels::One,
        count,
        origin: Origin::Real,
        patients: sources.clone(),
        sources,
    };
    writer.finish(&info, &labels)?;
    Ok(Summary::count(count, &info.findings, &labels, &[], Vec::new()))
}

/// Zero or one for each image and finding, and the findings' names.
fn read_labels(path: &Path, records: &Records) -> Result<(Vec<u8>, Vec<String>), DataError> {
    let file = File::open(path).map_err(DataError::io(path))?;
    let mut stream = BufReader::new(file);
    let header = npy::header(&mut stream)
        .map_err(|error| wrong(path, &format!("it has no header of NumPy's: {error}")))?;
    let (count, width) = match *header.shape() {
        [count, width] if width > 0 && count.saturating_mul(width) <= MOST_LABELS => (count, width),
        ref shape => {
            return Err(wrong(path, &format!("its shape is {shape:?}, not images × findings")));
        }
    };
    if header.order() != Order::C {
        return Err(wrong(path, "its numbers are not in C order"));
    }
    let values = numbers(header, stream, (count * width) as usize)
        .map_err(|reason| wrong(path, &format!("it {reason}")))?;
    if let Some(other) = values.iter().find(|value| **value != 0.0 && **value != 1.0) {
        return Err(wrong(path, &format!("it holds {other}, which is neither 1 nor 0")));
    }
    let findings = match &records.findings {
        Some(names) if names.len() as u64 == width => names.clone(),
        Some(names) => {
            let reason = format!("it has {width} columns, `findings` has {} names", names.len());
            return Err(wrong(path, &reason));
        }
        None => (0..width).map(|number| number.to_string()).collect(),
    };
    Ok((values.into_iter().map(|value| value as u8).collect(), findings))
}

/// The image as a square of bytes.
fn grey(example: Example, side: usize) -> Result<Vec<u8>, String> {
    let Example { shape, data } = example;
    let size = side * side;
    let wide = side as u64;
    let (channels, is_last) = match shape[..] {
        [channels, height, width] if (height, width) == (wide, wide) => (channels, false),
        [height, width, channels] if (height, width) == (wide, wide) => (channels, true),
        _ => return Err(format!("its shape is {shape:?}, not that of an image of {side} pixels")),
    };
    match channels {
        1 if data.len() == size => Ok(data),
        3 if data.len() == 3 * size => {
            let at = |pixel: usize, channel: usize| match is_last {
                true => data[3 * pixel + channel],
                false => data[channel * size + pixel],
            };
            let rgb = |pixel| [at(pixel, 0), at(pixel, 1), at(pixel, 2)].map(f32::from);
            Ok((0..size).map(|pixel| luma(rgb(pixel)).round() as u8).collect())
        }
        1 | 3 => Err(format!("it holds {} bytes for the shape {shape:?}", data.len())),
        other => Err(format!("it has {other} channels; 1 and 3 are read")),
    }
}

fn wrong(path: &Path, reason: &str) -> DataError {
    DataError::File {
        path: path.to_owned(),
        reason: reason.to_owned(),
        remedy: "write the set again".to_owned(),
    }
}
