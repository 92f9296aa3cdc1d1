//! Which keys the stages of a file had when it last ran: the "before" of every "why".

use super::error::StoreError;
use super::survey::list;
use super::{Store, atomic};
use crate::graph::Digest;
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

const LAST: &str = "last.json";
const SEAL_DOMAIN: &str = "msx 2026 history seal";
const PIECE: usize = 64 << 10;
/// What stands in a history for a key: its digits, and what is around label and key.
const KEY_LENGTH: usize = 64 + 6;

/// The last run of one experiment file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// The key of each finished stage by its label.
    pub keys: BTreeMap<String, Digest>,
}

/// A history as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Filed {
    /// The experiment file, absolute; caches of earlier versions do not say it.
    #[serde(default, with = "crate::any_path::option")]
    pub(super) file: Option<PathBuf>,
    /// The key of each finished stage by its label.
    pub(super) keys: BTreeMap<String, Digest>,
}

/// What is read as [`Filed`], written without a copy of it.
#[derive(Serialize)]
struct ToFile<'a> {
    #[serde(with = "crate::any_path")]
    file: &'a Path,
    keys: Keys<'a>,
}

struct Keys<'a>(&'a [(&'a str, Digest)]);

impl Serialize for Keys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(label, key)| (label, key)))
    }
}

/// What an experiment file had last, read once somebody asks for it.
#[derive(Debug, Clone, Default)]
pub struct PastRun {
    filed: Option<(Store, PathBuf)>,
    history: Arc<OnceLock<History>>,
}

impl PastRun {
    /// See [`Store::history`].
    pub fn history(&self) -> &History {
        self.history.get_or_init(|| match &self.filed {
            Some((store, experiment)) => store.history(experiment),
            None => History::default(),
        })
    }
}

/// The file that was run last in this cache, with the parameters given on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// The experiment file, absolute.
    #[serde(with = "crate::any_path")]
    pub file: PathBuf,
    /// The folder that imports stay in, where it was given.
    #[serde(with = "crate::any_path::option")]
    pub project: Option<PathBuf>,
    /// `--set` pairs.
    pub set: Vec<(String, String)>,
}

impl Store {
    /// The history of an experiment file; empty when it never ran or cannot be read.
    pub fn history(&self, experiment: &Path) -> History {
        let filed: Option<Filed> = read(&self.history_path(experiment));
        filed.map_or_else(History::default, |filed| History { keys: filed.keys })
    }

    /// The same, for those who may not need it.
    pub fn past_run(&self, experiment: &Path) -> PastRun {
        let filed = Some((self.clone(), experiment.to_owned()));
        PastRun { filed, history: Arc::default() }
    }

    /// Every history with its path.
    pub(super) fn all_histories(&self) -> Result<Vec<(PathBuf, Filed)>, StoreError> {
        let paths = list(&self.root.join("history"))?.into_iter();
        let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let others = paths.filter(|path| !path.ends_with(LAST));
        Ok(others.filter_map(|path| Some((path.clone(), read(&path)?))).collect())
    }

    /// Replaces the history of an experiment file, unless it says the same already, and gives its
    /// seal. The keys come in an order that is the same each time, such as that of the declarations.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save_history(
        &self,
        experiment: &Path,
        keys: &[(&str, Digest)],
    ) -> Result<Digest, StoreError> {
        let path = self.history_path(experiment);
        let seal = seal(experiment, keys);
        let is_same = || fs::read(&path).is_ok_and(|bytes| is_sealed(&bytes, &seal));
        if self.has_history(experiment, &seal) && is_same() {
            return Ok(seal);
        }
        let lengths = keys.iter().map(|(label, _)| label.len() + KEY_LENGTH);
        let mut body = Vec::with_capacity(experiment.as_os_str().len() + lengths.sum::<usize>());
        serde_json::to_writer(&mut body, &ToFile { file: experiment, keys: Keys(keys) })
            .map_err(|error| StoreError::io("write", &path)(error.into()))?;
        let body = &body["{".len()..];
        let _passage = self.pass()?;
        atomic::write_parts(&path, &[head(&seal, body).as_bytes(), body])?;
        Ok(seal)
    }

    /// Whether the history of an experiment file begins with a seal.
    pub(super) fn has_history(&self, experiment: &Path, seal: &Digest) -> bool {
        let expected = begin(seal);
        let mut found = Vec::with_capacity(expected.len());
        let file = File::open(self.history_path(experiment));
        let read = file.map(|file| file.take(expected.len() as u64).read_to_end(&mut found));
        read.is_ok() && found == expected.as_bytes()
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

    pub(super) fn history_path(&self, experiment: &Path) -> PathBuf {
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

/// What tells two histories apart without reading them.
fn seal(experiment: &Path, keys: &[(&str, Digest)]) -> Digest {
    let mut seal = blake3::Hasher::new_derive_key(SEAL_DOMAIN);
    seal.update(experiment.as_os_str().as_encoded_bytes());
    // In pieces that are hashed several at a time and are no copy of the whole.
    let mut text = Vec::with_capacity(2 * PIECE);
    for (label, key) in keys {
        text.extend_from_slice(&(label.len() as u64).to_le_bytes());
        text.extend_from_slice(label.as_bytes());
        text.extend_from_slice(key.as_bytes());
        if text.len() >= PIECE {
            seal.update(&text);
            text.clear();
        }
    }
    seal.update(&text).finalize().into()
}

/// How the text of a history begins: with its seal, and with the checksum of what follows.
fn head(seal: &Digest, body: &[u8]) -> String {
    let checksum = Digest::from(blake3::hash(body));
    format!("{}\"checksum\":\"{checksum}\",\n", begin(seal))
}

fn begin(seal: &Digest) -> String {
    format!("{{\"seal\":\"{seal}\",")
}

/// Whether the text of a history is whole and of this seal.
fn is_sealed(bytes: &[u8], seal: &Digest) -> bool {
    let length = head(seal, b"").len();
    let parts = bytes.split_at_checked(length);
    parts.is_some_and(|(begin, body)| begin == head(seal, body).as_bytes())
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}
