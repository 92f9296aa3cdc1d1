//! Which keys the stages of a file had when it last ran: the "before" of every "why".

use super::error::StoreError;
use super::survey::list;
use super::{Store, atomic};
use crate::graph::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const LAST: &str = "last.json";

/// The last run of one experiment file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// The key of each finished stage by its label.
    pub keys: BTreeMap<String, Digest>,
}

/// A history as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Filed {
    /// The experiment file, absolute; caches of earlier versions do not say it.
    #[serde(default)]
    pub(super) file: Option<PathBuf>,
    #[serde(flatten)]
    pub(super) history: History,
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
        let filed: Filed = read(&self.history_path(experiment)).unwrap_or_default();
        filed.history
    }

    /// Every history with its path.
    pub(super) fn all_histories(&self) -> Result<Vec<(PathBuf, Filed)>, StoreError> {
        let paths = list(&self.root.join("history"))?.into_iter();
        let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let others = paths.filter(|path| !path.ends_with(LAST));
        Ok(others.filter_map(|path| Some((path.clone(), read(&path)?))).collect())
    }

    /// Replaces the history of an experiment file, unless it says the same already.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save_history(&self, experiment: &Path, history: &History) -> Result<(), StoreError> {
        let filed = Filed { file: Some(experiment.to_owned()), history: history.clone() };
        self.replace(&self.history_path(experiment), &filed)
    }

    /// What ran last in this cache.
    pub fn last_run(&self) -> Option<LastRun> {
        read(&self.root.join("history").join(LAST))
    }

    /// Notes what ran last in this cache.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save_last_run(&self, run: &LastRun) -> Result<(), StoreError> {
        self.replace(&self.root.join("history").join(LAST), run)
    }

    fn history_path(&self, experiment: &Path) -> PathBuf {
        let name = Digest::derive("msx 2026 history", experiment.as_os_str().as_encoded_bytes());
        self.root.join("history").join(format!("{}.json", name.short()))
    }

    /// Skips the write, and with it two fsyncs, when nothing changed.
    fn replace<T>(&self, path: &Path, value: &T) -> Result<(), StoreError>
    where
        T: Serialize + PartialEq + for<'de> Deserialize<'de>,
    {
        if read::<T>(path).as_ref() == Some(value) {
            return Ok(());
        }
        let bytes = serde_json::to_vec_pretty(value)
            .map_err(|error| StoreError::io("write", path)(error.into()))?;
        let _passage = self.pass()?;
        atomic::write(path, &bytes)
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
