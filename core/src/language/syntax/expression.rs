//! Expressions from pest's pairs.

use super::Rule;
use super::matches::{Match, Parts};
use super::tree::{
    Arguments, Entry, Expression, Field, Name, Operator, Part, Piece, Reference, Selection, Span,
    Spanned, Term,
};

/// Builds expressions.
pub(super) struct ExpressionBuilder {
    /// Position of the first byte of the text.
    pub(super) base: usize,
}

impl ExpressionBuilder {
    pub(super) fn span(&self, pair: Match<'_, '_>) -> Span {
        self.base + pair.start()..self.base + pair.end()
    }

    pub(super) fn name(&self, pair: Match<'_, '_>) -> Name {
        Spanned { node: pair.text().trim().to_owned(), span: self.span(pair) }
    }

    /// A string that nothing is put into.
    pub(super) fn literal(&self, pair: Match<'_, '_>) -> Spanned<String> {
        let span = self.span(pair);
        Spanned { node: unescape(pair.parts().next().map_or("", |inner| inner.text())), span }
    }

    /// A field or spread.
    pub(super) fn entry(&self, pair: Match<'_, '_>) -> Option<Entry> {
        let rule = pair.rule();
        let mut parts = pair.parts();
        let first = parts.next()?;
        Some(match rule {
            Rule::spread => Entry::Spread(self.expression(first)),
            _ => {
                let name = self.name(first);
                Entry::Field(Field { name, value: self.expression(parts.next()?) })
            }
        })
    }

    /// An expression, from its rule or any rule within it.
    pub(super) fn expression(&self, pair: Match<'_, '_>) -> Expression {
        let span = self.span(pair);
        let node = match pair.rule() {
            Rule::disjunction | Rule::conjunction | Rule::comparison => {
                return self.operations(pair);
            }
            Rule::sum | Rule::product => return self.operations(pair),
            Rule::conditional => self.conditional(pair),
            Rule::inversion => return self.inverted(pair),
            Rule::range => return self.range(pair),
            Rule::factor => return self.factor(pair),
            Rule::group => return self.group(pair),
            Rule::number => Some(self.number(pair)),
            Rule::text => Some(self.text(pair)),
            Rule::list => Some(Term::List(self.each(pair.parts()))),
            Rule::record => {
                let entries = pair.parts().filter_map(|pair| self.entry(pair));
                Some(Term::Record(entries.collect()))
            }
            Rule::call => self.call(pair).map(|(name, arguments)| Term::Call { name, arguments }),
            Rule::reference => self.reference(pair).map(Term::Reference),
            _ => match pair.parts().next() {
                Some(inner) => return self.expression(inner),
                None => None,
            },
        };
        Spanned { node: node.unwrap_or(Term::List(Vec::new())), span }
    }

    fn each(&self, pairs: Parts<'_, '_>) -> Vec<Expression> {
        pairs.map(|pair| self.expression(pair)).collect()
    }

    /// Operators of one rank bind to the left.
    fn operations(&self, pair: Match<'_, '_>) -> Expression {
        let span = self.span(pair);
        let mut parts = pair.parts();
        let mut left = match parts.next() {
            Some(first) => self.expression(first),
            None => Spanned { node: Term::List(Vec::new()), span },
        };
        while let (Some(written), Some(right)) = (parts.next(), parts.next()) {
            let right = self.expression(right);
            let span = left.span.start..right.span.end;
            let operator = operator(written);
            let node = Term::Operation { operator, left: Box::new(left), right: Box::new(right) };
            left = Spanned { node, span };
        }
        left
    }

    fn conditional(&self, pair: Match<'_, '_>) -> Option<Term> {
        let values = pair.parts().filter(|part| part.rule() == Rule::expression);
        let mut values = values.map(|part| Box::new(self.expression(part)));
        Some(Term::Conditional {
            condition: values.next()?,
            then: values.next()?,
            otherwise: values.next()?,
        })
    }

    /// Any number of `not` in front of a value.
    fn inverted(&self, pair: Match<'_, '_>) -> Expression {
        let span = self.span(pair);
        let mut parts: Vec<Match<'_, '_>> = pair.parts().collect();
        let value = match parts.pop() {
            Some(last) => self.expression(last),
            None => Spanned { node: Term::List(Vec::new()), span: span.clone() },
        };
        // Two cancel out, but one pair stays, so that what is no truth is still reported.
        let kept = if parts.is_empty() { 0 } else { 2 - parts.len() % 2 };
        (0..kept).fold(value, |value, _| Spanned {
            node: Term::Inversion(Box::new(value)),
            span: span.clone(),
        })
    }

    fn range(&self, pair: Match<'_, '_>) -> Expression {
        let span = self.span(pair);
        let bounds = pair.parts().filter(|part| part.rule() != Rule::keyword_by);
        let mut bounds = bounds.map(|part| self.expression(part));
        let first = match bounds.next() {
            Some(first) => first,
            None => Spanned { node: Term::List(Vec::new()), span: span.clone() },
        };
        let Some(last) = bounds.next() else { return first };
        let step = bounds.next().map(Box::new);
        let node = Term::Range { first: Box::new(first), last: Box::new(last), step };
        Spanned { node, span }
    }

    fn factor(&self, pair: Match<'_, '_>) -> Expression {
        let span = self.span(pair);
        let mut parts: Vec<Match<'_, '_>> = pair.parts().collect();
        let negative = parts.len() > 1;
        let value = match parts.pop() {
            Some(last) => self.expression(last),
            None => Spanned { node: Term::List(Vec::new()), span: span.clone() },
        };
        if negative { Spanned { node: Term::Negation(Box::new(value)), span } } else { value }
    }

    fn number(&self, pair: Match<'_, '_>) -> Term {
        let mut digits = String::new();
        let mut unit = None;
        for part in pair.parts() {
            match part.rule() {
                Rule::unit => unit = Some(self.name(part)),
                _ => digits = part.text().replace('_', ""),
            }
        }
        Term::Number { digits, unit }
    }

    fn text(&self, pair: Match<'_, '_>) -> Term {
        let mut pieces: Vec<Piece> = pair
            .parts()
            .map(|part| match part.rule() {
                Rule::interpolation => Piece::Value(self.expression(part)),
                _ => Piece::Text(unescape(part.text())),
            })
            .collect();
        match pieces.as_mut_slice() {
            [] => Term::Text(String::new()),
            [Piece::Text(text)] => Term::Text(std::mem::take(text)),
            _ => Term::Interpolation(pieces),
        }
    }

    fn group(&self, pair: Match<'_, '_>) -> Expression {
        let span = self.span(pair);
        let parts = pair.parts();
        let has_comma = parts.clone().any(|part| part.rule() == Rule::last_comma);
        let members = parts.filter(|part| part.rule() == Rule::expression);
        let mut members: Vec<_> = members.map(|part| self.expression(part)).collect();
        if members.len() == 1 && !has_comma {
            return members.remove(0);
        }
        Spanned { node: Term::Tuple(members), span }
    }

    /// A word with its arguments.
    pub(super) fn call(&self, pair: Match<'_, '_>) -> Option<(Name, Arguments)> {
        let mut parts = pair.parts();
        let word = self.name(parts.next()?);
        let arguments = parts
            .filter_map(|argument| {
                let mut parts = argument.parts();
                let first = parts.next()?;
                Some(match parts.next() {
                    Some(value) => (Some(self.name(first)), self.expression(value)),
                    None => (None, self.expression(first)),
                })
            })
            .collect();
        Some((word, arguments))
    }

    /// A name with what follows it.
    pub(super) fn reference(&self, pair: Match<'_, '_>) -> Option<Reference> {
        let mut parts = pair.parts();
        let name = self.name(parts.next()?);
        let parts = parts
            .filter_map(|part| match part.rule() {
                Rule::selection => Some(Part::Selection(self.selection(part))),
                _ => Some(Part::Member(self.name(part.parts().next()?))),
            })
            .collect();
        Some(Reference { name, parts })
    }

    fn selection(&self, pair: Match<'_, '_>) -> Selection {
        let members: Vec<(Name, Expression)> = pair
            .parts()
            .filter(|part| part.rule() == Rule::selector)
            .filter_map(|part| {
                let mut parts = part.parts();
                Some((self.name(parts.next()?), self.expression(parts.next()?)))
            })
            .collect();
        if members.is_empty() { Selection::Everything } else { Selection::Members(members) }
    }
}

fn operator(pair: Match<'_, '_>) -> Operator {
    match pair.text().trim() {
        "-" => Operator::Subtract,
        "*" => Operator::Multiply,
        "/" => Operator::Divide,
        "==" => Operator::Equal,
        "!=" => Operator::Unequal,
        "<" => Operator::Less,
        "<=" => Operator::AtMost,
        ">" => Operator::More,
        ">=" => Operator::AtLeast,
        "and" => Operator::And,
        "or" => Operator::Or,
        _ => Operator::Add,
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => plain.push('\n'),
                Some('t') => plain.push('\t'),
                Some(other) => plain.push(other),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}
