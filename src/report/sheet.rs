//! A grid of images with captions, as one picture: grey, or in colours where an image has several channels.

use super::picture;
use crate::data::image::resized;
use crate::data::{Channels, Raster, channels};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use std::borrow::Cow;

/// Height of a line of text in pixels.
const LINE: RasterHeight = RasterHeight::Size16;
const WEIGHT: FontWeight = FontWeight::Regular;
/// Around everything, in pixels.
const MARGIN: usize = 16;
/// Between two images.
const GAP: usize = 4;
/// Between the images of two folds.
const GROUP_GAP: usize = 20;
/// Above each row.
const ROW_GAP: usize = 14;
/// No sheet is narrower, so that captions have room.
const LEAST_WIDTH: usize = 480;
/// Images of a smaller side are shown several times as large.
const SMALL: usize = 64;
/// Images of a larger side are made smaller.
const LARGE: usize = 128;
/// A picture with more pixels is not made.
const MOST_PIXELS: usize = 1 << 28;
const BACKGROUND: u8 = 34;
const HEADING: u8 = 255;
const TEXT: u8 = 210;

/// See the module.
pub struct Sheet<'a> {
    /// Lines above everything.
    pub heading: Vec<String>,
    /// What the columns are, with how many images each has in a row.
    pub groups: Vec<(String, usize)>,
    /// The rows.
    pub rows: Vec<Row<'a>>,
}

/// Images under one caption.
pub struct Row<'a> {
    /// What they show.
    pub caption: String,
    /// By group; at most as many as the group says.
    pub groups: Vec<Vec<Tile<'a>>>,
}

/// A square image of eight bits.
pub struct Tile<'a> {
    /// Bytes `[channels, side, side]`.
    pub pixels: Cow<'a, [u8]>,
    /// In pixels.
    pub side: usize,
    /// How many there are.
    pub channels: Channels,
}

/// The picture in the making, `[height, width, samples]`.
struct Canvas {
    pixels: Vec<u8>,
    width: usize,
    /// Of a pixel: grey, or red, green and blue.
    samples: usize,
}

impl Tile<'_> {
    /// The image as it is shown at another side, `[side, side, samples]`, each channel by `resize`.
    ///
    /// # Errors
    /// It does not have the pixels that its side promises, or `resize` says so.
    pub fn shown(
        &self,
        side: usize,
        resize: impl Fn(&[u8], usize, usize) -> Result<Vec<u8>, String>,
    ) -> Result<Vec<u8>, String> {
        let own = Raster { channels: self.channels, ..Raster::eight(self.side) };
        if self.pixels.len() != own.bytes() {
            let found = self.pixels.len();
            return Err(format!("{found} bytes are no image of {} × {0}", self.side));
        }
        let planes = own.planes(&self.pixels).map(|plane| resize(plane, self.side, side));
        let planes = planes.collect::<Result<Vec<_>, _>>()?.concat();
        Ok(channels::shown(&planes, Raster { side, ..own }).into_owned())
    }
}

impl Sheet<'_> {
    /// The sheet as a PNG. The same sheet gives the same bytes.
    ///
    /// # Errors
    /// It is too large, or an image does not have the pixels that its side promises.
    pub fn to_png(&self) -> Result<Vec<u8>, String> {
        let tile = self.tile();
        let starts = self.starts(tile);
        let width = starts.last().map_or(0, |end| end + MARGIN - GROUP_GAP).max(LEAST_WIDTH);
        let line = LINE.val();
        let has_names = self.groups.len() > 1;
        let head = MARGIN + self.heading.len() * line + usize::from(has_names) * (ROW_GAP + line);
        let row_height = ROW_GAP + line + GAP + tile;
        let height = head + self.rows.len() * row_height + MARGIN;
        if width.saturating_mul(height) > MOST_PIXELS / self.samples() {
            return Err(format!(
                "a picture of {width} × {height} pixels is too large; show fewer label sets or fewer \
                 images of each"
            ));
        }
        let samples = self.samples();
        let pixels = vec![BACKGROUND; width * height * samples];
        let mut canvas = Canvas { pixels, width, samples };
        self.write_head(&mut canvas, head, &starts);
        for (number, row) in self.rows.iter().enumerate() {
            let top = head + number * row_height + ROW_GAP;
            canvas.write(&row.caption, MARGIN, top, TEXT);
            for (tiles, &left) in row.groups.iter().zip(&starts) {
                for (position, image) in tiles.iter().enumerate() {
                    let place = (left + position * (tile + GAP), top + line + GAP);
                    canvas.draw(&image.shown(tile, fitted)?, tile, place);
                }
            }
        }
        picture::encode(&canvas.pixels, (width, height), samples)
    }

    /// Writes the heading and, just above `end`, what the columns are.
    fn write_head(&self, canvas: &mut Canvas, end: usize, starts: &[usize]) {
        let line = LINE.val();
        for (number, text) in self.heading.iter().enumerate() {
            let shade = if number == 0 { HEADING } else { TEXT };
            canvas.write(text, MARGIN, MARGIN + number * line, shade);
        }
        if self.groups.len() > 1 {
            for ((name, _), &left) in self.groups.iter().zip(starts) {
                canvas.write(name, left, end - line, HEADING);
            }
        }
    }

    fn tiles(&self) -> impl Iterator<Item = &Tile<'_>> {
        self.rows.iter().flat_map(|row| row.groups.iter().flatten())
    }

    /// Samples of a pixel, as many as any image wants.
    fn samples(&self) -> usize {
        self.tiles().map(|tile| tile.channels.samples()).max().unwrap_or(1)
    }

    /// The side that every image is shown at.
    fn tile(&self) -> usize {
        match self.tiles().map(|tile| tile.side).max().unwrap_or(SMALL) {
            side @ 1..SMALL => side * SMALL.div_ceil(side),
            side => side.clamp(SMALL, LARGE),
        }
    }

    /// Where each group begins, and where the next one would.
    fn starts(&self, tile: usize) -> Vec<usize> {
        let mut starts = vec![MARGIN];
        for (_, count) in &self.groups {
            let last = starts[starts.len() - 1];
            starts.push(last + (count * (tile + GAP)).saturating_sub(GAP) + GROUP_GAP);
        }
        starts
    }
}

/// A square at another side: whole pixels repeated where it grows to a multiple, averages of pixels
/// where it shrinks.
fn fitted(pixels: &[u8], own: usize, side: usize) -> Result<Vec<u8>, String> {
    if own > 0 && side.is_multiple_of(own) {
        let factor = side / own;
        let place = |at: usize| at / side / factor * own + at % side / factor;
        return Ok((0..side * side).map(|at| pixels[place(at)]).collect());
    }
    resized(pixels, own, side)
}

impl Canvas {
    /// Draws a square of pixels, which have one sample or as many as the picture's.
    fn draw(&mut self, image: &[u8], side: usize, (left, top): (usize, usize)) {
        let own = image.len() / (side * side).max(1);
        for (row, line) in image.chunks(side * own.max(1)).enumerate() {
            let start = ((top + row) * self.width + left) * self.samples;
            let places = self.pixels[start..].chunks_mut(self.samples);
            for (place, pixel) in places.zip(line.chunks(own)) {
                // Grey among colours has the same number thrice.
                place.iter_mut().zip(pixel.iter().cycle()).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Writes a line of text, which ends in dots where it does not fit.
    fn write(&mut self, text: &str, left: usize, top: usize, shade: u8) {
        let step = get_raster_width(WEIGHT, LINE);
        let room = (self.width.saturating_sub(left + MARGIN)) / step;
        let mut letters: Vec<char> = text.chars().collect();
        if letters.len() > room {
            letters.truncate(room.saturating_sub(3));
            letters.extend(['.'; 3]);
        }
        for (position, letter) in letters.into_iter().take(room).enumerate() {
            let known = get_raster(letter, WEIGHT, LINE).or_else(|| get_raster('?', WEIGHT, LINE));
            let Some(glyph) = known else { continue };
            for (row, line) in glyph.rows().enumerate() {
                let start = ((top + row) * self.width + left + position * step) * self.samples;
                let places = self.pixels[start..].chunks_mut(self.samples);
                for (place, &ink) in places.zip(line) {
                    place.iter_mut().for_each(|sample| *sample = blend(*sample, shade, ink));
                }
            }
        }
    }
}

/// `ink` of 255 parts of `above`, the rest of `below`.
fn blend(below: u8, above: u8, ink: u8) -> u8 {
    let (below, above, ink) = (u32::from(below), u32::from(above), u32::from(ink));
    ((below * (255 - ink) + above * ink + 127) / 255) as u8
}
