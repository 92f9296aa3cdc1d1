//! How large things may get. Beyond these a file is a mistake and not an experiment; each bound
//! keeps a file from taking all memory, all time or the whole stack.

use super::datum::{Datum, Kind};
use super::diagnostic::{Code, Diagnostic};
use super::syntax::tree::Span;

/// Stages of an experiment, and rounds of all its loops.
pub(super) const MOST_STAGES: usize = 100_000;

/// Members of a range.
pub(super) const MOST_MEMBERS: usize = 100_000;

/// Bytes of a string that is put together.
pub(super) const MOST_TEXT: usize = 1 << 16;

/// Files of an experiment.
pub(super) const MOST_FILES: usize = 500;

/// Loops and instances of templates, one inside the other; short enough for the stack.
pub(super) const DEEPEST_BLOCKS: usize = 100;

/// Expressions that are worked out one inside the other, over all constants that refer to each
/// other; short enough for the stack.
const DEEPEST_EXPRESSION: usize = 1100;

/// What a constant counts among them: it takes more of the stack than an operator does.
pub(super) const CONSTANT: usize = 8;

/// Lists and records in each other; short enough for the stack.
const DEEPEST_VALUE: usize = 128;

/// What an edge between two stages counts among the values: it takes the memory of several.
const EDGE: usize = 4;

/// Values made and copied in all.
const MOST_VALUES: usize = 10_000_000;

/// Mistakes that are told of one experiment; nobody reads more, and each costs a look through its file.
const MOST_MISTAKES: usize = 200;

/// As many mistakes as are worth telling, and how many more there are.
pub(super) fn told(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if diagnostics.len() <= MOST_MISTAKES {
        return diagnostics;
    }
    let others = diagnostics.split_off(MOST_MISTAKES);
    if let Some(next) = others.first() {
        let what = if next.is_warning() { "warnings" } else { "mistakes" };
        let message = format!("from here on there are {} more {what}", others.len());
        diagnostics.push(Diagnostic::new(next.code, message, next.span.clone()));
    }
    diagnostics
}

/// What is left of the values that a file may make.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    told: bool,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { left: MOST_VALUES, told: false }
    }
}

impl Budget {
    /// Takes what one more copy of a value costs. Constants made of constants grow in depth, and may
    /// double in size, at each step.
    pub(super) fn copy(
        &mut self,
        datum: &Datum,
        place: &Span,
    ) -> Result<Kind, Option<Box<Diagnostic>>> {
        if datum.depth() > DEEPEST_VALUE {
            let message = format!("lists and records are nested more than {DEEPEST_VALUE} deep");
            return Err(self.exceeded(message, "name their parts and use these instead", place));
        }
        self.spend(datum.weight(), place)?;
        Ok(datum.kind.clone())
    }

    /// Takes from the budget.
    pub(super) fn spend(
        &mut self,
        values: usize,
        place: &Span,
    ) -> Result<(), Option<Box<Diagnostic>>> {
        if let Some(left) = self.left.checked_sub(values) {
            self.left = left;
            return Ok(());
        }
        self.left = 0;
        let message = format!("the values of this file come to more than {MOST_VALUES}");
        Err(self.exceeded(message, "shorten its lists, or the loops that work them out", place))
    }

    /// Takes what edges between stages cost.
    pub(super) fn connect(
        &mut self,
        edges: usize,
        place: &Span,
    ) -> Result<(), Option<Box<Diagnostic>>> {
        self.spend(edges.saturating_mul(EDGE), place)
    }

    /// Refuses an expression that is too deep inside others.
    pub(super) fn descend(
        &mut self,
        depth: usize,
        place: &Span,
    ) -> Result<(), Option<Box<Diagnostic>>> {
        if depth < DEEPEST_EXPRESSION {
            return Ok(());
        }
        let message = format!("the values that make up this one are {DEEPEST_EXPRESSION} deep");
        Err(self.exceeded(message, "write some of the constants out", place))
    }

    /// The message for what is too large, told the first time alone: the rest follows from it.
    fn exceeded(&mut self, message: String, help: &str, place: &Span) -> Option<Box<Diagnostic>> {
        let is_told = std::mem::replace(&mut self.told, true);
        let diagnostic = Diagnostic::new(Code::TooLarge, message, place.clone()).help(help);
        (!is_told).then(|| Box::new(diagnostic))
    }
}
