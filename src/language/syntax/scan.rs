//! Text by its characters alone, for what the grammar does not accept or should not meet.

use super::tree::Span;

/// Deeper nesting than anybody writes, and shallow enough for the stack.
pub(super) const DEEPEST: usize = 64;

/// Longer sums than anybody writes, and short enough for the stack.
pub(super) const MOST_OPERATORS: usize = 1000;

/// A bracket or quote that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) place: usize,
    pub(super) opener: char,
    pub(super) closer: char,
}

impl Open {
    pub(super) fn is_text(&self) -> bool {
        self.opener == '"'
    }
}

/// Characters outside of strings and comments, and the quotes around strings. A string ends with
/// its line at the latest.
fn code(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let (mut in_text, mut in_comment, mut escaped) = (false, false, false);
    text.char_indices().filter(move |&(_, character)| {
        let is_escaped = std::mem::take(&mut escaped);
        match character {
            '\n' => {
                (in_text, in_comment) = (false, false);
                true
            }
            _ if in_comment => false,
            '\\' if in_text => {
                escaped = !is_escaped;
                false
            }
            '"' if !is_escaped => {
                in_text = !in_text;
                true
            }
            _ if in_text => false,
            '#' => {
                in_comment = true;
                false
            }
            _ => true,
        }
    })
}

/// What is open at the end of a text, outermost first.
pub(super) fn open_at_end(text: &str) -> Vec<Open> {
    let mut open: Vec<Open> = Vec::new();
    for (place, character) in code(text) {
        let closes = open.last().is_some_and(|last| last.closer == character);
        let closer = match character {
            _ if closes => None,
            '"' => Some('"'),
            '(' => Some(')'),
            '[' => Some(']'),
            '{' => Some('}'),
            _ => None,
        };
        if closes || character == '\n' && open.last().is_some_and(Open::is_text) {
            open.pop();
        }
        open.extend(closer.map(|closer| Open { place, opener: character, closer }));
    }
    open
}

/// The place where brackets are nested too deep or a value is too long, found before the recursive
/// parser meets it.
pub(super) fn too_deep(text: &str) -> Option<Span> {
    let mut depth: usize = 0;
    let mut operators: usize = 0;
    for (place, character) in code(text) {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' | ':' | '=' => operators = 0,
            '+' | '-' | '*' | '/' => operators += 1,
            _ => {}
        }
        if depth > DEEPEST || operators > MOST_OPERATORS {
            return Some(place..place + character.len_utf8());
        }
    }
    None
}
