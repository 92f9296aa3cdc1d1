//! `msx bundle`

use super::errors::Failure;
use super::load::{self, Loaded};
use super::publish::{self, Places};
use super::workplace::WorkplaceArguments;
use super::{FileArguments, portable};
use crate::graph::plan::Plan;
use crate::relative_path::RelativePath;
use crate::run::{Ending, Outcome, Session};
use crate::share::archive::{self, Content};
use crate::share::output::{self, Inputs, Output};
use crate::share::{self, BUNDLE, Bundle, Contents, Description, Lock, Results, Text};
use crate::store::{Record, Store};
use clap::Args;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    workplace: WorkplaceArguments,
    /// The bundle to write
    #[arg(short, long, value_name = "BUNDLE", value_hint = clap::ValueHint::FilePath)]
    output: PathBuf,
    /// Put the files of a stage or of one of its outputs in as well, such as `g.generator` or
    /// 'fake[k: 6].train'; may be repeated
    #[arg(long, value_name = "STAGE[.OUTPUT]")]
    with: Vec<String>,
    /// The address of the licence that the bundle is given away under
    #[arg(long, value_name = "URL")]
    license: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    // Told before there is anything to wait for.
    output::check(&arguments.output, BUNDLE, &loaded.inputs, true).map_err(Failure::new)?;
    let workplace = arguments.workplace.open()?;
    let session = workplace.session(&loaded)?;
    let plan = session.plan_and_hold();
    let text = portable::text(&loaded, &arguments.file.reading)?;
    let lock = Lock::of(&session, &plan, &text).map_err(Failure::new)?;
    let outcome = outcome(plan);
    let results = Results::of(&workplace.store, &workplace.methods);
    let mut bundle = begin(&loaded, &results, &outcome, &text, &lock)?;
    for wanted in &arguments.with {
        add_artefacts(&mut bundle, &loaded, wanted)?;
    }
    for (report, maker) in add_pages(&mut bundle, &loaded, &session, &outcome)? {
        say_withheld(&loaded, report, maker);
    }
    let files = bundle.finish(&description(arguments, &loaded, &workplace.store, &lock));
    let files = files.map_err(Failure::new)?;
    session.save_index();
    write(&arguments.output, &files, &loaded.inputs)?;
    out!("{} files in {}", files.len(), arguments.output.display());
    Ok(())
}

/// A bundle of results, before anything is given away by name.
fn begin<'a>(
    loaded: &'a Loaded,
    results: &'a Results<'a>,
    outcome: &Outcome,
    text: &Text,
    lock: &Lock,
) -> Result<Bundle<'a>, Failure> {
    let records = records(loaded, results, outcome)?;
    Bundle::new(&loaded.graph, results, records, text, lock).map_err(Failure::new)
}

/// The bundle that results found here would give, with the artefacts of another one.
pub(super) fn again<'a>(
    loaded: &'a Loaded,
    session: &Session<'_>,
    results: &'a Results<'a>,
    outcome: &Outcome,
    text: &Text,
    contents: &Contents,
) -> Result<Bundle<'a>, Failure> {
    let mut bundle = begin(loaded, results, outcome, text, &contents.lock)?;
    for artefact in contents.artefacts() {
        if let Some(index) = bundle.maker_of(&artefact) {
            // What may not be given away, or is not an output, no honest bundle has.
            let _ = bundle.add_artefact(index, Some(&artefact.output));
        }
    }
    add_pages(&mut bundle, loaded, session, outcome)?;
    Ok(bundle)
}

fn write(
    path: &Path,
    files: &BTreeMap<RelativePath, Content>,
    inputs: &Inputs,
) -> Result<(), Failure> {
    let mut output = Output::begin(path, BUNDLE, inputs, true).map_err(Failure::new)?;
    archive::write(output.file(), path, files).map_err(Failure::new)?;
    output.finish().map_err(Failure::new)
}

/// What a run would leave that finds every result.
fn outcome(plan: Plan) -> Outcome {
    let keys = plan.keys();
    Outcome { endings: vec![Ending::Cached; keys.len()], keys, outputs: plan.outputs }
}

fn records(
    loaded: &Loaded,
    results: &Results<'_>,
    outcome: &Outcome,
) -> Result<Vec<Record>, Failure> {
    let stages = loaded.graph.nodes().iter().zip(&outcome.keys);
    let record = |(node, key): (&crate::graph::Node, &Option<crate::graph::Digest>)| {
        let found = match key {
            Some(key) => results.record(key).map_err(Failure::new)?,
            None => None,
        };
        found.ok_or_else(|| {
            let label = node.stage.label();
            Failure::Message(format!("the result of `{label}` is gone from the cache; run again"))
        })
    };
    stages.map(record).collect()
}

/// `g`, `g.generator`, `fake[k: 6].train`: what stands behind the last dot is an output, unless a
/// stage bears the whole name.
fn add_artefacts(bundle: &mut Bundle<'_>, loaded: &Loaded, wanted: &str) -> Result<(), Failure> {
    let whole = loaded.graph.find(wanted);
    let (stages, output) = match wanted.rsplit_once('.') {
        Some((stage, output)) if whole.is_empty() => (loaded.find(stage)?, Some(output)),
        _ => (loaded.find(wanted)?, None),
    };
    for index in stages {
        bundle.add_artefact(index, output).map_err(Failure::new)?;
    }
    Ok(())
}

/// Adds the pages. Gives each report whose page lacks images, with the stage that made them, or `None`
/// where they are of the data.
fn add_pages(
    bundle: &mut Bundle<'_>,
    loaded: &Loaded,
    session: &Session<'_>,
    outcome: &Outcome,
) -> Result<BTreeSet<(usize, Option<usize>)>, Failure> {
    let (asked, may_show) = (RefCell::new(BTreeSet::new()), &*bundle);
    let shows = |report: usize, maker: Option<usize>| {
        let shown = may_show.may_show(report, maker);
        if !shown {
            asked.borrow_mut().insert((report, maker));
        }
        shown
    };
    let pages = publish::pages(loaded, session, outcome, Places::Hidden, &shows)?;
    for page in pages {
        bundle.add_page(&page.name, page.text).map_err(Failure::new)?;
    }
    Ok(asked.into_inner())
}

fn say_withheld(loaded: &Loaded, report: usize, maker: Option<usize>) {
    let label = |index: usize| loaded.graph.nodes()[index].stage.label();
    let page = label(report);
    match maker {
        None => say!("note: the page of `{page}` goes in without images of your data"),
        Some(maker) => say!(
            "note: the page of `{page}` goes in without the images of `{0}`, which was made from \
             your data; --with '{0}' gives them away",
            label(maker)
        ),
    }
}

fn description(arguments: &Arguments, loaded: &Loaded, store: &Store, lock: &Lock) -> Description {
    let keys: BTreeSet<_> = lock.stage.iter().map(|stage| stage.key).collect();
    let now = || (jiff::Timestamp::now(), jiff::Timestamp::now());
    Description {
        title: loaded.experiment.title.clone(),
        when: share::when(store, &keys).unwrap_or_else(now),
        file: lock.file.to_string(),
        stages: lock.stage.len(),
        license: arguments.license.clone(),
    }
}
