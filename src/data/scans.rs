//! Labelled image files, DICOM or not, into a fold: who the patients are, what is skipped.

use super::channels::Channels;
use super::dicom::{self, Window, pseudonym};
use super::error::DataError;
use super::fold::{FoldInfo, Origin};
use super::image::{self, Grey, Square};
use super::ingest::{Intake, square};
use super::memory::Memory;
use super::pixels::Raster;
use super::split::{Split, write_splits};
use super::summary::{Dropped, Summary};
use crate::progress::{Monitor, Progress, Stopped};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Files that are looked at before the next word of progress.
const CHUNK: usize = 1024;

/// Endings of images that are no DICOM files.
const PICTURES: [&str; 5] = ["png", "jpg", "jpeg", "tif", "tiff"];

/// Where the patients of a data set come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patients {
    /// From each file's tag (0010,0020).
    Tag,
    /// From this column of the table.
    Column(String),
    /// Every file is a patient of its own.
    File,
}

/// Where a patient id comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Patient {
    /// From the file's own tag (0010,0020).
    Tag,
    /// From a table.
    Known(String),
    /// Every image counts as a patient of its own.
    Own,
}

/// One file to read, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The file.
    pub path: PathBuf,
    /// Its path as tables and folders name it.
    pub source: String,
    /// Zero or one for each finding.
    pub labels: Vec<u8>,
    /// Whose it is.
    pub patient: Patient,
    /// The fold that it was published in, of all files of a data set or of none.
    pub split: Option<Split>,
}

/// The files of a data set before any of them is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Names of the findings.
    pub findings: Vec<String>,
    /// The files, in the order of the fold.
    pub scans: Vec<Scan>,
    /// Files or images looked at, those left out among them.
    pub read: usize,
    /// Rows of the table that say again what others say.
    pub repeated_rows: usize,
    /// What was left out.
    pub dropped: Vec<Dropped>,
}

/// Which frames of a file are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frames {
    /// All of them, with the labels of the file.
    Every,
    /// The first.
    First,
    /// The one in the middle; of an even number the later.
    Middle,
}

/// What is known of a file before its pixels are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Number of images that it holds, at least 1.
    pub frames: usize,
    /// The patient id that it names.
    pub patient: Option<String>,
}

/// A kind of files that hold one image or many.
pub trait Format: Sync {
    /// Looks at everything in a file but its pixels.
    ///
    /// # Errors
    /// The file is missing or broken.
    fn inspect(&self, path: &Path) -> Result<Found, DataError>;

    /// The numbers of the images that are taken, of so many.
    fn taken(&self, frames: usize) -> Vec<usize>;

    /// The images that are taken, each with its channels, values at least 0, or averages of their pixels on
    /// the way to the side that is wanted.
    ///
    /// # Errors
    /// The file is missing or broken.
    fn read(&self, path: &Path) -> Result<Vec<Vec<Grey>>, DataError>;

    /// What images that are not taken are, in the words of a summary.
    fn others(&self) -> &'static str;

    /// How these files become images, for those who remember them: equal words mean equal images of
    /// equal files with equal endings. Every parameter that pixels depend on is in it, and a number
    /// that is raised when they change for the same parameters.
    fn recipe(&self, scans: &[Scan]) -> String;
}

/// What becomes of all files, whatever their kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    /// What becomes of each image.
    pub square: Square,
    /// Whether files that cannot be read are left out; else they are errors.
    pub skip_unreadable: bool,
    /// Keys the pseudonyms of patients.
    pub patient_key: String,
}

/// How pictures and DICOM files become images.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What becomes of the files.
    pub keeping: Keeping,
    /// What is shown of DICOM files, a channel each; at least one and at most [`Channels::MOST`].
    pub windows: Vec<Window>,
    /// Which of their frames.
    pub frames: Frames,
}

impl Format for Reading {
    fn inspect(&self, path: &Path) -> Result<Found, DataError> {
        if is_picture(path) { Ok(Found { frames: 1, patient: None }) } else { dicom::inspect(path) }
    }

    fn taken(&self, frames: usize) -> Vec<usize> {
        match self.frames {
            Frames::Every => (0..frames).collect(),
            Frames::First => vec![0],
            Frames::Middle => vec![frames / 2],
        }
    }

    fn read(&self, path: &Path) -> Result<Vec<Vec<Grey>>, DataError> {
        if is_picture(path) {
            return Ok(vec![vec![image::read_towards(path, self.keeping.square)?]]);
        }
        let values = dicom::values(path)?;
        let seen = |frame| self.windows.iter().map(|&window| values.grey(frame, window)).collect();
        Ok(self.taken(values.frames.len()).into_iter().map(seen).collect())
    }

    fn others(&self) -> &'static str {
        "other frames of a file"
    }

    /// Pictures know no windows and frames.
    fn recipe(&self, scans: &[Scan]) -> String {
        if scans.iter().all(|scan| is_picture(&scan.path)) {
            return image::RECIPE.to_owned();
        }
        let windows = match self.windows.as_slice() {
            [window] => format!("{window:?}"),
            windows => format!("{windows:?}"),
        };
        format!("{}, DICOM 1: {windows}, {:?} frames", image::RECIPE, self.frames)
    }
}

/// A file that was left out because it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// The summary of a data set with files that may be skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanSummary {
    /// As of every data set.
    #[serde(flatten)]
    pub summary: Summary,
    /// Rows of the table that say again what others say.
    pub repeated_rows: usize,
    /// Files left out because they cannot be read.
    pub skipped: Vec<Skipped>,
}

/// A file whose header can be read.
struct Looked<'a> {
    scan: &'a Scan,
    /// Of the scan among all.
    position: usize,
    patient: String,
    frames: usize,
}

/// Reads pictures and DICOM files into a fold at `target`; see [`write_as`]. Each window of DICOM files
/// becomes a channel, whatever the channels of what is kept say.
///
/// # Errors
/// As for [`write_as`]; or there are too many windows, or several and a picture.
pub fn write(
    listing: &Listing,
    reading: &Reading,
    target: &Path,
    monitor: &dyn Monitor,
    memory: &dyn Memory,
) -> Result<ScanSummary, DataError> {
    let channels = Channels::try_from(reading.windows.len()).map_err(DataError::Subset)?;
    let picture = listing.scans.iter().find(|scan| is_picture(&scan.path));
    // It is no question of what can be read, so that nothing of it is skipped.
    if let (Some(picture), false) = (picture, channels.is_one()) {
        return Err(DataError::Subset(format!(
            "{} is a picture, of which nothing is known beyond black and white, and there are {} \
             windows; give one `window`, or leave pictures out of the data",
            picture.path.display(),
            channels.count()
        )));
    }
    let mut keeping = reading.keeping.clone();
    keeping.square.raster.channels = channels;
    write_as(listing, reading, &keeping, target, monitor, memory)
}

/// Reads the files into a fold at `target`. A file that cannot be read is an error, or is skipped.
///
/// # Errors
/// A file is missing or cannot be read, a patient id is missing, nothing is left, or the disk
/// refuses.
pub fn write_as(
    listing: &Listing,
    format: &dyn Format,
    keeping: &Keeping,
    target: &Path,
    monitor: &dyn Monitor,
    memory: &dyn Memory,
) -> Result<ScanSummary, DataError> {
    let (mut looked, mut skipped) = look_at_all(listing, format, keeping, monitor)?;
    let most = looked.iter().map(|one| one.frames).max().unwrap_or(1);
    let mut unread = BTreeSet::new();
    let intake = Intake {
        folder: target,
        wanted: keeping.square,
        items: &looked,
        path: |one: &Looked<'_>| &one.scan.path,
        most,
        recipe: &format.recipe(&listing.scans),
        monitor,
        memory,
    };
    let read = |one: &Looked<'_>| squares(one, format, keeping.square);
    let writer = intake.read(read, |at, error| {
        unread.insert(looked[at].position);
        skip(looked[at].position, error, listing, keeping, &mut skipped)
    })?;
    looked.retain(|one| !unread.contains(&one.position));
    if looked.is_empty() {
        return Err(DataError::Subset(format!(
            "none of {} files can be read; the first: {}",
            listing.scans.len(),
            skipped
                .first_key_value()
                .map_or_else(String::new, |(_, one)| format!("{}: {}", one.file, one.reason))
        )));
    }
    let (info, labels) = describe(&looked, listing, format, keeping.square.raster);
    if info.count == 0 {
        return Err(DataError::Subset(format!(
            "no image is left of {} files; take more of each",
            looked.len()
        )));
    }
    writer.finish(&info, &labels)?;
    let of_images =
        |one: &Looked<'_>| std::iter::repeat_n(one.scan.split, format.taken(one.frames).len());
    let splits: Vec<Split> = looked.iter().flat_map(of_images).flatten().collect();
    if !splits.is_empty() {
        write_splits(target, &splits)?;
    }
    let frames: usize = looked.iter().map(|one| one.frames).sum();
    let mut dropped = listing.dropped.clone();
    dropped.push(Dropped { reason: "cannot be read".to_owned(), count: skipped.len() });
    dropped.push(Dropped { reason: format.others().to_owned(), count: frames - info.count });
    let summary = Summary::count(listing.read, &info.findings, &labels, &info.patients, dropped);
    let skipped = skipped.into_values().collect();
    Ok(ScanSummary { summary, repeated_rows: listing.repeated_rows, skipped })
}

/// The images of a file that are taken, as the bytes of squares one behind the other.
fn squares(one: &Looked<'_>, format: &dyn Format, wanted: Square) -> Result<Vec<u8>, DataError> {
    let path = &one.scan.path;
    let images = format.read(path)?;
    let promised = format.taken(one.frames).len();
    if images.len() != promised {
        let reason = format!("it holds {} images where its header says {promised}", images.len());
        return Err(DataError::Image { path: path.clone(), reason });
    }
    let squares = images.iter().flatten().map(|grey| square(path, grey, wanted));
    Ok(squares.collect::<Result<Vec<_>, _>>()?.concat())
}

/// What the fold of all images that are taken holds.
fn describe(
    looked: &[Looked<'_>],
    listing: &Listing,
    format: &dyn Format,
    raster: Raster,
) -> (FoldInfo, Vec<u8>) {
    let mut info = FoldInfo {
        findings: listing.findings.clone(),
        side: raster.side,
        depth: raster.depth,
        channels: raster.channels,
        count: 0,
        origin: Origin::Real,
        patients: Vec::new(),
        sources: Vec::new(),
    };
    let mut labels = Vec::new();
    for one in looked {
        for frame in format.taken(one.frames) {
            info.count += 1;
            info.patients.push(one.patient.clone());
            info.sources.push(match one.frames {
                1 => one.scan.source.clone(),
                _ => format!("{}#{}", one.scan.source, frame + 1),
            });
            labels.extend_from_slice(&one.scan.labels);
        }
    }
    (info, labels)
}

/// Files that are left out, by the position of their scan.
type Skips = BTreeMap<usize, Skipped>;

/// Leaves a scan out, where what is wrong is the file's and that is wanted.
fn skip(
    position: usize,
    error: DataError,
    listing: &Listing,
    keeping: &Keeping,
    skipped: &mut Skips,
) -> Result<(), DataError> {
    match error {
        DataError::Dicom { reason, .. }
        | DataError::Image { reason, .. }
        | DataError::File { reason, .. }
            if keeping.skip_unreadable =>
        {
            let file = listing.scans[position].source.clone();
            skipped.insert(position, Skipped { file, reason });
            Ok(())
        }
        other => Err(other),
    }
}

fn look_at_all<'a>(
    listing: &'a Listing,
    format: &dyn Format,
    keeping: &Keeping,
    monitor: &dyn Monitor,
) -> Result<(Vec<Looked<'a>>, Skips), DataError> {
    let (mut looked, mut skipped) = (Vec::new(), Skips::new());
    for (part, chunk) in listing.scans.chunks(CHUNK).enumerate() {
        if monitor.stop_requested() {
            return Err(Stopped.into());
        }
        let begin = part * CHUNK;
        let look = |(place, scan)| look_at(begin + place, scan, format, keeping);
        let found: Vec<Result<Looked<'a>, DataError>> =
            chunk.par_iter().enumerate().map(look).collect();
        for (place, found) in found.into_iter().enumerate() {
            match found {
                Ok(one) => looked.push(one),
                Err(error) => skip(begin + place, error, listing, keeping, &mut skipped)?,
            }
        }
        monitor.report(&Progress::counted(
            "looking for patients",
            begin + chunk.len(),
            listing.scans.len(),
            "files",
        ));
    }
    Ok((looked, skipped))
}

fn look_at<'a>(
    position: usize,
    scan: &'a Scan,
    format: &dyn Format,
    keeping: &Keeping,
) -> Result<Looked<'a>, DataError> {
    let Found { frames, patient: tag } = format.inspect(&scan.path)?;
    let patient = match &scan.patient {
        Patient::Own => scan.source.clone(),
        Patient::Known(id) => pseudonym(&keeping.patient_key, id),
        Patient::Tag => match tag {
            Some(id) => pseudonym(&keeping.patient_key, &id),
            None => {
                return Err(DataError::Subset(format!(
                    "{} names no patient (0010,0020); take the patients from a column of a table, \
                     so that none is in two folds",
                    scan.path.display()
                )));
            }
        },
    };
    Ok(Looked { scan, position, patient, frames })
}

/// Whether a file's name says that it is a PNG, JPEG or TIFF.
pub(super) fn is_picture(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| PICTURES.contains(&extension.to_ascii_lowercase().as_str()))
}
