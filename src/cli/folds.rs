//! The folds of one stage, from its result in the cache.

use super::errors::Failure;
use super::load::{self, Loaded};
use super::workplace::{Workplace, WorkplaceArguments};
use super::{FileArguments, Reading};
use crate::data::census::NamedFold;
use crate::data::{Account, FOLD_FILES, Fold};
use crate::graph::Digest;
use crate::graph::plan::{Plan, Status};
use crate::language::schema::{MethodSchema, OutputType};
use crate::share::output::Inputs;
use crate::store::{Record, Store};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::Path;

/// Output and file that say what a stage left out.
const SUMMARY: (&str, &str) = ("summary", "summary.json");
/// Members of a family that a message names.
const MOST_NAMED: usize = 4;

/// Which folds are meant.
#[derive(Debug, Args)]
pub(super) struct FoldArguments {
    #[command(flatten)]
    pub(super) file: FileArguments,
    /// A stage that holds images: a dataset, a subset or synthetic folds; one member of a family,
    /// such as 'fold[k: 6]'
    #[arg(value_name = "STAGE")]
    pub(super) stage: String,
}

/// The rest, which stands behind a command's own options in its help.
#[derive(Debug, Args)]
pub(super) struct FoldOptions {
    /// Only this fold of the stage
    #[arg(long, value_enum)]
    pub(super) fold: Option<FoldName>,
    #[command(flatten)]
    pub(super) workplace: WorkplaceArguments,
}

/// A fold, as stages name their outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FoldName {
    /// The fold that models are trained on
    Train,
    /// The fold that decides when to stop
    #[value(alias = "validation", alias = "val")]
    Valid,
    /// The fold that results are taken on
    Test,
}

impl FoldName {
    fn output(self) -> &'static str {
        match self {
            FoldName::Train => "train",
            FoldName::Valid => "valid",
            FoldName::Test => "test",
        }
    }
}

/// A stage that holds images, open.
pub(super) struct Opened {
    /// Of the experiment.
    pub(super) experiment: String,
    pub(super) label: String,
    pub(super) kind: String,
    pub(super) method: String,
    pub(super) key: Digest,
    /// Whether its images go back to files of the user's.
    pub(super) reads_files: bool,
    /// What the experiment is read from.
    pub(super) inputs: Inputs,
    /// In the order of the stage's outputs.
    pub(super) folds: Vec<NamedFold>,
    /// Of the stage and those that its images come from, the first of them first.
    pub(super) left_out: Vec<LeftOut>,
}

/// What one stage left out.
#[derive(Debug, Serialize)]
pub(super) struct LeftOut {
    pub(super) stage: String,
    pub(super) kind: String,
    #[serde(flatten)]
    pub(super) account: Account,
}

/// Finds the stage's result and opens its folds. Nothing is run.
pub(super) fn open(arguments: &FoldArguments, options: &FoldOptions) -> Result<Opened, Failure> {
    let file = &arguments.file;
    let loaded =
        load::load(&file.file, &file.reading)?.only(std::slice::from_ref(&arguments.stage))?;
    let index = one(&loaded, &arguments.stage)?;
    let outputs = outputs(&loaded, index, options.fold)?;
    let workplace = options.workplace.open()?;
    let session = workplace.session(&loaded)?;
    let plan = session.plan();
    session.save_index();
    // What is open stays readable after a collector removed it.
    let _passage = workplace.store.pass().map_err(Failure::new)?;
    let (key, record) = result(&loaded, &workplace, &plan, index, (arguments, options))?;
    let mut folds = Vec::new();
    for output in outputs {
        let files = record.outputs.get(output).cloned().unwrap_or_default();
        if !FOLD_FILES.iter().all(|file| files.0.contains_key(*file)) {
            return Err(damaged(&loaded, index));
        }
        let place =
            |file: &str| files.0.get(file).map(|blob| workplace.store.object_path(&blob.digest));
        folds.push((output.to_owned(), Fold::open_files(place).map_err(Failure::new)?));
    }
    let left_out = left_out(&loaded, &workplace.store, &plan, index)?;
    let stage = &loaded.graph.nodes()[index].stage;
    Ok(Opened {
        experiment: loaded.experiment.name.clone(),
        label: stage.label(),
        kind: stage.kind.clone(),
        method: stage.method.clone(),
        key,
        reads_files: loaded.graph.nodes().iter().any(|node| !node.paths.is_empty()),
        inputs: loaded.inputs.clone(),
        folds,
        left_out,
    })
}

/// The one stage that a text names.
fn one(loaded: &Loaded, text: &str) -> Result<usize, Failure> {
    let found = loaded.find(text)?;
    if let [index] = found.as_slice() {
        return Ok(*index);
    }
    let label = |index: &usize| format!("'{}'", loaded.graph.nodes()[*index].stage.label());
    let mut named: Vec<String> = found.iter().take(MOST_NAMED).map(label).collect();
    if found.len() > MOST_NAMED {
        named.push(format!("{} more", found.len() - MOST_NAMED));
    }
    let count = found.len();
    Err(Failure::Message(format!(
        "`{text}` has {count} members; name one of them: {}",
        named.join(", ")
    )))
}

/// The outputs of the stage that hold images, in the schema's order.
fn outputs(
    loaded: &Loaded,
    index: usize,
    wanted: Option<FoldName>,
) -> Result<Vec<&'static str>, Failure> {
    let stage = &loaded.graph.nodes()[index].stage;
    let (label, kind) = (stage.label(), &stage.kind);
    let outputs = image_outputs(loaded.schemas.get(kind, &stage.method));
    if outputs.is_empty() {
        return Err(Failure::Message(format!(
            "`{label}` is a stage of kind {kind}, which holds no set of images; name a dataset, a \
             subset or synthetic folds"
        )));
    }
    let Some(wanted) = wanted.map(FoldName::output) else { return Ok(outputs) };
    if outputs.contains(&wanted) {
        return Ok(vec![wanted]);
    }
    Err(Failure::Message(format!(
        "`{label}` is a stage of kind {kind}, which has no fold `{wanted}`: it is one set of images; \
         leave out --fold, or name a subset of it"
    )))
}

fn image_outputs(schema: Option<&MethodSchema>) -> Vec<&'static str> {
    let outputs = schema.into_iter().flat_map(|schema| &schema.outputs);
    let holds_images =
        outputs.filter(|output| matches!(output.kind, OutputType::Dataset | OutputType::Fold));
    holds_images.map(|output| output.name).collect()
}

/// The stage's key and record, or what to do to have one.
fn result(
    loaded: &Loaded,
    workplace: &Workplace,
    plan: &Plan,
    index: usize,
    (arguments, options): (&FoldArguments, &FoldOptions),
) -> Result<(Digest, Record), Failure> {
    let label = loaded.graph.nodes()[index].stage.label();
    let key = match &plan.statuses[index] {
        Status::Cached { key } => key,
        Status::Blocked { reason } => {
            return Err(Failure::Message(format!(
                "`{label}` has no result in the cache and cannot run: {reason}"
            )));
        }
        Status::WillRun { .. } | Status::MayRun { .. } => {
            return Err(Failure::Message(format!(
                "`{label}` has no result in the cache yet; make it with: {}",
                run_command(arguments, options, &label)
            )));
        }
    };
    match workplace.store.lookup(key).map_err(Failure::new)? {
        Some(record) => Ok((*key, record)),
        None => Err(damaged(loaded, index)),
    }
}

fn damaged(loaded: &Loaded, index: usize) -> Failure {
    let label = loaded.graph.nodes()[index].stage.label();
    Failure::Message(format!("the result of `{label}` is damaged in the cache; run it again"))
}

/// `msx run chest.msx 'fold[k: 6]' --set data=/data`
fn run_command(arguments: &FoldArguments, options: &FoldOptions, label: &str) -> String {
    let Reading { set, project } = &arguments.file.reading;
    let cache = &options.workplace.cache.cache;
    let mut command =
        format!("msx run {} {}", quoted(&arguments.file.file.to_string_lossy()), quoted(label));
    for (name, value) in set {
        command.push_str(&format!(" --set {}", quoted(&format!("{name}={value}"))));
    }
    let places =
        [("project", "MSX_PROJECT", project.as_ref()), ("cache", "MSX_CACHE", Some(cache))];
    for (option, variable, path) in places {
        let Some(path) = path else { continue };
        let is_known = std::env::var_os(variable).is_some_and(|known| known == *path);
        // The folder that is taken where nobody names another.
        if !is_known && path != Path::new("cache") {
            command.push_str(&format!(" --{option} {}", quoted(&path.to_string_lossy())));
        }
    }
    command
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,".contains(c);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The accounts of the stage and of all that it goes back to, givers first.
fn left_out(
    loaded: &Loaded,
    store: &Store,
    plan: &Plan,
    index: usize,
) -> Result<Vec<LeftOut>, Failure> {
    let mut all = Vec::new();
    let needed = loaded.graph.with_givers(&[index]);
    for &index in loaded.graph.order().iter().filter(|index| needed.contains(index)) {
        let stage = &loaded.graph.nodes()[index].stage;
        let holds_images =
            !image_outputs(loaded.schemas.get(&stage.kind, &stage.method)).is_empty();
        let (true, Status::Cached { key }) = (holds_images, &plan.statuses[index]) else {
            continue;
        };
        let record = store.lookup(key).map_err(Failure::new)?;
        let files = record.as_ref().and_then(|record| record.outputs.get(SUMMARY.0));
        let Some(blob) = files.and_then(|files| files.0.get(SUMMARY.1)) else { continue };
        let told = store.read_blob(blob).map_err(Failure::new)?;
        let account = serde_json::from_slice(&told).map_err(Failure::new)?;
        all.push(LeftOut { stage: stage.label(), kind: stage.kind.clone(), account });
    }
    Ok(all)
}
