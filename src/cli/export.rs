//! `msx export`

use super::errors::Failure;
use super::folds::{self, FoldArguments, FoldOptions};
use super::interrupt::Interrupt;
use super::progress::Bar;
use super::{console, count};
use crate::data::census::NamedFold;
use crate::data::{Depth, Origin};
use crate::share::export::{self, Destination, Export, ExportError, Form, Nature, Origins};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "Images leave with their labels and folds, and without patient ids or the \
    names of the files they were read from. The stage's result is taken from the cache; nothing is \
    run.")]
pub(super) struct Arguments {
    #[command(flatten)]
    folds: FoldArguments,
    /// The folder to write; for npz, the file
    #[arg(value_name = "DESTINATION", value_hint = clap::ValueHint::AnyPath)]
    destination: PathBuf,
    /// How images leave
    #[arg(long, value_enum)]
    to: FormName,
    /// Bits of a pixel; without it, as many as the images have
    #[arg(long, value_enum)]
    depth: Option<DepthName>,
    /// Replace an earlier export: the files that it wrote, unless you changed one; your own files
    /// beside them stay
    #[arg(long)]
    overwrite: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: FoldOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// PNG files in a folder for each label set
    Folder,
    /// PNG files, and a table with paths, folds and findings
    Csv,
    /// One file of NumPy arrays, named as in MedMNIST
    Npz,
    /// DICOM files (secondary capture) without a patient, and the same table
    Dicom,
    /// TFRecord files with the images at every power of two, and their labels
    #[value(name = "tfrecord")]
    TfRecord,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DepthName {
    /// Images of 16 bits are divided by 257 and rounded
    #[value(name = "8")]
    Eight,
    /// Images of 8 bits are multiplied by 257
    #[value(name = "16")]
    Sixteen,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let opened = folds::open(&arguments.folds, &arguments.options)?;
    let is_synthetic = opened.folds.iter().all(|(_, fold)| fold.info().origin == Origin::Synthetic);
    let nature = match (is_synthetic, opened.reads_files) {
        (true, _) => Nature::Synthetic,
        (false, true) => Nature::Real,
        (false, false) => Nature::Drawn,
    };
    let origins = Origins {
        experiment: opened.experiment,
        stage: opened.label,
        key: opened.key.hex(),
        nature,
    };
    let depth = depth(arguments.depth, &opened.folds);
    let export = Export { origins, folds: &opened.folds, depth };
    let interrupt = Interrupt::listen_saying("stopping; press Ctrl-C again to stop now")?;
    let bar = Bar::of_things(interrupt.stop.clone());
    let destination = Destination {
        path: &arguments.destination,
        may_replace: arguments.overwrite,
        inputs: &opened.inputs,
    };
    let written = export::write(&export, form(arguments.to), &destination, &bar);
    bar.finish();
    let written = written.map_err(|error| match error {
        ExportError::Stopped => Failure::Interrupted,
        error => Failure::new(error),
    })?;
    if nature == Nature::Real {
        say!(
            "note: these are images of your data; names and ids stayed behind, but what is written \
             into a picture, or a face, is still in it"
        );
    }
    if arguments.json {
        return console::document(&written);
    }
    let (images, files) = (count(written.images, "image"), count(written.files, "file"));
    out!("{images} in {files}: {}", written.path.display());
    Ok(())
}

/// The wanted depth, or that of the images; all of a stage have one.
fn depth(wanted: Option<DepthName>, folds: &[NamedFold]) -> Depth {
    match wanted {
        Some(DepthName::Eight) => Depth::Eight,
        Some(DepthName::Sixteen) => Depth::Sixteen,
        None => folds.first().map_or_else(Depth::default, |(_, fold)| fold.info().depth),
    }
}

fn form(name: FormName) -> Form {
    match name {
        FormName::Folder => Form::Folder,
        FormName::Csv => Form::Table,
        FormName::Npz => Form::Npz,
        FormName::Dicom => Form::Dicom,
        FormName::TfRecord => Form::TfRecord,
    }
}
