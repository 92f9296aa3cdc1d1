//! `msx plan`

use super::errors::Failure;
use super::load::{self, Loaded};
use super::workplace::WorkplaceArguments;
use super::{FileArguments, GoalArguments};
use crate::graph::plan::{Plan, Status};
use crate::run;
use crate::store::{History, Store};
use clap::Args;

/// What becomes of claims.
const UNJUDGED: &str = "claims are judged in a later version";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    goals: GoalArguments,
    #[command(flatten)]
    workplace: WorkplaceArguments,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let index = arguments.workplace.index_ahead();
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let loaded = loaded.only(&arguments.goals.stages)?;
    let workplace = arguments.workplace.open()?;
    let session = workplace.session(&loaded)?.with_index(index);
    let plan = session.plan();
    session.save_index();
    let history = session.store.history(&loaded.path);
    for index in 0..loaded.graph.nodes().len() {
        out!("{}", line(&loaded, &plan, session.store, &history, index));
    }
    for claim in &loaded.experiment.claims {
        out!("{:<9} {:<10} {}  ({UNJUDGED})", "claimed", claim.method, claim.name);
    }
    let [cached, will, may, blocked] = plan.counts();
    let blocked = if blocked > 0 { format!(", {blocked} blocked") } else { String::new() };
    out!("{cached} cached, {will} will run, {may} may run{blocked}");
    Ok(())
}

fn line(loaded: &Loaded, plan: &Plan, store: &Store, history: &History, index: usize) -> String {
    let stage = &loaded.graph.nodes()[index].stage;
    let name = format!("{:<9} {:<10} {}", word(&plan.statuses[index]), stage.kind, stage.label());
    match run::reason(&loaded.graph, plan, store, history, index) {
        Some(reason) => format!("{name}  ({reason})"),
        None => name,
    }
}

fn word(status: &Status) -> &'static str {
    match status {
        Status::Cached { .. } => "cached",
        Status::WillRun { .. } => "will run",
        Status::MayRun { .. } => "may run",
        Status::Blocked { .. } => "blocked",
    }
}
