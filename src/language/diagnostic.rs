//! What is wrong, where, and what to write instead.

pub use super::code::Code;
use super::position::Position;
use super::syntax::tree::Span;
use miette::{LabeledSpan, NamedSource, Severity, SourceCode};
use std::fmt;
use std::sync::Arc;

/// One message with its places.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The kind of mistake.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What stands beside the place.
    pub label: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<(Span, String)>,
    /// What to do.
    pub help: Option<String>,
    source: Option<Arc<NamedSource<String>>>,
}

/// A place of a message as people and editors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its first character.
    pub start: Position,
    /// Behind its last character.
    pub end: Position,
    /// What stands beside it.
    pub label: Option<&'a str>,
}

impl Diagnostic {
    /// A message at a place.
    pub fn new(code: Code, message: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic {
            code,
            message: message.into(),
            span,
            label: None,
            related: Vec::new(),
            help: None,
            source: None,
        }
    }

    /// What stands beside the place.
    pub fn label(mut self, label: impl Into<String>) -> Diagnostic {
        self.label = Some(label.into());
        self
    }

    /// What to do.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The help, where there is one.
    pub fn maybe_help(mut self, help: Option<String>) -> Diagnostic {
        self.help = help.or(self.help);
        self
    }

    /// Another place that belongs to it.
    pub fn related(mut self, span: Span, label: impl Into<String>) -> Diagnostic {
        self.related.push((span, label.into()));
        self
    }

    /// Whether the file can be run all the same.
    pub fn is_warning(&self) -> bool {
        self.code.is_warning()
    }

    /// The places counted from another beginning. Places in front of it are in another text and
    /// are left out.
    pub(super) fn moved_back(mut self, by: usize) -> Diagnostic {
        let back = |span: &Span| span.start.saturating_sub(by)..span.end.saturating_sub(by);
        self.span = back(&self.span);
        self.related.retain(|(span, _)| span.start >= by);
        self.related.iter_mut().for_each(|(span, _)| *span = back(span));
        self
    }

    /// The name and text that the places refer to; `None` where the message has no place.
    pub fn source(&self) -> Option<(&str, &str)> {
        self.source.as_deref().map(|source| (source.name(), source.inner().as_str()))
    }

    /// The places with what stands beside them, the primary one first. Empty where the message
    /// has no place.
    pub fn places(&self) -> Vec<Place<'_>> {
        let Some((_, text)) = self.source() else { return Vec::new() };
        let place = |span: &Span, label| Place {
            start: Position::of(text, span.start),
            end: Position::of(text, span.end),
            label,
        };
        let related = self.related.iter().map(|(span, label)| place(span, Some(label.as_str())));
        std::iter::once(place(&self.span, self.label.as_deref())).chain(related).collect()
    }

    /// Attaches the text that the places refer to. Places past its end are in another one.
    pub(super) fn within(mut self, source: &Arc<NamedSource<String>>) -> Diagnostic {
        let length = source.inner().len();
        self.span.start = self.span.start.min(length);
        self.span.end = self.span.end.clamp(self.span.start, length);
        self.related.retain(|(span, _)| span.end <= length);
        self.source = Some(source.clone());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(if self.is_warning() { Severity::Warning } else { Severity::Error })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labelled = |span: &Span, label: Option<String>| {
            LabeledSpan::new(label, span.start, span.end - span.start)
        };
        let primary = LabeledSpan::new_primary_with_span(self.label.clone(), self.span.clone());
        let related =
            self.related.iter().map(move |(span, label)| labelled(span, Some(label.clone())));
        Some(Box::new(std::iter::once(primary).chain(related)))
    }
}
