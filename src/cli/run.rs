//! `msx run`

use super::errors::Failure;
use super::execute::{Done, Effort, execute};
use super::interrupt::Interrupt;
use super::load::Loaded;
use super::workplace::WorkplaceArguments;
use super::{FileArguments, GoalArguments, load, unchanged};
use crate::run::{Ahead, Session};
use crate::store::Store;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) file: FileArguments,
    #[command(flatten)]
    pub(super) goals: GoalArguments,
    #[command(flatten)]
    pub(super) workplace: WorkplaceArguments,
    #[command(flatten)]
    pub(super) effort: Effort,
    /// Where reports are written
    #[arg(long, default_value = "reports", value_hint = clap::ValueHint::DirPath)]
    pub(super) reports: PathBuf,
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
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // The process ends: what it holds goes at once, and not piece by piece.
    let leave = |session: Session<'_>, done: Done| {
        session.leave();
        std::mem::forget(done);
    };
    std::mem::forget(once(arguments, &Interrupt::listen()?, leave)?);
    Ok(())
}

/// Runs the file as it is now. Gives what was read, where anything had to be, and leaves the rest to
/// `leave`.
pub(super) fn once(
    arguments: &Arguments,
    interrupt: &Interrupt,
    leave: impl FnOnce(Session<'_>, Done),
) -> Result<Option<Loaded>, Failure> {
    if unchanged::is_told(arguments)? {
        return Ok(None);
    }
    let (index, past) = ahead(arguments).map(|Ahead { index, past }| (index, past)).unzip();
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let loaded = loaded.only(&arguments.goals.stages)?;
    let workplace = arguments.workplace.open()?;
    let session = workplace.session(&loaded)?.with_index(index);
    let past = past.unwrap_or_else(|| workplace.store.past_run(&loaded.path));
    let done = execute(&loaded, &session, &arguments.effort, past, &arguments.reports, interrupt)?;
    unchanged::note(arguments, &loaded, &session, &done);
    leave(session, done);
    Ok(Some(loaded))
}

/// A new cache has nothing to read ahead.
fn ahead(arguments: &Arguments) -> Option<Ahead> {
    let store = Store::peek(&arguments.workplace.cache.cache)?;
    let file = arguments.file.file.canonicalize().ok()?;
    Some(Ahead::begin(&store, &file))
}
