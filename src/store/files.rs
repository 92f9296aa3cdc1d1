//! Digests of the user's files, remembered so that unchanged files are not read again.

use super::error::StoreError;
use super::{Store, atomic};
use crate::graph::Digest;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

const DOMAIN: &str = "msx 2026 user files";
/// A file changed this recently may change again within the clock's grain without a new time
/// stamp, so its digest is not remembered.
const DISTRUST_NANOSECONDS: i64 = 2_000_000_000;

/// What tells a changed file from an unchanged one without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    modified_nanoseconds: i64,
    changed_nanoseconds: i64,
    inode: u64,
    device: u64,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Stamp {
            size: metadata.len(),
            modified_nanoseconds: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_nanoseconds: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            device: metadata.dev(),
        }
    }

    fn is_settled(&self) -> bool {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |passed| i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX));
        now - self.changed_nanoseconds.max(self.modified_nanoseconds) > DISTRUST_NANOSECONDS
    }
}

/// The memory of file digests of one cache.
#[derive(Debug)]
pub struct FileMemo {
    path: PathBuf,
    known: BTreeMap<String, (Stamp, Digest)>,
    changed: bool,
    hash_all: bool,
}

impl Store {
    /// Loads the memory; with `hash_all` every file is read again whatever is remembered.
    pub fn file_memo(&self, hash_all: bool) -> FileMemo {
        let path = self.root.join("files.json");
        // The memory can always be made again, so an unreadable one is simply empty.
        let known = fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        FileMemo { path, known, changed: false, hash_all }
    }
}

impl FileMemo {
    /// The digest of a set of files: their names relative to `base` and their contents, in the
    /// order of names.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn digest(&mut self, base: &Path, files: &[PathBuf]) -> Result<Digest, StoreError> {
        let digests: Vec<(String, Stamp, Digest)> = files
            .par_iter()
            .map(|path| self.digest_one(path))
            .collect::<Result<_, StoreError>>()?;
        for (name, stamp, digest) in &digests {
            if stamp.is_settled() && self.known.get(name) != Some(&(*stamp, *digest)) {
                self.known.insert(name.clone(), (*stamp, *digest));
                self.changed = true;
            }
        }
        Ok(of_all(base, files, digests.into_iter().map(|(_, _, digest)| digest)))
    }

    /// The same digest from memory alone; nothing where a file would have to be read for it.
    pub fn remembered(&self, base: &Path, files: &[PathBuf]) -> Option<Digest> {
        let one = |path: &PathBuf| {
            let absolute = path.canonicalize().ok()?;
            let (stamp, digest) = self.known.get(absolute.to_string_lossy().as_ref())?;
            (Stamp::of(&fs::metadata(&absolute).ok()?) == *stamp).then_some(*digest)
        };
        let digests: Vec<Digest> = files.par_iter().map(one).collect::<Option<_>>()?;
        Some(of_all(base, files, digests))
    }

    fn digest_one(&self, path: &Path) -> Result<(String, Stamp, Digest), StoreError> {
        let absolute = path.canonicalize().map_err(StoreError::io("read", path))?;
        let name = absolute.to_string_lossy().into_owned();
        let stamp = Stamp::of(&fs::metadata(&absolute).map_err(StoreError::io("read", path))?);
        match self.known.get(&name) {
            Some((known, digest)) if *known == stamp && !self.hash_all => {
                Ok((name, stamp, *digest))
            }
            _ => {
                let mut hasher = blake3::Hasher::new();
                hasher.update_mmap(&absolute).map_err(StoreError::io("read", path))?;
                Ok((name, stamp, hasher.finalize().into()))
            }
        }
    }

    /// Writes the memory back if it has learned anything.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save(&self) -> Result<(), StoreError> {
        if !self.changed {
            return Ok(());
        }
        let bytes = serde_json::to_vec(&self.known)
            .map_err(|error| StoreError::io("write", &self.path)(error.into()))?;
        atomic::write(&self.path, &bytes)
    }
}

/// One digest of files by their names relative to `base` and their contents.
fn of_all(base: &Path, files: &[PathBuf], digests: impl IntoIterator<Item = Digest>) -> Digest {
    let line = |(path, digest): (&PathBuf, Digest)| {
        let relative = path.strip_prefix(base).unwrap_or(path);
        format!("{} {digest}\n", relative.display())
    };
    let mut lines: Vec<String> = files.iter().zip(digests).map(line).collect();
    lines.sort();
    Digest::derive(DOMAIN, lines.concat().as_bytes())
}
