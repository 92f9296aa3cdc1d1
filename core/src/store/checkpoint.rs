//! Resumable states of trainings, filed under the trajectory that they lie on.

use super::error::StoreError;
use super::survey::list;
use super::{Store, atomic, own};
use crate::graph::Digest;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

const DOMAIN: &str = "msx 2026 checkpoint";
/// Digits of [`Digest::short`].
const SHORT: usize = 12;

/// The checkpoints of one trajectory, one file each: `<position>-<digest>`. The digest in the
/// name lets a damaged file be told from a whole one.
#[derive(Debug, Clone)]
pub struct CheckpointFolder {
    store: Store,
    folder: PathBuf,
    kept: usize,
    spared: Option<u64>,
}

impl CheckpointFolder {
    /// How many checkpoints a training keeps where nobody says: the newest to go on from, and one
    /// behind it.
    pub const USUAL: NonZeroUsize = NonZeroUsize::new(2).unwrap();

    pub(super) fn new(store: &Store, trajectory: &Digest) -> CheckpointFolder {
        let folder = store.checkpoints_path().join(trajectory.hex());
        CheckpointFolder { store: store.clone(), folder, kept: Self::USUAL.get(), spared: None }
    }

    /// The same, keeping this many checkpoints of a training.
    #[must_use]
    pub fn keeping(self, kept: NonZeroUsize) -> CheckpointFolder {
        CheckpointFolder { kept: kept.get(), ..self }
    }

    /// The same, where the checkpoint at a position stays whatever else is dropped.
    #[must_use]
    pub fn sparing(self, position: u64) -> CheckpointFolder {
        CheckpointFolder { spared: Some(position), ..self }
    }

    /// The furthest undamaged checkpoint at or before a position.
    ///
    /// # Errors
    /// The folder is there but cannot be read.
    pub fn latest(&self, at_most: u64) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
        for (position, name) in self.list()?.into_iter().rev() {
            if position > at_most {
                continue;
            }
            let path = self.folder.join(&name);
            match fs::read(&path) {
                Ok(bytes) if name == file_name(position, &bytes) => {
                    return Ok(Some((position, bytes)));
                }
                // Damaged, or pruned by another process since the listing: try the one before.
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io("read", &path)(error)),
            }
        }
        Ok(None)
    }

    /// Adds a checkpoint and drops all but the furthest, and the furthest up to this one, two of each
    /// unless [`CheckpointFolder::keeping`] says otherwise: a training that ends before an earlier,
    /// longer one keeps its own way back. One that is [spared](CheckpointFolder::sparing) stays too.
    ///
    /// # Errors
    /// The disk refuses; earlier checkpoints stay.
    pub fn save(&self, position: u64, bytes: &[u8]) -> Result<(), StoreError> {
        {
            let _passage = self.store.pass()?;
            let path = self.folder.join(file_name(position, bytes));
            own::check_way(&self.store.root, &path)?;
            atomic::write(&path, bytes)?;
        }
        let all = self.list()?;
        let here = all.iter().filter(|(at, _)| *at <= position).count();
        for (index, (at, name)) in all.iter().enumerate() {
            let is_furthest = index + self.kept >= all.len();
            let is_mine = index < here && index + self.kept >= here;
            if !is_furthest && !is_mine && self.spared != Some(*at) {
                // Another process may have pruned it already.
                let _ = self.store.remove(&self.folder.join(name));
            }
        }
        Ok(())
    }

    /// Positions and file names, in order of position.
    fn list(&self) -> Result<Vec<(u64, String)>, StoreError> {
        let files = list(&self.folder)?.into_iter();
        let mut found: Vec<(u64, String)> = files
            .filter_map(|path| Some((position_of(&path)?, path.file_name()?.to_str()?.to_owned())))
            .collect();
        found.sort();
        Ok(found)
    }
}

/// The position that the name of a checkpoint's file says; `None` for other files.
pub(super) fn position_of(path: &Path) -> Option<u64> {
    let (position, digest) = path.file_name()?.to_str()?.split_once('-')?;
    let is_short = digest.len() == SHORT && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    position.parse().ok().filter(|_| is_short)
}

/// Whether a checkpoint's file holds what was written into it.
pub(super) fn is_whole(path: &Path, bytes: &[u8]) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    position_of(path).is_some_and(|position| name == Some(&file_name(position, bytes)))
}

fn file_name(position: u64, bytes: &[u8]) -> String {
    format!("{position}-{}", Digest::derive(DOMAIN, bytes).short())
}
