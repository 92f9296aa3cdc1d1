//! `msx watch`

use super::errors::Failure;
use super::interrupt::Interrupt;
use super::run;
use notify::{Event, EventKind, RecursiveMode, Watcher};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// How long the files must be quiet: editors write in several steps.
const QUIET: Duration = Duration::from_millis(150);
/// How often the wish to stop is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Runs the file, and again after every change of a `.msx` file in its project. A change while
/// stages run lets them write their checkpoints and end, and the next run goes on from there.
pub(super) fn run(arguments: &run::Arguments) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let (sender, changes) = mpsc::channel();
    let stop = interrupt.stop.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_ok_and(|event| is_change(&event)) {
            stop.store(true, Ordering::Relaxed);
            // Nobody listens any more once the command has ended.
            let _ = sender.send(());
        }
    })
    .map_err(Failure::new)?;
    let folder = arguments.project_folder()?;
    watcher.watch(&folder, RecursiveMode::Recursive).map_err(Failure::new)?;
    loop {
        settle(&changes, &interrupt);
        match run::once(arguments, &interrupt, |session, done| drop((session, done))) {
            Err(Failure::Interrupted) | Ok(_) => {}
            Err(failure) => failure.print(),
        }
        if interrupt.is_asked() {
            return Err(Failure::Interrupted);
        }
        say!("watching {}; Ctrl-C ends", folder.display());
        wait(&changes, &interrupt)?;
    }
}

/// Waits until the files have been quiet for a moment, and lets work begin anew.
fn settle(changes: &Receiver<()>, interrupt: &Interrupt) {
    while changes.recv_timeout(QUIET).is_ok() {}
    if !interrupt.is_asked() {
        interrupt.stop.store(false, Ordering::Relaxed);
    }
}

/// Waits for a change.
fn wait(changes: &Receiver<()>, interrupt: &Interrupt) -> Result<(), Failure> {
    loop {
        match changes.recv_timeout(LOOK) {
            Ok(()) => return Ok(()),
            Err(RecvTimeoutError::Timeout) if !interrupt.is_asked() => {}
            Err(_) => return Err(Failure::Interrupted),
        }
    }
}

fn is_change(event: &Event) -> bool {
    let is_source = |path: &Path| path.extension().is_some_and(|extension| extension == "msx");
    !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| is_source(path))
}
