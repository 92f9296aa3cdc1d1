//! Reads everything in a cache again and removes what is damaged, so that the stages that made it run
//! again.

use super::checkpoint;
use super::error::StoreError;
use super::record::{Blob, Record};
use super::survey::{Seen, digest_of_name, files_below, sharded_files};
use super::{Store, atomic};
use crate::graph::Digest;
use crate::progress::{Monitor, Progress};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What part of a cache is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A file of a result.
    Object,
    /// A finished stage.
    Record,
    /// A state of a training.
    Checkpoint,
    /// The description of a run.
    Run,
}

/// One damaged file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    /// What it is.
    pub part: Part,
    /// Where it is, or should be.
    pub path: PathBuf,
    /// What is wrong with it, as the end of a sentence that begins with it.
    pub reason: String,
    /// The keys of the results that are lost with it.
    pub keys: Vec<Digest>,
}

/// What a verification found.
#[derive(Debug, Default)]
pub struct Verification {
    /// Objects read.
    pub objects: usize,
    /// Bytes of them.
    pub bytes: u64,
    /// Records read.
    pub records: usize,
    /// Checkpoints read.
    pub checkpoints: usize,
    /// Files in the folder of objects that are none; they are left alone.
    pub foreign: Vec<PathBuf>,
    /// What is damaged, in order.
    pub damages: Vec<Damage>,
}

/// Records by key, with the file of each; `None` for one that cannot be read.
type Records = BTreeMap<Digest, (PathBuf, Option<Record>)>;

impl Store {
    /// Reads every record, object and checkpoint again. Nothing is collected meanwhile.
    ///
    /// # Errors
    /// A folder of the cache cannot be listed.
    pub fn verify(&self, monitor: &dyn Monitor) -> Result<Verification, StoreError> {
        let _passage = self.pass()?;
        // Before the objects, which are committed first: those of a record that is read are there.
        let records = self.read_records()?;
        let (mut objects, mut foreign) = (BTreeMap::new(), Vec::new());
        for path in sharded_files(&self.root.join("objects"))? {
            match digest_of_name(&path, "") {
                Some(digest) => drop(objects.insert(digest, path)),
                None => foreign.push(path),
            }
        }
        let checkpoints: Vec<PathBuf> = files_below(&self.checkpoints_path())
            .filter(|path| checkpoint::position_of(path).is_some())
            .collect();
        let work = Work::new(objects.values().chain(&checkpoints), monitor);
        let bad = objects.par_iter().filter_map(|(digest, path)| work.check_object(digest, path));
        let bad: BTreeMap<Digest, String> = bad.collect();
        let mut damages = damaged_results(self, &records, &bad);
        damages.par_extend(checkpoints.par_iter().filter_map(|path| work.check_checkpoint(path)));
        damages.extend(self.unreadable_runs());
        damages.sort();
        Ok(Verification {
            objects: objects.len(),
            bytes: work.total,
            records: records.len(),
            checkpoints: checkpoints.len(),
            foreign,
            damages,
        })
    }

    /// Removes what a verification found, unless it was replaced since: damaged objects with the
    /// records that name them, records, checkpoints. Descriptions of runs are left.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn remove_damaged(&self, verification: &Verification) -> Result<(), StoreError> {
        let _closed = self.close_gate()?;
        for damage in &verification.damages {
            for key in &damage.keys {
                if self.is_lost(key) || self.is_bad_object(damage) {
                    self.remove_record(key)?;
                }
            }
            let is_bad = match damage.part {
                Part::Object => self.is_bad_object(damage),
                Part::Checkpoint => checkpoint_reason(&damage.path).is_some(),
                Part::Record | Part::Run => false,
            };
            if is_bad && damage.path.exists() {
                self.remove(&damage.path)?;
                damage.path.parent().map_or(Ok(()), atomic::sync_dir)?;
            }
        }
        Ok(())
    }

    fn read_records(&self) -> Result<Records, StoreError> {
        let files = sharded_files(&self.root.join("records"))?;
        let keyed =
            files.into_iter().filter_map(|path| Some((digest_of_name(&path, ".json")?, path)));
        let keyed: Vec<(Digest, PathBuf)> = keyed.collect();
        let read = keyed.into_par_iter().filter_map(|(key, path)| match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            bytes => {
                let record = bytes.ok().and_then(|bytes| Record::from_bytes(&key, &bytes));
                Some((key, (path, record)))
            }
        });
        Ok(read.collect())
    }

    /// Whether the record under a key is not what it should be.
    fn is_lost(&self, key: &Digest) -> bool {
        !matches!(self.lookup(key), Ok(Some(_)))
    }

    fn is_bad_object(&self, damage: &Damage) -> bool {
        let Some(digest) = digest_of_name(&damage.path, "") else { return false };
        damage.part == Part::Object && content(&damage.path).is_none_or(|found| found != digest)
    }

    fn unreadable_runs(&self) -> Vec<Damage> {
        let numbers = self.run_numbers().into_iter().filter(|number| self.is_run(*number));
        let unreadable = numbers.filter(|number| {
            let run = self.find_run(super::RunName::Number(*number));
            run.is_err() && self.run_path(*number).join("run.json").exists()
        });
        unreadable
            .map(|number| Damage {
                part: Part::Run,
                path: self.run_path(number).join("run.json"),
                reason: "cannot be read; its results do not depend on it".to_owned(),
                keys: Vec::new(),
            })
            .collect()
    }
}

/// Damaged objects with the keys that need them, records that cannot be read, and records whose
/// objects are missing.
fn damaged_results(
    store: &Store,
    records: &Records,
    bad: &BTreeMap<Digest, String>,
) -> Vec<Damage> {
    let mut damages: BTreeMap<PathBuf, Damage> = BTreeMap::new();
    let mut add = |part: Part, path: &Path, reason: &str, key: Option<Digest>| {
        let damage = damages.entry(path.to_owned()).or_insert_with(|| Damage {
            part,
            path: path.to_owned(),
            reason: reason.to_owned(),
            keys: Vec::new(),
        });
        damage.keys.extend(key.filter(|key| !damage.keys.contains(key)));
    };
    for (digest, reason) in bad {
        add(Part::Object, &store.object_path(digest), reason, None);
    }
    for (key, (path, record)) in records {
        let Some(record) = record else {
            add(Part::Record, path, "cannot be read or is of another key", Some(*key));
            continue;
        };
        for blob in record.blobs() {
            let object = store.object_path(&blob.digest);
            let reason = bad.get(&blob.digest).cloned().or_else(|| missing(blob, &object));
            if let Some(reason) = reason {
                add(Part::Object, &object, &reason, Some(*key));
            }
        }
    }
    damages.into_values().collect()
}

fn missing(blob: &Blob, object: &Path) -> Option<String> {
    match fs::metadata(object) {
        Err(_) => Some("is missing".to_owned()),
        Ok(metadata) if metadata.len() != blob.size => {
            Some(format!("has {} bytes where its record says {}", metadata.len(), blob.size))
        }
        Ok(_) => None,
    }
}

fn content(path: &Path) -> Option<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_mmap(path).ok()?;
    Some(Digest::from(hasher.finalize()))
}

fn checkpoint_reason(path: &Path) -> Option<String> {
    match fs::read(path) {
        // Dropped for a newer one since it was listed.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(format!("cannot be read: {error}")),
        Ok(bytes) => (!checkpoint::is_whole(path, &bytes))
            .then(|| "does not hold what its name says".to_owned()),
    }
}

/// Tells how far the reading is.
struct Work<'a> {
    monitor: &'a dyn Monitor,
    total: u64,
    done: AtomicU64,
}

impl<'a> Work<'a> {
    fn new<'b>(files: impl Iterator<Item = &'b PathBuf>, monitor: &'a dyn Monitor) -> Work<'a> {
        let seen = files.filter_map(|path| fs::metadata(path).ok());
        let total = seen.map(|metadata| Seen::of(&metadata).bytes).sum();
        Work { monitor, total, done: AtomicU64::new(0) }
    }

    fn check_object(&self, digest: &Digest, path: &Path) -> Option<(Digest, String)> {
        let metadata = fs::metadata(path).ok()?;
        let reason = match content(path) {
            Some(found) if found == *digest => None,
            Some(_) => Some("does not hold what its name says".to_owned()),
            None => Some("cannot be read".to_owned()),
        };
        self.tell(metadata.len());
        Some((*digest, reason?))
    }

    fn check_checkpoint(&self, path: &Path) -> Option<Damage> {
        let size = fs::metadata(path).ok()?.len();
        let reason = checkpoint_reason(path);
        self.tell(size);
        Some(Damage {
            part: Part::Checkpoint,
            path: path.to_owned(),
            reason: reason?,
            keys: Vec::new(),
        })
    }

    fn tell(&self, bytes: u64) {
        let done = self.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.monitor.report(&Progress {
            activity: "verifying".into(),
            done,
            total: self.total,
            unit: "bytes".into(),
            metrics: Vec::new(),
        });
    }
}
