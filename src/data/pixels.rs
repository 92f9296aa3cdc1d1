//! Images of one side in memory, which need not stand one behind the other.

use std::borrow::Cow;
use std::ops::Range;

/// See the module. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    stored: &'a [u8],
    side: usize,
    rows: Option<&'a [u32]>,
}

impl<'a> Pixels<'a> {
    /// All images of bytes `[count, side, side]`.
    pub fn new(stored: &'a [u8], side: usize) -> Pixels<'a> {
        Pixels::at_rows(stored, side, None)
    }

    /// The images of bytes `[stored, side, side]` at these rows, or all of them. Rows are below
    /// `stored`.
    pub fn at_rows(stored: &'a [u8], side: usize, rows: Option<&'a [u32]>) -> Pixels<'a> {
        Pixels { stored, side, rows }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        match self.rows {
            Some(rows) => rows.len(),
            None => self.stored.len() / self.size().max(1),
        }
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Side of the images in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// Where an image stands among the stored ones.
    pub fn row(&self, index: usize) -> usize {
        self.rows.map_or(index, |rows| rows[index] as usize)
    }

    /// One image, `[side, side]`.
    pub fn image(&self, index: usize) -> &'a [u8] {
        let row = self.row(index);
        &self.stored[row * self.size()..(row + 1) * self.size()]
    }

    /// Some images one behind the other, `[n, side, side]`; copied only where they do not stand so.
    pub fn slice(&self, range: Range<usize>) -> Cow<'a, [u8]> {
        let size = self.size();
        let Some(rows) = self.rows.map(|rows| &rows[range.clone()]) else {
            return Cow::Borrowed(&self.stored[range.start * size..range.end * size]);
        };
        let first = rows.first().map_or(0, |&row| row as usize);
        let is_run = rows.iter().enumerate().all(|(place, &row)| row as usize == first + place);
        if is_run {
            return Cow::Borrowed(&self.stored[first * size..(first + rows.len()) * size]);
        }
        let mut images = Vec::with_capacity(rows.len() * size);
        range.for_each(|index| images.extend_from_slice(self.image(index)));
        Cow::Owned(images)
    }

    /// All images, `many` at a time.
    pub fn chunks(self, many: usize) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let count = self.len();
        (0..count)
            .step_by(many.max(1))
            .map(move |begin| self.slice(begin..count.min(begin.saturating_add(many))))
    }

    fn size(&self) -> usize {
        self.side * self.side
    }
}
