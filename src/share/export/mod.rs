//! Folds for other programs: pictures in folders, a table, NumPy arrays, DICOM files, TFRecord files.
//!
//! What leaves is pixels, labels, and which fold an image is in. Patients and the names of the files
//! that images were read from stay behind, as pseudonyms and paths do; images are numbered in the
//! order of their fold. An export is written beside its place and renamed when it is whole.

mod card;
mod dicom;
mod earlier;
mod npz;
mod pictures;
mod place;
mod records;
mod table;
mod unfinished;

use super::output::{Inputs, OutputError};
use crate::data::{Channels, DataError, Depth, Fold, LabelSet, Origin, Raster};
use crate::progress::{Monitor, Progress, Stopped};
use card::Card;
use rayon::prelude::*;
use serde::Serialize;
use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

pub use card::CARD;

/// Images that are written before the next word of progress.
const CHUNK: usize = 256;

/// How images leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// PNG files in a folder for each label set.
    Folder,
    /// PNG files and a table of what they show.
    Table,
    /// One file of NumPy arrays, named as MedMNIST names them.
    Npz,
    /// DICOM files (secondary capture) and a table of what they show.
    Dicom,
    /// TFRecord files with the images at every power of two, and their labels.
    TfRecord,
}

/// What the images are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// Taken from files of the user's.
    Real,
    /// Made by a generator.
    Synthetic,
    /// Drawn by msx, as phantoms are.
    Drawn,
}

/// Where exported images come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origins {
    /// The experiment.
    pub experiment: String,
    /// The stage.
    pub stage: String,
    /// Its key in hexadecimal digits.
    pub key: String,
    /// What the images are.
    pub nature: Nature,
}

/// What is exported.
pub struct Export<'a> {
    /// Where the images come from.
    pub origins: Origins,
    /// The folds, all with the same findings.
    pub folds: &'a [(String, Fold)],
    /// What their pixels become on the way.
    pub depth: Depth,
}

/// Where an export goes.
#[derive(Debug, Clone, Copy)]
pub struct Destination<'a> {
    /// The folder or file.
    pub path: &'a Path,
    /// Whether an earlier export is replaced.
    pub may_replace: bool,
    /// What the experiment is read from, which is never replaced.
    pub inputs: &'a Inputs,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Where.
    #[serde(with = "crate::any_path")]
    pub path: PathBuf,
    /// Files in all.
    pub files: usize,
    /// Images in all.
    pub images: usize,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The system refused, or something stands there that is not replaced.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The system refused while an earlier export was being replaced.
    #[error(
        "{error}; {} holds parts of two exports now: export again with --overwrite to mend it",
        path.display()
    )]
    Halfway {
        /// The destination.
        path: PathBuf,
        /// What happened.
        error: OutputError,
    },
    /// The images cannot be said in the form.
    #[error("{0}")]
    Form(String),
    /// A fold cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The user asked to stop. Nothing is left.
    #[error("stopped on request")]
    Stopped,
}

impl From<Stopped> for ExportError {
    fn from(_: Stopped) -> ExportError {
        ExportError::Stopped
    }
}

fn io_error<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> ExportError + 'a {
    move |source| OutputError::io(action, path)(source).into()
}

/// Writes an export. An earlier one that may be replaced loses the files that it wrote; everything else in
/// its folder stays.
///
/// # Errors
/// Something stands at the destination that is not replaced, the disk refuses, or the user asked to stop.
/// Except for [`ExportError::Halfway`], the destination is as it was.
pub fn write(
    export: &Export<'_>,
    form: Form,
    destination: &Destination<'_>,
    monitor: &dyn Monitor,
) -> Result<Written, ExportError> {
    export.check()?;
    let files = match form {
        Form::Npz => npz::write(export, destination, monitor)?,
        Form::Folder | Form::Table | Form::Dicom | Form::TfRecord => {
            let place = place::Folder::begin(destination, monitor)?;
            let files = match form {
                Form::Folder => pictures::by_class(export, &place, monitor)?,
                Form::Table => pictures::with_table(export, &place, monitor)?,
                Form::TfRecord => records::write(export, &place, monitor)?,
                Form::Npz | Form::Dicom => dicom::write(export, &place, monitor)?,
            };
            place.finish(Card::of(export, form))?;
            files + 1
        }
    };
    let images = export.folds.iter().map(|(_, fold)| fold.len()).sum();
    Ok(Written { path: destination.path.to_owned(), files, images })
}

impl Export<'_> {
    /// What the images are, for whoever gets them.
    fn statement(&self) -> String {
        let origin = match self.origins.nature {
            Nature::Real => format!(
                "Derived from acquired images: {}, resized to a square, scaled by its own maximum to \
                 {} bits",
                self.colours(),
                self.depth.bits()
            ),
            Nature::Synthetic => {
                "Synthetic: made by a generative model trained on images, not acquired from a patient"
                    .to_owned()
            }
            Nature::Drawn => {
                "Synthetic: drawn by a program, not acquired from a patient".to_owned()
            }
        };
        format!("{origin}. Made by msx {}. Not for diagnostic use.", env!("CARGO_PKG_VERSION"))
    }

    /// `grey`, or how many channels there are.
    fn colours(&self) -> String {
        let channels = self.folds.iter().map(|(_, fold)| fold.info().channels).max();
        match channels.unwrap_or_default() {
            Channels::One => "grey".to_owned(),
            channels => channels.to_string(),
        }
    }

    /// What an image of a fold is as it leaves.
    fn raster(&self, fold: usize) -> Raster {
        Raster { depth: self.depth, ..self.folds[fold].1.info().raster() }
    }

    /// The bytes of an image as it leaves, by the position of its fold and its own.
    fn image(&self, fold: usize, image: usize) -> Cow<'_, [u8]> {
        self.folds[fold].1.pixels().at_depth(image, self.depth)
    }

    /// Names of the findings.
    fn findings(&self) -> &[String] {
        self.folds.first().map_or(&[], |(_, fold)| &fold.info().findings)
    }

    /// What no form can say.
    fn check(&self) -> Result<(), ExportError> {
        let other = |(_, fold): &&(String, Fold)| fold.info().findings != self.findings();
        if let Some((name, _)) = self.folds.iter().find(other) {
            return Err(ExportError::Form(format!(
                "fold `{name}` has other findings than the first one; export one fold at a time"
            )));
        }
        let origin = match self.origins.nature {
            Nature::Synthetic => Origin::Synthetic,
            Nature::Real | Nature::Drawn => Origin::Real,
        };
        match self.folds.iter().find(|(_, fold)| fold.info().origin != origin) {
            Some((name, _)) => Err(ExportError::Form(format!(
                "fold `{name}` is not what the others are; export one fold at a time"
            ))),
            None => Ok(()),
        }
    }

    /// Calls `write` for every image of every fold, side by side, with the fold's position and the
    /// image's.
    fn for_each(
        &self,
        monitor: &dyn Monitor,
        write: impl Fn(usize, usize) -> Result<(), ExportError> + Sync,
    ) -> Result<(), ExportError> {
        let all = self.folds.iter().enumerate();
        let all: Vec<(usize, usize)> =
            all.flat_map(|(at, (_, fold))| (0..fold.len()).map(move |image| (at, image))).collect();
        for (number, chunk) in all.chunks(CHUNK).enumerate() {
            if monitor.stop_requested() {
                return Err(Stopped.into());
            }
            chunk.par_iter().try_for_each(|&(fold, image)| write(fold, image))?;
            report(monitor, number * CHUNK + chunk.len(), all.len());
        }
        Ok(())
    }
}

fn report(monitor: &dyn Monitor, done: usize, total: usize) {
    monitor.report(&Progress::counted("exporting", done, total, "images"));
}

/// `000017.png` for the image with position 16.
fn file_name(image: usize, ending: &str) -> String {
    format!("{:06}.{ending}", image + 1)
}

/// The one finding of every image, where each has exactly one.
fn single_findings(folds: &[(String, Fold)]) -> Option<Vec<Vec<usize>>> {
    let of_fold = |(_, fold): &(String, Fold)| {
        let of_image = |image| match fold.label_set(image) {
            LabelSet(set) if set.len() == 1 => Some(set[0]),
            LabelSet(_) => None,
        };
        (0..fold.len()).map(of_image).collect()
    };
    folds.iter().map(of_fold).collect()
}
