//! `msx check`

use super::errors::Failure;
use super::{Reading, load};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The experiment files
    #[arg(required = true, value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut failed = false;
    for file in &arguments.files {
        match load::load(file, &arguments.reading) {
            Ok(loaded) => {
                let count = loaded.graph.nodes().len();
                anstream::println!("{}: {count} stages, no errors", file.display());
            }
            Err(failure) => {
                failure.print();
                failed = true;
            }
        }
    }
    if failed { Err(Failure::Told) } else { Ok(()) }
}
