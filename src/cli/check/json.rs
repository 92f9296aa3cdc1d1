//! What was found as one JSON document. `docs/diagnostics.md` describes it to its readers.

use super::Checked;
use crate::language::{Diagnostic, Place, Position};
use serde::Serialize;

/// Raised when a reader of the last version would misread the document.
const VERSION: u32 = 1;

#[derive(Serialize)]
pub(super) struct Document<'a> {
    version: u32,
    files: Vec<File>,
    diagnostics: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct File {
    file: String,
    stages: Option<usize>,
    errors: usize,
    warnings: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: String,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    file: String,
    labels: Vec<Label<'a>>,
}

#[derive(Serialize)]
struct Label<'a> {
    file: &'a str,
    start: Position,
    end: Position,
    text: Option<&'a str>,
    primary: bool,
}

pub(super) fn document<'a>(checked: &'a [Checked<'_>]) -> Document<'a> {
    let entries =
        |file: &'a Checked<'_>| file.diagnostics.iter().map(|diagnostic| entry(file, diagnostic));
    Document {
        version: VERSION,
        files: checked.iter().map(file).collect(),
        diagnostics: checked.iter().flat_map(entries).collect(),
    }
}

fn file(checked: &Checked<'_>) -> File {
    let warnings = checked.diagnostics.iter().filter(|found| found.is_warning()).count();
    File {
        file: checked.file.display().to_string(),
        stages: checked.stages,
        errors: checked.diagnostics.len() - warnings,
        warnings,
    }
}

fn entry<'a>(checked: &Checked<'_>, diagnostic: &'a Diagnostic) -> Entry<'a> {
    let label = |(index, place): (usize, Place<'a>)| Label {
        file: place.file,
        start: place.start,
        end: place.end,
        text: place.label,
        primary: index == 0,
    };
    Entry {
        code: diagnostic.code.to_string(),
        severity: if diagnostic.is_warning() { "warning" } else { "error" },
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        file: checked.file.display().to_string(),
        labels: diagnostic.places().into_iter().enumerate().map(label).collect(),
    }
}
