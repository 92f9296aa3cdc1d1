//! The text in tokens. Unlike the tree it misses nothing of a broken file.

use crate::language::syntax::tree::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    Number,
    /// A part of a string, with its quotes but without what is put into it.
    Text,
    Comment,
    /// A single character.
    Sign(char),
}

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

impl Token {
    pub(super) fn is_word(&self) -> bool {
        self.kind == TokenKind::Word
    }
}

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { text, place: 0, tokens: Vec::new(), braces: Vec::new() };
    while let Some(character) = lexer.next() {
        lexer.token(character);
    }
    lexer.tokens
}

struct Lexer<'t> {
    text: &'t str,
    place: usize,
    tokens: Vec<Token>,
    /// For each open brace, whether it stands in a string.
    braces: Vec<bool>,
}

impl Lexer<'_> {
    fn next(&self) -> Option<char> {
        self.text[self.place..].chars().next()
    }

    /// Goes on as long as characters fit.
    fn skip(&mut self, fits: impl Fn(char) -> bool) {
        let rest = &self.text[self.place..];
        self.place += rest.find(|character| !fits(character)).unwrap_or(rest.len());
    }

    fn push(&mut self, kind: TokenKind, start: usize) {
        self.tokens.push(Token { kind, span: start..self.place });
    }

    fn token(&mut self, character: char) {
        let start = self.place;
        match character {
            '#' => {
                self.skip(|character| character != '\n');
                self.push(TokenKind::Comment, start);
            }
            '"' => self.string(start),
            '0'..='9' => self.number(start),
            _ if is_of_word(character) => {
                self.skip(is_of_word);
                self.push(TokenKind::Word, start);
            }
            _ => {
                self.place += character.len_utf8();
                if !character.is_whitespace() && character != '\u{feff}' {
                    self.push(TokenKind::Sign(character), start);
                }
                match character {
                    '{' => self.braces.push(false),
                    '}' if self.braces.pop() == Some(true) => self.rest_of_string(self.place),
                    _ => {}
                }
            }
        }
    }

    fn string(&mut self, start: usize) {
        self.place += 1;
        self.rest_of_string(start);
    }

    /// Up to the closing quote, a value in braces, or the end of the line.
    fn rest_of_string(&mut self, start: usize) {
        while let Some(character) = self.next() {
            match character {
                '\n' => break,
                '{' => {
                    self.push(TokenKind::Text, start);
                    self.push(TokenKind::Sign('{'), self.place);
                    self.place += 1;
                    if let Some(brace) = self.tokens.last_mut() {
                        brace.span.end = self.place;
                    }
                    self.braces.push(true);
                    return;
                }
                '\\' => {
                    self.place += 1;
                    let escaped = self.next().filter(|escaped| *escaped != '\n');
                    self.place += escaped.map_or(0, char::len_utf8);
                }
                _ => {
                    self.place += character.len_utf8();
                    if character == '"' {
                        break;
                    }
                }
            }
        }
        self.push(TokenKind::Text, start);
    }

    fn number(&mut self, start: usize) {
        self.skip(|character| character.is_ascii_digit() || character == '_');
        let rest = self.text.as_bytes().get(self.place..).unwrap_or_default();
        if rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit) {
            self.place += 1;
            self.skip(|character| character.is_ascii_digit());
        }
        let rest = self.text.as_bytes().get(self.place..).unwrap_or_default();
        if let [b'e' | b'E', after @ ..] = rest {
            let sign = usize::from(matches!(after, [b'+' | b'-', ..]));
            if after.get(sign).is_some_and(u8::is_ascii_digit) {
                self.place += 1 + sign;
                self.skip(|character| character.is_ascii_digit());
            }
        }
        self.push(TokenKind::Number, start);
    }
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}
