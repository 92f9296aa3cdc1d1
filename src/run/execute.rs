//! One stage: link the inputs in, run the method, commit the outputs.

use super::checkpointing::Checkpointing;
use super::event::{Event, Observer};
use super::session::Session;
use super::trajectories::Trajectories;
use super::worker::{self, Order, Report};
use crate::graph::{Digest, Fingerprint, OutputDigests, ResolvedInput};
use crate::learn::kernels::processor;
use crate::progress::{Monitor, Progress};
use crate::stages::{LITTLE_MEMORY, Parameters, StageError, StageInput, backing_files};
use crate::store::{Expected, KeyLock, OutputFiles, Provenance, Record, Scratch, StoreError};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often a stage looks whether another process is done with its key.
const LOOK: Duration = Duration::from_millis(100);
/// Inputs that a stage of the runner's own process reads at most, in bytes.
const LARGE_INPUTS: u64 = 64 << 20;

/// One stage ready to run.
pub(super) struct Job<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) index: usize,
    pub(super) fingerprint: Fingerprint,
    /// What its checkpoints are filed under.
    pub(super) trajectories: Trajectories,
    /// What it takes, in canonical order, each with the key of the giving stage.
    pub(super) inputs: Vec<(ResolvedInput<'a>, Digest)>,
    pub(super) threads: usize,
    pub(super) checkpointing: Checkpointing,
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

/// Why a job has no result.
pub(super) enum Trouble {
    /// The stage failed or was stopped.
    Stage(StageError),
    /// The result of a giving stage, by index, is damaged or gone.
    Lost(usize),
    /// An input was damaged when it was read, and is whole in the cache: another stage has had it made
    /// again meanwhile.
    Outdated(String),
}

impl From<StageError> for Trouble {
    fn from(error: StageError) -> Trouble {
        Trouble::Stage(error)
    }
}

impl Job<'_> {
    /// Runs on a thread pool of its own.
    pub(super) fn run(&self) -> Result<Done, Trouble> {
        on_pool(self.threads, || self.execute())
    }

    fn execute(&self) -> Result<Done, Trouble> {
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
        let Report { peak_memory, remembered } = match self.run_method(&scratch) {
            Err(Trouble::Stage(StageError::Damaged(reason))) => return Err(self.damage(reason)),
            ran => ran?,
        };
        self.files_are_those_of_the_key()?;
        let seconds = begin.elapsed().as_secs_f64();
        remembered.note_links(&scratch);
        let record = self.commit(&scratch, seconds, peak_memory).map_err(StageError::other)?;
        remembered.keep(store, &scratch, &record);
        self.session.note(&key, &record);
        Ok(Done::Executed { outputs: record.output_digests(), seconds })
    }

    /// The key's lock, once no other process works on it.
    fn lock(&self, key: &Digest) -> Result<KeyLock, StageError> {
        let mut told = false;
        loop {
            match self.session.store.try_lock(key) {
                Ok(Some(lock)) => return Ok(lock),
                Ok(None) => {}
                Err(error) if error.is_read_only() => {
                    return Err(StageError::message(format!(
                        "this stage has no result in the cache and has to run, but its result could \
                         not be kept: {error}"
                    )));
                }
                Err(error) => return Err(StageError::other(error)),
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
            trajectory: self.trajectories.own.hex(),
            stretches: self.trajectories.stretches.iter().map(Digest::hex).collect(),
            threads: self.threads,
        });
    }

    fn run_method(&self, scratch: &Scratch) -> Result<Report, Trouble> {
        let node = &self.session.graph.nodes()[self.index];
        let (inputs, size) = self.link_inputs(scratch)?;
        let order = Order {
            kind: node.stage.kind.clone(),
            method: node.stage.method.clone(),
            parameters: node.stage.parameters.clone(),
            inputs,
            base: self.session.base.clone(),
            out: scratch.out(),
            decoded: scratch.decoded(),
            device: self.session.device,
            threads: self.threads,
            cache: self.session.store.root().to_owned(),
            trajectories: self.trajectories.clone(),
            checkpointing: self.checkpointing,
        };
        let monitor =
            StageMonitor { label: node.stage.label(), observer: self.observer, stop: self.stop };
        let method = self.session.method(self.index);
        match self.worker {
            Some(program) if self.is_apart(size) => worker::delegate(program, &order, &monitor),
            _ => order.obey(method, self.session.store, &monitor),
        }
        .map_err(Trouble::Stage)
    }

    /// What a damaged input means: the first giver whose files are not what they were is lost, and has
    /// to run again.
    fn damage(&self, reason: String) -> Trouble {
        let store = self.session.store;
        let is_lost = |key: &Digest| -> Result<bool, StoreError> {
            let Some(record) = store.lookup(key)? else { return Ok(true) };
            let dropped = record.outputs.values().map(|files| store.drop_damaged(files));
            Ok(dropped.sum::<Result<usize, _>>()? > 0)
        };
        for (resolved, key) in &self.inputs {
            match is_lost(key) {
                Ok(true) => return Trouble::Lost(resolved.input.stage),
                Ok(false) => {}
                Err(error) => return StageError::other(error).into(),
            }
        }
        Trouble::Outdated(reason)
    }

    /// Whether the stage gets a process of its own. An allocation that fails ends its process, and the
    /// stages of others must not go down with it.
    fn is_apart(&self, size_of_inputs: u64) -> bool {
        let node = &self.session.graph.nodes()[self.index];
        let method = self.session.method(self.index);
        method.uses_device()
            || !node.paths.is_empty()
            || method.memory(Parameters(&node.stage.parameters)) > LITTLE_MEMORY
            || size_of_inputs > LARGE_INPUTS
    }

    /// Links the inputs in. Gives them with their size in bytes, but for pixels, which are mapped.
    fn link_inputs(&self, scratch: &Scratch) -> Result<(Vec<StageInput>, u64), Trouble> {
        let store = self.session.store;
        let mut inputs = Vec::with_capacity(self.inputs.len());
        let mut size = 0;
        for (position, (resolved, key)) in self.inputs.iter().enumerate() {
            let giver = resolved.input.stage;
            let record = store.lookup(key).map_err(StageError::other)?;
            let record = record.ok_or(Trouble::Lost(giver))?;
            let folder = scratch.input(position);
            let mut link = |files: &OutputFiles, folder: &Path| {
                let read = files.0.values().filter(|blob| !blob.backing);
                size += read.map(|blob| blob.size).sum::<u64>();
                store.link_output(scratch, files, folder).map_err(|error| match error {
                    StoreError::Damaged { .. } => self.damage(error.to_string()),
                    error => StageError::other(error).into(),
                })
            };
            match &resolved.input.output {
                Some(name) => {
                    let files = record.outputs.get(name.as_str()).ok_or_else(|| {
                        StageError::Defect(format!("a giving stage lacks its output `{name}`"))
                    })?;
                    link(files, &folder)?;
                }
                None => {
                    for (name, files) in &record.outputs {
                        link(files, &folder.join(name))?;
                    }
                }
            }
            let stage = &self.session.graph.nodes()[giver].stage;
            inputs.push(StageInput {
                field: resolved.input.role.clone(),
                kind: stage.kind.clone(),
                method: stage.method.clone(),
                bindings: stage.bindings.clone(),
                output: resolved.input.output.clone(),
                folder,
            });
        }
        Ok((inputs, size))
    }

    fn commit(
        &self,
        scratch: &Scratch,
        seconds: f64,
        peak_memory: Option<u64>,
    ) -> Result<Record, StoreError> {
        let schema = self.session.method(self.index).schema();
        let outputs = schema.outputs.iter();
        let expected = outputs
            .map(|output| Expected { name: output.name, backing: backing_files(output.kind) });
        let expected: Vec<Expected<'_>> = expected.collect();
        let provenance = Provenance {
            msx: env!("CARGO_PKG_VERSION").to_owned(),
            device: self.session.device.to_string(),
            platform: platform(),
            threads: self.threads,
            seconds,
            peak_memory,
        };
        self.session.store.commit(scratch, &self.fingerprint, &expected, provenance)
    }
}

/// Operating system and processor family, the ground on which equal bytes are promised.
pub fn platform() -> String {
    format!("{}-{}-{}", std::env::consts::OS, std::env::consts::ARCH, processor())
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
pub(super) fn on_pool<T: Send, E: From<StageError> + Send>(
    threads: usize,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> Result<T, E> {
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(StageError::other)?;
    catch_unwind(AssertUnwindSafe(|| pool.install(work)))
        .unwrap_or_else(|panic| Err(StageError::Defect(panic_message(panic.as_ref())).into()))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    format!("the stage panicked: {text}")
}
