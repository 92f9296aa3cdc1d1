//! What long work tells the outside while it runs. A leaf: every room may use it.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A word that is mostly written in the source, and sometimes comes from another process.
pub type Word = Cow<'static, str>;

/// One sign of life of a running stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// What is done at the moment, e.g. `training` or `reading images`.
    pub activity: Word,
    /// Units finished so far.
    pub done: u64,
    /// Units in all.
    pub total: u64,
    /// The unit in the plural: `images`, `epochs`, `files`.
    pub unit: Word,
    /// Named figures of the moment (losses, AUROC), in display order.
    pub metrics: Vec<(Word, f64)>,
}

impl Progress {
    /// Work of which nothing but its amount is known.
    pub fn counted(
        activity: &'static str,
        done: usize,
        total: usize,
        unit: &'static str,
    ) -> Progress {
        Progress {
            activity: activity.into(),
            done: done as u64,
            total: total as u64,
            unit: unit.into(),
            metrics: Vec::new(),
        }
    }
}

/// Receives progress and passes on the wish to stop.
pub trait Monitor: Sync {
    /// Called often; must be cheap.
    fn report(&self, progress: &Progress);
    /// True once the user asked to stop: write a checkpoint and return [`Stopped`].
    fn stop_requested(&self) -> bool;
}

/// A monitor that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Monitor for Silent {
    fn report(&self, _: &Progress) {}
    fn stop_requested(&self) -> bool {
        false
    }
}

/// The work was stopped on request; its state is in a checkpoint where it keeps any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("stopped on request")
    }
}

impl std::error::Error for Stopped {}
