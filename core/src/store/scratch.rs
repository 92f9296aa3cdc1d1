//! Work in progress, and the way from there into the store.

use super::error::StoreError;
use super::record::{Blob, OutputFiles, Provenance, Record};
use super::{Store, atomic, files, inode};
use crate::graph::{Digest, Fingerprint};
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use walkdir::WalkDir;

/// The lock that scratch folders are made under together, and swept under alone.
const SWEEP: &str = "sweep";

/// A folder of one running stage: inputs are linked in under `in/`, outputs are written under
/// `out/<output>/`. Gone with the value; what a killed process leaves is swept by the next one.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
    /// Objects that were linked in, by device and inode: an output may be a link to one.
    linked: Mutex<HashMap<(u64, u64), Digest>>,
    _alive: File,
}

/// An output that a stage has to write.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Its name.
    pub name: &'a str,
    /// Files of it that are [backing](Blob::backing).
    pub backing: &'a [&'a str],
}

impl Scratch {
    /// Where outputs are written.
    pub fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// The folder of one input.
    pub fn input(&self, index: usize) -> PathBuf {
        self.folder.path().join("in").join(index.to_string())
    }

    /// Remembers that a file of it is an object.
    pub(super) fn note_link(&self, path: &Path, object: &Digest) {
        if let Ok(metadata) = fs::metadata(path) {
            self.linked().insert(inode(&metadata), *object);
        }
    }

    fn linked(&self) -> MutexGuard<'_, HashMap<(u64, u64), Digest>> {
        self.linked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// A fresh scratch folder on the same file system as the objects.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn scratch(&self) -> Result<Scratch, StoreError> {
        let parent = self.root.join("scratch");
        atomic::create_dir(&parent)?;
        // A sweep may not come between the folder and its lock.
        let gate = self.open_lock(SWEEP)?;
        gate.lock_shared().map_err(StoreError::io("lock", &parent))?;
        let folder = tempfile::Builder::new()
            .prefix("stage-")
            .tempdir_in(&parent)
            .map_err(StoreError::io("create a folder in", &parent))?;
        let alive_path = folder.path().join("alive");
        let alive = File::create(&alive_path).map_err(StoreError::io("write", &alive_path))?;
        alive.lock().map_err(StoreError::io("lock", &alive_path))?;
        let out = folder.path().join("out");
        atomic::create_dir(&out)?;
        Ok(Scratch { folder, linked: Mutex::default(), _alive: alive })
    }

    /// Removes the scratch folders of processes that are gone, and the checkpoints that they did not
    /// finish writing.
    ///
    /// # Errors
    /// The scratch folder cannot be listed.
    pub fn sweep(&self) -> Result<(), StoreError> {
        self.sweep_checkpoints();
        let parent = self.root.join("scratch");
        if !parent.exists() {
            return Ok(());
        }
        let gate = self.open_lock(SWEEP)?;
        gate.lock().map_err(StoreError::io("lock", &parent))?;
        for entry in fs::read_dir(&parent).map_err(StoreError::io("list", &parent))?.flatten() {
            let alive = OpenOptions::new().read(true).write(true).open(entry.path().join("alive"));
            // A folder without the file was left by a process that died in between.
            let is_abandoned = alive.map_or(true, |alive| alive.try_lock().is_ok());
            if is_abandoned {
                // What cannot be removed now is met again by the next sweep.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(())
    }

    fn sweep_checkpoints(&self) {
        for entry in WalkDir::new(self.root.join("checkpoints")).into_iter().flatten() {
            let is_temporary = entry.file_name().to_string_lossy().starts_with(".tmp");
            if is_temporary && is_older_than_an_hour(entry.path()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Links one output of a finished stage into a folder. What the stage of the scratch folder links
    /// on into its own outputs is then not read again to know it.
    ///
    /// # Errors
    /// An object is gone or cannot be linked.
    pub fn link_output(
        &self,
        scratch: &Scratch,
        files: &OutputFiles,
        folder: &Path,
    ) -> Result<(), StoreError> {
        atomic::create_dir(folder)?;
        for (name, blob) in &files.0 {
            let target = folder.join(name);
            if let Some(parent) = target.parent() {
                atomic::create_dir(parent)?;
            }
            let object = self.object_path(&blob.digest);
            // Some file systems have no hard links.
            fs::hard_link(&object, &target)
                .or_else(|_| fs::copy(&object, &target).map(|_| ()))
                .map_err(StoreError::io("read", &object))?;
            scratch.note_link(&target, &blob.digest);
        }
        Ok(())
    }

    /// Takes a stage's outputs into the store and writes its record, in that order.
    ///
    /// # Errors
    /// An expected output is missing, or the disk refuses; nothing is recorded then.
    pub fn commit(
        &self,
        scratch: &Scratch,
        fingerprint: &Fingerprint,
        expected: &[Expected<'_>],
        provenance: Provenance,
    ) -> Result<Record, StoreError> {
        // An object that is there already may be one that a collector is about to remove.
        let _passage = self.pass()?;
        let mut outputs = BTreeMap::new();
        for output in expected {
            let folder = scratch.out().join(output.name);
            if !folder.is_dir() {
                return Err(StoreError::MissingOutput { output: output.name.to_owned() });
            }
            outputs.insert(output.name.to_owned(), self.take_folder(scratch, output, &folder)?);
        }
        let record = Record { fingerprint: fingerprint.clone(), outputs, provenance };
        let bytes =
            record.to_bytes().map_err(|error| StoreError::io("write", &self.root)(error.into()))?;
        atomic::write(&self.record_path(&fingerprint.key()), &bytes)?;
        Ok(record)
    }

    fn take_folder(
        &self,
        scratch: &Scratch,
        output: &Expected<'_>,
        folder: &Path,
    ) -> Result<OutputFiles, StoreError> {
        let mut files = OutputFiles::default();
        for entry in WalkDir::new(folder).min_depth(1).sort_by_file_name() {
            let entry = entry.map_err(|error| StoreError::io("read", folder)(error.into()))?;
            if entry.file_type().is_dir() {
                continue;
            }
            if !entry.file_type().is_file() {
                return Err(StoreError::OddOutput { path: entry.path().to_owned() });
            }
            let name = relative_name(entry.path(), folder);
            let (digest, size) = match self.known_link(scratch, entry.path()) {
                Some(known) => known,
                None => self.take_file(entry.path())?,
            };
            let backing = output.backing.contains(&name.as_str());
            files.0.insert(name, Blob { digest, size, backing });
        }
        Ok(files)
    }

    /// Digest and size of a file that is an object already, linked in and on.
    fn known_link(&self, scratch: &Scratch, path: &Path) -> Option<(Digest, u64)> {
        let metadata = fs::metadata(path).ok()?;
        let digest = *scratch.linked().get(&inode(&metadata))?;
        let object = fs::metadata(self.object_path(&digest)).ok()?;
        (inode(&object) == inode(&metadata)).then_some((digest, metadata.len()))
    }

    fn take_file(&self, path: &Path) -> Result<(Digest, u64), StoreError> {
        // In pieces: a mapped file counts as memory of the process, as large as it is.
        let digest = files::hash(path).map_err(StoreError::io("read", path))?;
        let file = File::open(path).map_err(StoreError::io("read", path))?;
        let size = file.metadata().map_err(StoreError::io("read", path))?.len();
        let object = self.object_path(&digest);
        // One that was damaged since it was written gives way, whoever else needs it.
        let is_there = fs::metadata(&object).is_ok_and(|metadata| metadata.len() == size);
        if is_there && files::hash(&object).is_ok_and(|found| found == digest) {
            return Ok((digest, size));
        }
        file.sync_all().map_err(StoreError::io("write", path))?;
        let mut permissions = file.metadata().map_err(StoreError::io("read", path))?.permissions();
        permissions.set_readonly(true);
        fs::set_permissions(path, permissions).map_err(StoreError::io("protect", path))?;
        let folder = object.parent().unwrap_or(&self.root);
        atomic::create_lasting_dir(folder)?;
        fs::rename(path, &object).map_err(StoreError::io("write", &object))?;
        atomic::sync_dir(folder)?;
        Ok((digest, size))
    }
}

fn relative_name(path: &Path, folder: &Path) -> String {
    let relative = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> =
        relative.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Longer than any write takes.
fn is_older_than_an_hour(path: &Path) -> bool {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() > 3600))
}
