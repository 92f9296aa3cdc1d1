//! Byte offsets and the positions of the protocol: lines, and UTF-16 code units within them.

use crate::language::syntax::tree::Span;
use lsp_types::{Position, Range};

/// Where the lines of a text begin.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Lines end with `\n`, `\r\n` or a lone `\r`, as the protocol has it.
    pub(super) fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = bytes.iter().enumerate().filter(|&(place, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(place + 1) != Some(&b'\n'),
            _ => false,
        });
        Lines { starts: std::iter::once(0).chain(ends.map(|(place, _)| place + 1)).collect() }
    }

    /// The number of the line that an offset is in.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// An offset as a position. One inside of a character counts as its beginning.
    pub(super) fn position(&self, text: &str, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset);
        let line = self.line(offset);
        let before = &text[self.starts[line]..offset];
        let units: usize = before.chars().map(char::len_utf16).sum();
        Position::new(line as u32, units as u32)
    }

    /// A place as a range.
    pub(super) fn range(&self, text: &str, span: &Span) -> Range {
        Range::new(self.position(text, span.start), self.position(text, span.end))
    }

    /// A position as an offset. Past the end of a line it is that end, past the last line the end
    /// of the text; between the halves of a surrogate pair it is in front of the character.
    pub(super) fn offset(&self, text: &str, position: Position) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else { return text.len() };
        let end = self.starts.get(position.line as usize + 1).copied().unwrap_or(text.len());
        let line = text[start..end].trim_end_matches(['\n', '\r']);
        let mut units = position.character as usize;
        let mut offset = start;
        for character in line.chars() {
            if units < character.len_utf16() {
                break;
            }
            units -= character.len_utf16();
            offset += character.len_utf8();
        }
        offset
    }
}
