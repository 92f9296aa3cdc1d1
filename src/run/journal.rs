//! Writes a run down in the store while it goes on: what it was asked, what happened, how it ended.

use super::event::{Event, Observer};
use super::schedule::{Ending, Outcome};
use super::session::Session;
use crate::store::{Run, RunEnd, RunFolder, RunStage, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the progress of one stage is written down.
const INTERVAL: Duration = Duration::from_secs(10);

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
    folder: Option<(RunFolder, Run)>,
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
        let Some((folder, mut run)) = open.folder else { return Ok(None) };
        for (index, stage) in run.stages.iter_mut().enumerate() {
            stage.key = outcome.keys[index];
            stage.ending = Some(word(&outcome.endings[index]).to_owned());
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
            key,
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
        if open.folder.is_none() {
            let begun = self.session.store.begin_run(self.run());
            open.folder = Some(begun.map_err(|error| error.to_string())?);
        }
        let line = Line { at: self.begin.elapsed().as_secs_f64(), event: event.clone() };
        let text = serde_json::to_string(&line).map_err(|error| error.to_string())?;
        match &mut open.folder {
            Some((folder, _)) => folder.append(&text).map_err(|error| error.to_string()),
            None => Ok(()),
        }
    }
}

impl Observer for Journal<'_> {
    fn observe(&self, event: &Event) {
        let mut open = self.open();
        let is_worth_a_line = match event {
            Event::Started { .. } | Event::Failed { .. } => true,
            Event::Progressed { stage, progress } => {
                open.folder.is_some() && open.is_due(stage, progress.done >= progress.total)
            }
            _ => open.folder.is_some(),
        };
        if is_worth_a_line
            && open.refused.is_none()
            && let Err(reason) = self.write(&mut open, event)
        {
            open.refused = Some(reason);
        }
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

fn word(ending: &Ending) -> &'static str {
    match ending {
        Ending::Skipped => "skipped",
        Ending::Cached => "cached",
        Ending::Executed => "executed",
        Ending::Failed(_) => "failed",
        Ending::Stopped => "stopped",
    }
}
