//! Work in progress, and the way from there into the store.

use super::error::StoreError;
use super::leftovers::is_free;
use super::record::{Blob, OutputFiles, Provenance, Record};
use super::survey::{files_below, list};
use super::{Store, atomic, files, inode, own};
use crate::graph::{Digest, Fingerprint};
use crate::relative_path::RelativePath;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use walkdir::WalkDir;

/// The lock that scratch folders are made under together, and swept under alone.
const SWEEP: &str = "sweep";
/// What stands in a scratch folder.
const PARTS: [&str; 4] = ["in", "out", DECODED, own::ALIVE];
/// Where a stage leaves word of what it decoded.
const DECODED: &str = "decoded";

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

    /// Where a stage leaves word of what it decoded, for [`Store::keep_decoded`].
    pub fn decoded(&self) -> PathBuf {
        self.folder.path().join(DECODED)
    }

    /// Remembers that a file of it is a link to an object.
    pub fn note_link(&self, path: &Path, object: &Digest) {
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
            .prefix(own::SCRATCH)
            .tempdir_in(&parent)
            .map_err(StoreError::io("create a folder in", &parent))?;
        let alive_path = folder.path().join(own::ALIVE);
        let alive = File::create_new(&alive_path).map_err(StoreError::io("write", &alive_path))?;
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
        let folders = list(&parent)?.into_iter().filter(|folder| own::is_scratch(folder));
        for folder in folders.filter(|folder| is_free(&folder.join(own::ALIVE))) {
            let is_ours = |path: &Path| PARTS.iter().any(|part| path.ends_with(part));
            // What cannot be removed now is met again by the next sweep.
            let _ = own::remove_folder(&self.root, &folder, is_ours);
        }
        Ok(())
    }

    fn sweep_checkpoints(&self) {
        let files = files_below(&self.checkpoints_path()).filter(|path| own::is_temporary(path));
        for path in files.filter(|path| is_older_than_an_hour(path)) {
            let _ = self.remove(&path);
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
            link_or_copy(&object, &target).map_err(StoreError::io("read", &object))?;
            // Whoever reads pixels compares them with the digests, which are checked here.
            if !blob.backing {
                check_content(&object, &blob.digest)?;
            }
            scratch.note_link(&target, &blob.digest);
        }
        Ok(())
    }

    /// Removes the stored files of an output that do not hold what their names say, and gives their
    /// number. The results that need them then count as lost.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn drop_damaged(&self, files: &OutputFiles) -> Result<usize, StoreError> {
        let mut dropped = 0;
        for blob in files.0.values() {
            let object = self.object_path(&blob.digest);
            if let Err(StoreError::Damaged { .. }) = check_content(&object, &blob.digest) {
                self.remove(&object)?;
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    /// The content of a stored file.
    ///
    /// # Errors
    /// It is gone, or does not hold what its name says.
    pub fn read_blob(&self, blob: &Blob) -> Result<Vec<u8>, StoreError> {
        let path = self.object_path(&blob.digest);
        let bytes = fs::read(&path).map_err(StoreError::io("read", &path))?;
        match Digest::from(blake3::hash(&bytes)) == blob.digest {
            true => Ok(bytes),
            false => Err(StoreError::Damaged { digest: blob.digest, path }),
        }
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
            let name = output.name.parse().map_err(odd(&folder))?;
            outputs.insert(name, self.take_folder(scratch, output, &folder)?);
        }
        let record = Record { fingerprint: fingerprint.clone(), outputs, provenance };
        let bytes =
            record.to_bytes().map_err(|error| StoreError::io("write", &self.root)(error.into()))?;
        let path = self.record_path(&fingerprint.key());
        own::check_way(&self.root, &path)?;
        atomic::write(&path, &bytes)?;
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
                return Err(odd(entry.path())("it is neither a file nor a folder"));
            }
            let name = RelativePath::of(entry.path(), folder).map_err(odd(entry.path()))?;
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
        own::check_way(&self.root, &object)?;
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

fn odd<R: ToString>(path: &Path) -> impl FnOnce(R) -> StoreError + '_ {
    |reason| StoreError::OddOutput { path: path.to_owned(), reason: reason.to_string() }
}

/// Puts a stored file at another place, where nothing may be.
fn link_or_copy(object: &Path, target: &Path) -> io::Result<()> {
    match fs::hard_link(object, target) {
        // To copy over what is there would write into somebody else's file.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems have no hard links, and none allows any number of them.
        Err(_) => {
            let (mut from, mut to) = (File::open(object)?, File::create_new(target)?);
            io::copy(&mut from, &mut to).map(|_| ())
        }
        Ok(()) => Ok(()),
    }
}

fn check_content(object: &Path, digest: &Digest) -> Result<(), StoreError> {
    let found = files::hash(object).map_err(StoreError::io("read", object))?;
    match found == *digest {
        true => Ok(()),
        false => Err(StoreError::Damaged { digest: *digest, path: object.to_owned() }),
    }
}

/// Longer than any write takes.
fn is_older_than_an_hour(path: &Path) -> bool {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() > 3600))
}
