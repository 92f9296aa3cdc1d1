//! `msx run`

use super::errors::Failure;
use super::load::{self, Loaded};
use super::{CacheArguments, DeviceArguments, FileArguments, publish, show};
use crate::learn::device::Device;
use crate::run::{self, Ending, Outcome, Settings};
use crate::stages;
use crate::store::{History, LastRun, Store};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    cache: CacheArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// Threads for all stages together [default: all processors]
    #[arg(long, env = "MSX_THREADS")]
    threads: Option<NonZeroUsize>,
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

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let device = Device::choose(&arguments.device.device).map_err(Failure::new)?;
    let store = Store::open(&arguments.cache.cache).map_err(Failure::new)?;
    store.sweep().map_err(Failure::new)?;
    note_run(&loaded, &store)?;
    let methods = stages::methods();
    let session = loaded.session(&methods, &store, device, arguments.cache.verify)?;
    let stop = stop_on_interrupt()?;
    let interrupted = stop.clone();
    let observer = show::observer(arguments.json);
    let settings = Settings {
        threads: arguments.threads.map_or_else(processors, NonZeroUsize::get),
        keep_going: arguments.keep_going,
        worker: Some(this_program()?),
    };
    let outcome = run::run(&session, &settings, observer.as_ref(), &stop);
    save_history(&loaded, &store, &outcome)?;
    let pages = publish::publish(&loaded, &session, &outcome, &arguments.reports)?;
    show::pages(&pages, arguments.json);
    verdict(&outcome, interrupted.load(Ordering::Relaxed))
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

/// The first interruption asks the stages to write their checkpoints and end, the second ends at
/// once; what is in the cache is whole either way.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = stop.clone();
    let asked = AtomicBool::new(false);
    ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(super::INTERRUPTED));
        }
        raised.store(true, Ordering::Relaxed);
        say!("stopping after the next checkpoint; press Ctrl-C again to stop now");
    })
    .map_err(Failure::new)?;
    Ok(stop)
}

fn note_run(loaded: &Loaded, store: &Store) -> Result<(), Failure> {
    let run = LastRun { file: loaded.path.clone(), set: loaded.set.clone() };
    store.save_last_run(&run).map_err(Failure::new)
}

/// Stages without a result keep the key of their last one, so that "why" can still compare.
fn save_history(loaded: &Loaded, store: &Store, outcome: &Outcome) -> Result<(), Failure> {
    let before = store.history(&loaded.path);
    let mut history = History::default();
    for (node, key) in loaded.graph.nodes().iter().zip(&outcome.keys) {
        let label = node.stage.label();
        if let Some(key) = key.or_else(|| before.keys.get(&label).copied()) {
            history.keys.insert(label, key);
        }
    }
    store.save_history(&loaded.path, &history).map_err(Failure::new)
}
