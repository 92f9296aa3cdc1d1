//! What each piece of a text is to a reader's eye, in the grammar's own judgement.
//!
//! Editors colour by it, and the grammars that they bring along are held against it.

use super::matches::{Match, Matches};
use super::tree::Span;
use super::{Rule, matches};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// From `#` to the end of the line.
    Comment,
    /// `for`, `let`, `then`.
    Keyword,
    /// What kind of stage is declared, or which template is made again.
    Kind,
    /// A name where it is declared.
    Name,
    /// The type of a parameter.
    Type,
    /// What stands behind the colon of a stage: its method, or the stage that it belongs to.
    Method,
    /// What an entry, an argument or a selection calls its value.
    Field,
    /// A word with arguments.
    Function,
    /// A name or word that stands for a value.
    Reference,
    /// What follows the dot of a reference.
    Member,
    /// A number without its unit.
    Number,
    /// The unit of a number.
    Unit,
    /// A string with its quotes, without its escapes and the values put into it.
    Text,
    /// A backslash in a string and the character behind it.
    Escape,
    /// What computes, compares, assigns, spreads or selects everything.
    Operator,
    /// Brackets, commas, colons and the dots of references.
    Punctuation,
    /// What the grammar does not know.
    Broken,
}

/// A piece of text and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub class: Class,
}

/// Every token of a text in its order. What lies between two tokens is blank space.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Found { text, end: 0, tokens: Vec::new() };
    match matches(text).as_ref().and_then(Matches::root) {
        Some(file) => found.visit(file, Rule::file),
        None => found.token(0..text.len(), Class::Broken),
    }
    found.between(text.len());
    found.tokens
}

struct Found<'t> {
    text: &'t str,
    /// Where the text begins of which nothing is known yet.
    end: usize,
    tokens: Vec<Token>,
}

impl Found<'_> {
    fn token(&mut self, span: Span, class: Class) {
        self.end = span.end;
        if !span.is_empty() {
            self.tokens.push(Token { span, class });
        }
    }

    /// Takes in a piece; names mean what `around`, the rule that they stand in, makes of them.
    fn visit(&mut self, piece: Match<'_, '_>, around: Rule) {
        let rule = piece.rule();
        match class(rule, around) {
            Some(class) => {
                self.between(piece.start());
                match class {
                    Class::Text => self.text(piece.span()),
                    _ => {
                        let end = piece.start() + piece.text().trim_end().len();
                        self.token(piece.start()..end, class);
                    }
                }
            }
            None => {
                let around = if (rule, around) == HEADED { around } else { rule };
                piece.parts().for_each(|part| self.visit(part, around));
            }
        }
    }

    /// The inside of a string; the grammar has checked that a character follows each backslash.
    fn text(&mut self, span: Span) {
        let mut rest = span.start;
        while let Some(plain) = self.text[rest..span.end].find('\\') {
            self.token(rest..rest + plain, Class::Text);
            self.token(rest + plain..rest + plain + 2, Class::Escape);
            rest += plain + 2;
        }
        self.token(rest..span.end, Class::Text);
    }

    /// Up to a place, what the grammar passes over: comments, and signs that need no rule.
    fn between(&mut self, place: usize) {
        while self.end < place {
            let rest = &self.text[self.end..place];
            let blank = rest.len() - rest.trim_start_matches(is_blank).len();
            self.end += blank;
            let rest = &rest[blank..];
            let Some(first) = rest.chars().next() else { break };
            let (length, class) = match first {
                '#' => (rest.find('\n').unwrap_or(rest.len()), Class::Comment),
                '"' => (1, Class::Text),
                '.' if rest.starts_with("...") => (3, Class::Operator),
                '.' if rest.starts_with("..") => (2, Class::Operator),
                '=' => (1, Class::Operator),
                _ => (first.len_utf8(), Class::Punctuation),
            };
            self.token(self.end..self.end + length, class);
        }
    }
}

/// The reference in a header begins with a method, not with a value.
const HEADED: (Rule, Rule) = (Rule::reference, Rule::header);

/// The blank space of the grammar.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n' | '\u{feff}')
}

/// The class of all that a rule matches, or nothing where its parts differ.
fn class(rule: Rule, around: Rule) -> Option<Class> {
    Some(match rule {
        Rule::identifier => match around {
            Rule::kind => Class::Kind,
            Rule::type_name => Class::Type,
            Rule::header => Class::Method,
            Rule::field | Rule::argument | Rule::selector => Class::Field,
            Rule::call => Class::Function,
            Rule::reference => Class::Reference,
            Rule::member => Class::Member,
            _ => Class::Name,
        },
        Rule::keyword_use
        | Rule::keyword_experiment
        | Rule::keyword_param
        | Rule::keyword_let
        | Rule::keyword_for
        | Rule::keyword_template
        | Rule::keyword_claim
        | Rule::keyword_as
        | Rule::keyword_in
        | Rule::keyword_if
        | Rule::keyword_then
        | Rule::keyword_else
        | Rule::keyword_and
        | Rule::keyword_or
        | Rule::keyword_not
        | Rule::keyword_by => Class::Keyword,
        Rule::digits => Class::Number,
        Rule::unit => Class::Unit,
        Rule::text_piece | Rule::literal_inner => Class::Text,
        Rule::plus
        | Rule::minus
        | Rule::times
        | Rule::divide
        | Rule::comparator
        | Rule::everything => Class::Operator,
        Rule::open | Rule::close => Class::Punctuation,
        Rule::broken_item | Rule::broken_inner | Rule::broken_field => Class::Broken,
        _ => return None,
    })
}
