//! Bars on a terminal, with harmless words around them.

use super::Styled;
use super::visible::{Lines, visible};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::Duration;

/// One bar. Templates are those of `indicatif`.
pub(in crate::cli) struct Gauge(ProgressBar);

/// Bars below each other.
#[derive(Default)]
pub(in crate::cli) struct Gauges(MultiProgress);

impl Gauge {
    /// A bar that stands alone.
    pub(in crate::cli) fn new(template: &str) -> Gauge {
        Gauge(ProgressBar::new(0)).laid_out(template)
    }

    fn laid_out(self, template: &str) -> Gauge {
        self.lay_out(template);
        self
    }

    /// Shows other parts than before.
    pub(in crate::cli) fn lay_out(&self, template: &str) {
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
    }

    /// The words at `{prefix}`.
    pub(in crate::cli) fn set_prefix(&self, words: &str) {
        self.0.set_prefix(visible(words, Lines::One).into_owned());
    }

    /// The words at `{msg}`.
    pub(in crate::cli) fn set_message(&self, words: &str) {
        self.0.set_message(visible(words, Lines::One).into_owned());
    }

    /// How far the work is.
    pub(in crate::cli) fn advance(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// How far the work was when that was last said.
    pub(in crate::cli) fn position(&self) -> u64 {
        self.0.position()
    }

    /// Turns the spinner also while nothing is said.
    pub(in crate::cli) fn tick_every(&self, interval: Duration) {
        self.0.enable_steady_tick(interval);
    }

    /// Takes it off the screen.
    pub(in crate::cli) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Gauges {
    /// A further bar, below the others.
    pub(in crate::cli) fn add(&self, template: &str) -> Gauge {
        Gauge(self.0.add(ProgressBar::new(0))).laid_out(template)
    }

    /// Prints a message above the bars.
    pub(in crate::cli) fn say_above(&self, message: &Styled) {
        self.0.suspend(|| message.say());
    }
}
