//! A stage in a process of its own.
//!
//! Trainings cannot go on side by side in one process ([`crate::learn::alone`] says why). A process
//! a stage also makes an abort, or a death for lack of memory, the failure of that stage alone, and so
//! every stage has one that reads files of the user's or needs much memory.
//!
//! The runner writes one [`Order`] as a line of JSON and later perhaps [`STOP`]; the worker writes
//! one [`Answer`] a line. When the runner is gone its end of the pipe closes and the worker ends.

use super::checkpointing::{Checkpointing, FiledCheckpoints};
use super::execute::on_pool;
use super::remembering::{FiledMemory, Remembered};
use super::trajectories::Trajectories;
use crate::data::memory::Memory;
use crate::graph::Digest;
use crate::language::value::Fields;
use crate::learn::checkpoint::Checkpoints;
use crate::learn::device::Device;
use crate::progress::{Monitor, Progress};
use crate::stages::{ByName, Context, Method, Parameters, StageError, StageInput};
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// The subcommand that makes a process a worker.
pub const COMMAND: &str = "run-stage";
/// The line that asks a worker to stop.
const STOP: &str = "stop";
/// How often the runner looks whether it should ask.
const LOOK: Duration = Duration::from_millis(50);

/// All that a stage's run needs. The inputs are linked in, the outputs' folder is there.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) kind: String,
    pub(super) method: String,
    pub(super) parameters: Fields,
    pub(super) inputs: Vec<StageInput>,
    #[serde(with = "crate::any_path")]
    pub(super) base: PathBuf,
    #[serde(with = "crate::any_path")]
    pub(super) out: PathBuf,
    /// Where word is left of what was decoded.
    #[serde(with = "crate::any_path")]
    pub(super) decoded: PathBuf,
    pub(super) device: Device,
    pub(super) threads: usize,
    #[serde(with = "crate::any_path")]
    pub(super) cache: PathBuf,
    pub(super) trajectories: Trajectories,
    pub(super) checkpointing: Checkpointing,
}

/// What a worker tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Progress(Progress),
    Done(Report),
    Stopped,
    Failed(String),
    Damaged(String),
    Defect(String),
}

/// What a stage that is done has to say beside its outputs.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    /// The most memory in bytes that its process held, where it had one of its own and the system tells.
    pub(super) peak_memory: Option<u64>,
    /// Images that it decoded or shared.
    pub(super) remembered: Remembered,
}

impl Order {
    /// Runs the stage here.
    pub(super) fn obey(
        &self,
        method: &dyn Method,
        store: &Store,
        monitor: &dyn Monitor,
    ) -> Result<Report, StageError> {
        let memory = FiledMemory::new(store);
        self.run(method, store, monitor, &memory)?;
        let remembered = memory.into_remembered(&self.decoded);
        Ok(Report { peak_memory: None, remembered })
    }

    fn run(
        &self,
        method: &dyn Method,
        store: &Store,
        monitor: &dyn Monitor,
        memory: &dyn Memory,
    ) -> Result<(), StageError> {
        let filed = |trajectory: &Digest| {
            FiledCheckpoints::new(store.checkpoints(trajectory), self.checkpointing)
        };
        let stretches: Vec<FiledCheckpoints> =
            self.trajectories.stretches.iter().map(filed).collect();
        let stretches: Vec<&dyn Checkpoints> =
            stretches.iter().map(|place| place as &dyn Checkpoints).collect();
        method.run(&Context {
            parameters: Parameters(&self.parameters),
            inputs: &self.inputs,
            base: &self.base,
            out: &self.out,
            device: &self.device,
            monitor,
            checkpoints: &filed(&self.trajectories.own),
            stretches: &stretches,
            memory,
        })
    }

    /// Runs the stage in the worker that was started for it.
    fn obey_alone(
        &self,
        methods: &[Box<dyn Method>],
        monitor: &dyn Monitor,
    ) -> Result<Report, StageError> {
        let method = ByName::of(methods).get(&self.kind, &self.method).ok_or_else(|| {
            StageError::Defect(format!("the worker knows no {} {}", self.kind, self.method))
        })?;
        let store = Store::open(&self.cache).map_err(StageError::other)?;
        let report = on_pool(self.threads, || self.obey(method, &store, monitor))?;
        Ok(Report { peak_memory: peak_memory(), ..report })
    }
}

/// Runs a stage in a process of its own and passes on its progress and the wish to stop.
pub(super) fn delegate(
    program: &Path,
    order: &Order,
    monitor: &dyn Monitor,
) -> Result<Report, StageError> {
    let text = serde_json::to_string(order).map_err(StageError::other)?;
    // In a group of its own: an interruption at the terminal reaches the runner alone, which then
    // asks for a checkpoint.
    let mut worker = Command::new(program)
        .arg0("msx")
        .arg(COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(StageError::io(program))?;
    let (Some(mut orders), Some(answers)) = (worker.stdin.take(), worker.stdout.take()) else {
        return Err(StageError::Defect("the worker has no pipes".to_owned()));
    };
    // A worker that is gone before it heard its order shows in what it answers: nothing.
    let _ = writeln!(orders, "{text}");
    let over = AtomicBool::new(false);
    let outcome = thread::scope(|scope| {
        let asking = scope.spawn(|| ask_to_stop(orders, monitor, &over));
        // Also where an observer panics: nobody may wait for a worker that nobody hears.
        let _over = Over { flag: &over, waiting: asking.thread() };
        listen(BufReader::new(answers), monitor)
    });
    let status = worker.wait().map_err(StageError::io(program))?;
    outcome.unwrap_or_else(|| Err(died(status)))
}

/// Tells the thread that waits that there is nothing more to wait for.
struct Over<'a> {
    flag: &'a AtomicBool,
    waiting: &'a Thread,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.flag.store(true, Ordering::Relaxed);
        self.waiting.unpark();
    }
}

/// Waits for the end or for the wish to stop, and passes that on.
fn ask_to_stop(mut orders: ChildStdin, monitor: &dyn Monitor, over: &AtomicBool) {
    let mut asked = false;
    while !over.load(Ordering::Relaxed) {
        if !asked && monitor.stop_requested() {
            asked = true;
            // A worker that just ended hears nothing any more.
            let _ = writeln!(orders, "{STOP}");
        }
        thread::park_timeout(LOOK);
    }
}

/// Reads answers up to the last one; nothing where the worker ended without one.
fn listen(answers: impl BufRead, monitor: &dyn Monitor) -> Option<Result<Report, StageError>> {
    for line in answers.lines() {
        match serde_json::from_str(&line.ok()?) {
            Ok(Answer::Progress(progress)) => monitor.report(&progress),
            Ok(Answer::Done(report)) => return Some(Ok(report)),
            Ok(Answer::Stopped) => return Some(Err(StageError::Stopped)),
            Ok(Answer::Failed(reason)) => return Some(Err(StageError::message(reason))),
            Ok(Answer::Damaged(reason)) => return Some(Err(StageError::Damaged(reason))),
            Ok(Answer::Defect(reason)) => return Some(Err(StageError::Defect(reason))),
            // Libraries that print to standard output.
            Err(_) => {}
        }
    }
    None
}

fn died(status: ExitStatus) -> StageError {
    let how = match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was ended by signal {signal}"),
        (None, Some(code)) => format!("ended with code {code}"),
        (None, None) => "ended".to_owned(),
    };
    StageError::message(format!(
        "the process of this stage {how} before it was done; if memory ran out, ask for less at a time \
         (`batch`, `size`, `count`) or use fewer --threads; a training goes on from its last checkpoint"
    ))
}

/// The worker's side: obeys the first line of `orders`, and calls `abandoned` when they end before
/// the stage does.
///
/// # Errors
/// The order is none, or the answer cannot be written.
pub fn serve<R, W>(
    methods: &[Box<dyn Method>],
    mut orders: R,
    answers: W,
    abandoned: impl FnOnce() + Send + 'static,
) -> io::Result<()>
where
    R: BufRead + Send + 'static,
    W: Write + Send,
{
    let mut line = String::new();
    orders.read_line(&mut line)?;
    let order: Order = serde_json::from_str(&line)?;
    let stop = Arc::new(AtomicBool::new(false));
    let raised = stop.clone();
    thread::spawn(move || {
        // Another line is the wish to stop, the end of the lines that of the runner.
        let lines = orders.lines().map_while(Result::ok);
        lines.filter(|line| line == STOP).for_each(|_| raised.store(true, Ordering::Relaxed));
        abandoned();
    });
    let relay = Relay { answers: Mutex::new(answers), stop };
    let answer = match order.obey_alone(methods, &relay) {
        Ok(report) => Answer::Done(report),
        Err(StageError::Stopped) => Answer::Stopped,
        Err(StageError::Damaged(reason)) => Answer::Damaged(reason),
        Err(StageError::Defect(reason)) => Answer::Defect(reason),
        Err(error) => Answer::Failed(error.to_string()),
    };
    relay.send(&answer)
}

/// The most memory in bytes that this process held.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Passes progress on to the runner.
struct Relay<W> {
    answers: Mutex<W>,
    stop: Arc<AtomicBool>,
}

impl<W: Write> Relay<W> {
    fn send(&self, answer: &Answer) -> io::Result<()> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(answers, "{}", serde_json::to_string(answer)?)?;
        answers.flush()
    }
}

impl<W: Write + Send> Monitor for Relay<W> {
    fn report(&self, progress: &Progress) {
        // A runner that is gone shows at its orders.
        let _ = self.send(&Answer::Progress(progress.clone()));
    }

    fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
