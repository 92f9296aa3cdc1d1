//! From text to tree. Goes on after a mistake and reports them all.

mod build;
mod expression;
mod nesting;
pub mod tokens;
pub mod tree;
pub(super) mod walk;

use super::diagnostic::{Code, Diagnostic};
use build::Builder;
use expression::ExpressionBuilder;
use nesting::{DEEPEST, MOST_OPERATORS, too_deep};
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::{Pair, Pairs};
use tree::{Expression, Item, Span};

use grammar::Grammar;
pub(super) use grammar::Rule;

mod grammar {
    // pest derives an enum of all rules, which the grammar documents.
    #![allow(missing_docs)]

    use pest_derive::Parser;

    #[derive(Parser)]
    #[grammar = "../grammar/msx.pest"]
    pub(in crate::language) struct Grammar;
}

/// Where the text that is parsed stands.
#[derive(Debug, Clone)]
enum Place {
    /// Its first byte has this position.
    From(usize),
    /// It stands in no file; all of it gets the same place.
    At(Span),
}

impl Place {
    /// The place of a part of the text.
    fn of(&self, part: Span) -> Span {
        match self {
            Place::From(base) => base + part.start..base + part.end,
            Place::At(place) => place.clone(),
        }
    }
}

/// What reading a file gave.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The declarations that could be read.
    pub items: Vec<Item>,
    /// What could not.
    pub problems: Problems,
}

/// Pieces that could not be read, each with its message.
#[derive(Debug, Default)]
pub struct Problems {
    /// The messages.
    pub diagnostics: Vec<Diagnostic>,
    /// The pieces that were left out of the tree.
    pub pieces: Vec<Span>,
}

/// Parses a file whose first byte has the position `base`.
pub fn parse(text: &str, base: usize) -> Parsed {
    let mut problems = Problems::default();
    let place = Place::From(base);
    if let Some(deep) = too_deep(text) {
        let message = format!(
            "brackets are nested more than {DEEPEST} deep, or one value has more than \
             {MOST_OPERATORS} operators"
        );
        let help = "name the inner parts with `let`";
        let diagnostic = Diagnostic::new(Code::Syntax, message, place.of(deep)).help(help);
        problems.diagnostics.push(diagnostic);
        problems.pieces.push(place.of(0..text.len()));
        return Parsed { items: Vec::new(), problems };
    }
    let items = match Grammar::parse(Rule::file, text) {
        Ok(pairs) => {
            let mut builder = Builder::new(place, &mut problems);
            pairs.flat_map(Pair::into_inner).filter_map(|pair| builder.item(pair)).collect()
        }
        Err(error) => {
            problems.diagnostics.push(translate(&error, base, "declaration"));
            problems.pieces.push(place.of(0..text.len()));
            Vec::new()
        }
    };
    Parsed { items, problems }
}

/// The pieces of a file as the grammar has them, or nothing where it is nested too deep to be read.
pub(super) fn pieces(text: &str) -> Option<Pairs<'_, Rule>> {
    if too_deep(text).is_some() {
        return None;
    }
    Grammar::parse(Rule::file, text).ok()
}

/// Parses one expression that stands in no file, such as the value of `--set`; every part of it
/// gets the same place.
///
/// # Errors
/// The text is no expression.
pub fn parse_expression(text: &str, place: &Span) -> Result<Expression, Box<Diagnostic>> {
    let wrong = |message: &str| Box::new(Diagnostic::new(Code::Syntax, message, place.clone()));
    if too_deep(text).is_some() {
        return Err(wrong("the value is nested too deep or too long"));
    }
    let pair = Grammar::parse(Rule::expression_alone, text)
        .map_err(|_| wrong("this is no value"))?
        .flat_map(Pair::into_inner)
        .next();
    let builder = ExpressionBuilder { place: Place::At(place.clone()) };
    pair.map(|pair| builder.expression(pair)).ok_or_else(|| wrong("there is no value"))
}

impl Problems {
    /// Reports a brace that is open at the end of the file.
    fn unclosed(&mut self, open: Span, help: &str) {
        self.diagnostics
            .push(Diagnostic::new(Code::Syntax, "this `{` is never closed", open).help(help));
    }

    /// Reports a piece that the grammar swallowed as broken: it is parsed alone for its place and
    /// expectation.
    fn broken(&mut self, pair: &Pair<'_, Rule>, place: &Place) {
        let text = pair.as_str().trim_end();
        let (rule, what) = match pair.as_rule() {
            Rule::broken_field => (Rule::field_alone, "field"),
            _ => (Rule::item_alone, "declaration"),
        };
        let begin = pair.as_span().start();
        let piece = place.of(begin..begin + text.len());
        self.pieces.push(piece.clone());
        self.diagnostics.push(match Grammar::parse(rule, text) {
            Err(error) => translate(&error, piece.start, what),
            // It parses alone but not where it stands.
            Ok(_) => Diagnostic::new(Code::Syntax, format!("this {what} cannot stand here"), piece),
        });
    }
}

/// pest's error in our words.
fn translate(error: &pest::error::Error<Rule>, offset: usize, what: &str) -> Diagnostic {
    let (start, end) = match error.location {
        InputLocation::Pos(place) => (place, place + 1),
        InputLocation::Span((start, end)) => (start, end),
    };
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => describe(positives),
        ErrorVariant::CustomError { message } => vec![message.clone()],
    };
    let diagnostic = Diagnostic::new(
        Code::Syntax,
        format!("this is not a complete {what}"),
        offset + start..offset + end,
    );
    if expected.is_empty() {
        return diagnostic
            .help("a declaration begins with use, experiment, param, let, for, template, claim or a stage kind");
    }
    diagnostic.label(format!("expected {}", expected.join(" or ")))
}

fn describe(rules: &[Rule]) -> Vec<String> {
    let mut words: Vec<&str> = rules
        .iter()
        .filter_map(|rule| match rule {
            Rule::identifier | Rule::variables | Rule::type_name => Some("a name"),
            Rule::block | Rule::settings | Rule::body => Some("`{`"),
            Rule::field | Rule::spread | Rule::field_alone => Some("a field such as `size: 32px`"),
            Rule::expression | Rule::sum | Rule::product | Rule::factor => Some("a value"),
            Rule::conditional | Rule::disjunction | Rule::conjunction => Some("a value"),
            Rule::inversion | Rule::comparison | Rule::range => Some("a value"),
            Rule::digits | Rule::number | Rule::text | Rule::list => Some("a value"),
            Rule::keyword_then => Some("`then`"),
            Rule::keyword_else => Some("`else`"),
            Rule::keyword_as => Some("`as`"),
            Rule::keyword_in => Some("`in`"),
            Rule::literal => Some("a path in quotes"),
            Rule::imported_names => Some("the names in braces"),
            Rule::parameters => Some("`(`"),
            Rule::parameter => Some("a parameter such as `epochs: int = 100`"),
            Rule::call => Some("a statement such as `trend(…)`"),
            Rule::reference | Rule::header => Some("a stage or method name"),
            Rule::item
            | Rule::import
            | Rule::experiment
            | Rule::param
            | Rule::binding
            | Rule::sweep
            | Rule::template
            | Rule::claim
            | Rule::stage => Some("a declaration"),
            Rule::EOI => Some("the end of the line"),
            Rule::selector | Rule::everything => Some("`*` or `variable: value`"),
            _ => None,
        })
        .collect();
    words.dedup();
    let mut distinct: Vec<String> = Vec::new();
    for word in words {
        if !distinct.iter().any(|known| known == word) {
            distinct.push(word.to_owned());
        }
    }
    distinct
}
