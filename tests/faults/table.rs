//! How many moments a fault is tried at, and what came of it.

use std::io::Write;

/// As many as `MSX_FAULT_POINTS` says, or else this many.
pub fn points(otherwise: usize) -> usize {
    match std::env::var("MSX_FAULT_POINTS") {
        Ok(text) => text.parse().expect("MSX_FAULT_POINTS is a number"),
        Err(_) => otherwise,
    }
}

/// What a fault cost over all moments that were tried.
pub struct Table {
    fault: &'static str,
    tried: usize,
    hit: usize,
    finished: usize,
    /// Results that were finished before and had to be made again.
    pub lost: usize,
}

impl Table {
    pub fn new(fault: &'static str) -> Table {
        Table { fault, tried: 0, hit: 0, finished: 0, lost: 0 }
    }

    /// One moment: whether something was disturbed, results that were finished before, and those of
    /// them that were made again.
    pub fn point(&mut self, hit: bool, finished: usize, lost: usize) {
        self.tried += 1;
        self.hit += usize::from(hit);
        self.finished += finished;
        self.lost += lost;
    }

    pub fn print(&self) {
        let Table { fault, tried, hit, finished, lost } = self;
        tell(&format!(
            "{fault:<42} points {tried:>4}  hit {hit:>4}  results before {finished:>5}  lost {lost:>3}"
        ));
    }
}

/// Says that a test was skipped.
pub fn skipped(reason: &str) {
    tell(&format!("SKIPPED: {reason}"));
}

/// Prints a line past the capture of a test's output.
pub fn tell(line: &str) {
    writeln!(std::io::stderr(), "\n{line}").expect("stderr");
}
