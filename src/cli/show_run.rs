//! `msx show`

use super::console;
use super::errors::Failure;
use super::show::duration;
use crate::share::Results;
use crate::stages::{self, Figure};
use crate::store::{Record, Run, RunName, RunStage, Store};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;

/// Figures that a line shows before it only counts.
const MOST_SHOWN: usize = 2;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The run: its number as `msx runs` shows it, or `last`
    #[arg(default_value = "last")]
    run: RunName,
    /// The cache folder
    #[arg(long, env = "MSX_CACHE", default_value = "cache", value_hint = clap::ValueHint::DirPath)]
    cache: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A run with what its stages found.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    run: Run,
    /// By stage, in the order of the run's stages.
    results: Vec<Found>,
}

/// What is kept of one stage.
#[derive(Serialize)]
struct Found {
    stage: String,
    /// Wall time of the stage, also where this run found its result made; absent where its record is
    /// gone.
    seconds: Option<f64>,
    figures: Vec<Figure>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = Store::open(&arguments.cache).map_err(Failure::new)?;
    let run = store.find_run(arguments.run).map_err(Failure::new)?;
    let methods = stages::methods();
    let results = Results::of(&store, &methods);
    let found = run.stages.iter().map(|stage| found(stage, &results));
    let found = found.collect::<Result<Vec<Found>, Failure>>()?;
    let shown = Shown { run, results: found };
    if arguments.json {
        return console::document(&shown);
    }
    print(&shown);
    Ok(())
}

fn found(stage: &RunStage, results: &Results<'_>) -> Result<Found, Failure> {
    let record = match &stage.key {
        Some(key) => results.store.record(key).map_err(Failure::new)?,
        None => None,
    };
    let seconds = record.as_ref().map(|record| record.provenance.seconds);
    let figures = |record: &Record| results.figures(record);
    let figures = record.as_ref().map(figures).unwrap_or_default();
    Ok(Found { stage: stage.label.clone(), seconds, figures })
}

fn print(shown: &Shown) {
    let run = &shown.run;
    let began = run.began.strftime("%Y-%m-%d %H:%M:%S UTC");
    out!("run {} of {}, {began}", run.number, run.experiment);
    out!("file    {}", run.file.display());
    for (name, value) in &run.set {
        out!("set     {name}={value}");
    }
    let (device, platform, threads, msx) = (&run.device, &run.platform, run.threads, &run.msx);
    out!("with    msx {msx} on {platform}, device {device}, {threads} threads");
    out!("ended   {}", end(run));
    for (stage, found) in run.stages.iter().zip(&shown.results) {
        out!("{}", line(stage, found));
    }
}

fn end(run: &Run) -> String {
    match &run.ended {
        Some(end) if end.complete => format!("with every result, after {}", duration(end.seconds)),
        Some(end) => format!("without every result, after {}", duration(end.seconds)),
        None => "not yet, or it was killed".to_owned(),
    }
}

fn line(stage: &RunStage, found: &Found) -> String {
    let ending = stage.ending.as_deref().unwrap_or("unknown");
    let seconds = found.seconds.map(duration).unwrap_or_default();
    let shown = found.figures.iter().take(MOST_SHOWN).map(ToString::to_string);
    let mut figures: Vec<String> = shown.collect();
    if found.figures.len() > MOST_SHOWN {
        figures.push(format!("{} more with --json", found.figures.len() - MOST_SHOWN));
    }
    let line = format!("{ending:<9} {:<10} {seconds:>8}  {}", stage.kind, stage.label);
    if figures.is_empty() { line } else { format!("{line}  {}", figures.join("; ")) }
}
