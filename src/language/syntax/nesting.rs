//! How deep a text is nested, found before the recursive parser meets it.

use super::tree::Span;

/// Deeper nesting than anybody writes, and shallow enough for the stack.
pub(super) const DEEPEST: usize = 64;

/// Longer sums than anybody writes, and short enough for the stack.
pub(super) const MOST_OPERATORS: usize = 1000;

/// What one `if` counts among the operators: it nests like a bracket.
const CONDITIONAL: usize = MOST_OPERATORS / DEEPEST;

/// A bracket that is open, or the braces of an interpolation.
#[derive(Debug, Default)]
struct Level {
    /// Operators of the value at hand.
    operators: usize,
    /// Most operators within one bracket of the value at hand.
    inside: usize,
    /// The most that an earlier value of this bracket came to.
    earlier: usize,
    in_text: bool,
}

impl Level {
    fn value(&self) -> usize {
        self.operators + self.inside
    }

    fn next_value(&mut self) {
        self.earlier = self.earlier.max(self.value());
        (self.operators, self.inside) = (0, 0);
    }
}

/// The place where brackets are nested too deep or a value has too many operators.
pub(super) fn too_deep(text: &str) -> Option<Span> {
    let mut outside = Level::default();
    let mut open: Vec<Level> = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((place, character)) = characters.next() {
        let level = open.last_mut().unwrap_or(&mut outside);
        match character {
            '\n' => level.in_text = false,
            '\\' if level.in_text => {
                characters.next_if(|(_, escaped)| *escaped != '\n');
            }
            '"' => level.in_text = !level.in_text,
            '{' => open.push(Level::default()),
            _ if level.in_text => {}
            '#' => while characters.next_if(|(_, inside)| *inside != '\n').is_some() {},
            '(' | '[' => open.push(Level::default()),
            ')' | ']' | '}' => {
                if let Some(closed) = open.pop() {
                    let around = open.last_mut().unwrap_or(&mut outside);
                    around.inside = around.inside.max(closed.earlier.max(closed.value()));
                }
            }
            ',' | ':' => level.next_value(),
            '=' if characters.next_if(|(_, second)| *second == '=').is_none() => {
                level.next_value();
            }
            '+' | '-' | '*' | '/' | '=' | '<' | '>' => level.operators += 1,
            _ if is_of_word(character) => {
                let mut end = place + 1;
                while characters.next_if(|(_, more)| is_of_word(*more)).is_some() {
                    end += 1;
                }
                level.operators += match &text[place..end] {
                    "if" => CONDITIONAL,
                    "and" | "or" => 1,
                    _ => continue,
                };
            }
            _ => continue,
        }
        let operators = outside.value() + open.iter().map(Level::value).sum::<usize>();
        if open.len() > DEEPEST || operators > MOST_OPERATORS {
            return Some(place..place + character.len_utf8());
        }
    }
    None
}

/// Only characters of one byte are.
fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}
