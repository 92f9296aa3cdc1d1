//! A run in which nothing changed, told by the receipt of an earlier one without planning anew.

use super::errors::Failure;
use super::execute::{Done, note_run};
use super::load::Loaded;
use super::run::Arguments;
use super::show;
use crate::learn::device::Device;
use crate::project::ProjectFiles;
use crate::run::{self, Question, Session, Trace};
use crate::stages;
use crate::store::Store;
use std::path::Path;
use std::time::Instant;

/// Whether nothing changed, in which case all is told. What is wrong with the request is left to the
/// long way to tell.
pub(super) fn is_told(arguments: &Arguments) -> Result<bool, Failure> {
    let began = Instant::now();
    let Some(store) = Store::peek(&arguments.workplace.cache.cache) else { return Ok(false) };
    let Ok(device) = Device::choose(&arguments.workplace.device.device) else { return Ok(false) };
    let reading = &arguments.file.reading;
    let opened = ProjectFiles::open(&arguments.file.file, reading.project.as_deref());
    let Ok((files, source)) = opened else { return Ok(false) };
    let question = Question {
        file: files.root(),
        asked: &|| asked(arguments, device),
        source: &source,
        sources: &files,
        store: &store,
        verify_files: arguments.workplace.cache.verify,
    };
    let receipt = question.answer(&stages::methods());
    let Some(receipt) = receipt.filter(|receipt| run::has_pages(receipt, &arguments.reports))
    else {
        return Ok(false);
    };
    note_run(&receipt.last, &store)?;
    let observer = show::observer(arguments.effort.json);
    run::tell(&receipt, arguments.effort.threads(), device, began, observer.as_ref());
    let pages: Vec<_> =
        receipt.pages.iter().map(|(name, _)| arguments.reports.join(name)).collect();
    show::pages(&pages, arguments.effort.json);
    Ok(true)
}

/// Keeps the receipt of a run that found everything and had nothing to say of the file.
pub(super) fn note(arguments: &Arguments, loaded: &Loaded, session: &Session<'_>, done: &Done) {
    let asked = asked(arguments, session.device);
    let (Some(asked), Some(history), false) = (asked, done.history, loaded.has_warnings) else {
        return;
    };
    let trace = Trace {
        file: &loaded.path,
        asked,
        source: &loaded.source,
        imported: &loaded.imported,
        history,
        pages: &done.pages,
        last: loaded.as_last_run(),
    };
    run::keep(session, &done.outcome, trace);
}

/// All that decides which stages there are, and what is published of them.
fn asked(arguments: &Arguments, device: Device) -> Option<crate::graph::Digest> {
    let shown = |kind: &str, path: &Path| format!("{kind} {}", path.display());
    let reading = &arguments.file.reading;
    let set = reading.set.iter().map(|(name, value)| format!("set {name}={value}"));
    let goals = arguments.goals.stages.iter().map(|goal| format!("goal {goal}"));
    let project = reading.project.iter().map(|project| shown("project", project));
    // Paths that are given, and names in messages, are relative to it.
    let here = std::env::current_dir().ok()?;
    let words = set.chain(goals).chain(project).chain([shown("in", &here)]);
    run::asked(device, &words.collect::<Vec<_>>())
}
