//! `msx export`

use super::errors::Failure;
use super::folds::{self, FoldArguments, FoldOptions};
use super::interrupt::Interrupt;
use super::progress::Bar;
use super::{count, output};
use crate::data::Origin;
use crate::data::image::Depth;
use crate::share::export::{self, Export, ExportError, Form, Nature, Origins};
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
    /// Bits of a pixel in PNG files
    #[arg(long, value_enum, default_value = "8")]
    depth: DepthName,
    /// Replace an earlier export
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
    /// As they are
    #[value(name = "8")]
    Eight,
    /// Times 257
    #[value(name = "16")]
    Sixteen,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let form = form(arguments)?;
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
    let export = Export { origins, folds: &opened.folds };
    let interrupt = Interrupt::listen_saying("stopping; press Ctrl-C again to stop now")?;
    let bar = Bar::of_things(interrupt.stop.clone());
    let written = export::write(&export, form, &arguments.destination, arguments.overwrite, &bar);
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
        return output::document(&written);
    }
    let (images, files) = (count(written.images, "image"), count(written.files, "file"));
    anstream::println!("{images} in {files}: {}", written.path.display());
    Ok(())
}

fn form(arguments: &Arguments) -> Result<Form, Failure> {
    let depth = match arguments.depth {
        DepthName::Eight => Depth::Eight,
        DepthName::Sixteen => Depth::Sixteen,
    };
    let form = match arguments.to {
        FormName::Folder => Form::Folder(depth),
        FormName::Csv => Form::Table(depth),
        FormName::Npz => Form::Npz,
        FormName::Dicom => Form::Dicom,
        FormName::TfRecord => Form::TfRecord,
    };
    if depth == Depth::Sixteen && matches!(form, Form::Npz | Form::Dicom | Form::TfRecord) {
        return Err(Failure::Message(
            "only PNG files have --depth 16; use --to folder or --to csv, or leave it out"
                .to_owned(),
        ));
    }
    Ok(form)
}
