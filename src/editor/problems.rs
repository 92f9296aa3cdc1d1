//! Diagnostics, as the protocol has them.

use super::workspace::{Checked, Workspace};
use crate::language::Diagnostic;
use lsp_types::{
    DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, NumberOrString, Uri,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a diagnostic says to a code action.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Fix {
    /// Where the word stands that is to be replaced.
    pub(super) range: lsp_types::Range,
    /// The word to write instead.
    pub(super) instead: String,
}

/// The diagnostics of all open files and of those that they import, by file. What several files
/// find out about one that they import is told once.
pub(super) fn problems(workspace: &Workspace<'_>) -> BTreeMap<Uri, Vec<lsp_types::Diagnostic>> {
    let mut found: BTreeMap<Uri, Vec<lsp_types::Diagnostic>> = BTreeMap::new();
    for checked in workspace.checked.values() {
        for diagnostic in &checked.analysis.diagnostics {
            let file = diagnostic.source().and_then(|(name, _)| checked.file_named(name));
            let file = file.unwrap_or(0);
            let diagnostic = problem(checked, file, diagnostic);
            let known = found.entry(checked.uris[file].clone()).or_default();
            if !known.contains(&diagnostic) {
                known.push(diagnostic);
            }
        }
    }
    found
}

fn problem(checked: &Checked<'_>, file: usize, diagnostic: &Diagnostic) -> lsp_types::Diagnostic {
    let range = |span| checked.location_in(file, span).range;
    let message = match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let fix = diagnostic.correction.as_ref().map(|correction| Fix {
        range: range(&correction.span),
        instead: correction.instead.clone(),
    });
    let severity = if diagnostic.is_warning() {
        DiagnosticSeverity::WARNING
    } else {
        DiagnosticSeverity::ERROR
    };
    let is_unused = diagnostic.code == crate::language::Code::Unused;
    lsp_types::Diagnostic {
        range: range(&diagnostic.span),
        severity: Some(severity),
        code: Some(NumberOrString::String(diagnostic.code.to_string())),
        source: Some("msx".to_owned()),
        message,
        related_information: related(checked, file, diagnostic),
        tags: is_unused.then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: fix.and_then(|fix| serde_json::to_value(fix).ok()),
        ..lsp_types::Diagnostic::default()
    }
}

/// The other places of a message, what stands beside its own place among them.
fn related(
    checked: &Checked<'_>,
    file: usize,
    diagnostic: &Diagnostic,
) -> Option<Vec<DiagnosticRelatedInformation>> {
    let place = |file, span, message: &str| DiagnosticRelatedInformation {
        location: checked.location_in(file, span),
        message: message.to_owned(),
    };
    let label = diagnostic.label.iter().map(|label| place(file, &diagnostic.span, label));
    let here = diagnostic.related.iter().map(|(span, label)| place(file, span, label));
    let elsewhere = diagnostic.elsewhere().filter_map(|(name, _, span, label)| {
        checked.file_named(name).map(|other| place(other, span, label))
    });
    let all: Vec<_> = label.chain(here).chain(elsewhere).collect();
    (!all.is_empty()).then_some(all)
}
