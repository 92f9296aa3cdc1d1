//! What every run did: which file, with which settings, which stages, and its events.

use super::error::StoreError;
use super::{Store, atomic, leftovers, own};
use crate::graph::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::str::FromStr;

const EVENTS: &str = "events.jsonl";
const DESCRIPTION: &str = "run.json";

/// Which run, as people name it: a number, or `last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunName {
    /// The run of this number.
    Number(u64),
    /// The newest one.
    Last,
}

impl FromStr for RunName {
    type Err = String;

    fn from_str(text: &str) -> Result<RunName, String> {
        match text.trim_start_matches('#') {
            "last" => Ok(RunName::Last),
            digits => digits.parse().map(RunName::Number).map_err(|_| {
                format!("`{text}` is no run; write its number as `msx runs` shows it, or `last`")
            }),
        }
    }
}

/// One run of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Counts the runs of a cache, from 1.
    pub number: u64,
    /// When it began.
    pub began: Timestamp,
    /// The experiment file, absolute.
    #[serde(with = "crate::any_path")]
    pub file: PathBuf,
    /// The name in the experiment's header.
    pub experiment: String,
    /// `--set` pairs.
    pub set: Vec<(String, String)>,
    /// Version of msx.
    pub msx: String,
    /// The device for networks.
    pub device: String,
    /// Operating system and processor family.
    pub platform: String,
    /// Threads that the stages shared.
    pub threads: usize,
    /// Every stage, in declaration order.
    pub stages: Vec<RunStage>,
    /// How it ended; absent while it goes on, and for good where it was killed.
    pub ended: Option<RunEnd>,
}

/// One stage of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStage {
    /// Its label as a user writes it.
    pub label: String,
    /// Its kind.
    pub kind: String,
    /// Its method; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Its key, where it has a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Digest>,
    /// How it ended: `cached`, `executed`, `failed`, `stopped` or `skipped`; absent while unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Cow<'static, str>>,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEnd {
    /// Wall time in seconds.
    pub seconds: f64,
    /// Whether every stage has a result.
    pub complete: bool,
}

/// The place of a run that is going on.
#[derive(Debug)]
pub struct RunFolder {
    store: Store,
    folder: PathBuf,
    /// Locked while the run goes on.
    events: File,
}

impl Store {
    /// Takes the next number and writes down what begins.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn begin_run(&self, mut run: Run) -> Result<(RunFolder, Run), StoreError> {
        // A collector may not come between the folder and its lock.
        let passage = self.pass()?;
        let parent = self.runs_path();
        atomic::create_dir(&parent)?;
        run.number = self.run_numbers().last().copied().unwrap_or(0) + 1;
        let folder = loop {
            let folder = parent.join(run.number.to_string());
            match fs::create_dir(&folder) {
                Ok(()) => break folder,
                // Another process took the number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => run.number += 1,
                Err(error) => return Err(StoreError::io("create", &folder)(error)),
            }
        };
        let path = folder.join(EVENTS);
        let events = OpenOptions::new().create(true).append(true).open(&path);
        let events = events.map_err(StoreError::io("write", &path))?;
        events.lock().map_err(StoreError::io("lock", &path))?;
        drop(passage);
        let folder = RunFolder { store: self.clone(), folder, events };
        folder.save(&run)?;
        Ok((folder, run))
    }

    /// The numbers of all runs that are kept, ascending.
    pub fn run_numbers(&self) -> Vec<u64> {
        let entries = fs::read_dir(self.runs_path()).into_iter().flatten().flatten();
        let mut numbers: Vec<u64> =
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    /// A run by name.
    ///
    /// # Errors
    /// There is no such run, or its description cannot be read.
    pub fn find_run(&self, name: RunName) -> Result<Run, StoreError> {
        let numbers = self.run_numbers();
        let number = match name {
            RunName::Number(number) if numbers.contains(&number) => number,
            RunName::Last if !numbers.is_empty() => numbers[numbers.len() - 1],
            _ => {
                let (first, last) = (numbers.first().copied(), numbers.last().copied());
                return Err(StoreError::UnknownRun { cache: self.root.clone(), first, last });
            }
        };
        let path = self.run_path(number).join(DESCRIPTION);
        let bytes = fs::read(&path).map_err(StoreError::io("read", &path))?;
        serde_json::from_slice(&bytes).map_err(|error| StoreError::io("read", &path)(error.into()))
    }

    /// The events of a run, one JSON object a line, as far as they were written.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn run_events(&self, number: u64) -> Result<Vec<String>, StoreError> {
        let path = self.run_path(number).join(EVENTS);
        let file = File::open(&path).map_err(StoreError::io("read", &path))?;
        Ok(BufReader::new(file).lines().map_while(Result::ok).collect())
    }

    /// Whether the process of a run is alive. Where it cannot be asked, it may be.
    pub(super) fn is_going_on(&self, number: u64) -> bool {
        !leftovers::is_free(&self.run_path(number).join(EVENTS))
    }

    /// Forgets a run. Its results stay until nothing names them.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn remove_run(&self, number: u64) -> Result<(), StoreError> {
        own::remove_folder(&self.root, &self.run_path(number), |path| {
            own::is_temporary(path)
                || own::is_file(path) && (path.ends_with(DESCRIPTION) || path.ends_with(EVENTS))
        })
    }

    /// Whether a run wrote into the folder of this number.
    pub(super) fn is_run(&self, number: u64) -> bool {
        let folder = self.run_path(number);
        own::is_folder(&folder)
            && [DESCRIPTION, EVENTS].iter().any(|name| own::is_file(&folder.join(name)))
    }

    fn runs_path(&self) -> PathBuf {
        self.root.join("runs")
    }

    pub(super) fn run_path(&self, number: u64) -> PathBuf {
        self.runs_path().join(number.to_string())
    }
}

impl RunFolder {
    /// Replaces the description.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save(&self, run: &Run) -> Result<(), StoreError> {
        let path = self.folder.join(DESCRIPTION);
        let _passage = self.store.pass()?;
        atomic::write_with(&path, |file| Ok(serde_json::to_writer(file, run)?))
    }

    /// Adds a line to the events.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn append(&mut self, line: &str) -> io::Result<()> {
        // In one piece, so that a killed run ends with a whole line.
        self.events.write_all(format!("{line}\n").as_bytes())
    }
}
