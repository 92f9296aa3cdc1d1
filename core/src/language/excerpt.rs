//! What of a text is shown beside a message. A line that no screen holds is shown around the place
//! alone; the renderer of messages cannot take one of more than 65,535 columns.

use super::syntax::tree::Span;
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// Bytes of a line up to which it is shown whole.
const WIDEST: usize = 1000;

/// Bytes that are shown before and behind a place of a wider line, and of the place itself.
const AROUND: usize = 60;

/// The text of a file.
#[derive(Debug, Clone)]
pub(super) struct Text(pub(super) String);

impl Text {
    /// The part of a place that is shown: all of it unless a line of it is too wide.
    pub(super) fn shown(&self, place: &Span) -> Span {
        let lines = self.lines(place);
        if !self.is_wide(&lines) {
            return place.clone();
        }
        let first = self.0[place.start..lines.end].split('\n').next().unwrap_or_default();
        let length = first.len().min(place.len()).min(AROUND);
        place.start..place.start + first.floor_char_boundary(length)
    }

    /// The whole lines that a place lies in.
    fn lines(&self, place: &Span) -> Span {
        let before = &self.0[..self.0.floor_char_boundary(place.start)];
        let behind = &self.0[self.0.floor_char_boundary(place.end)..];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        start..self.0.len() - behind.len() + behind.find('\n').unwrap_or(behind.len())
    }

    fn is_wide(&self, lines: &Span) -> bool {
        self.0.as_bytes()[lines.clone()]
            .split(|byte| *byte == b'\n')
            .any(|line| line.len() > WIDEST)
    }
}

impl SourceCode for Text {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let whole = self.0.read_span(span, lines_before, lines_after)?;
        let begin = whole.span().offset();
        if !self.is_wide(&(begin..begin + whole.data().len())) {
            return Ok(whole);
        }
        let place = span.offset()..span.offset() + span.len();
        let line = self.lines(&place);
        // Two places that are far apart in one line are shown one by one.
        if place.len() > 2 * AROUND || self.0.as_bytes()[place.clone()].contains(&b'\n') {
            return Err(MietteError::OutOfBounds);
        }
        let start = self.0.ceil_char_boundary(place.start.saturating_sub(AROUND)).max(line.start);
        let end = self.0.floor_char_boundary((place.end + AROUND).min(line.end));
        let before = self.0[..line.start].matches('\n').count();
        let column = self.0[line.start..self.0.floor_char_boundary(place.start)].chars().count();
        let data = &self.0.as_bytes()[start..end];
        let span = SourceSpan::from(start..end);
        Ok(Box::new(MietteSpanContents::new(data, span, before, column, 1)))
    }
}
