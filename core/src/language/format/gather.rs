//! From the grammar's pieces to what is laid out. The pieces leave out comments and signs such as
//! `{` and `:`, which are read from the text between them.

use super::tree::{Bracket, Comment, Gap, Inside, Member, Node, Style, Token};
use crate::language::syntax::{Match, Matches, Parts, Rule};
use std::borrow::Cow;

/// Reads a text from its beginning to its end, along the pieces of the grammar.
pub(super) struct Gatherer<'t> {
    text: &'t str,
    /// What stands before has been read.
    at: usize,
    /// Comments since the last token.
    comments: Vec<Comment<'t>>,
    /// Ends of lines since the last token, comment or comma.
    line_ends: usize,
    new_line: bool,
    blank_above: bool,
}

/// The declarations of a file.
pub(super) fn gather<'t>(text: &'t str, matches: &Matches<'t>) -> Inside<'t> {
    let mut gatherer = Gatherer {
        text,
        at: 0,
        comments: Vec::new(),
        // A comment at the very beginning stands on a line of its own.
        line_ends: 1,
        new_line: true,
        blank_above: false,
    };
    let mut inside = Inside::default();
    let items = matches.root().into_iter().flat_map(|file| file.parts());
    let items = items.filter(|item| item.rule() != Rule::EOI);
    for item in items {
        gatherer.member(item, &mut inside);
    }
    gatherer.skip_blank();
    let mut comments = std::mem::take(&mut gatherer.comments);
    inside.take_trailing(&mut comments);
    inside.dangling = comments;
    inside
}

impl<'t> Gatherer<'t> {
    /// Goes on to the next token and keeps the comments in front of it.
    fn skip_blank(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let Some(next) = rest.chars().next() else { return };
            match next {
                '#' => {
                    let end = rest.find('\n').unwrap_or(rest.len());
                    self.comments.push(Comment {
                        text: rest[..end].trim_end(),
                        own_line: self.line_ends > 0,
                        blank_above: self.line_ends > 1 || self.blank_above,
                    });
                    (self.line_ends, self.blank_above) = (0, false);
                    self.at += end;
                }
                '\n' => {
                    self.line_ends += 1;
                    self.new_line = true;
                    self.at += 1;
                }
                _ if is_blank(next) => self.at += next.len_utf8(),
                _ => return,
            }
        }
    }

    /// The token from here to `end`.
    fn token(&mut self, end: usize, text: impl Into<Cow<'t, str>>) -> Token<'t> {
        let token = Token {
            text: text.into(),
            comments: std::mem::take(&mut self.comments),
            new_line: self.new_line,
            blank_above: self.line_ends > 1 || self.blank_above,
        };
        self.at = end;
        (self.line_ends, self.new_line, self.blank_above) = (0, false, false);
        token
    }

    fn next_is(&mut self, sign: &str) -> bool {
        self.skip_blank();
        self.text[self.at..].starts_with(sign)
    }

    /// The sign that stands next: `..`, or one character.
    fn sign(&mut self) -> Token<'t> {
        self.skip_blank();
        let rest = &self.text[self.at..];
        let long =
            ["...", ".."].iter().find(|sign| rest.starts_with(**sign)).map(|sign| sign.len());
        let length = long.or(rest.chars().next().map(char::len_utf8)).unwrap_or(0);
        self.token(self.at + length, &rest[..length])
    }

    /// A comma between members is laid out anew; the comments in front of it stay for what follows.
    fn comma(&mut self) -> bool {
        let found = self.next_is(",");
        if found {
            self.at += 1;
            self.blank_above |= self.line_ends > 1;
            self.line_ends = 0;
        }
        found
    }

    fn leaf(&mut self, pair: Match<'_, 't>) -> Token<'t> {
        self.skip_blank();
        self.token(pair.end(), pair.text())
    }

    fn number(&mut self, pair: Match<'_, 't>) -> Token<'t> {
        let mut parts = pair.parts().map(|part| part.text());
        let (digits, unit) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let is_apart = digits.len() + unit.len() < pair.text().len();
        let text =
            if is_apart { Cow::from(format!("{digits} {unit}")) } else { pair.text().into() };
        self.skip_blank();
        self.token(pair.end(), text)
    }

    fn node(&mut self, pair: Match<'_, 't>) -> Node<'t> {
        match pair.rule() {
            Rule::item => match pair.parts().next() {
                Some(declaration) => self.node(declaration),
                None => Node::Token(self.leaf(pair)),
            },
            Rule::number => Node::Token(self.number(pair)),
            Rule::identifier | Rule::kind | Rule::text | Rule::literal => {
                Node::Token(self.leaf(pair))
            }
            Rule::broken_item | Rule::broken_inner | Rule::broken_field => {
                self.skip_blank();
                let text = pair.text().trim_end_matches(is_blank);
                Node::Broken(self.token(self.at + text.len(), text))
            }
            Rule::body => self.bracket(pair.parts(), Style::Declarations),
            Rule::block | Rule::settings | Rule::record => {
                self.bracket(pair.parts(), Style::Fields)
            }
            Rule::imported_names => self.bracket(pair.parts(), Style::Names),
            Rule::list => self.bracket(pair.parts(), Style::Values),
            Rule::group | Rule::parameters | Rule::selection => {
                self.bracket(pair.parts(), Style::Arguments)
            }
            Rule::variables if self.next_is("(") => self.bracket(pair.parts(), Style::Arguments),
            Rule::call => self.call(pair),
            _ if pair.parts().next().is_none() => Node::Token(self.leaf(pair)),
            _ => self.phrase(pair),
        }
    }

    fn call(&mut self, pair: Match<'_, 't>) -> Node<'t> {
        let mut parts = pair.parts();
        let mut phrase = Vec::new();
        if let Some(word) = parts.next() {
            phrase.push((Gap::Nothing, self.node(word)));
        }
        phrase.push((Gap::Nothing, self.bracket(parts, Style::Arguments)));
        Node::Phrase(phrase)
    }

    /// Parts in a row with the signs between them.
    fn phrase(&mut self, pair: Match<'_, 't>) -> Node<'t> {
        let rule = pair.rule();
        let mut parts: Vec<(Gap, Node<'t>)> = Vec::new();
        for part in pair.parts() {
            self.skip_blank();
            while self.at < part.start() {
                let sign = self.sign();
                let gap = gap_before_sign(rule, &sign.text);
                parts.push((gap, Node::Token(sign)));
                self.skip_blank();
            }
            let gap = gap_before(rule, part.rule(), &parts);
            parts.push((gap, self.node(part)));
        }
        match parts.pop() {
            Some((_, only)) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                Node::Phrase(parts)
            }
        }
    }

    fn bracket(&mut self, pieces: Parts<'_, 't>, style: Style) -> Node<'t> {
        let open = self.sign();
        let begin = self.at;
        let mut inside = Inside::default();
        let is_sign = |rule| matches!(rule, Rule::open | Rule::close | Rule::last_comma);
        let mut is_closed = style != Style::Declarations;
        for piece in pieces {
            is_closed |= piece.rule() == Rule::close;
            if !is_sign(piece.rule()) {
                self.member(piece, &mut inside);
            }
        }
        self.skip_blank();
        let several_lines = self.text[begin..self.at].contains('\n');
        let mut comments = std::mem::take(&mut self.comments);
        inside.take_trailing(&mut comments);
        inside.dangling = comments;
        let is_single_tuple = match inside.members.as_slice() {
            [only] => only.comma && only.rule == Rule::expression && style == Style::Arguments,
            _ => false,
        };
        let close = is_closed.then(|| self.sign());
        Node::Bracket(Bracket { style, open, inside, close, several_lines, is_single_tuple })
    }

    fn member(&mut self, piece: Match<'_, 't>, inside: &mut Inside<'t>) {
        let (rule, can_have_comma) = match piece.rule() {
            Rule::item => (piece.parts().next().map_or(Rule::item, |item| item.rule()), false),
            rule @ (Rule::broken_item | Rule::broken_inner | Rule::broken_field) => (rule, false),
            rule => (rule, true),
        };
        let mut node = self.node(piece);
        let mut leading = std::mem::take(&mut node.first_mut().comments);
        inside.take_trailing(&mut leading);
        let comma = can_have_comma && self.comma();
        inside.members.push(Member { rule, leading, node, comma, trailing: None });
    }
}

/// What the grammar passes over between two tokens.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n' | '\u{feff}')
}

fn gap_before_sign(rule: Rule, sign: &str) -> Gap {
    match (rule, sign) {
        (Rule::param | Rule::binding, "=") => Gap::Column,
        (_, "=") => Gap::Space,
        _ => Gap::Nothing,
    }
}

/// The gap before a part of a phrase of the given rule.
fn gap_before(rule: Rule, part: Rule, before: &[(Gap, Node<'_>)]) -> Gap {
    match (rule, part) {
        _ if before.is_empty() => Gap::Nothing,
        (Rule::disjunction, Rule::keyword_or) | (Rule::conjunction, Rule::keyword_and) => {
            Gap::Break
        }
        (Rule::sum, Rule::plus | Rule::minus) | (Rule::product, Rule::times | Rule::divide) => {
            Gap::Break
        }
        (Rule::comparison, Rule::comparator) => Gap::Break,
        (Rule::conditional, Rule::keyword_then | Rule::keyword_else) => Gap::Break,
        (Rule::range, _) if part == Rule::keyword_by || follows_by(before) => Gap::Space,
        (Rule::range | Rule::factor | Rule::reference | Rule::member | Rule::spread, _) => {
            Gap::Nothing
        }
        (Rule::template, Rule::parameters) => Gap::Nothing,
        (Rule::field, Rule::expression)
        | (Rule::param, Rule::type_name)
        | (Rule::claim, Rule::call)
        | (Rule::import, Rule::keyword_as | Rule::imported_names)
        | (Rule::stage, Rule::identifier | Rule::header | Rule::block) => Gap::Column,
        _ => Gap::Space,
    }
}

fn follows_by(before: &[(Gap, Node<'_>)]) -> bool {
    before.last().is_some_and(|(_, node)| node.first().text == "by")
}
