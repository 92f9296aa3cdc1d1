//! How large things may get. Beyond these a file is a mistake and not an experiment; each bound
//! keeps a file from taking all memory, all time or the whole stack.

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

/// Constants that refer to each other, one inside the other; short enough for the stack.
pub(super) const DEEPEST_CONSTANTS: usize = 200;

/// Values made and copied in all.
const MOST_VALUES: usize = 10_000_000;

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
    /// Takes from the budget. What is wrong where nothing is left, told the first time alone.
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
        if std::mem::replace(&mut self.told, true) {
            return Err(None);
        }
        let message = format!("the values of this file come to more than {MOST_VALUES}");
        let diagnostic = Diagnostic::new(Code::TooLarge, message, place.clone())
            .help("shorten its lists, or the loops that work them out");
        Err(Some(Box::new(diagnostic)))
    }
}
