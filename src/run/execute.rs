//! One stage: link the inputs in, run the method, commit the outputs.

use super::event::{Event, Observer};
use super::session::Session;
use super::worker::{self, Order};
use crate::graph::{Digest, Fingerprint, OutputDigests};
use crate::progress::{Monitor, Progress};
use crate::stages::{StageError, StageInput};
use crate::store::{KeyLock, Provenance, Record, Scratch, StoreError};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a stage looks whether another process is done with its key.
const LOOK: Duration = Duration::from_millis(100);

/// One stage ready to run.
pub(super) struct Job<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) index: usize,
    pub(super) fingerprint: Fingerprint,
    /// The keys of the stages that have results, by stage index.
    pub(super) keys: Vec<Option<Digest>>,
    /// The output digests of those stages.
    pub(super) outputs: Vec<Option<OutputDigests>>,
    pub(super) threads: usize,
    /// The program that runs a stage with networks in a process of its own; without it they run
    /// in this one.
    pub(super) worker: Option<&'a Path>,
    pub(super) observer: &'a dyn Observer,
    pub(super) stop: &'a AtomicBool,
}

/// How a job ended well.
pub(super) enum Done {
    /// It ran.
    Executed { outputs: OutputDigests, seconds: f64 },
    /// Another process had finished the same work in the meantime.
    Found { outputs: OutputDigests },
}

impl Job<'_> {
    /// Runs on a thread pool of its own.
    pub(super) fn run(&self) -> Result<Done, StageError> {
        on_pool(self.threads, || self.execute())
    }

    fn execute(&self) -> Result<Done, StageError> {
        let store = self.session.store;
        let key = self.fingerprint.key();
        let _lock = self.lock(&key)?;
        if let Some(record) = store.lookup(&key).map_err(StageError::other)? {
            return Ok(Done::Found { outputs: record.output_digests() });
        }
        let begin = Instant::now();
        self.announce(&key);
        let scratch = store.scratch().map_err(StageError::other)?;
        // Before, so that no checkpoint of another start is filed; after, so that no result is.
        self.files_are_those_of_the_key()?;
        self.run_method(&scratch)?;
        self.files_are_those_of_the_key()?;
        let seconds = begin.elapsed().as_secs_f64();
        let record = self.commit(&scratch, seconds).map_err(StageError::other)?;
        Ok(Done::Executed { outputs: record.output_digests(), seconds })
    }

    /// The key's lock, once no other process works on it.
    fn lock(&self, key: &Digest) -> Result<KeyLock, StageError> {
        let mut told = false;
        loop {
            if let Some(lock) = self.session.store.try_lock(key).map_err(StageError::other)? {
                return Ok(lock);
            }
            if self.stop.load(Ordering::Relaxed) {
                return Err(StageError::Stopped);
            }
            if !std::mem::replace(&mut told, true) {
                let stage = self.session.graph.nodes()[self.index].stage.label();
                self.observer.observe(&Event::Waiting { stage });
            }
            std::thread::sleep(LOOK);
        }
    }

    fn files_are_those_of_the_key(&self) -> Result<(), StageError> {
        match self.session.files_now(self.index) {
            Ok(files) if files == self.fingerprint.files => Ok(()),
            Ok(_) => Err(StageError::message(
                "files that this stage reads were changed while msx was running; run again",
            )),
            Err(reason) => Err(StageError::message(reason)),
        }
    }

    fn announce(&self, key: &Digest) {
        let stage = &self.session.graph.nodes()[self.index].stage;
        self.observer.observe(&Event::Started {
            stage: stage.label(),
            method: format!("{} {}", stage.kind, stage.method).trim().to_owned(),
            key: key.hex(),
            threads: self.threads,
        });
    }

    fn run_method(&self, scratch: &Scratch) -> Result<(), StageError> {
        let node = &self.session.graph.nodes()[self.index];
        let inputs = self.link_inputs(scratch)?;
        let order = Order {
            kind: node.stage.kind.clone(),
            method: node.stage.method.clone(),
            parameters: node.stage.parameters.clone(),
            inputs,
            base: self.session.base.clone(),
            out: scratch.out(),
            device: self.session.device,
            threads: self.threads,
            cache: self.session.store.root().to_owned(),
            trajectory: self.fingerprint.trajectory(&node.horizon),
        };
        let monitor =
            StageMonitor { label: node.stage.label(), observer: self.observer, stop: self.stop };
        let method = self.session.method(self.index);
        match self.worker {
            Some(program) if method.uses_device() => worker::delegate(program, &order, &monitor),
            _ => order.obey(method, self.session.store, &monitor),
        }
    }

    fn link_inputs(&self, scratch: &Scratch) -> Result<Vec<StageInput>, StageError> {
        let graph = self.session.graph;
        let resolved = graph.resolve_inputs(self.index, &self.outputs).unwrap_or_default();
        let mut inputs = Vec::with_capacity(resolved.len());
        for (position, resolved) in resolved.iter().enumerate() {
            let giver = resolved.input.stage;
            let record = self.record_of(giver)?;
            let folder = scratch.input(position);
            let link = |name: &str, folder: &std::path::Path| match record.outputs.get(name) {
                Some(files) => {
                    self.session.store.link_output(files, folder).map_err(StageError::other)
                }
                None => Err(StageError::Defect(format!("the giving stage has no output `{name}`"))),
            };
            match &resolved.input.output {
                Some(name) => link(name, &folder)?,
                None => {
                    for name in record.outputs.keys() {
                        link(name, &folder.join(name))?;
                    }
                }
            }
            let stage = &graph.nodes()[giver].stage;
            inputs.push(StageInput {
                field: resolved.input.role.clone(),
                kind: stage.kind.clone(),
                method: stage.method.clone(),
                bindings: stage.bindings.clone(),
                output: resolved.input.output.clone(),
                folder,
            });
        }
        Ok(inputs)
    }

    fn record_of(&self, giver: usize) -> Result<Record, StageError> {
        let key = self.keys[giver]
            .ok_or_else(|| StageError::Defect("an input has no key yet".to_owned()))?;
        self.session.store.lookup(&key).map_err(StageError::other)?.ok_or_else(|| {
            StageError::message(format!(
                "the result of `{}` vanished from the cache while the run was going on; run again",
                self.session.graph.nodes()[giver].stage.label()
            ))
        })
    }

    fn commit(&self, scratch: &Scratch, seconds: f64) -> Result<Record, StoreError> {
        let schema = self.session.method(self.index).schema();
        let expected: Vec<&str> = schema.outputs.iter().map(|output| output.name).collect();
        let provenance = Provenance {
            msx: env!("CARGO_PKG_VERSION").to_owned(),
            device: self.session.device.to_string(),
            platform: platform(),
            threads: self.threads,
            seconds,
        };
        self.session.store.commit(scratch, &self.fingerprint, &expected, provenance)
    }
}

/// Operating system and processor family, the ground on which equal bytes are promised.
pub fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// Passes a stage's progress on under the stage's name.
struct StageMonitor<'a> {
    label: String,
    observer: &'a dyn Observer,
    stop: &'a AtomicBool,
}

impl Monitor for StageMonitor<'_> {
    fn report(&self, progress: &Progress) {
        let (stage, progress) = (self.label.clone(), progress.clone());
        self.observer.observe(&Event::Progressed { stage, progress });
    }

    fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Does work on threads of its own. A panic in it is this work's failure and nobody else's.
pub(super) fn on_pool<T: Send>(
    threads: usize,
    work: impl FnOnce() -> Result<T, StageError> + Send,
) -> Result<T, StageError> {
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(StageError::other)?;
    catch_unwind(AssertUnwindSafe(|| pool.install(work)))
        .unwrap_or_else(|panic| Err(StageError::Defect(panic_message(panic.as_ref()))))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("the stage panicked: {text}")
}
