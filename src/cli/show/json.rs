//! Events as JSON, one object a line on standard output.

use crate::cli::console;
use crate::run::{Event, Observer};
use serde::Serialize;
use std::path::Path;

pub(super) struct JsonLines;

impl Observer for JsonLines {
    fn observe(&self, event: &Event) {
        line(event);
    }
}

#[derive(Serialize)]
struct Page<'a> {
    event: &'static str,
    path: &'a Path,
}

/// One line for a written report.
pub(super) fn page(path: &Path) {
    line(&Page { event: "report", path });
}

fn line<T: Serialize>(value: &T) {
    // What cannot be told ends the output, not the run.
    let _ = console::json_line(value);
}
