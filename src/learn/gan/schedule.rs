//! Which level of resolution is trained when.

/// A moment of training: the highest level in use and how far it has come in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phase {
    /// Level, counted from 0 at 4 px.
    pub level: usize,
    /// Share of the highest level's output, from 0 to 1; 1 once it is fully in.
    pub fade: f32,
}

impl Phase {
    /// Everything is in.
    pub fn complete(levels: usize) -> Phase {
        Phase { level: levels - 1, fade: 1.0 }
    }

    /// Side of the images of this phase.
    pub fn side(&self) -> usize {
        super::FIRST_SIDE << self.level
    }
}

/// When levels come in, how fast, and with which batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The level that training starts with.
    pub first_level: usize,
    /// The last level.
    pub last_level: usize,
    /// Images that each level is trained on once it is in.
    pub stable: u64,
    /// Images over which a level fades in.
    pub fade: u64,
    /// Batch of each level from the first on; the last number holds for further levels.
    pub batches: Vec<usize>,
}

impl Schedule {
    /// One level from beginning to end.
    pub fn constant(level: usize, batch: usize) -> Schedule {
        Schedule {
            first_level: level,
            last_level: level,
            stable: u64::MAX,
            fade: 0,
            batches: vec![batch],
        }
    }

    /// The phase after this many images.
    pub fn phase(&self, images: u64) -> Phase {
        let mut level = self.first_level;
        let mut end = self.stable;
        while images >= end && level < self.last_level {
            level += 1;
            let into = images - end;
            if into < self.fade {
                // Shares are small ratios of image counts; f32 is what the networks compute in.
                return Phase { level, fade: (into as f64 / self.fade as f64) as f32 };
            }
            end = end.saturating_add(self.fade).saturating_add(self.stable);
        }
        Phase { level, fade: 1.0 }
    }

    /// Where each level ends, from the first on: the positions in whole steps at which trainings
    /// that grow further leave those that stay at the level. That of the last level counts as if
    /// there were another.
    ///
    /// A batch of zero is refused before anybody asks.
    pub fn ends(&self) -> Vec<u64> {
        let (mut position, mut end) = (0_u64, self.stable);
        let mut ends = Vec::with_capacity(self.last_level + 1 - self.first_level);
        for level in self.first_level..=self.last_level {
            let batch = self.batch(level) as u64;
            let steps = end.saturating_sub(position).div_ceil(batch);
            position = position.saturating_add(steps.saturating_mul(batch));
            ends.push(position);
            end = end.saturating_add(self.fade).saturating_add(self.stable);
        }
        ends
    }

    /// The level with whose training a state at a position is filed: of all that pass by it on their
    /// way, the lowest.
    pub fn home(&self, position: u64) -> usize {
        let ends = self.ends();
        let passed = ends.iter().take_while(|end| **end < position).count();
        self.first_level + passed.min(ends.len() - 1)
    }

    /// The batch of a level.
    pub fn batch(&self, level: usize) -> usize {
        let position = level - self.first_level;
        self.batches.get(position).or(self.batches.last()).copied().unwrap_or(1)
    }
}
