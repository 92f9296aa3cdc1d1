//! Text by its characters alone, for what the grammar does not accept or should not meet.

use std::iter::Peekable;
use std::str::CharIndices;

/// A bracket or quote that is open, or the brace of a value inside a string.
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

/// A piece of a text outside of comments and of the plain parts of strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen<'t> {
    Opened,
    Closed,
    /// A word or number.
    Word(&'t str),
    /// Anything else, a comparison as a whole.
    Mark(&'t str),
}

/// Walks through a text and keeps what is open.
pub(super) struct Scanner<'t> {
    text: &'t str,
    characters: Peekable<CharIndices<'t>>,
    /// Brackets and quotes, outermost first.
    open: Vec<Open>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Scanner<'t> {
        Scanner { text, characters: text.char_indices().peekable(), open: Vec::new() }
    }

    fn is_in_text(&self) -> bool {
        self.open.last().is_some_and(Open::is_text)
    }

    fn opened(&mut self, place: usize, opener: char, closer: char) -> Seen<'t> {
        self.open.push(Open { place, opener, closer });
        Seen::Opened
    }

    /// The text from `begin` on, as far as its characters are wanted.
    fn rest(&mut self, begin: usize, wanted: impl Fn(char) -> bool) -> &'t str {
        while self.characters.next_if(|(_, more)| wanted(*more)).is_some() {}
        let end = self.characters.peek().map_or(self.text.len(), |(end, _)| *end);
        &self.text[begin..end]
    }

    /// A character outside of strings and comments.
    fn outside(&mut self, place: usize, character: char) -> Option<Seen<'t>> {
        Some(match character {
            '#' => {
                self.rest(place, |inside| inside != '\n');
                return None;
            }
            '(' => self.opened(place, '(', ')'),
            '[' => self.opened(place, '[', ']'),
            '{' => self.opened(place, '{', '}'),
            '"' => self.opened(place, '"', '"'),
            ')' | ']' | '}' => self.open.pop().map(|_| Seen::Closed)?,
            _ if is_of_word(character) => Seen::Word(self.rest(place, is_of_word)),
            _ if character.is_whitespace() => return None,
            '=' | '!' | '<' | '>' => {
                let equals = self.characters.next_if(|(_, second)| *second == '=').is_some();
                Seen::Mark(&self.text[place..place + 1 + usize::from(equals)])
            }
            _ => Seen::Mark(&self.text[place..place + character.len_utf8()]),
        })
    }

    /// A character of a string, which ends with its line at the latest.
    fn inside(&mut self, place: usize, character: char) -> Option<Seen<'t>> {
        match character {
            '"' | '\n' => self.open.pop().map(|_| Seen::Closed),
            '{' => Some(self.opened(place, '{', '}')),
            '\\' => {
                self.characters.next_if(|(_, escaped)| *escaped != '\n');
                None
            }
            _ => None,
        }
    }
}

impl<'t> Iterator for Scanner<'t> {
    type Item = (usize, Seen<'t>);

    fn next(&mut self) -> Option<(usize, Seen<'t>)> {
        loop {
            let (place, character) = self.characters.next()?;
            let seen = if self.is_in_text() {
                self.inside(place, character)
            } else {
                self.outside(place, character)
            };
            if let Some(seen) = seen {
                return Some((place, seen));
            }
        }
    }
}

/// Only characters of one byte are.
pub(super) fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// What is open at the end of a text, outermost first.
pub(super) fn open_at_end(text: &str) -> Vec<Open> {
    let mut scanner = Scanner::new(text);
    while scanner.next().is_some() {}
    scanner.open
}
