//! Where the states of a growing GAN lie.
//!
//! Up to the end of a level, a training that grows further goes the way of one that stays at that
//! level. Its states are filed with that one's, so that trainings to different sizes share the levels
//! that they have in common.

use super::schedule::Schedule;
use crate::learn::checkpoint::Checkpoints;
use std::io;
use std::time::Duration;

/// The checkpoints of the trainings to each size, from the first level on, as one.
pub(super) struct Levels<'a> {
    /// Each with the position at which trainings that grow further leave it.
    stretches: Vec<(u64, &'a dyn Checkpoints)>,
}

impl<'a> Levels<'a> {
    /// `places` holds those of at least as many sizes as the schedule has levels.
    pub(super) fn new(schedule: &Schedule, places: &[&'a dyn Checkpoints]) -> Levels<'a> {
        Levels { stretches: schedule.ends().into_iter().zip(places.iter().copied()).collect() }
    }
}

impl Checkpoints for Levels<'_> {
    /// Of the training's own states any will do, of those of smaller ones what lies on the way.
    fn latest(&self, at_most: u64) -> io::Result<Option<(u64, Vec<u8>)>> {
        let Some(((_, own), smaller)) = self.stretches.split_last() else { return Ok(None) };
        let mut found = own.latest(at_most)?;
        for (end, place) in smaller.iter().rev() {
            if found.is_some() {
                break;
            }
            found = place.latest(at_most.min(*end))?;
        }
        Ok(found)
    }

    fn save(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let home = self.stretches.iter().find(|(end, _)| position <= *end);
        match home.or(self.stretches.last()) {
            Some((end, place)) => place.save_sparing(position, bytes, *end),
            None => Ok(()),
        }
    }

    fn interval(&self) -> Duration {
        self.stretches.last().map_or(Duration::MAX, |(_, place)| place.interval())
    }
}
