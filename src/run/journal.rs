//! Writes a run down in the store while it goes on: what it was asked, what happened, how it ended.

use super::event::{Event, Observer};
use super::schedule::{Ending, Outcome};
use super::session::Session;
use crate::store::{Run, RunEnd, RunFolder, RunStage, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often the progress of one stage is written down.
const INTERVAL: Duration = Duration::from_secs(10);

const EARLY: &str = "the thread that writes it ended early";

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The experiment file, absolute.
    pub file: PathBuf,
    /// The name in the experiment's header.
    pub experiment: String,
    /// `--set` pairs.
    pub set: Vec<(String, String)>,
    /// Threads for all stages together.
    pub threads: usize,
}

/// Observes a run and writes it down from the first stage that starts or fails on; a run that finds
/// everything in the store leaves no trace.
pub struct Journal<'a> {
    session: &'a Session<'a>,
    request: Request,
    begin: Instant,
    began: jiff::Timestamp,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    writer: Option<Writer>,
    /// What could not be written, told at the end; the work itself goes on.
    refused: Option<String>,
    /// When each stage's progress was written last.
    written: BTreeMap<String, Instant>,
}

/// One line of a journal: what happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Seconds since the run began.
    pub at: f64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened in a run, as far as it was written; a line that this version cannot read is left
/// out.
///
/// # Errors
/// The journal cannot be read.
pub fn journal(store: &Store, number: u64) -> Result<Vec<Line>, StoreError> {
    let lines = store.run_events(number)?;
    Ok(lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

impl<'a> Journal<'a> {
    /// A journal of a run that is about to begin.
    pub fn new(session: &'a Session<'a>, request: Request) -> Journal<'a> {
        let (begin, began) = (Instant::now(), jiff::Timestamp::now());
        Journal { session, request, begin, began, open: Mutex::default() }
    }

    /// Writes down how it ended. The number of the run, where it left a trace.
    ///
    /// # Errors
    /// The journal could not be written; the results were.
    pub fn finish(self, outcome: &Outcome) -> Result<Option<u64>, StoreError> {
        let seconds = self.begin.elapsed().as_secs_f64();
        let open = self.open.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = open.refused {
            return Err(StoreError::Journal { reason });
        }
        let Some(writer) = open.writer else { return Ok(None) };
        let ended = writer.end();
        let (folder, mut run) = ended.map_err(|reason| StoreError::Journal { reason })?;
        for (index, stage) in run.stages.iter_mut().enumerate() {
            stage.key = outcome.keys[index];
            stage.ending = Some(Cow::Borrowed(word(&outcome.endings[index])));
        }
        run.ended = Some(RunEnd { seconds, complete: outcome.is_complete() });
        folder.save(&run)?;
        Ok(Some(run.number))
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) -> Run {
        // A run that is killed still says what it took from the store.
        let keys = self.session.found();
        let nodes = self.session.graph.nodes().iter().zip(keys);
        let stages = nodes.map(|(node, key)| RunStage {
            label: node.label.clone(),
            kind: node.stage.kind.clone(),
            method: node.stage.method.clone(),
            key: *key,
            ending: None,
        });
        Run {
            number: 0,
            began: self.began,
            file: self.request.file.clone(),
            experiment: self.request.experiment.clone(),
            set: self.request.set.clone(),
            msx: env!("CARGO_PKG_VERSION").to_owned(),
            device: self.session.device.to_string(),
            platform: super::platform(),
            threads: self.request.threads,
            stages: stages.collect(),
            ended: None,
        }
    }

    fn write(&self, open: &mut Open, event: &Event) -> Result<(), String> {
        let line = Line { at: self.begin.elapsed().as_secs_f64(), event: event.clone() };
        let text = serde_json::to_string(&line).map_err(|error| error.to_string())?;
        let writer = match open.writer.take() {
            Some(writer) => writer,
            None => Writer::begin(self.session.store.clone(), self.run())?,
        };
        open.writer.insert(writer).add(text);
        Ok(())
    }
}

impl Observer for Journal<'_> {
    fn observe(&self, event: &Event) {
        let mut open = self.open();
        let is_worth_a_line = match event {
            Event::Started { .. } | Event::Failed { .. } => true,
            Event::Progressed { stage, progress } => {
                open.writer.is_some() && open.is_due(stage, progress.done >= progress.total)
            }
            _ => open.writer.is_some(),
        };
        if is_worth_a_line
            && open.refused.is_none()
            && let Err(reason) = self.write(&mut open, event)
        {
            open.refused = Some(reason);
        }
    }
}

/// Writes to the disk on a thread of its own, so that no stage waits for it.
struct Writer {
    lines: Option<Sender<String>>,
    thread: Option<JoinHandle<Result<(RunFolder, Run), String>>>,
}

impl Writer {
    fn begin(store: Store, run: Run) -> Result<Writer, String> {
        let (lines, to_write) = mpsc::channel::<String>();
        let write = move || {
            let begun = store.begin_run(run);
            let (mut folder, run) = begun.map_err(|error| error.to_string())?;
            for line in to_write {
                folder.append(&line).map_err(|error| error.to_string())?;
            }
            Ok((folder, run))
        };
        let thread = thread::Builder::new().spawn(write).map_err(|error| error.to_string())?;
        Ok(Writer { lines: Some(lines), thread: Some(thread) })
    }

    /// One that failed says so at its end.
    fn add(&self, line: String) {
        let _ = self.lines.as_ref().map(|lines| lines.send(line));
    }

    /// Waits until all is written.
    fn end(mut self) -> Result<(RunFolder, Run), String> {
        self.lines = None;
        let ended = self.thread.take().and_then(|thread| thread.join().ok());
        ended.unwrap_or_else(|| Err(EARLY.to_owned()))
    }
}

impl Drop for Writer {
    /// Whatever ends a run early, what was told until then is written.
    fn drop(&mut self) {
        self.lines = None;
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Open {
    fn is_due(&mut self, stage: &str, is_last: bool) -> bool {
        let now = Instant::now();
        let due = self.written.get(stage).is_none_or(|last| now.duration_since(*last) >= INTERVAL);
        if due {
            self.written.insert(stage.to_owned(), now);
        }
        due || is_last
    }
}

/// Writes down what a run leaves beside its results: the end of its journal, and beside it, because
/// most of that is waiting for the disk, what was learned of the store and what `also` writes.
///
/// # Errors
/// Those of `also`, and of [`Journal::finish`].
pub fn conclude<T: Send>(
    journal: Journal<'_>,
    outcome: &Outcome,
    also: impl FnOnce() -> T + Send,
) -> (T, Result<Option<u64>, StoreError>) {
    let session = journal.session;
    thread::scope(|scope| {
        let written = scope.spawn(|| journal.finish(outcome));
        session.save_index();
        let also = also();
        let early = || Err(StoreError::Journal { reason: EARLY.to_owned() });
        (also, written.join().unwrap_or_else(|_| early()))
    })
}

fn word(ending: &Ending) -> &'static str {
    match ending {
        Ending::Skipped => "skipped",
        Ending::Cached => "cached",
        Ending::Executed => "executed",
        Ending::Failed(_) => "failed",
        Ending::Stopped => "stopped",
    }
}
