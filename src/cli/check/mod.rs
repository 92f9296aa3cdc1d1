//! `msx check`

mod json;
mod sarif;

use super::errors::{self, Failure};
use super::{Reading, console, load};
use crate::language::Diagnostic;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The experiment files
    #[arg(required = true, value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// How to tell what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, on standard error
    Text,
    /// One JSON document on standard output
    Json,
    /// SARIF 2.1.0 on standard output, for editors and code hosts
    Sarif,
}

/// What was found out about one file.
struct Checked<'a> {
    file: &'a Path,
    /// The number of stages, where there are no errors.
    stages: Option<usize>,
    diagnostics: Vec<Diagnostic>,
}

impl Checked<'_> {
    fn new<'a>(file: &'a Path, reading: &Reading) -> Checked<'a> {
        match load::read(file, &crate::stages::schemas(), reading) {
            Ok(load::Read { compiled, .. }) => {
                let stages = Some(compiled.experiment.stages.len());
                Checked { file, stages, diagnostics: compiled.warnings }
            }
            Err(diagnostics) => Checked { file, stages: None, diagnostics },
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let checked: Vec<Checked<'_>> =
        arguments.files.iter().map(|file| Checked::new(file, &arguments.reading)).collect();
    let format = if arguments.json { Format::Json } else { arguments.format };
    match format {
        Format::Text => tell(&checked),
        Format::Json => console::document(&json::document(&checked))?,
        Format::Sarif => console::document(&sarif::document(&checked))?,
    }
    if checked.iter().all(|file| file.stages.is_some()) { Ok(()) } else { Err(Failure::Told) }
}

fn tell(checked: &[Checked<'_>]) {
    for Checked { file, stages, diagnostics } in checked {
        errors::render(diagnostics);
        if let Some(stages) = stages {
            out!("{}: {stages} stages, no errors", file.display());
        }
    }
    errors::tell_more(checked.iter().flat_map(|file| &file.diagnostics));
}
