//! `msx why`

use super::Reading;
use super::errors::Failure;
use super::load::{self, Loaded};
use super::workplace::WorkplaceArguments;
use crate::graph::explain;
use crate::graph::plan::{Plan, Status};
use crate::run;
use crate::store::{History, Run, RunName, Store};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The stage: a name, or a family member such as 'g[arch: cpd]'
    stage: String,
    /// The experiment file; without it, the one that ran last, with the same --set and --project
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Compare with this run, by number, or `last`, instead of the stage's last result
    #[arg(long, value_name = "RUN")]
    since: Option<RunName>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    workplace: WorkplaceArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let workplace = arguments.workplace.open()?;
    let store = &workplace.store;
    let loaded = load_file(arguments, store)?;
    let members = loaded.find(&arguments.stage)?;
    let session = workplace.session(&loaded)?;
    let plan = session.plan();
    session.save_index();
    match arguments.since {
        None => {
            let history = store.history(&loaded.path);
            members
                .into_iter()
                .for_each(|index| explain_stage(&loaded, &plan, store, &history, index));
        }
        Some(name) => {
            let run = store.find_run(name).map_err(Failure::new)?;
            members.into_iter().for_each(|index| compare(&loaded, &plan, store, &run, index));
        }
    }
    Ok(())
}

fn load_file(arguments: &Arguments, store: &Store) -> Result<Loaded, Failure> {
    if let Some(file) = &arguments.file {
        return load::load(file, &arguments.reading);
    }
    let Some(last) = store.last_run() else {
        return Err(Failure::Message(
            "nothing ran in this cache yet; name the file: msx why STAGE FILE".to_owned(),
        ));
    };
    let mut set = last.set;
    set.retain(|(name, _)| arguments.reading.set.iter().all(|(other, _)| other != name));
    set.extend(arguments.reading.set.iter().cloned());
    let project = arguments.reading.project.clone().or(last.project);
    load::load(&last.file, &Reading { set, project })
}

/// Prints the stage's state, and for one that waits the reasons of those that it waits on, down
/// to the stages where the change began.
fn explain_stage(loaded: &Loaded, plan: &Plan, store: &Store, history: &History, index: usize) {
    let label = |index: usize| loaded.graph.nodes()[index].stage.label();
    let mut visited = vec![false; loaded.graph.nodes().len()];
    let mut waiting = vec![(index, 0)];
    while let Some((index, depth)) = waiting.pop() {
        if std::mem::replace(&mut visited[index], true) {
            continue;
        }
        let indent = "  ".repeat(depth);
        let reason = run::reason(&loaded.graph, plan, store, history, index);
        let text = match (&plan.statuses[index], reason) {
            (Status::Cached { .. }, _) => {
                "is cached: nothing that it depends on changed".to_owned()
            }
            (Status::WillRun { .. }, Some(reason)) => format!("will run: {reason}"),
            (Status::Blocked { .. }, Some(reason)) => format!("cannot run: {reason}"),
            (_, Some(reason)) => format!("may run: {reason}"),
            (_, None) => "may run".to_owned(),
        };
        out!("{indent}{} {text}", label(index));
        if let Status::MayRun { waits_on } = &plan.statuses[index] {
            waiting.extend(waits_on.iter().rev().map(|&giver| (giver, depth + 1)));
        }
    }
}

/// Prints how the stage differs from what it was in an earlier run.
fn compare(loaded: &Loaded, plan: &Plan, store: &Store, run: &Run, index: usize) {
    let label = loaded.graph.nodes()[index].stage.label();
    let number = run.number;
    let Some(before) = run.stages.iter().find(|stage| stage.label == label) else {
        return out!("{label} was not part of run #{number}");
    };
    let after = match &plan.statuses[index] {
        Status::Cached { key } if before.key == Some(*key) => {
            return out!("{label} is as in run #{number}");
        }
        Status::Cached { key } => store.record(key).ok().flatten().map(|it| it.fingerprint),
        Status::WillRun { fingerprint } => Some(fingerprint.clone()),
        _ => None,
    };
    let record = before.key.and_then(|key| store.record(&key).ok().flatten());
    match (record, after) {
        (Some(record), Some(after)) => {
            let changes = explain::changes(&record.fingerprint, &after);
            out!("{label} since run #{number}: {}", explain::words(&changes));
        }
        (None, _) => out!("{label} has no result of run #{number} in the cache"),
        (_, None) => {
            out!("{label} depends on results that are not there yet; ask for those");
        }
    }
}
