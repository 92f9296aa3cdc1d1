//! Executing an experiment: shared by the commands that run one.

use super::errors::Failure;
use super::interrupt::Interrupt;
use super::load::Loaded;
use super::{publish, show, span};
use crate::graph::Digest;
use crate::run::{self, Both, Checkpointing, Ending, Journal, Outcome, Request, Session, Settings};
use crate::store::{LastRun, PastRun, Store, StoreError};
use bytesize::ByteSize;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The part of the free memory that stages may take where nobody says how much.
const SHARE_OF_MEMORY: f64 = 0.8;

/// What stages may take of the machine, and how the work is told.
#[derive(Debug, Args)]
pub(super) struct Effort {
    /// Threads for all stages together [default: all processors]
    #[arg(long, env = "MSX_THREADS")]
    threads: Option<NonZeroUsize>,
    /// Memory for all stages together, such as 8GiB [default: most of what is free]
    #[arg(long, env = "MSX_MEMORY", value_name = "SIZE")]
    memory: Option<ByteSize>,
    /// Stages that may use the accelerator at the same time
    #[arg(long, env = "MSX_ACCELERATOR_SLOTS", value_name = "N", default_value = "1")]
    accelerator_slots: NonZeroUsize,
    /// Checkpoints that each training keeps; more of them let shorter versions of it go on from one
    #[arg(long, env = "MSX_CHECKPOINTS", value_name = "N", default_value_t = Checkpointing::default().kept)]
    checkpoints: NonZeroUsize,
    /// Time between two checkpoints of a training, such as 10s or 5m; what is done since the last one
    /// is lost when the process is killed
    #[arg(
        long, env = "MSX_CHECKPOINT_EVERY", value_name = "TIME", value_parser = span::parse,
        default_value = "10s"
    )]
    checkpoint_every: Duration,
    /// After a failure, go on with the stages that do not need the failed one
    #[arg(long)]
    keep_going: bool,
    /// Print events as JSON, one a line
    #[arg(long)]
    pub(super) json: bool,
}

impl Effort {
    /// Threads for all stages together.
    pub(super) fn threads(&self) -> usize {
        self.threads.map_or_else(processors, NonZeroUsize::get)
    }

    fn settings(&self, past: PastRun) -> Result<Settings, Failure> {
        Ok(Settings {
            threads: self.threads(),
            memory: self.memory.map(|size| size.as_u64()).or_else(most_of_the_free_memory),
            accelerator_slots: self.accelerator_slots.get(),
            keep_going: self.keep_going,
            checkpointing: Checkpointing {
                kept: self.checkpoints,
                interval: self.checkpoint_every,
            },
            worker: Some(this_program()?),
            past,
        })
    }
}

/// What a run came to.
pub(super) struct Done {
    pub(super) outcome: Outcome,
    /// The seal of the file's history, where it could be written.
    pub(super) history: Option<Digest>,
    /// The published pages by their names below the folder of reports, with their texts.
    pub(super) pages: Vec<(String, String)>,
}

/// Runs what has no result yet, writes it down, and publishes the reports below `reports`. A failed
/// stage or an interruption is a failure. `past` is what the file had when it last ran.
pub(super) fn execute(
    loaded: &Loaded,
    session: &Session<'_>,
    effort: &Effort,
    past: PastRun,
    reports: &Path,
    interrupt: &Interrupt,
) -> Result<Done, Failure> {
    let store = session.store;
    note_run(&loaded.as_last_run(), store)?;
    let settings = effort.settings(past)?;
    let observer = show::observer(effort.json);
    let journal = Journal::new(session, request(loaded, settings.threads));
    let both = Both(observer.as_ref(), &journal);
    let outcome = run::run(session, &settings, &both, &interrupt.stop);
    let save_history = || save_history(loaded, store, &settings.past, &outcome);
    let (history, written) = run::conclude(journal, &outcome, save_history);
    let history = history?;
    let pages = publish::publish(loaded, session, &outcome, reports)?;
    let paths: Vec<PathBuf> = pages.iter().map(|(name, _)| reports.join(name)).collect();
    show::pages(&paths, effort.json);
    if let Err(error) = written {
        say!("warning: {error}");
    }
    verdict(&outcome, interrupt.stop.load(Ordering::Relaxed))?;
    Ok(Done { outcome, history, pages })
}

fn request(loaded: &Loaded, threads: usize) -> Request {
    Request {
        file: loaded.path.clone(),
        experiment: loaded.experiment.name.clone(),
        set: loaded.set(),
        threads,
    }
}

fn verdict(outcome: &Outcome, interrupted: bool) -> Result<(), Failure> {
    if outcome.count(|ending| matches!(ending, Ending::Failed(_))) > 0 {
        Err(Failure::Told)
    } else if interrupted && !outcome.is_complete() {
        Err(Failure::Interrupted)
    } else {
        Ok(())
    }
}

/// The program that is running, not one that was put in its place since: a worker of another version
/// would file its bytes under this one's keys.
fn this_program() -> Result<PathBuf, Failure> {
    let running = Path::new("/proc/self/exe");
    if running.exists() {
        return Ok(running.to_owned());
    }
    std::env::current_exe().map_err(Failure::new)
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Nothing where the system does not say how much is free.
fn most_of_the_free_memory() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let bound = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    let free = system.available_memory().min(bound);
    (free > 0).then_some((free as f64 * SHARE_OF_MEMORY) as u64)
}

/// Notes what ran last.
pub(super) fn note_run(run: &LastRun, store: &Store) -> Result<(), Failure> {
    where_writable(store.save_last_run(run)).map(|_| ())
}

/// Stages without a result keep the key of their last one, so that "why" can still compare; so do
/// those that were not asked for.
fn save_history(
    loaded: &Loaded,
    store: &Store,
    past: &PastRun,
    outcome: &Outcome,
) -> Result<Option<Digest>, Failure> {
    let before = |label: &str| past.history().keys.get(label).copied();
    let found = loaded.graph.nodes().iter().zip(&outcome.keys).filter_map(|(node, key)| {
        Some((node.label.as_str(), key.or_else(|| before(&node.label))?))
    });
    let left_out = loaded.left_out.iter();
    let left_out = left_out.filter_map(|label| Some((label.as_str(), before(label)?)));
    let mut keys = Vec::with_capacity(outcome.keys.len() + loaded.left_out.len());
    keys.extend(found.chain(left_out));
    where_writable(store.save_history(&loaded.path, &keys))
}

/// A cache that can only be read serves what it has; a stage that has to run says that it cannot.
fn where_writable<T>(written: Result<T, StoreError>) -> Result<Option<T>, Failure> {
    match written {
        Err(error) if error.is_read_only() => Ok(None),
        written => written.map(Some).map_err(Failure::new),
    }
}
