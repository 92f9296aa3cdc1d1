//! Rates and the time left.

use crate::progress::Progress;
use std::time::{Duration, Instant};

/// Measures how fast a stage advances, from the first sign of life on, so that a training that
/// continues from a checkpoint does not look faster than it is.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    begin: Instant,
    first: u64,
}

impl Pace {
    pub(super) fn from(done: u64) -> Pace {
        Pace { begin: Instant::now(), first: done }
    }

    /// Units a second; `None` before there is anything to measure.
    pub(super) fn rate(&self, done: u64) -> Option<f64> {
        let seconds = self.begin.elapsed().as_secs_f64();
        let advanced = done.checked_sub(self.first)?;
        (advanced > 0 && seconds > 0.05).then(|| advanced as f64 / seconds)
    }

    /// `12.3 images/s, 40 s left`
    pub(super) fn words(&self, progress: &Progress) -> String {
        let Progress { done, total, unit, .. } = progress;
        match self.rate(*done) {
            None => String::new(),
            Some(rate) => {
                let left = total.saturating_sub(*done) as f64 / rate;
                format!("{} {unit}/s, {} left", significant(rate), duration(left))
            }
        }
    }
}

/// Three significant digits.
fn significant(rate: f64) -> String {
    match rate {
        rate if rate >= 100.0 => format!("{rate:.0}"),
        rate if rate >= 10.0 => format!("{rate:.1}"),
        rate => format!("{rate:.2}"),
    }
}

/// `0.2 s`, `40 s`, `3 min 20 s`, `2 h 5 min`
pub(in crate::cli) fn duration(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).as_secs();
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}
