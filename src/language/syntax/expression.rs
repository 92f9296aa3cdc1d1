//! Expressions from pest's pairs.

use super::Rule;
use super::tree::{
    Arguments, Entry, Expression, Field, Name, Operator, Part, Piece, Reference, Selection, Span,
    Spanned, Term,
};
use pest::iterators::{Pair, Pairs};

/// Where a piece ends in its text. A rule whose last part is optional swallows the blank space and
/// comments in front of it even where it is absent, so the end of its last child counts.
pub(super) fn end(pair: &Pair<'_, Rule>) -> usize {
    let last = match pair.as_rule() {
        Rule::expression
        | Rule::conditional
        | Rule::disjunction
        | Rule::conjunction
        | Rule::inversion
        | Rule::comparison
        | Rule::range
        | Rule::sum
        | Rule::product
        | Rule::factor
        | Rule::reference
        | Rule::header
        | Rule::param
        | Rule::binding => pair.clone().into_inner().last(),
        _ => None,
    };
    last.map_or(pair.as_span().end(), |last| end(&last))
}

/// Builds expressions.
pub(super) struct ExpressionBuilder {
    /// Position of the first byte of the text.
    pub(super) base: usize,
}

impl ExpressionBuilder {
    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        self.base + pair.as_span().start()..self.base + end(pair)
    }

    pub(super) fn name(&self, pair: &Pair<'_, Rule>) -> Name {
        Spanned { node: pair.as_str().trim().to_owned(), span: self.span(pair) }
    }

    /// A string that nothing is put into.
    pub(super) fn literal(&self, pair: Pair<'_, Rule>) -> Spanned<String> {
        let span = self.span(&pair);
        Spanned { node: unescape(pair.into_inner().as_str()), span }
    }

    /// A field or spread.
    pub(super) fn entry(&self, pair: Pair<'_, Rule>) -> Option<Entry> {
        let rule = pair.as_rule();
        let mut parts = pair.into_inner();
        let first = parts.next()?;
        Some(match rule {
            Rule::spread => Entry::Spread(self.expression(first)),
            _ => {
                let name = self.name(&first);
                Entry::Field(Field { name, value: self.expression(parts.next()?) })
            }
        })
    }

    /// An expression, from its rule or any rule within it.
    pub(super) fn expression(&self, pair: Pair<'_, Rule>) -> Expression {
        let span = self.span(&pair);
        let node = match pair.as_rule() {
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
            Rule::list => Some(Term::List(self.each(pair.into_inner()))),
            Rule::record => {
                let entries = pair.into_inner().filter_map(|pair| self.entry(pair));
                Some(Term::Record(entries.collect()))
            }
            Rule::call => self.call(pair).map(|(name, arguments)| Term::Call { name, arguments }),
            Rule::reference => self.reference(pair).map(Term::Reference),
            _ => match pair.into_inner().next() {
                Some(inner) => return self.expression(inner),
                None => None,
            },
        };
        Spanned { node: node.unwrap_or(Term::List(Vec::new())), span }
    }

    fn each(&self, pairs: Pairs<'_, Rule>) -> Vec<Expression> {
        pairs.map(|pair| self.expression(pair)).collect()
    }

    /// Operators of one rank bind to the left.
    fn operations(&self, pair: Pair<'_, Rule>) -> Expression {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let mut left = match parts.next() {
            Some(first) => self.expression(first),
            None => Spanned { node: Term::List(Vec::new()), span },
        };
        while let (Some(written), Some(right)) = (parts.next(), parts.next()) {
            let right = self.expression(right);
            let span = left.span.start..right.span.end;
            let operator = operator(&written);
            let node = Term::Operation { operator, left: Box::new(left), right: Box::new(right) };
            left = Spanned { node, span };
        }
        left
    }

    fn conditional(&self, pair: Pair<'_, Rule>) -> Option<Term> {
        let values = pair.into_inner().filter(|part| part.as_rule() == Rule::expression);
        let mut values = values.map(|part| Box::new(self.expression(part)));
        Some(Term::Conditional {
            condition: values.next()?,
            then: values.next()?,
            otherwise: values.next()?,
        })
    }

    /// Any number of `not` in front of a value.
    fn inverted(&self, pair: Pair<'_, Rule>) -> Expression {
        let span = self.span(&pair);
        let mut parts: Vec<Pair<'_, Rule>> = pair.into_inner().collect();
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

    fn range(&self, pair: Pair<'_, Rule>) -> Expression {
        let span = self.span(&pair);
        let bounds = pair.into_inner().filter(|part| part.as_rule() == Rule::sum);
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

    fn factor(&self, pair: Pair<'_, Rule>) -> Expression {
        let span = self.span(&pair);
        let mut parts: Vec<Pair<'_, Rule>> = pair.into_inner().collect();
        let negative = parts.len() > 1;
        let value = match parts.pop() {
            Some(last) => self.expression(last),
            None => Spanned { node: Term::List(Vec::new()), span: span.clone() },
        };
        if negative { Spanned { node: Term::Negation(Box::new(value)), span } } else { value }
    }

    fn number(&self, pair: Pair<'_, Rule>) -> Term {
        let mut digits = String::new();
        let mut unit = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::unit => unit = Some(self.name(&part)),
                _ => digits = part.as_str().replace('_', ""),
            }
        }
        Term::Number { digits, unit }
    }

    fn text(&self, pair: Pair<'_, Rule>) -> Term {
        let mut pieces: Vec<Piece> = pair
            .into_inner()
            .map(|part| match part.as_rule() {
                Rule::interpolation => Piece::Value(self.expression(part)),
                _ => Piece::Text(unescape(part.as_str())),
            })
            .collect();
        match pieces.as_mut_slice() {
            [] => Term::Text(String::new()),
            [Piece::Text(text)] => Term::Text(std::mem::take(text)),
            _ => Term::Interpolation(pieces),
        }
    }

    fn group(&self, pair: Pair<'_, Rule>) -> Expression {
        let span = self.span(&pair);
        let parts = pair.into_inner();
        let has_comma = parts.clone().any(|part| part.as_rule() == Rule::last_comma);
        let members = parts.filter(|part| part.as_rule() == Rule::expression);
        let mut members: Vec<_> = members.map(|part| self.expression(part)).collect();
        if members.len() == 1 && !has_comma {
            return members.remove(0);
        }
        Spanned { node: Term::Tuple(members), span }
    }

    /// A word with its arguments.
    pub(super) fn call(&self, pair: Pair<'_, Rule>) -> Option<(Name, Arguments)> {
        let mut parts = pair.into_inner();
        let word = self.name(&parts.next()?);
        let arguments = parts
            .filter_map(|argument| {
                let mut parts = argument.into_inner();
                let first = parts.next()?;
                Some(match parts.next() {
                    Some(value) => (Some(self.name(&first)), self.expression(value)),
                    None => (None, self.expression(first)),
                })
            })
            .collect();
        Some((word, arguments))
    }

    /// A name with what follows it.
    pub(super) fn reference(&self, pair: Pair<'_, Rule>) -> Option<Reference> {
        let mut parts = pair.into_inner();
        let name = self.name(&parts.next()?);
        let parts = parts
            .filter_map(|part| match part.as_rule() {
                Rule::selection => Some(Part::Selection(self.selection(part))),
                _ => Some(Part::Member(self.name(&part.into_inner().next()?))),
            })
            .collect();
        Some(Reference { name, parts })
    }

    fn selection(&self, pair: Pair<'_, Rule>) -> Selection {
        let members: Vec<(Name, Expression)> = pair
            .into_inner()
            .filter(|part| part.as_rule() == Rule::selector)
            .filter_map(|part| {
                let mut parts = part.into_inner();
                Some((self.name(&parts.next()?), self.expression(parts.next()?)))
            })
            .collect();
        if members.is_empty() { Selection::Everything } else { Selection::Members(members) }
    }
}

fn operator(pair: &Pair<'_, Rule>) -> Operator {
    match pair.as_str().trim() {
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
