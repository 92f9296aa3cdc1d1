//! What the runner tells while it works. Terminal, plain lines and JSON all render these.

use crate::progress::Progress;
use serde::{Deserialize, Serialize};

/// One happening of a run. The JSON form is one object a line with an `event` field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Before anything runs.
    Planned {
        /// Stages in all.
        stages: usize,
        /// Stages whose result is in the store.
        cached: usize,
        /// Threads that the stages share.
        threads: usize,
        /// The device for networks.
        device: String,
    },
    /// A stage begins.
    Started {
        /// Its label.
        stage: String,
        /// Its kind and method.
        method: String,
        /// Its key.
        key: String,
        /// What its checkpoints are filed under.
        trajectory: String,
        /// The trajectories that it goes along for a while, and files its checkpoints under instead;
        /// none for most.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        stretches: Vec<String>,
        /// Threads it was given.
        threads: usize,
    },
    /// A stage waits for another process on the same cache that works on the same key.
    Waiting {
        /// Its label.
        stage: String,
    },
    /// A stage gives a sign of life.
    Progressed {
        /// Its label.
        stage: String,
        /// What it does and how far it is.
        #[serde(flatten)]
        progress: Progress,
    },
    /// A result in the store turned out damaged or gone when it was needed; its stage runs again.
    Lost {
        /// Its label.
        stage: String,
    },
    /// A stage's result was found in the store while others ran.
    Cached {
        /// Its label.
        stage: String,
        /// Its key.
        key: String,
    },
    /// A stage finished and its result is in the store.
    Finished {
        /// Its label.
        stage: String,
        /// Its key.
        key: String,
        /// Wall time in seconds.
        seconds: f64,
    },
    /// A stage failed.
    Failed {
        /// Its label.
        stage: String,
        /// Why, with place and remedy.
        message: String,
    },
    /// A stage stopped on request; a checkpoint keeps what it had where it keeps any.
    Stopped {
        /// Its label.
        stage: String,
    },
    /// The end of the run.
    Ended {
        /// Stages executed.
        executed: usize,
        /// Stages found in the store.
        cached: usize,
        /// Stages that failed.
        failed: usize,
        /// Stages not reached.
        skipped: usize,
        /// Wall time in seconds.
        seconds: f64,
    },
}

impl Event {
    /// The label of the stage that it is about.
    pub fn stage(&self) -> Option<&str> {
        match self {
            Event::Planned { .. } | Event::Ended { .. } => None,
            Event::Started { stage, .. }
            | Event::Waiting { stage }
            | Event::Progressed { stage, .. }
            | Event::Lost { stage }
            | Event::Cached { stage, .. }
            | Event::Finished { stage, .. }
            | Event::Failed { stage, .. }
            | Event::Stopped { stage } => Some(stage),
        }
    }
}

/// Receives events, from several threads.
pub trait Observer: Sync {
    /// Called for each event; must be quick.
    fn observe(&self, event: &Event);
}

/// Passes every event on to two observers.
pub struct Both<'a>(pub &'a dyn Observer, pub &'a dyn Observer);

impl Observer for Both<'_> {
    fn observe(&self, event: &Event) {
        self.0.observe(event);
        self.1.observe(event);
    }
}
