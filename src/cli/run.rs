//! `msx run`

use super::errors::Failure;
use super::interrupt::Interrupt;
use super::load::{self, Loaded};
use super::{CacheArguments, DeviceArguments, FileArguments, GoalArguments, publish, show};
use crate::learn::device::Device;
use crate::run::{self, Both, Ending, Journal, Outcome, Request, Settings};
use crate::stages;
use crate::store::{History, LastRun, Store, StoreError};
use bytesize::ByteSize;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// The part of the free memory that stages may take where nobody says how much.
const SHARE_OF_MEMORY: f64 = 0.8;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    goals: GoalArguments,
    #[command(flatten)]
    cache: CacheArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// Threads for all stages together [default: all processors]
    #[arg(long, env = "MSX_THREADS")]
    threads: Option<NonZeroUsize>,
    /// Memory for all stages together, such as 8GiB [default: most of what is free]
    #[arg(long, env = "MSX_MEMORY", value_name = "SIZE")]
    memory: Option<ByteSize>,
    /// Stages that may use the accelerator at the same time
    #[arg(long, env = "MSX_ACCELERATOR_SLOTS", value_name = "N", default_value = "1")]
    accelerator_slots: NonZeroUsize,
    /// Where reports are written
    #[arg(long, default_value = "reports", value_hint = clap::ValueHint::DirPath)]
    reports: PathBuf,
    /// After a failure, go on with the stages that do not need the failed one
    #[arg(long)]
    keep_going: bool,
    /// Print events as JSON, one a line
    #[arg(long)]
    json: bool,
}

impl Arguments {
    /// The folder whose files decide what is run.
    pub(super) fn project_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(project) = &self.file.reading.project {
            return Ok(project.clone());
        }
        let file = std::path::absolute(&self.file.file).map_err(Failure::new)?;
        Ok(file.parent().unwrap_or(Path::new("/")).to_owned())
    }

    fn settings(&self, history: &History) -> Result<Settings, Failure> {
        Ok(Settings {
            threads: self.threads.map_or_else(processors, NonZeroUsize::get),
            memory: self.memory.map(|size| size.as_u64()).or_else(most_of_the_free_memory),
            accelerator_slots: self.accelerator_slots.get(),
            keep_going: self.keep_going,
            worker: Some(this_program()?),
            past: history.keys.clone(),
        })
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    once(arguments, &Interrupt::listen()?)
}

/// Runs the file as it is now.
pub(super) fn once(arguments: &Arguments, interrupt: &Interrupt) -> Result<(), Failure> {
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let loaded = loaded.only(&arguments.goals.stages)?;
    let device = Device::choose(&arguments.device.device).map_err(Failure::new)?;
    let store = Store::open(&arguments.cache.cache).map_err(Failure::new)?;
    note_run(&loaded, &store)?;
    let methods = stages::methods();
    let session = loaded.session(&methods, &store, device, arguments.cache.verify)?;
    let history = store.history(&loaded.path);
    let settings = arguments.settings(&history)?;
    let observer = show::observer(arguments.json);
    let journal = Journal::new(&session, request(&loaded, settings.threads));
    let both = Both(observer.as_ref(), &journal);
    let outcome = run::run(&session, &settings, &both, &interrupt.stop);
    save_history(&loaded, &store, history, &outcome)?;
    let written = journal.finish(&outcome);
    let pages = publish::publish(&loaded, &session, &outcome, &arguments.reports)?;
    show::pages(&pages, arguments.json);
    if let Err(error) = written {
        say!("warning: {error}");
    }
    verdict(&outcome, interrupt.stop.load(Ordering::Relaxed))
}

fn request(loaded: &Loaded, threads: usize) -> Request {
    Request {
        file: loaded.path.clone(),
        experiment: loaded.experiment.name.clone(),
        set: loaded.set.clone(),
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

fn note_run(loaded: &Loaded, store: &Store) -> Result<(), Failure> {
    let run = LastRun {
        file: loaded.path.clone(),
        project: loaded.project.clone(),
        set: loaded.set.clone(),
    };
    where_writable(store.save_last_run(&run))
}

/// Stages without a result keep the key of their last one, so that "why" can still compare; so do
/// those that were not asked for.
fn save_history(
    loaded: &Loaded,
    store: &Store,
    before: History,
    outcome: &Outcome,
) -> Result<(), Failure> {
    let mut history = History::default();
    for (node, key) in loaded.graph.nodes().iter().zip(&outcome.keys) {
        let label = node.stage.label();
        if let Some(key) = key.or_else(|| before.keys.get(&label).copied()) {
            history.keys.insert(label, key);
        }
    }
    for label in &loaded.left_out {
        if let Some(key) = before.keys.get(label) {
            history.keys.insert(label.clone(), *key);
        }
    }
    where_writable(store.save_history(&loaded.path, &history))
}

/// A cache that can only be read serves what it has; a stage that has to run says that it cannot.
fn where_writable(written: Result<(), StoreError>) -> Result<(), Failure> {
    match written {
        Err(error) if !error.is_read_only() => Err(Failure::new(error)),
        _ => Ok(()),
    }
}
