//! `msx lock`

use super::errors::Failure;
use super::load::{self, Loaded};
use super::{CacheArguments, DeviceArguments, FileArguments};
use crate::learn::device::Device;
use crate::project;
use crate::run::Session;
use crate::share::Lock;
use crate::stages;
use crate::store::{self, Store};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 the lock was written, or with --check the file still gives \
    the locked keys; 1 it does not, or a stage has no result yet.")]
pub(super) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    cache: CacheArguments,
    #[command(flatten)]
    device: DeviceArguments,
    /// Where the lock is [default: beside the file, with `.lock` behind its name]
    #[arg(short, long, value_name = "LOCK", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Write nothing; say whether the file still gives the locked keys, and what differs
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let device = Device::choose(&arguments.device.device).map_err(Failure::new)?;
    let store = Store::open(&arguments.cache.cache).map_err(Failure::new)?;
    let methods = stages::methods();
    let session = loaded.session(&methods, &store, device, arguments.cache.verify)?;
    let path = arguments.output.clone().unwrap_or_else(|| beside(&arguments.file.file));
    if arguments.check {
        return check(&path, &loaded, &session);
    }
    let lock = Lock::of(&session, &loaded.text).map_err(Failure::new)?;
    session.save_index();
    let text = lock.to_text().map_err(Failure::new)?;
    store::write_atomically(&path, text.as_bytes()).map_err(Failure::new)?;
    anstream::println!("locked {} stages in {}", lock.stage.len(), path.display());
    Ok(())
}

/// `experiment.msx.lock` for `experiment.msx`.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn check(path: &Path, loaded: &Loaded, session: &Session<'_>) -> Result<(), Failure> {
    let cannot_read = |reason: &dyn std::fmt::Display| {
        Failure::Message(format!("cannot read {}: {reason}", path.display()))
    };
    let text = project::read(path)
        .map_err(|refusal| cannot_read(&format!("{}; {}", refusal.reason, refusal.help)))?;
    let lock = Lock::from_text(&text).map_err(|error| cannot_read(&error))?;
    for words in lock.altered_sources(&loaded.text) {
        anstream::println!("note: {words}");
    }
    let before = |key: &_| Some(session.store.record(key).ok()??.fingerprint);
    let found = lock.deviations(session, &before);
    for deviation in &found.stages {
        anstream::println!("{deviation}");
    }
    if found.followers > 0 {
        anstream::println!("{} further stages depend on these", found.followers);
    }
    if found.stages.is_empty() {
        anstream::println!("all {} keys are the locked ones", lock.stage.len());
        Ok(())
    } else {
        Err(Failure::Told)
    }
}
