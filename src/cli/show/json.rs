//! Events as JSON, one object a line on standard output.

use crate::run::{Event, Observer};
use serde::Serialize;
use std::io::{self, Write};
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
    // A reader that went away ends the output, not the run.
    if let Ok(text) = serde_json::to_string(value) {
        let _ = writeln!(io::stdout().lock(), "{text}");
    }
}
