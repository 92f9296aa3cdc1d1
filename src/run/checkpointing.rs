//! The states of trainings, as trainings ask for them and the store keeps them.

use crate::learn::checkpoint::Checkpoints;
use crate::store::CheckpointFolder;
use serde::{Deserialize, Serialize};
use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

/// How many states of a training are kept, and how often one is written. Neither decides a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpointing {
    /// The furthest states, and as many up to the end of a shorter training.
    pub kept: NonZeroUsize,
    /// Least wall time between two of them in mid-training.
    pub interval: Duration,
}

impl Default for Checkpointing {
    fn default() -> Checkpointing {
        Checkpointing { kept: CheckpointFolder::USUAL, interval: Duration::from_secs(10) }
    }
}

/// The store's checkpoints in the form that trainings ask for.
pub(super) struct FiledCheckpoints {
    folder: CheckpointFolder,
    interval: Duration,
}

impl FiledCheckpoints {
    pub(super) fn new(folder: CheckpointFolder, how: Checkpointing) -> FiledCheckpoints {
        FiledCheckpoints { folder: folder.keeping(how.kept), interval: how.interval }
    }
}

impl Checkpoints for FiledCheckpoints {
    fn latest(&self, at_most: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
        self.folder.latest(at_most).map_err(io::Error::other)
    }

    fn save(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.folder.save(position, bytes).map_err(io::Error::other)
    }

    fn save_sparing(&self, position: u64, bytes: &[u8], spared: u64) -> io::Result<()> {
        self.folder.clone().sparing(spared).save(position, bytes).map_err(io::Error::other)
    }

    fn interval(&self) -> Duration {
        self.interval
    }
}
