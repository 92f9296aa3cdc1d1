//! `msx reproduce`

use super::errors::Failure;
use super::execute::{Effort, execute};
use super::interrupt::Interrupt;
use super::load::{self, Loaded};
use super::workplace::Workplace;
use super::{DeviceArguments, Reading, bundle, console, portable};
use crate::run::{Outcome, Session};
use crate::share::{self, Contents, EXPERIMENT, Kept, Results, Text, Verdict};
use crate::store::Store;
use bytesize::ByteSize;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Exit code where the bundle was not reproduced.
const DIFFERENT: u8 = 3;

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 identical, or within tolerance on another family of \
    processors or devices; 3 different, altered, or nothing to compare; 1 the bundle cannot be used, the data is not that of the \
    bundle, or a stage failed; 130 interrupted.")]
pub(super) struct Arguments {
    /// The bundle
    #[arg(value_hint = clap::ValueHint::FilePath)]
    bundle: PathBuf,
    /// Say where your copy of the data is; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = load::parse_set)]
    set: Vec<(String, String)>,
    /// The `patient_key` that the bundle withholds; where it withholds several, repeat this in the order
    /// in which they are asked for
    #[arg(long, value_name = "KEY")]
    patient_key: Vec<String>,
    /// The folder to unpack into [default: the bundle's name without its ending]
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    into: Option<PathBuf>,
    /// A cache whose results may be used [default: a fresh one in that folder]
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    cache: Option<PathBuf>,
    /// Unpack no more than this
    #[arg(long, value_name = "SIZE", default_value = "4GiB")]
    limit: ByteSize,
    /// Let nothing but equal bytes pass
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    effort: Effort,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = arguments.into.clone().unwrap_or_else(|| folder(&arguments.bundle));
    let contents = Contents::read(&arguments.bundle, arguments.limit.as_u64());
    let mut contents = contents.map_err(Failure::Message)?;
    check_keys(arguments, &contents)?;
    contents.unpack(&folder, &arguments.patient_key).map_err(Failure::new)?;
    let (loaded, reading) = load(arguments, &folder, &contents)?;
    let text = portable::text(&loaded, &reading)?;
    let cache = arguments.cache.clone().unwrap_or_else(|| folder.join("cache"));
    let store = Store::open(&cache).map_err(Failure::new)?;
    let workplace = Workplace::around(store, &arguments.device, false)?;
    let session = workplace.session(&loaded)?;
    check_data(&contents, &session)?;
    check_question(arguments, &contents, &text, &session)?;
    let reports = folder.join("reproduced");
    let interrupt = Interrupt::listen()?;
    let past = session.store.past_run(&loaded.path);
    let done = execute(&loaded, &session, &arguments.effort, past, &reports, &interrupt)?;
    let results = Results::of(&workplace.store, &workplace.methods);
    let stages = stages_of_both(&contents, &loaded, &results, &done.outcome)?;
    let mut verdict = share::judge(&stages);
    match &verdict {
        Verdict::Identical { .. } => {
            let made = bundle::again(&loaded, &session, &results, &done.outcome, &text, &contents)?;
            let parts = contents.altered(&made).map_err(Failure::new)?;
            if !parts.is_empty() {
                verdict = Verdict::Altered { parts };
            }
        }
        Verdict::WithinTolerance { .. } => say!(
            "note: the pages and statistics in the bundle were made elsewhere and were not compared; \
             look at those in {}",
            reports.display()
        ),
        _ => {}
    }
    tell(arguments, &verdict)?;
    match verdict.is_reproduced(arguments.exact) {
        true => Ok(()),
        false => Err(Failure::Exit(DIFFERENT)),
    }
}

/// `first` for `some/where/first.msxb`.
fn folder(bundle: &Path) -> PathBuf {
    bundle.file_stem().map_or_else(|| PathBuf::from("bundle"), PathBuf::from)
}

/// Keys of pseudonyms never leave with a bundle; whoever has the data has to know them.
fn check_keys(arguments: &Arguments, contents: &Contents) -> Result<(), Failure> {
    let (wanted, given) = (&contents.lock.secret, arguments.patient_key.len());
    if wanted.len() == given {
        return Ok(());
    }
    Err(Failure::Message(match wanted.as_slice() {
        [] => "the bundle withholds no key; leave --patient-key out".to_owned(),
        fields => format!(
            "the bundle withholds the value of {}; ask whoever made it, and give {} with \
             --patient-key KEY{}",
            fields.join(" and of "),
            if fields.len() == 1 { "it" } else { "them in this order" },
            if fields.len() == 1 { "" } else { ", once for each" },
        ),
    }))
}

/// The experiment with the values that its author gave, but for those that are given now.
fn load(
    arguments: &Arguments,
    folder: &Path,
    contents: &Contents,
) -> Result<(Loaded, Reading), Failure> {
    let project = folder.join(EXPERIMENT);
    let is_given = |name: &String| arguments.set.iter().any(|(given, _)| given == name);
    let kept = contents.lock.set.iter().filter(|(name, _)| !is_given(name));
    let mut set: Vec<(String, String)> =
        kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    set.extend(arguments.set.iter().cloned());
    let file = project.join(&contents.lock.file);
    let reading = Reading { set, project: Some(project) };
    Ok((load::load(&file, &reading)?, reading))
}

fn check_data(contents: &Contents, session: &Session<'_>) -> Result<(), Failure> {
    let other = contents.lock.other_data(session);
    if other.is_empty() {
        return Ok(());
    }
    let remedy = match &*contents.lock.withheld {
        [] => "put the data where the experiment looks for it, or name its place with --set"
            .to_owned(),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("--set {name}=…")).collect();
            format!("say where the data is with {}", names.join(" "))
        }
    };
    Err(Failure::Message(format!(
        "the data is not that of the bundle, so that nothing can be compared:\n  {}\n{remedy}; to \
         run the experiment on other data, use `msx run` on the unpacked file",
        other.join("\n  ")
    )))
}

/// Ends before anything runs where the experiment asks for something else than the bundle found.
fn check_question(
    arguments: &Arguments,
    contents: &Contents,
    text: &Text,
    session: &Session<'_>,
) -> Result<(), Failure> {
    for words in contents.lock.altered_sources(text) {
        say!("note: the bundle was altered: {words}");
    }
    let found = contents.lock.deviations(session, &|key| contents.fingerprint(key));
    if !share::is_asked_differently(&found.stages) {
        return Ok(());
    }
    let words: Vec<String> = found.stages.iter().map(ToString::to_string).collect();
    if arguments.effort.json {
        console::json_line(&Asked { event: "reproduced", verdict: "different", stages: &words })?;
    } else {
        out!("different: the experiment asks for something else; nothing was run");
        words.iter().for_each(|words| out!("  {words}"));
    }
    Err(Failure::Exit(DIFFERENT))
}

/// The stages in an order in which givers come first, as the bundle has them and as they are now.
fn stages_of_both(
    contents: &Contents,
    loaded: &Loaded,
    results: &Results<'_>,
    outcome: &Outcome,
) -> Result<Vec<(Kept, Kept)>, Failure> {
    let mut both = Vec::new();
    for &index in loaded.graph.order() {
        let label = loaded.graph.nodes()[index].stage.label();
        let record = match &outcome.keys[index] {
            Some(key) => results.record(key).map_err(Failure::new)?,
            None => None,
        };
        let kept = contents.kept.iter().find(|kept| kept.name == label);
        let (Some(record), Some(kept)) = (record, kept) else {
            return Err(Failure::Message(format!("there is nothing to compare `{label}` with")));
        };
        both.push((kept.clone(), Kept::of(&label, &record, results)));
    }
    Ok(both)
}

/// The last event where the experiment itself differs.
#[derive(Serialize)]
struct Asked<'a> {
    event: &'static str,
    verdict: &'static str,
    stages: &'a [String],
}

/// The last event.
#[derive(Serialize)]
struct Judged<'a> {
    event: &'static str,
    #[serde(flatten)]
    verdict: &'a Verdict,
}

fn tell(arguments: &Arguments, verdict: &Verdict) -> Result<(), Failure> {
    if arguments.effort.json {
        return console::json_line(&Judged { event: "reproduced", verdict });
    }
    console::Styled::of(&verdict.to_string()).out();
    Ok(())
}
