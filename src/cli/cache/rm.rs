//! `msx cache rm`

use super::super::console;
use super::super::errors::Failure;
use super::super::workplace::Workplace;
use super::super::{DeviceArguments, Reading, load};
use super::{CacheFolder, count};
use crate::graph::plan::Status;
use crate::graph::{Digest, Fingerprint};
use crate::store::{RunName, Store};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The experiment file
    #[arg(value_hint = clap::ValueHint::FilePath, required_unless_present = "run")]
    file: Option<PathBuf>,
    /// The stages whose results to forget: labels, or names for whole families
    #[arg(value_name = "STAGE", required_unless_present = "run")]
    stages: Vec<String>,
    #[command(flatten)]
    reading: Reading,
    /// Forget this run instead, by number; its results stay until `msx cache gc`
    #[arg(long, value_name = "N", conflicts_with_all = ["file", "stages"])]
    run: Option<RunName>,
    /// Let trainings go on from their checkpoints when they run again
    #[arg(long)]
    keep_checkpoints: bool,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    folder: CacheFolder,
}

#[derive(Debug, Serialize)]
struct Forgotten {
    run: Option<u64>,
    stages: Vec<Stage>,
}

#[derive(Debug, Serialize)]
struct Stage {
    label: String,
    key: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = arguments.folder.open()?;
    let forgotten = match (&arguments.run, &arguments.file) {
        (Some(name), _) => forget_run(&store, *name)?,
        (None, Some(file)) => forget_stages(arguments, file, &store)?,
        (None, None) => return Err(Failure::Message("name a file and its stages".to_owned())),
    };
    if arguments.folder.json {
        return console::document(&forgotten);
    }
    for stage in &forgotten.stages {
        out!("forgot   {} ({:.12})", stage.label, stage.key);
    }
    match forgotten.run {
        Some(number) => out!("forgot run {number}"),
        None => out!("forgot {}", count(forgotten.stages.len(), "result")),
    }
    if forgotten.run.is_some() || !forgotten.stages.is_empty() {
        out!("`msx cache gc` frees the space");
    }
    Ok(())
}

fn forget_run(store: &Store, name: RunName) -> Result<Forgotten, Failure> {
    let number = match name {
        // Also one whose description cannot be read.
        RunName::Number(number) if store.run_numbers().contains(&number) => number,
        name => store.find_run(name).map_err(Failure::new)?.number,
    };
    store.remove_run(number).map_err(Failure::new)?;
    Ok(Forgotten { run: Some(number), stages: Vec::new() })
}

/// The result that a stage would be served now, or else the one that it had last.
fn forget_stages(arguments: &Arguments, file: &Path, store: &Store) -> Result<Forgotten, Failure> {
    let loaded = load::load(file, &arguments.reading)?;
    let workplace = Workplace::around(store.clone(), &arguments.device, false)?;
    let plan = workplace.session(&loaded)?.plan();
    let history = store.history(&loaded.path);
    let trajectories = super::trajectories();
    let mut stages = Vec::new();
    for name in &arguments.stages {
        for index in loaded.find(name)? {
            let label = loaded.graph.nodes()[index].stage.label();
            let fingerprint = match &plan.statuses[index] {
                Status::Cached { key } => last(store, Some(key))?,
                _ => last(store, history.keys.get(&label))?,
            };
            let Some(fingerprint) = fingerprint else {
                say!("warning: `{label}` has no result");
                continue;
            };
            if !arguments.keep_checkpoints {
                for trajectory in trajectories(&fingerprint) {
                    store.remove_checkpoints(&trajectory).map_err(Failure::new)?;
                }
            }
            let key = fingerprint.key();
            store.remove_record(&key).map_err(Failure::new)?;
            stages.push(Stage { label, key: key.hex() });
        }
    }
    Ok(Forgotten { run: None, stages })
}

fn last(store: &Store, key: Option<&Digest>) -> Result<Option<Fingerprint>, Failure> {
    let Some(key) = key else { return Ok(None) };
    let record = store.record(key).map_err(Failure::new)?;
    Ok(record.map(|record| record.fingerprint))
}
