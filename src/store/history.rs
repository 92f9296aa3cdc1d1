//! Which keys the stages of a file had when it last ran: the "before" of every "why".

use super::error::StoreError;
use super::{Store, atomic};
use crate::graph::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The last run of one experiment file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// The key of each finished stage by its label.
    pub keys: BTreeMap<String, Digest>,
}

/// The file that was run last in this cache, with the parameters given on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// The experiment file, absolute.
    pub file: PathBuf,
    /// The folder that imports stay in, where it was given.
    pub project: Option<PathBuf>,
    /// `--set` pairs.
    pub set: Vec<(String, String)>,
}

impl Store {
    /// The history of an experiment file; empty when it never ran or cannot be read.
    pub fn history(&self, experiment: &Path) -> History {
        read(&self.history_path(experiment)).unwrap_or_default()
    }

    /// Replaces the history of an experiment file, unless it says the same already.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save_history(&self, experiment: &Path, history: &History) -> Result<(), StoreError> {
        replace(&self.history_path(experiment), history)
    }

    /// What ran last in this cache.
    pub fn last_run(&self) -> Option<LastRun> {
        read(&self.root.join("history").join("last.json"))
    }

    /// Notes what ran last in this cache.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save_last_run(&self, run: &LastRun) -> Result<(), StoreError> {
        replace(&self.root.join("history").join("last.json"), run)
    }

    fn history_path(&self, experiment: &Path) -> PathBuf {
        let name = Digest::derive("msx 2026 history", experiment.as_os_str().as_encoded_bytes());
        self.root.join("history").join(format!("{}.json", name.short()))
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Skips the write, and with it two fsyncs, when nothing changed.
fn replace<T>(path: &Path, value: &T) -> Result<(), StoreError>
where
    T: Serialize + PartialEq + for<'de> Deserialize<'de>,
{
    if read::<T>(path).as_ref() == Some(value) {
        return Ok(());
    }
    let bytes = serde_json::to_vec_pretty(value)
        .map_err(|error| StoreError::io("write", path)(error.into()))?;
    atomic::write(path, &bytes)
}
