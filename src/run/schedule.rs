//! Which stage runs when: inputs first, independent stages side by side, those first on which the
//! longest work waits.
//!
//! Small trainings gain little from a second thread and everything from a neighbour, so every
//! ready stage gets one thread as long as others are ready, and the whole machine when it is
//! alone. Results do not depend on it.

use super::checkpointing::Checkpointing;
use super::event::{Event, Observer};
use super::execute::{Done, Job, Trouble};
use super::forecast::Forecast;
use super::queue::{Capacity, Queue, Ready};
use super::session::{Resolved, Session};
use super::trajectories::Trajectories;
use crate::graph::{Digest, OutputDigests};
use crate::stages::StageError;
use crate::store::PastRun;
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
    /// Memory for all stages together, in bytes; nothing for no bound.
    pub memory: Option<u64>,
    /// Stages that may use the accelerator at the same time; at least one.
    pub accelerator_slots: usize,
    /// Go on with stages that do not need a failed one.
    pub keep_going: bool,
    /// How many states of each training are kept, and how often they are written.
    pub checkpointing: Checkpointing,
    /// The program that runs a stage with networks in a process of its own (see `worker`); without
    /// it all stages run in this one.
    pub worker: Option<PathBuf>,
    /// The key that each label had when it last ran, from which to guess how long stages take.
    pub past: PastRun,
}

impl Settings {
    /// All stages in this process, with this many threads, no bound on memory, ending at the first
    /// failure.
    pub fn with_threads(threads: usize) -> Settings {
        Settings {
            threads,
            memory: None,
            accelerator_slots: 1,
            keep_going: false,
            checkpointing: Checkpointing::default(),
            worker: None,
            past: PastRun::default(),
        }
    }
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
    /// The outputs of each stage that has a result, by index.
    pub outputs: Vec<Option<OutputDigests>>,
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
    schedule.settle(session.graph.order().to_vec());
    schedule.announce();
    std::thread::scope(|scope| schedule.drive(scope, &sender, &receiver));
    schedule.end(begin.elapsed().as_secs_f64())
}

type Message = (usize, Result<Done, Trouble>);

struct Schedule<'a> {
    session: &'a Session<'a>,
    settings: &'a Settings,
    observer: &'a dyn Observer,
    stop: &'a AtomicBool,
    endings: Vec<Option<Ending>>,
    keys: Vec<Option<Digest>>,
    outputs: Vec<Option<OutputDigests>>,
    /// For each stage, how many that it takes from have no result yet.
    missing: Vec<usize>,
    /// Whether a stage is ready or running.
    in_hand: Vec<bool>,
    /// Whether a stage's lost result was made again; once has to be enough.
    remade: Vec<bool>,
    /// Whether a stage was tried again because its inputs had changed under it.
    retried: Vec<bool>,
    /// Made once something has to run.
    forecast: Option<Forecast<'a>>,
    queue: Queue<'a>,
    /// Keys and trajectories that the session does not hold yet.
    unheld: Vec<Digest>,
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
        // Before the first passage, because a hold begins with one of its own.
        session.hold(&[]);
        let count = session.graph.nodes().len();
        let mut missing = vec![0; count];
        for index in 0..count {
            session.graph.takers(index).for_each(|taker| missing[taker] += 1);
        }
        Schedule {
            session,
            settings,
            observer,
            stop,
            endings: vec![None; count],
            keys: vec![None; count],
            outputs: vec![None; count],
            missing,
            in_hand: vec![false; count],
            remade: vec![false; count],
            retried: vec![false; count],
            forecast: None,
            queue: Queue::new(Capacity {
                threads: settings.threads,
                memory: settings.memory,
                accelerator_slots: settings.accelerator_slots,
            }),
            unheld: Vec::new(),
            announced: false,
            failing: false,
        }
    }

    /// Looks these stages up where all their inputs are known, and then those that take from them;
    /// what has no result becomes ready.
    fn settle(&mut self, mut waiting: Vec<usize>) {
        // What is found here and held before the passage ends, no collector takes away.
        let _passage = self.session.store.pass();
        while !waiting.is_empty() {
            waiting.retain(|&index| self.is_open(index) && self.missing[index] == 0);
            let resolved = self.session.resolve_all(&waiting, &self.outputs);
            for (index, resolved) in std::mem::take(&mut waiting).into_iter().zip(resolved) {
                let has_result = match resolved {
                    Some(Ok(resolved)) if self.is_open(index) => self.look_up(index, resolved),
                    Some(Err(reason)) if self.is_open(index) => {
                        self.fail(index, reason);
                        false
                    }
                    // Its inputs are unknown, or two stages that it takes from have named it.
                    _ => false,
                };
                if has_result {
                    waiting.extend(self.session.graph.takers(index));
                }
            }
            self.session.hold(&self.unheld);
            self.unheld.clear();
        }
    }

    /// Whether nothing is known yet of how a stage ends.
    fn is_open(&self, index: usize) -> bool {
        self.endings[index].is_none() && !self.in_hand[index]
    }

    /// Whether the stage has a result.
    fn look_up(&mut self, index: usize, mut resolved: Resolved<'a>) -> bool {
        let key = resolved.key;
        self.unheld.push(key);
        // What the index knew when the run began may have been collected since.
        if self.announced && !self.session.store.has_record(&key) {
            self.session.forget(&key);
            resolved.found = None;
        }
        let Some(outputs) = resolved.found.take() else {
            self.make_ready(index, resolved);
            return false;
        };
        if self.announced {
            self.observer.observe(&Event::Cached { stage: self.label(index), key: key.hex() });
        }
        self.finish(index, key, outputs, Ending::Cached);
        true
    }

    fn make_ready(&mut self, index: usize, resolved: Resolved<'a>) {
        let node = &self.session.graph.nodes()[index];
        let (session, past) = (self.session, &self.settings.past);
        let forecast =
            self.forecast.get_or_insert_with(|| Forecast::new(session, &past.history().keys));
        let horizon = node.horizon.iter();
        let fingerprint = session.fingerprint(index, &resolved);
        let trajectories =
            Trajectories::of(&fingerprint, &node.horizon, Some(session.method(index)));
        self.unheld.extend(trajectories.all());
        self.in_hand[index] = true;
        self.queue.add(Ready {
            index,
            key: resolved.key,
            trajectories,
            horizon: horizon
                .filter_map(|name| fingerprint.parameters.get(name)?.number())
                .collect(),
            path: forecast.path(index),
            needs: forecast.needs(index, session.needs(index)),
            inputs: resolved.inputs,
            fingerprint,
        });
    }

    fn announce(&mut self) {
        self.announced = true;
        self.session.note_found(&self.keys);
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
        if self.forecast.is_some() {
            // What cannot be removed now is met again by the next run.
            let _ = self.session.store.sweep();
        }
        loop {
            self.start_ready(scope, sender);
            if self.queue.is_idle() {
                return;
            }
            let Ok((index, result)) = receiver.recv() else { return };
            self.take(index, result);
        }
    }

    fn start_ready<'scope>(&mut self, scope: &'scope Scope<'scope, '_>, sender: &Sender<Message>)
    where
        'a: 'scope,
    {
        while self.may_start() {
            let Some((ready, threads)) = self.queue.start() else { return };
            let Ready { index, inputs, fingerprint, trajectories, .. } = ready;
            let inputs = inputs.into_iter().map(|input| (self.keys[input.input.stage], input));
            let job = Job {
                session: self.session,
                index,
                fingerprint,
                trajectories,
                inputs: inputs.filter_map(|(key, input)| Some((input, key?))).collect(),
                threads,
                checkpointing: self.settings.checkpointing,
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

    fn may_start(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && (!self.failing || self.settings.keep_going)
    }

    fn take(&mut self, index: usize, result: Result<Done, Trouble>) {
        let Some((key, twins)) = self.queue.end(index) else { return };
        self.in_hand[index] = false;
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
            Err(Trouble::Stage(StageError::Stopped)) => {
                self.observer.observe(&Event::Stopped { stage });
                self.endings[index] = Some(Ending::Stopped);
            }
            Err(Trouble::Stage(error)) => self.fail(index, error.to_string()),
            Err(Trouble::Lost(giver)) => self.make_again(index, giver),
            // Once has to be enough here as well.
            Err(Trouble::Outdated(reason)) if self.retried[index] => self.fail(index, reason),
            Err(Trouble::Outdated(_)) => self.retried[index] = true,
        }
        let mut waiting = twins;
        waiting.push(index);
        waiting.iter().for_each(|&twin| self.in_hand[twin] = false);
        waiting.extend(self.session.graph.takers(index));
        self.settle(waiting);
    }

    fn finish(&mut self, index: usize, key: Digest, outputs: OutputDigests, ending: Ending) {
        self.keys[index] = Some(key);
        self.outputs[index] = Some(outputs);
        self.endings[index] = Some(ending);
        self.session.graph.takers(index).for_each(|taker| self.missing[taker] -= 1);
    }

    /// Runs a stage whose result turned out damaged when `taker` needed it; `taker` waits for it.
    fn make_again(&mut self, taker: usize, giver: usize) {
        if let (Some(_), Some(key)) = (&self.outputs[giver], self.keys[giver]) {
            let gone = self.session.store.remove_record(&key);
            if std::mem::replace(&mut self.remade[giver], true) || gone.is_err() {
                let label = self.label(giver);
                let reason = format!(
                    "the result of `{label}` is damaged in the cache and stays so when it is made \
                     again; look at the disk, or choose another folder with --cache"
                );
                return self.fail(taker, reason);
            }
            self.observer.observe(&Event::Lost { stage: self.label(giver) });
            self.session.forget(&key);
            self.outputs[giver] = None;
            self.endings[giver] = None;
            self.session.graph.takers(giver).for_each(|taker| self.missing[taker] += 1);
        }
        self.settle(vec![giver]);
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
        let outcome = Outcome { endings, keys: self.keys, outputs: self.outputs };
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
        self.session.graph.nodes()[index].label.clone()
    }
}
