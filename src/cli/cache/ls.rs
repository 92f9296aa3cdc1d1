//! `msx cache ls`

use super::super::console;
use super::super::errors::Failure;
use super::{CacheFolder, age, bytes};
use crate::graph::Digest;
use crate::store::{Record, Survey};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    folder: CacheFolder,
    /// The order
    #[arg(long, value_enum, default_value_t = Order::Stage)]
    sort: Order,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    /// By experiment and label
    Stage,
    /// The largest first
    Size,
    /// The oldest first
    Age,
    /// Those first that were not used for longest
    Run,
}

/// One result.
#[derive(Debug, Serialize)]
struct Line {
    key: String,
    /// Experiments and labels of the stages that it is the result of.
    stages: Vec<Stage>,
    kind: String,
    method: String,
    /// Of its files, those that other results share included.
    bytes: u64,
    age_seconds: u64,
    /// Wall time of the stage.
    seconds: f64,
    /// The newest run that used it.
    run: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Stage {
    experiment: String,
    label: String,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let survey = arguments.folder.open()?.survey().map_err(Failure::new)?;
    let mut lines = lines(&survey);
    match arguments.sort {
        Order::Stage => lines.sort_by_key(|line| (line.name(), line.age_seconds)),
        Order::Size => lines.sort_by_key(|line| Reverse(line.bytes)),
        Order::Age => lines.sort_by_key(|line| Reverse(line.age_seconds)),
        Order::Run => lines.sort_by_key(|line| line.run),
    }
    if arguments.folder.json {
        return console::document(&lines);
    }
    let name = lines.iter().map(|line| line.name().chars().count()).max().unwrap_or(0).max(5);
    out!("{:<name$}  {:<22}{:>10}{:>8}{:>7}  {:<12}", "stage", "kind", "size", "age", "run", "key");
    for line in &lines {
        let run = line.run.map_or_else(|| "-".to_owned(), |run| run.to_string());
        out!(
            "{:<name$}  {:<22}{:>10}{:>8}{:>7}  {:.12}",
            line.name(),
            format!("{} {}", line.kind, line.method),
            bytes(line.bytes),
            age(Duration::from_secs(line.age_seconds)),
            run,
            line.key
        );
    }
    Ok(())
}

impl Line {
    /// `small fold`, and how many others there are.
    fn name(&self) -> String {
        match self.stages.as_slice() {
            [] => "-".to_owned(),
            [first, others @ ..] => {
                let more = match others.len() {
                    0 => String::new(),
                    count => format!(" (and {count} more)"),
                };
                format!("{} {}{more}", first.experiment, first.label)
            }
        }
    }
}

/// Bytes of the files of a result, those that it has several times counted once.
fn size(record: &Record) -> u64 {
    let distinct: BTreeMap<Digest, u64> =
        record.blobs().map(|blob| (blob.digest, blob.size)).collect();
    distinct.values().sum()
}

fn lines(survey: &Survey) -> Vec<Line> {
    let (now, mut uses) = (SystemTime::now(), survey.uses());
    let records = survey.records.iter();
    records
        .map(|(key, seen)| {
            let used = uses.remove(key).unwrap_or_default();
            let stages = used.stages.into_iter();
            Line {
                key: key.hex(),
                stages: stages.map(|(experiment, label)| Stage { experiment, label }).collect(),
                kind: seen.record.fingerprint.kind.clone(),
                method: seen.record.fingerprint.method.clone(),
                bytes: size(&seen.record),
                age_seconds: seen.seen.age(now).as_secs(),
                seconds: seen.record.provenance.seconds,
                run: used.run,
            }
        })
        .collect()
}
