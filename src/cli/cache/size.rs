//! `msx cache size`

use super::super::console;
use super::super::errors::Failure;
use super::{CacheFolder, Retention, bytes, trajectories};
use clap::Args;
use serde::Serialize;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    folder: CacheFolder,
    #[command(flatten)]
    retention: Retention,
}

/// Files of one part of a cache.
#[derive(Debug, Default, Serialize)]
struct Part {
    count: usize,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct Size {
    objects: Part,
    records: Part,
    checkpoints: Part,
    runs: Part,
    decoded: Part,
    scratch: Part,
    bytes: u64,
    /// What a collection with the same policy would free.
    collectable_bytes: u64,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = arguments.folder.open()?;
    let survey = store.survey().map_err(Failure::new)?;
    let policy = arguments.retention.policy();
    let garbage = store.garbage(&policy, &survey, &trajectories());
    let size = Size {
        objects: part(survey.objects.values().map(|seen| seen.bytes)),
        records: part(survey.records.values().map(|record| record.seen.bytes)),
        checkpoints: part(survey.checkpoints.values().map(|seen| seen.bytes)),
        runs: part(survey.runs.iter().map(|run| run.seen.bytes)),
        decoded: Part { count: survey.decoded.files as usize, bytes: survey.decoded.bytes },
        scratch: part((survey.scratch.files > 0).then_some(survey.scratch.bytes).into_iter()),
        bytes: survey.bytes(),
        collectable_bytes: garbage.map_err(Failure::new)?.bytes,
    };
    if arguments.folder.json {
        return console::document(&size);
    }
    let parts = [
        ("objects", &size.objects),
        ("results", &size.records),
        ("checkpoints", &size.checkpoints),
        ("runs", &size.runs),
        ("decoded", &size.decoded),
        ("scratch", &size.scratch),
    ];
    for (name, part) in parts {
        out!("{name:<12}{:>8}  {:>10}", part.count, bytes(part.bytes));
    }
    out!("{:<12}{:>8}  {:>10}", "all", "", bytes(size.bytes));
    out!("`msx cache gc` would free {}", bytes(size.collectable_bytes));
    Ok(())
}

fn part(sizes: impl Iterator<Item = u64>) -> Part {
    sizes.fold(Part::default(), |part, bytes| Part {
        count: part.count + 1,
        bytes: part.bytes + bytes,
    })
}
