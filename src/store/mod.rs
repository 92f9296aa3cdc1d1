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
//! runs/<experiment file>.json     which keys a file's stages had when it last ran
//! files.json                      digests of the user's files, by path, size, mtime and inode
//! scratch/…                       work in progress; removed when its process is gone
//! locks/<key>                     held while a stage runs
//! ```

mod atomic;
mod checkpoint;
mod error;
mod files;
mod history;
mod peek;
mod record;
mod scratch;

pub use atomic::write as write_atomically;
pub use checkpoint::CheckpointFolder;
pub use error::StoreError;
pub use files::FileMemo;
pub use history::{History, LastRun};
pub use record::{Blob, OutputFiles, Provenance, Record};
pub use scratch::Scratch;

use crate::graph::Digest;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Version of the folder's layout.
const FORMAT: u32 = 1;
const CACHE_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache of msx; backup programs may leave it out.\n";

/// A cache folder.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// Opens a cache folder, creating it when it is not there.
    ///
    /// # Errors
    /// The folder cannot be written, or was made by a newer version.
    pub fn open(root: &Path) -> Result<Store, StoreError> {
        atomic::create_dir(root)?;
        let root = root.canonicalize().map_err(StoreError::io("open", root))?;
        let store = Store { root };
        store.check_format()?;
        Ok(store)
    }

    fn check_format(&self) -> Result<(), StoreError> {
        let path = self.root.join("format");
        match fs::read_to_string(&path) {
            Ok(found) if found.trim() == FORMAT.to_string() => Ok(()),
            Ok(found) => Err(StoreError::Format {
                path: self.root.clone(),
                found: found.trim().to_owned(),
                known: FORMAT,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let tag = self.root.join("CACHEDIR.TAG");
                if !tag.exists() {
                    atomic::write(&tag, CACHE_TAG.as_bytes())?;
                }
                atomic::write(&path, format!("{FORMAT}\n").as_bytes())
            }
            Err(error) => Err(StoreError::io("read", &path)(error)),
        }
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

    /// The record under a key, whether or not its objects are still there. An unreadable record
    /// (cut short by a failing disk, say) counts as none: the stage runs again and replaces it.
    ///
    /// # Errors
    /// The record is there but the system refuses to read it.
    pub fn record(&self, key: &Digest) -> Result<Option<Record>, StoreError> {
        let path = self.record_path(key);
        match fs::read(&path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read", &path)(error)),
        }
    }

    /// Keeps others away from this key until dropped; `None` while another process works on it.
    /// The system releases the lock of a process that dies.
    ///
    /// # Errors
    /// The lock file cannot be made.
    pub fn try_lock(&self, key: &Digest) -> Result<Option<KeyLock>, StoreError> {
        let folder = self.root.join("locks");
        atomic::create_dir(&folder)?;
        let path = folder.join(key.hex());
        let file = File::create(&path).map_err(StoreError::io("lock", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(KeyLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &path)(error)),
        }
    }

    /// The checkpoints of a trajectory.
    pub fn checkpoints(&self, trajectory: &Digest) -> CheckpointFolder {
        CheckpointFolder::new(self.root.join("checkpoints").join(trajectory.hex()))
    }

    fn record_path(&self, key: &Digest) -> PathBuf {
        sharded(&self.root.join("records"), key, ".json")
    }
}

/// Held while one process works on one key.
#[derive(Debug)]
pub struct KeyLock {
    _file: File,
}

/// Two digits of the digest as a folder, so that no folder grows too large.
fn sharded(folder: &Path, digest: &Digest, extension: &str) -> PathBuf {
    let hex = digest.hex();
    folder.join(&hex[..2]).join(format!("{hex}{extension}"))
}
