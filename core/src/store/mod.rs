//! The cache folder: immutable objects by content, records by key, checkpoints by trajectory.
//!
//! Nobody else writes there. The order of a commit is object → fsync → rename → record last, so
//! a record never names what is not whole. Layout:
//!
//! ```text
//! format                          version of this layout
//! objects/ab/ab12…                one read-only file per content
//! records/ab/ab12….json           one finished stage per key
//! checkpoints/<trajectory>/…      resumable states of trainings
//! decoded/<recipe>/<object>       which of the object's rows hold the images of which files
//! history/<experiment file>.json  which keys a file's stages had when it last ran
//! history/<experiment file>.receipt  what a run looked at that found everything; may be deleted
//! runs/<number>/…                 what a run was asked, its events, how it ended
//! index                           a summary of records and objects; may be deleted
//! files                           digests of the user's files, by path, size, mtime and inode
//! scratch/…                       work in progress; removed when its process is gone
//! locks/<key>                     held while a stage runs
//! locks/run-…                     what a living process uses
//! locks/gate, sweep               passed together by processes at work, closed by a collector
//! ```

mod atomic;
mod checked;
mod checkpoint;
mod collect;
mod decoded;
mod error;
mod files;
mod format;
mod gate;
mod history;
mod index;
mod leftovers;
mod own;
mod peek;
mod receipt;
mod record;
mod runs;
mod scratch;
mod stamp;
mod survey;
mod verify;

pub use atomic::write as write_atomically;
pub use checkpoint::CheckpointFolder;
pub use collect::{Garbage, Policy, TrajectoriesOf};
pub use decoded::{Decoded, write_decoded};
pub use error::StoreError;
pub use files::FileMemo;
pub use gate::{Hold, Passage};
pub use history::{History, LastRun, PastRun};
pub use index::{Entry, Index, IndexAhead, Standing};
pub use receipt::{ReadFiles, ReadText, Receipt, identity};
pub use record::{Blob, OutputFiles, Provenance, Record};
pub use runs::{Run, RunEnd, RunFolder, RunName, RunStage};
pub use scratch::{Expected, Scratch};
pub use survey::{Seen, SeenRecord, SeenRun, Survey, Use};
pub use verify::{Damage, Part, Verification};

use crate::graph::Digest;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A cache folder.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens a cache folder, creating it when it is not there.
    ///
    /// # Errors
    /// The folder holds something else, cannot be written, or was made by a newer version.
    pub fn open(root: &Path) -> Result<Store, StoreError> {
        atomic::create_lasting_dir(root)?;
        let root = root.canonicalize().map_err(StoreError::io("open", root))?;
        format::check(&root)?;
        Ok(Store { root })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the object with this content lies, or would lie.
    pub fn object_path(&self, digest: &Digest) -> PathBuf {
        sharded(&self.root.join("objects"), digest, "")
    }

    /// The record under a key. `None` when there is none or when one of its objects is gone or
    /// has the wrong size: the stage must then run again.
    ///
    /// # Errors
    /// The record is there but cannot be read.
    pub fn lookup(&self, key: &Digest) -> Result<Option<Record>, StoreError> {
        let Some(record) = self.record(key)? else { return Ok(None) };
        let whole = record.blobs().all(|blob| {
            fs::metadata(self.object_path(&blob.digest))
                .is_ok_and(|metadata| metadata.len() == blob.size)
        });
        Ok(whole.then_some(record))
    }

    /// Whether there is a record under a key, whole or not.
    pub fn has_record(&self, key: &Digest) -> bool {
        self.record_path(key).exists()
    }

    /// The record under a key, whether or not its objects are still there. One that is cut short by a
    /// failing disk, or changed by somebody, counts as none: the stage runs again and replaces it.
    ///
    /// # Errors
    /// The record is there but the system refuses to read it.
    pub fn record(&self, key: &Digest) -> Result<Option<Record>, StoreError> {
        let path = self.record_path(key);
        match fs::read(&path) {
            Ok(bytes) => Ok(Record::from_bytes(key, &bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read", &path)(error)),
        }
    }

    /// Removes the record under a key, so that its stage runs again. Its objects stay.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn remove_record(&self, key: &Digest) -> Result<(), StoreError> {
        self.remove(&self.record_path(key))
    }

    /// Keeps others away from this key until dropped; `None` while another process works on it.
    /// The system releases the lock of a process that dies.
    ///
    /// # Errors
    /// The lock file cannot be made.
    pub fn try_lock(&self, key: &Digest) -> Result<Option<KeyLock>, StoreError> {
        let folder = self.locks_path();
        atomic::create_dir(&folder)?;
        let path = folder.join(key.hex());
        loop {
            let file = own::open_lock(&path, true).map_err(StoreError::io("lock", &path))?;
            match file.try_lock() {
                // Who held it before may have removed the file since it was opened.
                Ok(()) if is_same_file(&file, &path) => return Ok(Some(KeyLock { file, path })),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => {
                    return Err(StoreError::io("lock", &path)(error));
                }
            }
        }
    }

    /// The checkpoints of a trajectory.
    pub fn checkpoints(&self, trajectory: &Digest) -> CheckpointFolder {
        CheckpointFolder::new(self, trajectory)
    }

    /// Removes the checkpoints of a trajectory, so that trainings on it begin at the beginning.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn remove_checkpoints(&self, trajectory: &Digest) -> Result<(), StoreError> {
        let folder = self.checkpoints_path().join(trajectory.hex());
        own::remove_folder(&self.root, &folder, |path| {
            checkpoint::position_of(path).is_some() || own::is_temporary(path)
        })
    }

    /// Removes a file of the cache; see [`own::remove_file`].
    fn remove(&self, path: &Path) -> Result<(), StoreError> {
        own::remove_file(&self.root, path)
    }

    fn checkpoints_path(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    fn record_path(&self, key: &Digest) -> PathBuf {
        sharded(&self.root.join("records"), key, ".json")
    }
}

/// Held while one process works on one key.
#[derive(Debug)]
pub struct KeyLock {
    file: File,
    path: PathBuf,
}

impl Drop for KeyLock {
    /// The file goes while the lock is held, so that nobody loses one that was just made.
    fn drop(&mut self) {
        if is_same_file(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn is_same_file(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    inode(&open) == inode(&there)
}

/// Device and inode, which all links to a file share.
fn inode(metadata: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Two digits of the digest as a folder, so that no folder grows too large.
fn sharded(folder: &Path, digest: &Digest, extension: &str) -> PathBuf {
    let hex = digest.hex();
    folder.join(&hex[..2]).join(format!("{hex}{extension}"))
}
