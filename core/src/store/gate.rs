//! How processes at work and a collector keep out of each other's way.
//!
//! Whoever looks results up to use them, or commits one, passes the gate together with others; a
//! collector closes it for itself while it decides and removes. What a process goes on using after
//! it passed stands in its [`Hold`]. Files that get their name once they are whole are written under
//! a passage too. Passages may nest, because a collector that waits keeps nobody out. The system
//! opens everything when a process dies.

use super::error::StoreError;
use super::{Store, atomic, own};
use crate::graph::Digest;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

/// How the names of holds begin, in the folder of locks.
pub(super) const HOLD_PREFIX: &str = "run-";
const GATE: &str = "gate";
/// The digits of a digest and the end of the line.
const LINE: usize = 64 + 1;
/// Digests are written so many bytes at a time.
const BUFFER: usize = 64 << 10;

/// Nothing is collected until this is dropped.
#[derive(Debug)]
pub struct Passage {
    _gate: Option<File>,
}

/// The gate, closed to everybody else until dropped.
#[derive(Debug)]
pub(super) struct Closed {
    _gate: File,
}

/// Names of results and trajectories that a process uses, in a file that is locked while it lives.
#[derive(Debug)]
pub struct Hold {
    file: tempfile::NamedTempFile,
}

impl Store {
    /// Waits until no collector is at work. A cache that cannot be written has none.
    ///
    /// # Errors
    /// The gate is there but cannot be locked.
    pub fn pass(&self) -> Result<Passage, StoreError> {
        let path = self.locks_path().join(GATE);
        let gate = match own::open_shared_lock(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match self.open_gate() {
                Err(error) if error.is_read_only() => return Ok(Passage { _gate: None }),
                opened => opened?,
            },
            opened => opened.map_err(StoreError::io("open", &path))?,
        };
        gate.lock_shared().map_err(StoreError::io("lock", &path))?;
        Ok(Passage { _gate: Some(gate) })
    }

    /// Waits until nobody passes, and keeps everybody out.
    pub(super) fn close_gate(&self) -> Result<Closed, StoreError> {
        let gate = self.open_gate()?;
        gate.lock().map_err(StoreError::io("lock", &self.locks_path().join(GATE)))?;
        Ok(Closed { _gate: gate })
    }

    /// Begins to name what this process uses. Take it before the first look.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn hold(&self) -> Result<Hold, StoreError> {
        // A collector may not come between the file and its lock.
        let _passage = self.pass()?;
        let folder = self.locks_path();
        atomic::create_dir(&folder)?;
        let file = atomic::shared_builder()
            .prefix(HOLD_PREFIX)
            .tempfile_in(&folder)
            .map_err(StoreError::io("write in", &folder))?;
        file.as_file().lock().map_err(StoreError::io("lock", file.path()))?;
        Ok(Hold { file })
    }

    fn open_gate(&self) -> Result<File, StoreError> {
        self.open_lock(GATE)
    }

    /// A file to lock, in the folder of locks; folders cannot be locked on every file system.
    pub(super) fn open_lock(&self, name: &str) -> Result<File, StoreError> {
        let folder = self.locks_path();
        atomic::create_dir(&folder)?;
        let path = folder.join(name);
        own::open_lock(&path, true).map_err(StoreError::io("lock", &path))
    }

    pub(super) fn locks_path(&self) -> PathBuf {
        self.root.join("locks")
    }
}

impl Hold {
    /// Names more. A collector that closes the gate from now on leaves them alone; what is looked up
    /// must be named before the passage that it was looked up in is over.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn add(&self, digests: &[Digest]) -> Result<(), StoreError> {
        let room = BUFFER.min(digests.len() * LINE);
        let mut lines = BufWriter::with_capacity(room, self.file.as_file());
        let mut add = |digest: &Digest| {
            lines.write_all(digest.digits().as_str().as_bytes())?;
            lines.write_all(b"\n")
        };
        digests
            .iter()
            .try_for_each(&mut add)
            .and_then(|()| lines.flush())
            .map_err(StoreError::io("write", self.file.path()))
    }
}
