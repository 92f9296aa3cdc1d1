//! The values of `--set` as texts of their own, so that a message can quote what was typed.

use super::Override;
use super::diagnostic::Diagnostic;
use super::syntax::tree::Span;
use miette::NamedSource;
use std::sync::Arc;

/// The name under which messages quote what stands on the command line.
pub const COMMAND_LINE: &str = "command line";

const OPTION: &str = "--set ";

/// The overrides behind the file: places past its end lie in them, one after the other.
pub(super) struct CommandLine<'o> {
    options: Vec<(&'o Override, Span)>,
}

impl<'o> CommandLine<'o> {
    /// Lines the overrides up behind a file of this many bytes. One byte stays free in front of
    /// each, because a message may point at the end of what stands before.
    pub(super) fn behind(file: usize, overrides: &'o [Override]) -> CommandLine<'o> {
        let mut end = file;
        let options = overrides.iter().map(|given| {
            let begin = end + 1;
            end = begin + option(given).len();
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

    /// Attaches the text that a message is about: an option, or else the file.
    pub(super) fn quote(
        &self,
        diagnostic: Diagnostic,
        file: &Arc<NamedSource<String>>,
    ) -> Diagnostic {
        let place = diagnostic.span.start;
        let is_there = |option: &Span| option.start <= place && place <= option.end;
        match self.options.iter().find(|(_, option)| is_there(option)) {
            Some((given, begin)) => {
                let text = Arc::new(NamedSource::new(COMMAND_LINE, option(given)));
                diagnostic.moved_back(begin.start).within(&text)
            }
            None => diagnostic.within(file),
        }
    }
}

fn option(given: &Override) -> String {
    format!("{OPTION}{}={}", given.name, given.value)
}
