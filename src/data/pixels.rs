//! Images of one side in memory, which need not stand one behind the other.

use super::channels::Channels;
use super::depth::Depth;
use std::borrow::Cow;
use std::ops::Range;

/// What every image of an array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raster {
    /// Side of the square in pixels.
    pub side: usize,
    /// Bits of a pixel.
    pub depth: Depth,
    /// Squares of an image.
    pub channels: Channels,
}

impl Raster {
    /// Squares of eight bits in one channel.
    pub const fn eight(side: usize) -> Raster {
        Raster { side, depth: Depth::Eight, channels: Channels::One }
    }

    /// What one channel is alone.
    pub const fn plane(self) -> Raster {
        Raster { channels: Channels::One, ..self }
    }

    /// Pixels of a channel.
    pub const fn pixels(self) -> usize {
        self.side * self.side
    }

    /// Bytes of an image with all of its channels.
    pub const fn bytes(self) -> usize {
        self.pixels() * self.depth.bytes() * self.channels.count()
    }

    /// The shape of an array of `count` images: `[count, side, side]`, or `[count, channels, side, side]`
    /// where there are several channels.
    pub fn shape(self, count: usize) -> Vec<usize> {
        match self.channels {
            Channels::One => vec![count, self.side, self.side],
            channels => vec![count, channels.count(), self.side, self.side],
        }
    }

    /// The channels of an image, bytes `[side, side]` each; those of several images follow each other.
    pub fn planes(self, images: &[u8]) -> impl Iterator<Item = &[u8]> {
        images.chunks_exact(self.plane().bytes().max(1))
    }
}

/// See the module. Cheap to copy.
#[derive(Debug, Clone, Copy)]
pub struct Pixels<'a> {
    stored: &'a [u8],
    raster: Raster,
    rows: Option<&'a [u32]>,
}

impl<'a> Pixels<'a> {
    /// All images, `[count, channels, side, side]`.
    pub fn new(stored: &'a [u8], raster: Raster) -> Pixels<'a> {
        Pixels::at_rows(stored, raster, None)
    }

    /// The images of `[stored, channels, side, side]` at these rows, or all of them. Rows are below
    /// `stored`.
    pub fn at_rows(stored: &'a [u8], raster: Raster, rows: Option<&'a [u32]>) -> Pixels<'a> {
        Pixels { stored, raster, rows }
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

    /// Side, depth and channels of the images.
    pub fn raster(&self) -> Raster {
        self.raster
    }

    /// Where an image stands among the stored ones.
    pub fn row(&self, index: usize) -> usize {
        self.rows.map_or(index, |rows| rows[index] as usize)
    }

    /// The bytes of one image, `[channels, side, side]`.
    pub fn image(&self, index: usize) -> &'a [u8] {
        let row = self.row(index);
        &self.stored[row * self.size()..(row + 1) * self.size()]
    }

    /// One image at another depth; see [`Depth::convert`].
    pub fn at_depth(&self, index: usize, depth: Depth) -> Cow<'a, [u8]> {
        depth.convert(self.image(index), self.raster.depth)
    }

    /// The bytes of some images one behind the other, `[n, channels, side, side]`; copied only where they
    /// do not stand so.
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
        self.raster.bytes()
    }
}
