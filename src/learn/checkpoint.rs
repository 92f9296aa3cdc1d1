//! Where trainings put the states they can go on from.

use super::LearnError;
use std::io;
use std::time::{Duration, Instant};

/// How much longer a training goes on than a checkpoint took to write, before the next one.
const BUSY: u32 = 20;

/// A place for checkpoints of one trajectory.
pub trait Checkpoints: Sync {
    /// The furthest checkpoint at or before a position, with its position.
    ///
    /// # Errors
    /// The place cannot be read.
    fn latest(&self, at_most: u64) -> io::Result<Option<(u64, Vec<u8>)>>;

    /// Keeps a checkpoint.
    ///
    /// # Errors
    /// The place cannot be written.
    fn save(&self, position: u64, bytes: &[u8]) -> io::Result<()>;

    /// The same, but the checkpoint at `spared` stays whatever else is dropped for this one: other
    /// trainings go on from there.
    ///
    /// # Errors
    /// The place cannot be written.
    fn save_sparing(&self, position: u64, bytes: &[u8], spared: u64) -> io::Result<()> {
        let _ = spared;
        self.save(position, bytes)
    }

    /// Least wall time between two checkpoints in mid-training. When they are written changes no
    /// result.
    fn interval(&self) -> Duration {
        Duration::MAX
    }
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCheckpoints;

impl Checkpoints for NoCheckpoints {
    fn latest(&self, _: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
        Ok(None)
    }

    fn save(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the checkpoints of one training.
pub(super) struct CheckpointWriter<'a> {
    checkpoints: &'a dyn Checkpoints,
    /// The position of the last checkpoint, or where the training began.
    position: u64,
    written: Instant,
    wait: Duration,
}

impl<'a> CheckpointWriter<'a> {
    /// For a training that goes on from a position.
    pub(super) fn new(checkpoints: &'a dyn Checkpoints, position: u64) -> CheckpointWriter<'a> {
        let wait = checkpoints.interval();
        CheckpointWriter { checkpoints, position, written: Instant::now(), wait }
    }

    /// Whether so much time has passed that what came since the last one is worth keeping.
    pub(super) fn is_due(&self) -> bool {
        self.written.elapsed() >= self.wait
    }

    /// Writes a checkpoint, unless the last one has the same position.
    ///
    /// # Errors
    /// It cannot be made or written.
    pub(super) fn save(
        &mut self,
        position: u64,
        state: impl FnOnce() -> Result<Vec<u8>, LearnError>,
    ) -> Result<(), LearnError> {
        if position == self.position {
            return Ok(());
        }
        let begin = Instant::now();
        self.checkpoints.save(position, &state()?)?;
        self.position = position;
        self.written = Instant::now();
        self.wait = self.checkpoints.interval().max(begin.elapsed() * BUSY);
        Ok(())
    }
}
