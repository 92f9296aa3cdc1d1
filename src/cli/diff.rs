//! `msx diff`

use super::errors::Failure;
use super::workplace::{Workplace, WorkplaceArguments};
use super::{Reading, console, load};
use crate::graph::Digest;
use crate::graph::diff::{self, Changed, Difference, Own, Side, family};
use crate::graph::plan::Knowledge;
use crate::share::{self, Results};
use crate::stages::{self, Figure};
use crate::store::{RunName, Store};
use clap::Args;
use serde::Serialize;
use std::path::Path;

/// Exit code where nothing could be compared, as `diff` and `cmp` have it.
const TROUBLE: u8 = 2;

#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes, as those of diff: 0 no difference in meaning; 1 a difference; \
    2 the two could not be compared."
)]
pub(super) struct Arguments {
    /// An experiment file, or a run: its number or `last`
    #[arg(value_name = "FILE|RUN")]
    before: String,
    /// What it is compared with
    #[arg(value_name = "FILE|RUN")]
    after: String,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    workplace: WorkplaceArguments,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// One of the two, with the keys of what it has results of.
struct Read {
    side: Side,
    keys: Vec<Option<Digest>>,
}

/// What is told.
#[derive(Serialize)]
struct Told {
    same_meaning: bool,
    removed: Vec<String>,
    added: Vec<String>,
    renamed: Vec<Renamed>,
    changed: Vec<ChangedStage>,
    claims: Vec<ChangedClaim>,
    results: Vec<Compared>,
}

#[derive(Serialize)]
struct Renamed {
    before: String,
    after: String,
}

#[derive(Serialize)]
struct ChangedStage {
    stage: String,
    changes: Vec<Own>,
    /// Stages that take from it, directly or not.
    affects: usize,
}

#[derive(Serialize)]
struct ChangedClaim {
    claim: String,
    before: Option<String>,
    after: Option<String>,
}

/// A stage that has a result on both sides.
#[derive(Serialize)]
struct Compared {
    stage: String,
    /// Whether all files hold the same bytes.
    equal: bool,
    /// Figures that differ.
    figures: Vec<Moved>,
}

#[derive(Serialize)]
struct Moved {
    name: String,
    before: Option<Figure>,
    after: Option<Figure>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let told = compare(arguments).map_err(|failure| {
        failure.print();
        Failure::Exit(TROUBLE)
    })?;
    if arguments.json {
        console::document(&told)?;
    } else {
        print(&told);
    }
    if told.same_meaning { Ok(()) } else { Err(Failure::Told) }
}

fn compare(arguments: &Arguments) -> Result<Told, Failure> {
    let store = Store::open(&arguments.workplace.cache.cache).map_err(Failure::new)?;
    let methods = stages::methods();
    let results = Results::of(&store, &methods);
    let before = read(&arguments.before, arguments, &results)?;
    let after = read(&arguments.after, arguments, &results)?;
    let found = diff::diff(&before.side, &after.side);
    let results = compared(&found, &before, &after, &results)?;
    Ok(told(&found, &before.side, &after.side, results))
}

fn read(name: &str, arguments: &Arguments, results: &Results<'_>) -> Result<Read, Failure> {
    match name.parse::<RunName>() {
        Ok(run) if !name.contains(['/', '.']) => {
            let run = results.store.find_run(run).map_err(Failure::new)?;
            let side = share::of_run(&run, results).map_err(Failure::new)?;
            Ok(Read { side, keys: run.stages.iter().map(|stage| stage.key).collect() })
        }
        _ => read_file(Path::new(name), arguments, results),
    }
}

fn read_file(file: &Path, arguments: &Arguments, results: &Results<'_>) -> Result<Read, Failure> {
    let loaded = load::load(file, &arguments.reading)?;
    // Runs are compared without a device.
    let WorkplaceArguments { cache, device } = &arguments.workplace;
    let workplace = Workplace::around(results.store.clone(), device, cache.verify)?;
    let session = workplace.session(&loaded)?;
    let keys = session.plan().keys();
    session.save_index();
    let files = |index| session.files(index).ok();
    let side = Side::of_file(&loaded.graph, &loaded.experiment.claims, files);
    Ok(Read { side, keys })
}

/// The results of stages that have one on both sides.
fn compared(
    found: &Difference,
    before: &Read,
    after: &Read,
    results: &Results<'_>,
) -> Result<Vec<Compared>, Failure> {
    let mut compared = Vec::new();
    for &(old, new) in &found.pairs {
        let (Some(old), Some(key)) = (before.keys[old], after.keys[new]) else { continue };
        let record = |key| results.record(key).map_err(Failure::new);
        let (Some(old), Some(record)) = (record(&old)?, record(&key)?) else { continue };
        let equal = old.outputs == record.outputs;
        let (was, is) = (results.figures(&old), results.figures(&record));
        let figures = if equal { Vec::new() } else { moved(&was, &is) };
        compared.push(Compared { stage: after.side.stages[new].label.clone(), equal, figures });
    }
    Ok(compared)
}

fn moved(before: &[Figure], after: &[Figure]) -> Vec<Moved> {
    let named =
        |figures: &[Figure], name: &str| figures.iter().find(|figure| figure.name == name).cloned();
    let mut names: Vec<&String> = after.iter().map(|figure| &figure.name).collect();
    names.extend(before.iter().map(|figure| &figure.name));
    let mut moved: Vec<Moved> = Vec::new();
    for name in names {
        let (old, new) = (named(before, name), named(after, name));
        if old != new && !moved.iter().any(|one| one.name == *name) {
            moved.push(Moved { name: name.clone(), before: old, after: new });
        }
    }
    moved
}

fn told(found: &Difference, before: &Side, after: &Side, results: Vec<Compared>) -> Told {
    let labels = |side: &Side, indices: &[usize]| {
        indices.iter().map(|&index| side.stages[index].label.clone()).collect()
    };
    let changed = |one: &Changed| ChangedStage {
        stage: after.stages[one.after].label.clone(),
        changes: one.changes.clone(),
        affects: one.affects,
    };
    let renamed = |&(old, new): &(usize, usize)| Renamed {
        before: before.stages[old].label.clone(),
        after: after.stages[new].label.clone(),
    };
    let claim = |(claim, before, after): &(String, Option<String>, Option<String>)| ChangedClaim {
        claim: claim.clone(),
        before: before.clone(),
        after: after.clone(),
    };
    Told {
        same_meaning: found.is_empty(),
        removed: labels(before, &found.removed),
        added: labels(after, &found.added),
        renamed: found.renamed.iter().map(renamed).collect(),
        changed: found.changed.iter().map(changed).collect(),
        claims: found.claims.iter().map(claim).collect(),
        results,
    }
}

fn print(told: &Told) {
    if told.same_meaning {
        out!("no difference in meaning");
    }
    for stage in &told.removed {
        out!("removed  {stage}");
    }
    for stage in &told.added {
        out!("added    {stage}");
    }
    for Renamed { before, after } in &told.renamed {
        out!("renamed  {before} → {after}");
    }
    print_changed(&told.changed);
    let absent = || "(absent)".to_owned();
    for ChangedClaim { claim, before, after } in &told.claims {
        let (before, after) = (before.clone(), after.clone());
        let (before, after) = (before.unwrap_or_else(absent), after.unwrap_or_else(absent));
        out!("claim    {claim}  {before} → {after}");
    }
    print_results(&told.results);
}

/// Members of a family that differ alike share a line.
fn print_changed(changed: &[ChangedStage]) {
    let mut told: Vec<(&str, &[Own])> = Vec::new();
    for one in changed {
        let alike = (family(&one.stage), &*one.changes);
        if told.contains(&alike) {
            continue;
        }
        told.push(alike);
        let members = changed
            .iter()
            .filter(|other| (family(&other.stage), &*other.changes) == alike)
            .collect::<Vec<_>>();
        let name = match members.len() {
            1 => one.stage.clone(),
            count => format!("{}[*] ({count} stages)", alike.0),
        };
        let changes: Vec<String> = one.changes.iter().map(ToString::to_string).collect();
        let affects = members.iter().map(|member| member.affects).max().unwrap_or(0);
        let affects = match affects {
            0 => String::new(),
            1 => "  (1 further stage depends on it)".to_owned(),
            count => format!("  ({count} further stages depend on it)"),
        };
        out!("changed  {name}  {}{affects}", changes.join("; "));
    }
}

fn print_results(results: &[Compared]) {
    for result in results {
        for Moved { name, before, after } in &result.figures {
            let number = |figure: &Option<Figure>| {
                figure.as_ref().map_or_else(|| "(absent)".to_owned(), Figure::number)
            };
            let (before, after) = (number(before), number(after));
            out!("figure   {}  {name} {before} → {after}", result.stage);
        }
    }
    if !results.is_empty() {
        let equal = results.iter().filter(|result| result.equal).count();
        out!("of {} stages with results on both sides, {equal} have equal bytes", results.len());
    }
}
