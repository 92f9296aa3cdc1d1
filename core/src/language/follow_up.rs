//! Messages that only follow from a piece of the text that could not be read.
//!
//! Where a declaration is broken its name is unknown to the rest of the file, and a block with a
//! broken field may lack just that field, or have a value that was cut short in front of what is
//! broken. The broken piece has its own message already.

use super::diagnostic::{Code, Diagnostic};
use super::program::Program;
use super::syntax::tree::Span;
use super::syntax::walk::stages;
use std::collections::BTreeSet;

/// Removes the messages that would go away with the broken pieces.
pub(super) fn remove(diagnostics: &mut Vec<Diagnostic>, program: &Program) {
    let broken: Vec<&Span> = program.files.iter().flat_map(|file| &file.broken).collect();
    if broken.is_empty() {
        return;
    }
    let words: BTreeSet<&str> =
        broken.iter().filter_map(|piece| program.text_at(piece)).flat_map(words).collect();
    let damaged: Vec<&Span> = program
        .files
        .iter()
        .flat_map(|file| stages(&file.items))
        .map(|stage| &stage.span)
        .filter(|stage| broken.iter().any(|piece| contains(stage, piece)))
        .collect();
    diagnostics.retain(|diagnostic| match diagnostic.code {
        Code::Header if diagnostic.span.is_empty() => !words.contains("experiment"),
        Code::UnknownName | Code::UnknownKind | Code::Unused => {
            !program.text_at(&diagnostic.span).is_some_and(|name| words.contains(name))
        }
        Code::WrongType if broken.iter().any(|piece| piece.start == diagnostic.span.end) => false,
        Code::MissingField => !damaged.iter().any(|stage| contains(stage, &diagnostic.span)),
        _ => true,
    });
}

fn contains(outer: &Span, inner: &Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
