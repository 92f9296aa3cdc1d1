//! How far long work outside of a run is: a bar on a terminal, a line every few seconds elsewhere.

use super::console::{self, Gauge};
use crate::progress::{Monitor, Progress};
use bytesize::ByteSize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(5);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Bytes,
    Things,
}

/// Shows progress on standard error.
pub(super) struct Bar {
    counted: Counted,
    bar: Option<Gauge>,
    begin: Instant,
    told: Mutex<Instant>,
    stop: Arc<AtomicBool>,
}

impl Bar {
    /// For work that is counted in bytes.
    pub(super) fn of_bytes() -> Bar {
        let template = "{spinner} {msg} {bar:24} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left";
        Bar::new(Counted::Bytes, template, Arc::default())
    }

    /// For work that is counted in anything else, and ends when `stop` is raised.
    pub(super) fn of_things(stop: Arc<AtomicBool>) -> Bar {
        Bar::new(Counted::Things, "{spinner} {msg} {bar:24} {pos}/{len}, {eta} left", stop)
    }

    fn new(counted: Counted, template: &str, stop: Arc<AtomicBool>) -> Bar {
        let bar = console::has_reader().then(|| Gauge::new(template));
        Bar { counted, bar, begin: Instant::now(), told: Mutex::new(Instant::now()), stop }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.clear();
        }
    }
}

impl Monitor for Bar {
    fn report(&self, progress: &Progress) {
        let Progress { activity, done, total, unit, .. } = progress;
        if let Some(bar) = &self.bar {
            bar.set_message(activity);
            // Threads report out of order.
            bar.advance(bar.position().max(*done), *total);
            return;
        }
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() >= INTERVAL && *done > 0 {
            *told = Instant::now();
            let rate = *done as f64 / self.begin.elapsed().as_secs_f64();
            let left = total.saturating_sub(*done) as f64 / rate;
            let (done, total, rate) = match self.counted {
                Counted::Bytes => {
                    let words = |size: u64| ByteSize(size).to_string();
                    (words(*done), words(*total), words(rate as u64))
                }
                Counted::Things => {
                    (done.to_string(), format!("{total} {unit}"), format!("{rate:.0}"))
                }
            };
            say!("{activity} {done}/{total}  {rate}/s, {left:.0} s left");
        }
    }

    fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
