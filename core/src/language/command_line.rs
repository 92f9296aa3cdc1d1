//! The values of `--set` as texts of their own, so that a message can quote what was typed.

use super::Override;
use super::diagnostic::Texts;
use super::excerpt::Text;
use super::syntax::tree::Span;
use miette::NamedSource;
use std::sync::Arc;

/// The name under which messages quote what stands on the command line.
pub const COMMAND_LINE: &str = "command line";

const OPTION: &str = "--set ";

/// The overrides behind the files: places past the end of the last file lie in them, one after the
/// other.
pub(super) struct CommandLine<'o> {
    options: Vec<(&'o Override, Span)>,
}

impl<'o> CommandLine<'o> {
    /// Lines the overrides up from a position on. One byte stays free between them, because a
    /// message may point at the end of what stands before.
    pub(super) fn from(mut position: usize, overrides: &'o [Override]) -> CommandLine<'o> {
        let options = overrides.iter().map(|given| {
            let begin = position;
            let end = begin + option(given).len();
            position = end + 1;
            (given, begin..end)
        });
        CommandLine { options: options.collect() }
    }

    /// Every override with the places of its name and value.
    pub(super) fn overrides(&self) -> impl DoubleEndedIterator<Item = (&'o Override, Span, Span)> {
        self.options.iter().map(|(given, place)| {
            let name = place.start + OPTION.len();
            let value = name + given.name.len() + "=".len();
            (*given, name..name + given.name.len(), value..place.end)
        })
    }

    /// Adds the options behind the files.
    pub(super) fn add_to(&self, texts: &mut Texts) {
        texts.0.extend(self.options.iter().map(|(given, place)| {
            (place.start, Arc::new(NamedSource::new(COMMAND_LINE, Text(option(given)))))
        }));
    }
}

fn option(given: &Override) -> String {
    format!("{OPTION}{}={}", given.name, given.value)
}
