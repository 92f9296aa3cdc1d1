//! One open file as a request sees it.

use super::documents::Document;
use super::lexer::{Token, tokens};
use super::workspace::Checked;
use crate::language::analysis::{Analysis, Vocabulary};
use crate::language::schema::{Header, MethodSchema};
use crate::language::syntax::tree::{Span, Stage};
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

    /// The schema that a declaration asks for by its kind and, where it has one, its method.
    pub(super) fn schema_of(&self, stage: &Stage) -> Option<&'s MethodSchema> {
        let named = stage.header.as_ref().map(|header| header.node.name.node.as_str());
        let mut methods = self.vocabulary.schemas.of_kind(&stage.kind.node);
        methods.find(|schema| match schema.header {
            Header::Method => named == Some(schema.method),
            _ => true,
        })
    }

    pub(super) fn tokens(&self) -> Vec<Token> {
        tokens(self.text())
    }
}
