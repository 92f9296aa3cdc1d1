//! From text to tree. Goes on after a mistake and reports them all.

mod build;
pub mod tree;

use super::diagnostic::{Code, Diagnostic};
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pair;
use tree::{Expression, Item, Span};

use grammar::{Grammar, Rule};

mod grammar {
    // pest derives an enum of all rules, which the grammar documents.
    #![allow(missing_docs)]

    use pest_derive::Parser;

    #[derive(Parser)]
    #[grammar = "../grammar/msx.pest"]
    pub(super) struct Grammar;
}

/// Deeper nesting than anybody writes, and shallow enough for the stack.
const DEEPEST: usize = 64;

/// Longer sums than anybody writes, and short enough for the stack.
const MOST_OPERATORS: usize = 1000;

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

/// Parses a file.
pub fn parse(text: &str) -> Parsed {
    let mut problems = Problems::default();
    if let Some(place) = too_deep(text) {
        let message = format!(
            "brackets are nested more than {DEEPEST} deep, or one value has more than \
             {MOST_OPERATORS} operators"
        );
        let help = "name the inner parts with `let`";
        problems.diagnostics.push(Diagnostic::new(Code::Syntax, message, place).help(help));
        problems.pieces.push(0..text.len());
        return Parsed { items: Vec::new(), problems };
    }
    let items = match Grammar::parse(Rule::file, text) {
        Ok(pairs) => pairs
            .flat_map(Pair::into_inner)
            .filter_map(|pair| build::item(pair, &mut problems))
            .collect(),
        Err(error) => {
            problems.diagnostics.push(translate(&error, 0, "declaration"));
            problems.pieces.push(0..text.len());
            Vec::new()
        }
    };
    Parsed { items, problems }
}

/// Parses one expression, such as the value of `--set`.
///
/// # Errors
/// The text is no expression.
pub fn parse_expression(text: &str) -> Result<Expression, Box<Diagnostic>> {
    if let Some(place) = too_deep(text) {
        return Err(Box::new(Diagnostic::new(
            Code::Syntax,
            "the value is nested too deep or too long",
            place,
        )));
    }
    let pair = Grammar::parse(Rule::expression_alone, text)
        .map_err(|error| Box::new(translate(&error, 0, "value")))?
        .flat_map(Pair::into_inner)
        .next();
    let missing = || Box::new(Diagnostic::new(Code::Syntax, "there is no value", 0..text.len()));
    pair.map(build::expression).ok_or_else(missing)
}

/// The place where brackets are nested too deep or a value is too long, found before the recursive
/// parser meets it.
fn too_deep(text: &str) -> Option<Span> {
    let mut depth: usize = 0;
    let mut operators: usize = 0;
    let mut in_text = false;
    let mut in_comment = false;
    let mut escaped = false;
    for (place, character) in text.char_indices() {
        match character {
            '\n' => (in_text, in_comment, escaped) = (false, false, false),
            _ if in_comment => {}
            '\\' if in_text => escaped = !escaped,
            '"' if !escaped => in_text = !in_text,
            _ if in_text => escaped = false,
            '#' => in_comment = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' | ':' | '=' => operators = 0,
            '+' | '-' | '*' | '/' => operators += 1,
            _ => {}
        }
        if depth > DEEPEST || operators > MOST_OPERATORS {
            return Some(place..place + character.len_utf8());
        }
    }
    None
}

impl Problems {
    /// Reports a brace that is open at the end of the file.
    fn unclosed(&mut self, open: Span) {
        self.diagnostics.push(
            Diagnostic::new(Code::Syntax, "this `{` is never closed", open)
                .help("close the loop with `}` behind its last stage"),
        );
    }

    /// Reports a piece that the grammar swallowed as broken: it is parsed alone for its place and
    /// expectation.
    fn broken(&mut self, pair: &Pair<'_, Rule>) {
        let text = pair.as_str().trim_end();
        let (rule, what) = match pair.as_rule() {
            Rule::broken_field => (Rule::field_alone, "field"),
            _ => (Rule::item_alone, "declaration"),
        };
        let begin = pair.as_span().start();
        let piece = begin..begin + text.len();
        self.pieces.push(piece.clone());
        self.diagnostics.push(match Grammar::parse(rule, text) {
            Err(error) => translate(&error, begin, what),
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
            .help("a declaration begins with experiment, param, let, for or a stage kind");
    }
    diagnostic.label(format!("expected {}", expected.join(" or ")))
}

fn describe(rules: &[Rule]) -> Vec<String> {
    let mut words: Vec<&str> = rules
        .iter()
        .filter_map(|rule| match rule {
            Rule::identifier | Rule::variables | Rule::type_name => Some("a name"),
            Rule::block => Some("`{`"),
            Rule::field => Some("a field such as `size: 32px`"),
            Rule::expression | Rule::sum | Rule::product | Rule::factor => Some("a value"),
            Rule::digits | Rule::number | Rule::text | Rule::list => Some("a value"),
            Rule::reference | Rule::header => Some("a stage or method name"),
            Rule::item
            | Rule::experiment
            | Rule::param
            | Rule::binding
            | Rule::sweep
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
