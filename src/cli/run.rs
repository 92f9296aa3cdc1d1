//! `msx run`

use super::errors::Failure;
use super::execute::{Effort, execute};
use super::interrupt::Interrupt;
use super::workplace::WorkplaceArguments;
use super::{FileArguments, GoalArguments, load, unchanged};
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
    once(arguments, &Interrupt::listen()?)
}

/// Runs the file as it is now.
pub(super) fn once(arguments: &Arguments, interrupt: &Interrupt) -> Result<(), Failure> {
    if unchanged::is_told(arguments)? {
        return Ok(());
    }
    let loaded = load::load(&arguments.file.file, &arguments.file.reading)?;
    let loaded = loaded.only(&arguments.goals.stages)?;
    let workplace = arguments.workplace.open()?;
    let session = workplace.session(&loaded)?;
    let done = execute(&loaded, &session, &arguments.effort, &arguments.reports, interrupt)?;
    unchanged::note(arguments, &loaded, &session, &done);
    Ok(())
}
