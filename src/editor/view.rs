//! One open file as a request sees it.

use super::documents::Document;
use super::lexer::{Token, tokens};
use super::workspace::Checked;
use crate::language::analysis::{Analysis, Vocabulary};
use crate::language::syntax::tree::Span;
use lsp_types::{Position, Range};

/// An open file with its analysis. It is the first of the analysed files, so that places in it are
/// offsets into its text.
#[derive(Clone, Copy)]
pub(super) struct View<'a, 's> {
    pub(super) document: &'a Document,
    pub(super) checked: &'a Checked<'s>,
    pub(super) vocabulary: &'s Vocabulary,
}

impl<'a, 's> View<'a, 's> {
    pub(super) fn analysis(&self) -> &'a Analysis<'s> {
        &self.checked.analysis
    }

    pub(super) fn text(&self) -> &'a str {
        &self.document.text
    }

    pub(super) fn offset(&self, position: Position) -> usize {
        self.document.lines.offset(self.text(), position)
    }

    pub(super) fn range(&self, span: &Span) -> Range {
        self.document.lines.range(self.text(), span)
    }

    /// Whether a place is in this file and not in one that it imports.
    pub(super) fn holds(&self, span: &Span) -> bool {
        self.analysis().local(span).0 == 0
    }

    pub(super) fn tokens(&self) -> Vec<Token> {
        tokens(self.text())
    }
}
