//! `msx data`

mod grid;
mod terminal;
mod text;

use super::errors::Failure;
use super::folds::{self, FoldArguments, FoldOptions, LeftOut, Opened};
use super::interrupt::Interrupt;
use super::progress::Bar;
use super::{console, count};
use crate::data::census::Census;
use crate::data::duplicates::{DISTANCE, Duplicates};
use crate::data::perceptual::LARGEST_DISTANCE;
use crate::graph::Digest;
use crate::report::picture;
use crate::share::output::{self, Kind};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "The stage's result is taken from the cache; nothing is run.")]
pub(super) struct Arguments {
    #[command(flatten)]
    folds: FoldArguments,
    /// Write a picture of images by label set
    #[arg(long, value_name = "FILE.png", value_hint = clap::ValueHint::FilePath)]
    grid: Option<PathBuf>,
    /// Show images by label set in the terminal
    #[arg(long, conflicts_with = "json")]
    show: bool,
    /// Images of each label set and fold that are shown
    #[arg(long, value_name = "N", default_value = "6", value_parser = clap::value_parser!(u16).range(1..=1000))]
    per_class: u16,
    /// Label sets and findings that are listed and shown, the most frequent ones; --json has all
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Bits in which the 64-bit hashes of images that look alike may differ
    #[arg(long, value_name = "BITS", default_value_t = DISTANCE, value_parser = clap::value_parser!(u32).range(0..=i64::from(LARGEST_DISTANCE)))]
    near: u32,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: FoldOptions,
}

/// What `--grid` writes.
const PICTURE: Kind = Kind { name: "a picture", is_data: true, is_ours: picture::is_ours };

/// What is told.
#[derive(Serialize)]
struct Told<'a> {
    experiment: &'a str,
    stage: &'a str,
    kind: &'a str,
    method: &'a str,
    key: &'a Digest,
    #[serde(flatten)]
    census: &'a Census,
    left_out: &'a [LeftOut],
    duplicates: &'a Duplicates,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let screen = arguments.show.then(terminal::Screen::find).transpose()?;
    let opened = folds::open(&arguments.folds, &arguments.options)?;
    if let Some(path) = &arguments.grid {
        output::check(path, PICTURE, &opened.inputs, true).map_err(Failure::new)?;
    }
    let census = Census::take(&opened.folds).map_err(Failure::new)?;
    let (top, per_class) = (arguments.top, usize::from(arguments.per_class));
    if let Some(path) = &arguments.grid {
        let png = grid::png(&opened, &census, top, per_class).map_err(Failure::Message)?;
        output::write(path, PICTURE, &opened.inputs, &png).map_err(Failure::new)?;
    }
    let interrupt = Interrupt::listen_saying("stopping; press Ctrl-C again to stop now")?;
    let bar = Bar::of_things(interrupt.stop.clone());
    let found = Duplicates::find(&opened.folds, arguments.near, &bar);
    bar.finish();
    let duplicates = found.map_err(|_| Failure::Interrupted)?;
    if arguments.json {
        let Opened { experiment, label: stage, kind, method, key, left_out, .. } = &opened;
        let (census, duplicates) = (&census, &duplicates);
        console::document(&Told {
            experiment,
            stage,
            kind,
            method,
            key,
            census,
            left_out,
            duplicates,
        })?;
    } else {
        text::print(&opened, &census, &duplicates, top);
        if let Some(path) = &arguments.grid {
            out!("");
            out!("images by label set: {}", path.display());
        }
        if let Some(screen) = screen {
            screen.show(&opened, &census, top, per_class).map_err(Failure::Message)?;
        }
    }
    warn(&census, &duplicates);
    Ok(())
}

/// What may spoil results, on standard error.
fn warn(census: &Census, duplicates: &Duplicates) {
    let patients = census.patients_in_several_folds;
    if patients > 0 {
        say!("warning: patients with images in more than one fold: {patients}");
    }
    let across = (duplicates.exact_across_folds, duplicates.near_across_folds);
    if across != (0, 0) {
        say!(
            "warning: models may be judged on what they were trained on: in different folds are {} of \
             images with the same pixels and {} of images that look alike",
            count(across.0, "group"),
            count(across.1, "pair")
        );
    }
    let contradicting = duplicates.exact.iter().filter(|copies| !copies.same_labels).count();
    if contradicting > 0 {
        say!(
            "warning: {} of images with the same pixels, but different labels",
            count(contradicting, "group")
        );
    }
    if !duplicates.is_complete {
        say!(
            "warning: more pairs of hashes are near each other than were compared; the list of \
             images that look alike is not whole. Lower --near to have it whole"
        );
    }
}
