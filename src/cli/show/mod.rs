//! How a run is shown: bars on a terminal, plain lines elsewhere, JSON for machines.

mod json;
mod lines;
mod pace;
mod terminal;

pub(super) use pace::duration;

use super::console;
use crate::progress::Word;
use crate::run::Observer;
use std::path::PathBuf;

/// The observer that fits the output.
pub(super) fn observer(json: bool) -> Box<dyn Observer> {
    if json {
        Box::new(json::JsonLines)
    } else if console::has_reader() {
        Box::new(terminal::Terminal::new())
    } else {
        Box::new(lines::Lines::new())
    }
}

/// Says where the reports are.
pub(super) fn pages(pages: &[PathBuf], json: bool) {
    for page in pages {
        if json {
            json::page(page);
        } else {
            out!("report: {}", page.display());
        }
    }
}

/// `executed 3 stages, 10 cached, 1 failed, 2 not reached in 12 s`
fn summary(executed: usize, cached: usize, failed: usize, skipped: usize, seconds: f64) -> String {
    let stages = if executed == 1 { "stage" } else { "stages" };
    let mut text = format!("executed {executed} {stages}, {cached} cached");
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    if skipped > 0 {
        text.push_str(&format!(", {skipped} not reached"));
    }
    text.push_str(&format!(" in {}", duration(seconds)));
    text
}

/// `loss_d 0.123  loss_g -1.05`
pub(super) fn metrics(metrics: &[(Word, f64)]) -> String {
    let words: Vec<String> =
        metrics.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
    words.join("  ")
}
