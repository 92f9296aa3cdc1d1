//! How far long work on the cache is: a bar on a terminal, a line every few seconds elsewhere.

use crate::progress::{Monitor, Progress};
use bytesize::ByteSize;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(5);

/// Shows progress that is counted in bytes, on standard error.
pub(super) struct Bytes {
    bar: Option<ProgressBar>,
    begin: Instant,
    told: Mutex<Instant>,
}

impl Bytes {
    pub(super) fn new() -> Bytes {
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(0));
        let template = "{spinner} {msg} {bar:24} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";
        if let (Some(bar), Ok(style)) = (&bar, ProgressStyle::with_template(template)) {
            bar.set_style(style);
        }
        Bytes { bar, begin: Instant::now(), told: Mutex::new(Instant::now()) }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Monitor for Bytes {
    fn report(&self, progress: &Progress) {
        let Progress { activity, done, total, .. } = progress;
        if let Some(bar) = &self.bar {
            bar.set_message(activity.to_string());
            bar.set_length(*total);
            // Threads report out of order.
            bar.set_position(bar.position().max(*done));
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= INTERVAL && *done > 0 {
            *told = Instant::now();
            let rate = *done as f64 / self.begin.elapsed().as_secs_f64();
            let left = total.saturating_sub(*done) as f64 / rate;
            let (done, total) = (ByteSize(*done), ByteSize(*total));
            let rate = ByteSize(rate as u64);
            say!("{activity} {done}/{total}  {rate}/s, {left:.0} s left");
        }
    }

    fn stop_requested(&self) -> bool {
        false
    }
}
