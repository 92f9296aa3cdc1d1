//! `msx cache verify`

use super::super::console;
use super::super::errors::Failure;
use super::super::progress::Bar;
use super::{CacheFolder, bytes, count};
use crate::graph::Digest;
use crate::store::{Damage, Part, Store, Use, Verification};
use clap::Args;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    folder: CacheFolder,
    /// Only say what is damaged
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    objects: usize,
    bytes: u64,
    records: usize,
    checkpoints: usize,
    removed: bool,
    foreign: Vec<String>,
    damages: Vec<Line>,
    /// The stages whose results are lost, each as `EXPERIMENT LABEL`.
    stages: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    part: Part,
    #[serde(with = "crate::any_path")]
    path: PathBuf,
    reason: String,
    keys: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = arguments.folder.open()?;
    // Before anything is removed, because records say of which kind a stage was.
    let uses = store.survey().map_err(Failure::new)?.uses();
    let progress = Bar::of_bytes();
    let verification = store.verify(&progress);
    progress.finish();
    let verification = verification.map_err(Failure::new)?;
    let is_whole = verification.damages.is_empty();
    if !is_whole && !arguments.dry_run {
        store.remove_damaged(&verification).map_err(Failure::new)?;
    }
    let stages = stages(&verification.damages, &uses);
    if arguments.folder.json {
        console::document(&report(verification, stages, arguments.dry_run))?;
    } else {
        tell(&store, &verification, &stages, arguments.dry_run);
    }
    if is_whole { Ok(()) } else { Err(Failure::Told) }
}

fn stages(damages: &[Damage], uses: &BTreeMap<Digest, Use>) -> BTreeSet<String> {
    let keys = damages.iter().flat_map(|damage| &damage.keys);
    let mut stages = BTreeSet::new();
    for key in keys {
        let used = uses.get(key).map(|used| &used.stages);
        let names = used.into_iter().flatten();
        stages.extend(names.map(|(experiment, label)| format!("{experiment} {label}")));
        if used.is_none() {
            stages.insert(format!("the result {}, of no run that is kept", key.short()));
        }
    }
    stages
}

fn report(verification: Verification, stages: BTreeSet<String>, dry_run: bool) -> Report {
    let Verification { objects, bytes, records, checkpoints, foreign, damages } = verification;
    let removed = !dry_run && !damages.is_empty();
    let lines = damages.into_iter().map(|damage| Line {
        part: damage.part,
        path: damage.path,
        reason: damage.reason,
        keys: damage.keys.iter().map(|key| key.hex()).collect(),
    });
    let damages = lines.collect();
    Report {
        objects,
        bytes,
        records,
        checkpoints,
        removed,
        foreign: foreign.iter().map(|path| path.display().to_string()).collect(),
        damages,
        stages,
    }
}

fn tell(store: &Store, found: &Verification, stages: &BTreeSet<String>, dry_run: bool) {
    out!(
        "read {}, {}, {}: {}",
        count(found.objects, "object"),
        count(found.records, "record"),
        count(found.checkpoints, "checkpoint"),
        bytes(found.bytes)
    );
    for path in &found.foreign {
        say!("warning: msx did not write {}; it is left alone", path.display());
    }
    for damage in &found.damages {
        let path = damage.path.strip_prefix(store.root()).unwrap_or(&damage.path);
        out!("damaged  {} {}", path.display(), damage.reason);
    }
    for stage in stages {
        out!("lost     {stage}");
    }
    match (found.damages.is_empty(), dry_run) {
        (true, _) => out!("all is whole"),
        (false, true) => out!("nothing was removed"),
        (false, false) => {
            out!("removed what is damaged; the next run makes it again");
        }
    }
}
