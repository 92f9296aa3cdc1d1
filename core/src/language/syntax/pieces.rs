//! Long texts cut between declarations, so that the pieces can be read side by side.

use super::nesting::{Nesting, nesting};
use super::scan::is_of_word;
use super::tree::Item;
use super::{Grammar, Matches, Problems, Rule};
use crate::language::source::Sources;
use pest::Parser;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many bytes a piece has at least. Where a text is cut depends on nothing but the text, so that
/// every machine reads the same.
const LEAST: usize = 32 << 10;

/// How a block of several lines ends.
const END_OF_BLOCK: &str = "\n}";

/// Words that go on with a value behind its closing brace.
const GOES_ON: [&str; 5] = ["and", "or", "by", "then", "else"];

/// The declarations of a long text without mistakes, or nothing where it is to be read as one. The
/// pieces give what the whole does: a declaration that ends with a brace looks no further than at
/// the word behind it.
pub(super) fn items(text: &str, base: usize, sources: &dyn Sources) -> Option<Vec<Item>> {
    let pieces = pieces(text);
    if pieces.len() < 2 {
        return None;
    }
    let mut read: Vec<OnceLock<Vec<Item>>> = Vec::new();
    read.resize_with(pieces.len(), OnceLock::new);
    // One piece that cannot be read spares reading those that have not begun.
    let is_whole = AtomicBool::new(true);
    sources.side_by_side(pieces.len(), &|number| {
        if !is_whole.load(Ordering::Relaxed) {
            return;
        }
        let Range { start, end } = pieces[number];
        match whole_items(&text[start..end], base + start) {
            Some(items) => drop(read[number].set(items)),
            None => is_whole.store(false, Ordering::Relaxed),
        }
    });
    let items: Option<Vec<Vec<Item>>> = read.into_iter().map(OnceLock::into_inner).collect();
    Some(items?.into_iter().flatten().collect())
}

/// Pieces that together are the text.
fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let (mut begin, mut from) = (0, LEAST);
    while let Some(cut) = end_of_block(text, from) {
        from = cut;
        let word = next_word(&text[cut..]);
        if !word.is_empty() && !GOES_ON.contains(&word) {
            pieces.push(begin..cut);
            begin = cut;
            from += LEAST;
        }
    }
    pieces.push(begin..text.len());
    pieces
}

/// The first place from `from` on that lies behind a block of several lines.
fn end_of_block(text: &str, from: usize) -> Option<usize> {
    let from = text.ceil_char_boundary(from);
    text[from..].find(END_OF_BLOCK).map(|place| from + place + END_OF_BLOCK.len())
}

/// The word behind blank space and comments; empty where something else stands there.
fn next_word(text: &str) -> &str {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{feff}']);
        let Some(comment) = rest.strip_prefix('#') else { break };
        rest = comment.split_once('\n').map_or("", |(_, behind)| behind);
    }
    &rest[..rest.find(|character| !is_of_word(character)).unwrap_or(rest.len())]
}

/// The declarations of a piece, or nothing if it has a mistake or is none: a brace or bracket is
/// still open at its end.
fn whole_items(piece: &str, base: usize) -> Option<Vec<Item>> {
    if nesting(piece) != Nesting::Closed {
        return None;
    }
    let pairs = Grammar::parse(Rule::file, piece).ok()?;
    let mut problems = Problems::default();
    let items = super::items(&Matches::new(piece, pairs), base, &mut problems);
    problems.diagnostics.is_empty().then_some(items)
}
