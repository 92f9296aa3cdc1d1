//! Digests of the user's files, remembered so that unchanged files are not read again.

use super::error::StoreError;
use super::stamp::Stamp;
use super::{Store, atomic};
use crate::graph::Digest;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const DOMAIN: &str = "msx 2026 user files";

/// The memory of file digests of one cache.
#[derive(Debug)]
pub struct FileMemo {
    store: Store,
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
        FileMemo { store: self.clone(), path, known, changed: false, hash_all }
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
        let mut lines = Vec::with_capacity(files.len());
        for (path, (name, stamp, digest)) in files.iter().zip(digests) {
            let relative = path.strip_prefix(base).unwrap_or(path);
            lines.push(format!("{} {digest}\n", relative.display()));
            if stamp.is_settled() && self.known.get(&name) != Some(&(stamp, digest)) {
                self.known.insert(name, (stamp, digest));
                self.changed = true;
            }
        }
        lines.sort();
        Ok(Digest::derive(DOMAIN, lines.concat().as_bytes()))
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
        let _passage = self.store.pass()?;
        atomic::write(&self.path, &bytes)
    }
}
