//! `msx cache gc`

use super::super::console;
use super::super::errors::Failure;
use super::{CacheFolder, Retention, bytes, count, trajectories};
use crate::store::Garbage;
use clap::Args;
use serde::Serialize;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    folder: CacheFolder,
    #[command(flatten)]
    retention: Retention,
    /// Remove it; without this nothing is removed
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Serialize)]
struct Summary<'a> {
    removed: bool,
    runs: &'a [u64],
    results: Vec<String>,
    objects: usize,
    checkpoints: usize,
    scratch: usize,
    leftovers: usize,
    bytes: u64,
    kept_bytes: u64,
    /// What the rest is larger than the budget.
    over_budget_bytes: u64,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = arguments.folder.open()?;
    let policy = arguments.retention.policy();
    let collected = if arguments.yes {
        store.collect(&policy, &trajectories())
    } else {
        store.survey().and_then(|survey| store.garbage(&policy, &survey, &trajectories()))
    };
    let garbage = collected.map_err(Failure::new)?;
    let over = policy.budget.map_or(0, |budget| garbage.kept_bytes.saturating_sub(budget));
    if arguments.folder.json {
        return console::document(&Summary {
            removed: arguments.yes,
            runs: &garbage.runs,
            results: garbage.records.iter().map(|key| key.hex()).collect(),
            objects: garbage.objects.len(),
            checkpoints: garbage.checkpoints.len(),
            scratch: garbage.scratch,
            leftovers: garbage.leftovers,
            bytes: garbage.bytes,
            kept_bytes: garbage.kept_bytes,
            over_budget_bytes: over,
        });
    }
    tell(&garbage, arguments.yes);
    if over > 0 {
        let (kept, over) = (bytes(garbage.kept_bytes), bytes(over));
        say!("warning: what stays has {kept}, {over} more than the budget; all of it is in use");
    }
    Ok(())
}

fn tell(garbage: &Garbage, removed: bool) {
    let parts = [
        count(garbage.runs.len(), "run"),
        count(garbage.records.len(), "result"),
        count(garbage.objects.len(), "object"),
        format!("checkpoints of {}", count(garbage.checkpoints.len(), "training")),
        count(garbage.scratch, "scratch folder"),
        count(garbage.leftovers, "leftover"),
    ];
    let word = if removed { "removed" } else { "would remove" };
    out!("{word} {}: {}", parts.join(", "), bytes(garbage.bytes));
    out!("{} stay", bytes(garbage.kept_bytes));
    let is_empty = garbage.runs.len() + garbage.records.len() + garbage.objects.len() == 0
        && garbage.checkpoints.len() + garbage.scratch + garbage.leftovers == 0;
    if !removed && !is_empty {
        out!("nothing was removed; add --yes to remove it");
    }
}
