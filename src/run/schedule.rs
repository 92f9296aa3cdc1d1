//! Which stage runs when: inputs first, independent stages side by side.
//!
//! Small trainings gain little from a second thread and everything from a neighbour, so every
//! ready stage gets one thread as long as others are ready, and the whole machine when it is
//! alone. Results do not depend on it.

use super::event::{Event, Observer};
use super::execute::{Done, Job};
use super::session::Session;
use crate::graph::{Digest, Fingerprint, OutputDigests};
use crate::stages::StageError;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::Scope;
use std::time::Instant;

/// How to run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Threads for all stages together; at least one.
    pub threads: usize,
    /// Go on with stages that do not need a failed one.
    pub keep_going: bool,
    /// The program that runs a stage with networks in a process of its own (see `worker`); without
    /// it all stages run in this one.
    pub worker: Option<PathBuf>,
}

/// How a stage ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Not reached.
    Skipped,
    /// Its result was in the store.
    Cached,
    /// It ran and its result is in the store.
    Executed,
    /// It failed, with the reason.
    Failed(String),
    /// It stopped on request.
    Stopped,
}

/// The end of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How each stage ended, by index.
    pub endings: Vec<Ending>,
    /// The key of each stage that has a result, by index.
    pub keys: Vec<Option<Digest>>,
}

impl Outcome {
    /// How many stages ended this way.
    pub fn count(&self, wanted: impl Fn(&Ending) -> bool) -> usize {
        self.endings.iter().filter(|ending| wanted(ending)).count()
    }

    /// Whether every stage has a result.
    pub fn is_complete(&self) -> bool {
        self.keys.iter().all(Option::is_some)
    }
}

/// Runs what has no result yet. `stop` may be raised from outside at any time.
pub fn run(
    session: &Session<'_>,
    settings: &Settings,
    observer: &dyn Observer,
    stop: &AtomicBool,
) -> Outcome {
    let begin = Instant::now();
    let (sender, receiver) = mpsc::channel();
    let mut schedule = Schedule::new(session, settings, observer, stop);
    schedule.settle();
    schedule.announce();
    std::thread::scope(|scope| schedule.drive(scope, &sender, &receiver));
    schedule.end(begin.elapsed().as_secs_f64())
}

type Message = (usize, Result<Done, StageError>);

/// A stage whose inputs are known and whose result is not.
struct Ready {
    index: usize,
    fingerprint: Fingerprint,
    key: Digest,
    trajectory: Digest,
}

struct Running {
    index: usize,
    key: Digest,
    trajectory: Digest,
    threads: usize,
}

struct Schedule<'a> {
    session: &'a Session<'a>,
    settings: &'a Settings,
    observer: &'a dyn Observer,
    stop: &'a AtomicBool,
    endings: Vec<Option<Ending>>,
    keys: Vec<Option<Digest>>,
    outputs: Vec<Option<OutputDigests>>,
    ready: Vec<Ready>,
    running: Vec<Running>,
    announced: bool,
    failing: bool,
}

impl<'a> Schedule<'a> {
    fn new(
        session: &'a Session<'a>,
        settings: &'a Settings,
        observer: &'a dyn Observer,
        stop: &'a AtomicBool,
    ) -> Schedule<'a> {
        let count = session.graph.nodes().len();
        Schedule {
            session,
            settings,
            observer,
            stop,
            endings: vec![None; count],
            keys: vec![None; count],
            outputs: vec![None; count],
            ready: Vec::new(),
            running: Vec::new(),
            announced: false,
            failing: false,
        }
    }

    /// Looks up every stage whose inputs have become known; what has no result becomes ready.
    fn settle(&mut self) {
        for &index in self.session.graph.order() {
            if self.endings[index].is_some() || self.is_in_hand(index) {
                continue;
            }
            match self.session.fingerprint(index, &self.outputs) {
                None => {}
                Some(Err(reason)) => self.fail(index, reason),
                Some(Ok(fingerprint)) => self.look_up(index, fingerprint),
            }
        }
    }

    fn is_in_hand(&self, index: usize) -> bool {
        self.running.iter().any(|running| running.index == index)
            || self.ready.iter().any(|ready| ready.index == index)
    }

    fn look_up(&mut self, index: usize, fingerprint: Fingerprint) {
        let key = fingerprint.key();
        match self.session.store.lookup(&key) {
            Err(error) => self.fail(index, error.to_string()),
            Ok(None) => {
                let horizon = &self.session.graph.nodes()[index].horizon;
                let trajectory = fingerprint.trajectory(horizon);
                self.ready.push(Ready { index, fingerprint, key, trajectory });
            }
            Ok(Some(record)) => {
                if self.announced {
                    self.observer
                        .observe(&Event::Cached { stage: self.label(index), key: key.hex() });
                }
                self.finish(index, key, record.output_digests(), Ending::Cached);
            }
        }
    }

    fn announce(&mut self) {
        self.announced = true;
        self.observer.observe(&Event::Planned {
            stages: self.endings.len(),
            cached: self.endings.iter().filter(|ending| **ending == Some(Ending::Cached)).count(),
            threads: self.settings.threads,
            device: self.session.device.to_string(),
        });
    }

    fn drive<'scope>(
        &mut self,
        scope: &'scope Scope<'scope, '_>,
        sender: &Sender<Message>,
        receiver: &Receiver<Message>,
    ) where
        'a: 'scope,
    {
        loop {
            self.start_ready(scope, sender);
            if self.running.is_empty() {
                return;
            }
            let Ok((index, result)) = receiver.recv() else { return };
            self.take(index, result);
            self.settle();
        }
    }

    fn start_ready<'scope>(&mut self, scope: &'scope Scope<'scope, '_>, sender: &Sender<Message>)
    where
        'a: 'scope,
    {
        while self.may_start() {
            let busy: usize = self.running.iter().map(|running| running.threads).sum();
            let free = self.settings.threads.saturating_sub(busy);
            let (Some(next), true) = (self.next(), free > 0) else { return };
            let threads = (free / self.ready.len()).max(1);
            let Ready { index, fingerprint, key, trajectory } = self.ready.remove(next);
            self.running.push(Running { index, key, trajectory, threads });
            let job = Job {
                session: self.session,
                index,
                fingerprint,
                keys: self.keys.clone(),
                outputs: self.outputs.clone(),
                threads,
                worker: self.settings.worker.as_deref(),
                observer: self.observer,
                stop: self.stop,
            };
            let sender = sender.clone();
            scope.spawn(move || {
                // The receiver lives until every job has reported.
                let _ = sender.send((index, job.run()));
            });
        }
    }

    /// The position of the stage to start next. Two stages that mean the same work: the second waits
    /// and finds the first's result. Two trainings on one trajectory: the shorter goes first, and
    /// the longer goes on from its end.
    fn next(&self) -> Option<usize> {
        let first = self.ready.iter().find(|ready| {
            self.running
                .iter()
                .all(|running| running.key != ready.key && running.trajectory != ready.trajectory)
        })?;
        let together =
            self.ready.iter().enumerate().filter(|(_, r)| r.trajectory == first.trajectory);
        let shortest = together.min_by(|(_, a), (_, b)| {
            self.horizon(a).partial_cmp(&self.horizon(b)).unwrap_or(std::cmp::Ordering::Equal)
        });
        shortest.map(|(position, _)| position)
    }

    /// How long a training goes on, in the order of its fields' names.
    fn horizon(&self, ready: &Ready) -> Vec<f64> {
        let names = self.session.graph.nodes()[ready.index].horizon.iter();
        let values = names.filter_map(|name| ready.fingerprint.parameters.get(name)?.number());
        values.collect()
    }

    fn may_start(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && (!self.failing || self.settings.keep_going)
    }

    fn take(&mut self, index: usize, result: Result<Done, StageError>) {
        let Some(position) = self.running.iter().position(|running| running.index == index) else {
            return;
        };
        let key = self.running.remove(position).key;
        let stage = self.label(index);
        match result {
            Ok(Done::Executed { outputs, seconds }) => {
                self.observer.observe(&Event::Finished { stage, key: key.hex(), seconds });
                self.finish(index, key, outputs, Ending::Executed);
            }
            Ok(Done::Found { outputs }) => {
                self.observer.observe(&Event::Cached { stage, key: key.hex() });
                self.finish(index, key, outputs, Ending::Cached);
            }
            Err(StageError::Stopped) => {
                self.observer.observe(&Event::Stopped { stage });
                self.endings[index] = Some(Ending::Stopped);
            }
            Err(error) => self.fail(index, error.to_string()),
        }
        // A stage that waited for this one's result looks it up again.
        self.ready.retain(|ready| ready.key != key);
    }

    fn finish(&mut self, index: usize, key: Digest, outputs: OutputDigests, ending: Ending) {
        self.keys[index] = Some(key);
        self.outputs[index] = Some(outputs);
        self.endings[index] = Some(ending);
    }

    fn fail(&mut self, index: usize, message: String) {
        self.observer
            .observe(&Event::Failed { stage: self.label(index), message: message.clone() });
        self.endings[index] = Some(Ending::Failed(message));
        self.failing = true;
        if !self.settings.keep_going {
            // Running trainings write a checkpoint and end, so that the user is not kept waiting.
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn end(self, seconds: f64) -> Outcome {
        let endings: Vec<Ending> =
            self.endings.into_iter().map(|ending| ending.unwrap_or(Ending::Skipped)).collect();
        let outcome = Outcome { endings, keys: self.keys };
        self.observer.observe(&Event::Ended {
            executed: outcome.count(|ending| *ending == Ending::Executed),
            cached: outcome.count(|ending| *ending == Ending::Cached),
            failed: outcome.count(|ending| matches!(ending, Ending::Failed(_))),
            skipped: outcome.count(|ending| matches!(ending, Ending::Skipped | Ending::Stopped)),
            seconds,
        });
        outcome
    }

    fn label(&self, index: usize) -> String {
        self.session.graph.nodes()[index].stage.label()
    }
}
