//! From text to tree. Goes on after a mistake and reports them all.

mod build;
mod expectation;
mod expression;
mod matches;
mod nesting;
mod pieces;
mod scan;
pub mod tokens;
pub mod tree;
pub mod walk;

use super::diagnostic::{Code, Diagnostic};
use super::source::{Alone, Sources};
use build::Builder;
use expectation::translate;
use expression::ExpressionBuilder;
use nesting::{DEEPEST, MOST_OPERATORS, too_deep};
use pest::Parser;
use pest::error::Error;
use tree::{Expression, Item, Span};

use grammar::Grammar;
pub(super) use grammar::Rule;
pub(super) use matches::{Match, Matches, Parts};

mod grammar {
    // pest derives an enum of all rules, which the grammar documents.
    #![allow(missing_docs)]

    use pest_derive::Parser;

    #[derive(Parser)]
    #[grammar = "../../grammar/msx.pest"]
    pub(in crate::language) struct Grammar;
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
    /// How many braces were reported as never closed.
    unclosed: usize,
}

/// Parses a file whose first byte has the position `base`.
pub fn parse(text: &str, base: usize) -> Parsed {
    parse_for(&Alone, text, base)
}

/// As [`parse`]; the pieces of a long file side by side as `sources` has it.
pub(super) fn parse_for(sources: &dyn Sources, text: &str, base: usize) -> Parsed {
    if let Some(items) = pieces::items(text, base, sources) {
        return Parsed { items, problems: Problems::default() };
    }
    let mut problems = Problems::default();
    let whole = base..base + text.len();
    if let Some(deep) = too_deep(text) {
        let message = format!(
            "brackets are nested more than {DEEPEST} deep, or one value has more than \
             {MOST_OPERATORS} operators"
        );
        let help = "name the inner parts with `let`";
        let place = base + deep.start..base + deep.end;
        problems.diagnostics.push(Diagnostic::new(Code::Syntax, message, place).help(help));
        problems.pieces.push(whole);
        return Parsed { items: Vec::new(), problems };
    }
    let items = match read(Rule::file, text) {
        Ok(matches) => items(&matches, base, &mut problems),
        Err(error) => {
            problems.diagnostics.push(translate(&error, text, base));
            problems.pieces.push(whole);
            Vec::new()
        }
    };
    Parsed { items, problems }
}

/// The declarations of a file; what is broken becomes a problem.
fn items(matches: &Matches<'_>, base: usize, problems: &mut Problems) -> Vec<Item> {
    let parts = matches.root().into_iter().flat_map(|file| file.parts());
    Builder::new(base, problems).items(parts)
}

/// What the grammar makes of a file, or nothing where it is nested too deep to be read.
pub(super) fn matches(text: &str) -> Option<Matches<'_>> {
    if too_deep(text).is_some() {
        return None;
    }
    read(Rule::file, text).ok()
}

/// Text as one rule of the grammar.
fn read(rule: Rule, text: &str) -> Result<Matches<'_>, Box<Error<Rule>>> {
    let pairs = Grammar::parse(rule, text).or_else(|_| {
        // Without it errors name rules and no punctuation, but it slows every parse, so it waits for
        // an error that is to be told. The switch is the whole process', and all that it changes is
        // how much an error says.
        pest::set_error_detail(true);
        Grammar::parse(rule, text).map_err(Box::new)
    })?;
    Ok(Matches::new(text, pairs))
}

/// Parses one expression, such as the value of `--set`, whose first byte has the position `base`.
///
/// # Errors
/// The text is no expression.
pub fn parse_expression(text: &str, base: usize) -> Result<Expression, Box<Diagnostic>> {
    if let Some(deep) = too_deep(text) {
        return Err(Box::new(Diagnostic::new(
            Code::Syntax,
            "the value is nested too deep or too long",
            base + deep.start..base + deep.end,
        )));
    }
    let matches = read(Rule::expression_alone, text)
        .map_err(|error| Box::new(translate(&error, text, base)))?;
    let value = matches.root().and_then(|alone| alone.parts().next());
    let place = base..base + text.len();
    let missing = || Box::new(Diagnostic::new(Code::Syntax, "there is no value", place));
    value.map(|value| ExpressionBuilder { base }.expression(value)).ok_or_else(missing)
}

impl Problems {
    /// Reports the opening brace of a block, loop or template that is never closed.
    fn unclosed(&mut self, open: Span, help: &str) {
        self.unclosed += 1;
        self.diagnostics.push(expectation::unclosed('{', open).help(help));
    }

    /// Reports a piece of a block that is no field; `open` is the block's brace and `before` the
    /// entry in front, both in the text. A declaration among the fields means that the block
    /// should have ended in front of it.
    fn broken_field(
        &mut self,
        piece: Match<'_, '_>,
        before: Option<Span>,
        open: usize,
        base: usize,
    ) {
        let text = piece.text().trim_end();
        if read(Rule::item_alone, text).is_err() {
            return self.broken(piece, before, base);
        }
        let begin = base + piece.start();
        let open = base + open..base + open + 1;
        let is_first = self.pieces.last().is_none_or(|last| last.end <= open.start);
        self.pieces.push(begin..begin + text.len());
        if is_first {
            self.unclosed(open, "close it with `}` in front of the next declaration");
        }
    }

    /// Reports a piece that the grammar swallowed as broken: it is parsed alone for its place and
    /// expectation. Together with what stands in front of it on the same line, because it is most
    /// often the rest of that.
    fn broken(&mut self, piece: Match<'_, '_>, before: Option<Span>, base: usize) {
        let (rule, what) = match piece.rule() {
            Rule::broken_field => (Rule::field_alone, "field"),
            _ => (Rule::item_alone, "declaration"),
        };
        let file = piece.whole_text();
        let start = piece.start();
        let end = start + piece.text().trim_end().len();
        let place = base + start..base + end;
        self.pieces.push(place.clone());
        let is_rest = |before: &Span| {
            let between = file[before.start..start].trim_end_matches([' ', '\t']);
            !between.ends_with(['\n', ',', '}'])
        };
        let begin = before.filter(is_rest).map_or(start, |before| before.start);
        self.diagnostics.push(match read(rule, &file[begin..end]) {
            Err(error) => translate(&error, &file[begin..end], base + begin),
            // It parses alone but not where it stands.
            Ok(_) => {
                let message = format!("this {what} cannot stand here");
                Diagnostic::new(Code::Syntax, message, place)
            }
        });
    }
}
