//! What could stand at the cursor.

mod context;
mod names;
mod place;
mod schema;
mod settings;

use super::server::Refused;
use super::view::View;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionTextEdit, Documentation, InsertTextFormat,
    MarkupContent, MarkupKind, Position, TextEdit,
};
use place::Place;

/// What fits at a position, the most fitting first.
pub(super) fn complete(
    view: View<'_, '_>,
    position: Position,
    snippets: bool,
) -> Result<Vec<CompletionItem>, Refused> {
    let offset = view.offset(position);
    let tokens = view.tokens();
    let context = context::context(view.text(), &tokens, offset);
    let mut offers = Vec::new();
    if let Some(context) = context {
        let place = Place::of(&context, view);
        schema::offer(&place, view, &mut offers);
        names::offer(&place, view, &mut offers);
        let range = view.range(&(context.prefix..offset));
        let items = offers.into_iter().enumerate();
        return Ok(items.map(|(number, offer)| offer.item(number, range, snippets)).collect());
    }
    Ok(Vec::new())
}

/// One proposal.
#[derive(Debug, Default)]
struct Offer {
    label: String,
    /// What is written instead of the label; `$` marks what a snippet asks for.
    insert: Option<String>,
    kind: Option<CompletionItemKind>,
    detail: Option<String>,
    docs: Option<String>,
    /// Smaller comes first.
    rank: u8,
}

impl Offer {
    fn new(label: impl Into<String>, kind: CompletionItemKind, rank: u8) -> Offer {
        Offer { label: label.into(), kind: Some(kind), rank, ..Offer::default() }
    }

    fn detail(mut self, detail: impl Into<String>) -> Offer {
        self.detail = Some(detail.into());
        self
    }

    fn docs(mut self, docs: impl Into<String>) -> Offer {
        self.docs = Some(docs.into());
        self
    }

    /// Something to be filled in by hand; `$` and `}` of the text are escaped already.
    fn written(mut self, snippet: String) -> Offer {
        self.insert = Some(snippet);
        self
    }

    /// `before`, a part that the user is asked to replace, and `after`.
    fn snippet(mut self, before: &str, part: &str, after: &str) -> Offer {
        self.insert = Some(format!("{before}${{1:{}}}{after}", escaped(part)));
        self
    }

    /// The proposal with this number, which decides among those of one rank.
    fn item(self, number: usize, range: lsp_types::Range, snippets: bool) -> CompletionItem {
        let (text, format) = match self.insert {
            Some(insert) if snippets => (insert, InsertTextFormat::SNIPPET),
            _ => (self.label.clone(), InsertTextFormat::PLAIN_TEXT),
        };
        let docs = |value| {
            Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value })
        };
        CompletionItem {
            sort_text: Some(format!("{}{number:04}", self.rank)),
            filter_text: Some(self.label.clone()),
            label: self.label,
            kind: self.kind,
            detail: self.detail,
            documentation: self.docs.map(docs),
            insert_text_format: Some(format),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit::new(range, text))),
            ..CompletionItem::default()
        }
    }
}

/// A text inside of a snippet.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}
