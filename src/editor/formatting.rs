//! The one style of a file, as the formatter has it.

use super::view::View;
use crate::language::format::{WIDTH, format};
use lsp_types::TextEdit;

/// The edit that gives the file its style; nothing where it has it already. Only what differs is
/// replaced, so that the cursor and other marks of the editor stay where they are.
pub(super) fn edits(view: View<'_, '_>) -> Vec<TextEdit> {
    let old = view.text();
    let new = format(view.analysis().source(0), WIDTH).text;
    if old == new {
        return Vec::new();
    }
    let start = same(old.chars(), new.chars());
    let end = same(old[start..].chars().rev(), new[start..].chars().rev());
    let span = start..old.len() - end;
    vec![TextEdit::new(view.range(&span), new[start..new.len() - end].to_owned())]
}

/// How many bytes two texts have in common, from the side that they are read from.
fn same(one: impl Iterator<Item = char>, two: impl Iterator<Item = char>) -> usize {
    one.zip(two).take_while(|(a, b)| a == b).map(|(character, _)| character.len_utf8()).sum()
}
