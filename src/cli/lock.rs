//! `msx lock`

use super::errors::Failure;
use super::load::{self, Loaded};
use super::workplace::WorkplaceArguments;
use super::{FileArguments, Reading, portable};
use crate::project;
use crate::run::Session;
use crate::share::{LOCK_FILE, Lock, output};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 the lock was written, or with --check the file still gives \
    the locked keys; 1 it does not, or a stage has no result yet.")]
pub(super) struct Arguments {
    #[command(flatten)]
    file: FileArguments,
    #[command(flatten)]
    workplace: WorkplaceArguments,
    /// Where the lock is [default: beside the file, with `.lock` behind its name]
    #[arg(short, long, value_name = "LOCK", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Write nothing; say whether the file still gives the locked keys, and what differs
    #[arg(long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let workplace = arguments.workplace.open()?;
    let session = workplace.session(&loaded)?;
    let file = &arguments.file.file;
    let path = arguments.output.clone().unwrap_or_else(|| project::lock_beside(file));
    if arguments.check {
        return check(&path, &loaded, &arguments.file.reading, &session);
    }
    // Told before there is anything to wait for.
    output::check(&path, LOCK_FILE, &loaded.inputs, true).map_err(Failure::new)?;
    let text = portable::text(&loaded, &arguments.file.reading)?;
    let lock = Lock::of(&session, &session.plan(), &text).map_err(Failure::new)?;
    session.save_index();
    let text = lock.to_text().map_err(Failure::new)?;
    output::write(&path, LOCK_FILE, &loaded.inputs, text.as_bytes()).map_err(Failure::new)?;
    out!("locked {} stages in {}", lock.stage.len(), path.display());
    Ok(())
}

fn check(
    path: &Path,
    loaded: &Loaded,
    reading: &Reading,
    session: &Session<'_>,
) -> Result<(), Failure> {
    let cannot_read = |reason: &dyn std::fmt::Display| {
        Failure::Message(format!("cannot read {}: {reason}", path.display()))
    };
    let text = project::read(path)
        .map_err(|refusal| cannot_read(&format!("{}; {}", refusal.reason, refusal.help)))?;
    let lock = Lock::from_text(&text).map_err(|error| cannot_read(&error))?;
    for words in lock.altered_sources(&portable::text(loaded, reading)?) {
        out!("note: {words}");
    }
    let before = |key: &_| Some(session.store.record(key).ok()??.fingerprint);
    let found = lock.deviations(session, &before);
    for deviation in &found.stages {
        out!("{deviation}");
    }
    if found.followers > 0 {
        out!("{} further stages depend on these", found.followers);
    }
    if found.stages.is_empty() {
        out!("all {} keys are the locked ones", lock.stage.len());
        Ok(())
    } else {
        Err(Failure::Told)
    }
}
