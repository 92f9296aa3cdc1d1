//! Ctrl-C: once to stop after the next checkpoint, twice to stop now.

use super::errors::Failure;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether work should end, and whether it was the user who said so.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupt {
    /// Raised for running stages to write their checkpoints and end.
    pub(super) stop: Arc<AtomicBool>,
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens to the terminal from now on. What is in the cache is whole after either interruption.
    pub(super) fn listen() -> Result<Interrupt, Failure> {
        Interrupt::listen_saying(
            "stopping after the next checkpoint; press Ctrl-C again to stop now",
        )
    }

    /// The same for work without checkpoints, with other words for the first interruption.
    pub(super) fn listen_saying(words: &'static str) -> Result<Interrupt, Failure> {
        let interrupt = Interrupt::default();
        let Interrupt { stop, asked } = interrupt.clone();
        ctrlc::set_handler(move || {
            if asked.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(super::INTERRUPTED));
            }
            stop.store(true, Ordering::Relaxed);
            say!("{words}");
        })
        .map_err(Failure::new)?;
        Ok(interrupt)
    }

    /// Whether the user interrupted.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
