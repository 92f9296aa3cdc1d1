//! Where trainings put the states they can go on from.

use std::io;

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
