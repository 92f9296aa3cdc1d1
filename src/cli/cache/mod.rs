//! `msx cache`: what the cache holds, whether it is whole, and what can go.

mod gc;
mod ls;
mod rm;
mod size;
mod verify;

use super::count;
use super::errors::Failure;
use super::span;
use crate::graph::{self, Digest, Fingerprint};
use crate::language::schema::MethodSchema;
use crate::run::Trajectories;
use crate::stages;
use crate::store::{Policy, Store};
use bytesize::ByteSize;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say how large the cache is, and how much `gc` would free
    Size(size::Arguments),
    /// List the results: of which stage, how large, how old, in which run last
    Ls(ls::Arguments),
    /// Read everything again; remove what is damaged, so that it is made again
    Verify(verify::Arguments),
    /// Show what no kept run needs, and remove it with --yes
    Gc(gc::Arguments),
    /// Forget the results of stages, or a run
    Rm(rm::Arguments),
}

/// Which cache, and for whom it is told.
#[derive(Debug, Args)]
struct CacheFolder {
    /// The cache folder
    #[arg(long, env = "MSX_CACHE", default_value = "cache", value_hint = clap::ValueHint::DirPath)]
    cache: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a collection keeps.
#[derive(Debug, Args)]
struct Retention {
    /// Keep the newest N runs of each experiment file
    #[arg(long, env = "MSX_KEEP_RUNS", value_name = "N", default_value_t = Policy::default().keep_runs)]
    keep_runs: usize,
    /// Keep runs and results that were used within this time, such as 30d or 12h
    #[arg(long, value_name = "AGE", value_parser = span::parse, default_value = "0s")]
    older_than: Duration,
    /// Keep files that changed within this time, whoever needs them
    #[arg(long, value_name = "AGE", value_parser = span::parse, default_value = "1h")]
    grace: Duration,
    /// Remove no more than it takes to fit into this size, such as 20GiB: results that no kept run
    /// needs first, then the oldest runs, even those that --keep-runs would keep
    #[arg(long, env = "MSX_CACHE_BUDGET", value_name = "SIZE")]
    budget: Option<ByteSize>,
    /// Keep checkpoints of trainings that have their result only this long, such as 7d or 0s
    /// [default: as long as the result or a run that made it]
    #[arg(long, env = "MSX_FINISHED_CHECKPOINTS", value_name = "AGE", value_parser = span::parse)]
    finished_checkpoints: Option<Duration>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Size(arguments) => size::run(arguments),
        Command::Ls(arguments) => ls::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Gc(arguments) => gc::run(arguments),
        Command::Rm(arguments) => rm::run(arguments),
    }
}

impl CacheFolder {
    /// The cache, which must be there: to look at one that is not makes none.
    fn open(&self) -> Result<Store, Failure> {
        if !self.cache.is_dir() {
            return Err(Failure::Message(format!(
                "there is no cache at {}; name its folder with --cache",
                self.cache.display()
            )));
        }
        Store::open(&self.cache).map_err(Failure::new)
    }
}

impl Retention {
    fn policy(&self) -> Policy {
        Policy {
            keep_runs: self.keep_runs,
            older_than: self.older_than,
            grace: self.grace,
            budget: self.budget.map(|size| size.as_u64()),
            finished_checkpoints: self.finished_checkpoints,
        }
    }
}

/// Computes the trajectories of any fingerprint, by the methods of this version.
fn trajectories() -> impl Fn(&Fingerprint) -> Vec<Digest> {
    let methods = stages::methods().into_iter();
    let known: Vec<_> = methods.map(|method| (method.schema(), method)).collect();
    move |fingerprint| {
        let named = |schema: &MethodSchema| {
            schema.kind == fingerprint.kind && schema.method == fingerprint.method
        };
        let found = known.iter().find(|(schema, _)| named(schema));
        let horizon = found.map(|(schema, _)| graph::horizon(schema)).unwrap_or_default();
        let method = found.map(|(_, method)| method.as_ref());
        Trajectories::of(fingerprint, &horizon, method).all().collect()
    }
}

fn bytes(number: u64) -> String {
    ByteSize(number).to_string()
}

/// `40 s`, `3 min`, `5 h`, `12 d`
fn age(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}
