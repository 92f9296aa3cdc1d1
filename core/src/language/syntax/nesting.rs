//! How deep a text is nested, found before the recursive parser meets it.

use super::scan::{Scanner, Seen};
use super::tree::Span;

/// Deeper nesting than anybody writes, and shallow enough for the stack.
pub(super) const DEEPEST: usize = 64;

/// Longer sums than anybody writes, and short enough for the stack.
pub(super) const MOST_OPERATORS: usize = 1000;

/// What one `if` counts among the operators: it nests like a bracket.
const CONDITIONAL: usize = MOST_OPERATORS / DEEPEST;

/// A bracket or string that is open, or the whole text.
#[derive(Debug, Default)]
struct Level {
    /// Operators of the value at hand.
    operators: usize,
    /// Most operators within one bracket of the value at hand.
    inside: usize,
    /// The most that an earlier value of this bracket came to.
    earlier: usize,
}

impl Level {
    fn value(&self) -> usize {
        self.operators + self.inside
    }

    fn next_value(&mut self) {
        self.earlier = self.earlier.max(self.value());
        (self.operators, self.inside) = (0, 0);
    }

    fn closed(&mut self, inner: &Level) {
        self.inside = self.inside.max(inner.earlier.max(inner.value()));
    }
}

/// What the brackets of a text come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Nesting {
    /// All of them and all strings are closed.
    Closed,
    /// Some are not.
    Open,
    /// They are nested too deep, or a value has too many operators.
    TooDeep(Span),
}

/// The place where brackets are nested too deep or a value has too many operators.
pub(super) fn too_deep(text: &str) -> Option<Span> {
    match nesting(text) {
        Nesting::TooDeep(place) => Some(place),
        Nesting::Closed | Nesting::Open => None,
    }
}

/// How deep a text is nested, and whether it is whole.
pub(super) fn nesting(text: &str) -> Nesting {
    let mut outside = Level::default();
    let mut open: Vec<Level> = Vec::new();
    for (place, seen) in Scanner::new(text) {
        let closed = if seen == Seen::Closed { open.pop() } else { None };
        let level = open.last_mut().unwrap_or(&mut outside);
        match seen {
            Seen::Opened => open.push(Level::default()),
            Seen::Closed => closed.iter().for_each(|inner| level.closed(inner)),
            Seen::Mark("," | ":" | "=") => level.next_value(),
            Seen::Mark("+" | "-" | "*" | "/" | "==" | "!=" | "<" | "<=" | ">" | ">=") => {
                level.operators += 1;
            }
            Seen::Word("and" | "or") => level.operators += 1,
            Seen::Word("if") => level.operators += CONDITIONAL,
            Seen::Word(_) | Seen::Mark(_) => continue,
        }
        let operators = outside.value() + open.iter().map(Level::value).sum::<usize>();
        if open.len() > DEEPEST || operators > MOST_OPERATORS {
            let length = text[place..].chars().next().map_or(0, char::len_utf8);
            return Nesting::TooDeep(place..place + length);
        }
    }
    if open.is_empty() { Nesting::Closed } else { Nesting::Open }
}
