//! Sequential JPEGs straight to averages of 2×2, 4×4 or 8×8 pixels, and grey ones of twelve bits, which
//! no library here reads.
//!
//! The mean of pixels is a weighted sum of the coefficients that a JPEG stores, so that pixels need not
//! be made where none of them could leave the range of bytes. Decoders make all of them, and spend twice
//! as long. Of colours the first component is taken, which is their luma (ITU-T T.871). What is not the
//! usual kind of file is left to a general decoder: progressive ones, several scans, four colours, and
//! everything that is wrong.

mod average;
mod header;
mod huffman;

use super::image::Grey;
use average::Averages;
use header::{Component, Header};
use huffman::Bits;

/// The picture with boxes of `factor`² pixels averaged, values in 0..=255; `factor` is 2, 4 or 8 and
/// divides both sides. `choose` gives it from width and height, or none.
pub(super) fn averaged(
    bytes: &[u8],
    choose: impl Fn(usize, usize) -> Option<usize>,
) -> Option<Grey> {
    let header = Header::read(bytes).filter(|header| header.bits == 8)?;
    match choose(header.width, header.height)? {
        2 => decode::<16, 2>(&header, 2),
        4 => decode::<4, 2>(&header, 4),
        8 => decode::<1, 2>(&header, 8),
        _ => None,
    }
}

/// A grey picture of twelve bits, values in 0..=4095 that are not rounded.
pub(super) fn twelve(bytes: &[u8]) -> Option<Grey> {
    let header = Header::read(bytes)?;
    let is_such = header.bits == 12 && header.components.len() == 1;
    is_such.then(|| decode::<64, 1>(&header, 1))?
}

/// `N` is the number of averages in a block of 8×8 pixels; for `STEPS` see [`Bits::block`].
fn decode<const N: usize, const STEPS: usize>(header: &Header<'_>, factor: usize) -> Option<Grey> {
    let (data, ends) = unstuff(header.scan)?;
    let [luma, chroma @ ..] = &header.components[..] else { return None };
    // A component alone is not interleaved, and its blocks stand row by row.
    let (across, down) = if chroma.is_empty() { (1, 1) } else { (luma.across, luma.down) };
    let (columns, rows) = (header.width.div_ceil(8 * across), header.height.div_ceil(8 * down));
    let mut picture = Picture::<N>::new(header, factor);
    let averages = Averages::<N>::new(&luma.scales, factor, header.bits);
    let interval = if header.interval == 0 { columns * rows } else { header.interval };
    if ends.len() != (columns * rows).div_ceil(interval) {
        return None;
    }
    let mut begin = 0;
    for (part, &end) in ends.iter().enumerate() {
        let mut bits = Bits::new(&data, begin);
        let mut levels = [0; 3];
        let first = part * interval;
        let (mut left, mut top) = (first % columns * across, first / columns * down);
        for _ in first..(first + interval).min(columns * rows) {
            for block in 0..across * down {
                let means = averages.block::<STEPS>(&mut bits, luma, &mut levels[0])?;
                picture.put(left + block % across, top + block / across, &means);
            }
            for (component, level) in chroma.iter().zip(&mut levels[1..]) {
                skip::<STEPS>(&mut bits, component, level)?;
            }
            left += across;
            if left == columns * across {
                (left, top) = (0, top + down);
            }
        }
        if bits.position() > 8 * end {
            return None;
        }
        begin = end;
    }
    Some(picture.grey)
}

/// Reads over the blocks of a component within one unit.
fn skip<const STEPS: usize>(
    bits: &mut Bits<'_>,
    component: &Component,
    level: &mut i32,
) -> Option<()> {
    for _ in 0..component.across * component.down {
        bits.block::<STEPS>(&component.first, &component.others, level, |_, _| {})?;
    }
    Some(())
}

/// The bytes of a scan without those that are there to tell them from markers, and where each part
/// between restarts ends. Behind them stand zeros, so that eight bytes can be read anywhere.
fn unstuff(scan: &[u8]) -> Option<(Vec<u8>, Vec<usize>)> {
    let mut data = Vec::with_capacity(scan.len() + 8);
    let mut ends = Vec::new();
    let mut rest = scan;
    loop {
        let plain = memchr::memchr(0xFF, rest)?;
        data.extend_from_slice(&rest[..plain]);
        match rest.get(plain + 1)? {
            0 => data.push(0xFF),
            // Restarts count from 0 to 7 and begin again.
            marker @ 0xD0..=0xD7 if usize::from(marker - 0xD0) == ends.len() % 8 => {
                ends.push(data.len());
            }
            0xD9 => break,
            _ => return None,
        }
        rest = &rest[plain + 2..];
    }
    ends.push(data.len());
    data.extend_from_slice(&[0; 8]);
    Some((data, ends))
}

/// Averages on their way into a picture.
struct Picture<const N: usize> {
    grey: Grey,
}

impl<const N: usize> Picture<N> {
    /// Averages along a side of a block.
    const ALONG: usize = N.isqrt();

    fn new(header: &Header<'_>, factor: usize) -> Picture<N> {
        let (width, height) = (header.width / factor, header.height / factor);
        Picture { grey: Grey { width, height, pixels: vec![0.0; width * height] } }
    }

    /// Puts a block's averages at a column and row of blocks; those beyond the border are dropped.
    #[inline(always)]
    fn put(&mut self, column: usize, row: usize, means: &[f32; N]) {
        let (left, top) = (column * Self::ALONG, row * Self::ALONG);
        let is_inside = left + Self::ALONG <= self.grey.width;
        let lines = self.grey.pixels.chunks_exact_mut(self.grey.width).skip(top);
        for (line, means) in lines.zip(means.chunks_exact(Self::ALONG)) {
            if is_inside {
                line[left..left + Self::ALONG].copy_from_slice(means);
            } else {
                let line = &mut line[left.min(self.grey.width)..];
                line.iter_mut().zip(means).for_each(|(pixel, mean)| *pixel = *mean);
            }
        }
    }
}
