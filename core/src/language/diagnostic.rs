//! What is wrong, where, and what to write instead.

pub use super::code::Code;
use super::excerpt::Text;
use super::position::Position;
use super::suggest::Hint;
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
    /// What may have been meant.
    pub correction: Option<Correction>,
    elsewhere: Vec<Elsewhere>,
    source: Option<Arc<NamedSource<Text>>>,
}

/// A place of a message as people and editors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The name of the file that it is in.
    pub file: &'a str,
    /// Its first character.
    pub start: Position,
    /// Behind its last character.
    pub end: Position,
    /// What stands beside it.
    pub label: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn new(source: &'a NamedSource<Text>, span: &Span, label: Option<&'a str>) -> Place<'a> {
        let text = &source.inner().0;
        Place {
            file: source.name(),
            start: Position::of(text, span.start),
            end: Position::of(text, span.end),
            label,
        }
    }
}

/// A word to write instead of what stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Where the word stands that is to be replaced.
    pub span: Span,
    /// That word.
    pub written: String,
    /// The word to write instead.
    pub instead: String,
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
            correction: None,
            elsewhere: Vec::new(),
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
    pub(super) fn maybe_help(mut self, hint: Option<Hint>) -> Diagnostic {
        let Some(Hint { text, correction }) = hint else { return self };
        self.help = Some(text);
        let begin = self.span.start;
        self.correction = correction.map(|(written, instead)| Correction {
            span: begin..begin + written.len(),
            written,
            instead,
        });
        self
    }

    /// The name and text of the file that the places are in; nothing before that is known.
    pub fn source(&self) -> Option<(&str, &str)> {
        self.source.as_deref().map(|source| (source.name(), source.inner().0.as_str()))
    }

    /// Places in other files that belong to it: the file's name and text, the place, the label.
    pub fn elsewhere(&self) -> impl Iterator<Item = (&str, &str, &Span, &str)> {
        self.elsewhere.iter().map(|other| {
            let source = other.source.as_ref();
            (source.name(), source.inner().0.as_str(), &other.place, other.label.as_str())
        })
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

    /// The places with what stands beside them, the primary one first. Empty where the message
    /// has no place.
    pub fn places(&self) -> Vec<Place<'_>> {
        let Some(source) = self.source.as_deref() else { return Vec::new() };
        let own = Place::new(source, &self.span, self.label.as_deref());
        let beside = self.related.iter().map(|(span, label)| Place::new(source, span, Some(label)));
        let elsewhere = self
            .elsewhere
            .iter()
            .map(|place| Place::new(&place.source, &place.place, Some(&place.label)));
        std::iter::once(own).chain(beside).chain(elsewhere).collect()
    }

    /// Attaches the texts that the places are in; from then on, places are counted from the
    /// beginning of their file.
    pub(super) fn within(mut self, texts: &Texts) -> Diagnostic {
        let own = texts.at(self.span.start);
        for (span, label) in std::mem::take(&mut self.related) {
            let other = texts.at(span.start);
            let place = texts.local(other, &span);
            if other == own {
                self.related.push((place, label));
            } else {
                let source = texts.0[other].1.clone();
                self.elsewhere.push(Elsewhere { label, place, source });
            }
        }
        self.span = texts.local(own, &self.span);
        self.source = texts.0.get(own).map(|(_, source)| source.clone());
        // A value that came by way of a constant has another text at its place.
        self.correction = self.correction.take().and_then(|correction| {
            let (_, source) = texts.0.get(own)?;
            let span = texts.local(own, &correction.span);
            let rest = source.inner().0.get(span.start..)?.strip_prefix(&*correction.written)?;
            let ends = !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
            ends.then_some(Correction { span, ..correction })
        });
        self
    }
}

/// The texts of all files and of the command line, each with the position of its first byte.
pub(super) struct Texts(pub(super) Vec<(usize, Arc<NamedSource<Text>>)>);

impl Texts {
    fn at(&self, position: usize) -> usize {
        self.0.partition_point(|(base, _)| *base <= position).saturating_sub(1)
    }

    /// A place counted from the beginning of its file, and inside of it.
    fn local(&self, file: usize, span: &Span) -> Span {
        let Some((base, source)) = self.0.get(file) else { return 0..0 };
        let within = |position: usize| position.saturating_sub(*base).min(source.inner().0.len());
        let start = within(span.start);
        start..within(span.end).max(start)
    }
}

/// A place in another file that belongs to a message.
#[derive(Debug, Clone)]
struct Elsewhere {
    label: String,
    place: Span,
    source: Arc<NamedSource<Text>>,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("in another file")
    }
}

impl std::error::Error for Elsewhere {}

impl miette::Diagnostic for Elsewhere {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source.as_ref())
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (label, place) = (Some(self.label.clone()), self.source.inner().shown(&self.place));
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(label, place))))
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

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let elsewhere = self.elsewhere.iter().map(|place| place as &dyn miette::Diagnostic);
        (!self.elsewhere.is_empty()).then(|| Box::new(elsewhere) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_deref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let shown = |span: &Span| match &self.source {
            Some(source) => source.inner().shown(span),
            None => span.clone(),
        };
        let primary = LabeledSpan::new_primary_with_span(self.label.clone(), shown(&self.span));
        let related = self
            .related
            .iter()
            .map(move |(span, label)| LabeledSpan::new_with_span(Some(label.clone()), shown(span)));
        Some(Box::new(std::iter::once(primary).chain(related)))
    }
}
