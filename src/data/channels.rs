//! How many channels images have: the one place that knows what they mean.
//!
//! An image of several channels is planar, `[channels, side, side]`: one square behind the other, each of
//! them an image of its own. Only where an image is shown do they become the samples of one pixel.

use super::depth::{Pixel, by_depth};
use super::pixels::Raster;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Channels of an image, such as the windows of a CT slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Channels {
    /// Grey.
    #[default]
    One,
    /// Shown as red and green.
    Two,
    /// Shown as red, green and blue.
    Three,
}

impl Channels {
    /// Every number of channels.
    pub const EVERY: [Channels; 3] = [Channels::One, Channels::Two, Channels::Three];

    /// The most channels that an image has.
    pub const MOST: usize = Channels::EVERY.len();

    /// As a number.
    pub const fn count(self) -> usize {
        match self {
            Channels::One => 1,
            Channels::Two => 2,
            Channels::Three => 3,
        }
    }

    /// Samples of a pixel where an image is shown: grey, or red, green and blue.
    pub const fn samples(self) -> usize {
        match self {
            Channels::One => 1,
            Channels::Two | Channels::Three => 3,
        }
    }

    /// Whether this is one channel, which is not written down.
    pub fn is_one(&self) -> bool {
        *self == Channels::One
    }
}

impl TryFrom<usize> for Channels {
    type Error = String;

    fn try_from(count: usize) -> Result<Channels, String> {
        let mut all = Channels::EVERY.into_iter();
        all.find(|channels| channels.count() == count).ok_or_else(|| {
            format!(
                "images of {count} channels are not known, those of 1 to {} are",
                Channels::MOST
            )
        })
    }
}

impl TryFrom<u8> for Channels {
    type Error = String;

    fn try_from(count: u8) -> Result<Channels, String> {
        Channels::try_from(usize::from(count))
    }
}

impl From<Channels> for u8 {
    fn from(channels: Channels) -> u8 {
        channels.count() as u8
    }
}

/// `1 channel`, `3 channels`
impl fmt::Display for Channels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.is_one() { "" } else { "s" };
        write!(formatter, "{} channel{plural}", self.count())
    }
}

/// The channels of an image as the samples of its pixels, bytes `[side, side, channels]`.
pub fn interleaved(image: &[u8], raster: Raster) -> Cow<'_, [u8]> {
    match raster.channels {
        Channels::One => Cow::Borrowed(image),
        channels => Cow::Owned(samples(image, raster, channels.count())),
    }
}

/// An image as it is shown, bytes `[side, side, 1]` or, in colours, `[side, side, 3]`: two channels are red
/// and green with no blue, three are red, green and blue.
pub fn shown(image: &[u8], raster: Raster) -> Cow<'_, [u8]> {
    match raster.channels {
        Channels::One => Cow::Borrowed(image),
        channels => Cow::Owned(samples(image, raster, channels.samples())),
    }
}

/// So many samples a pixel; those behind the last channel are black.
fn samples(image: &[u8], raster: Raster, count: usize) -> Vec<u8> {
    let size = raster.depth.bytes();
    let mut pixels = vec![0; raster.pixels() * count * size];
    for (channel, plane) in raster.planes(image).enumerate() {
        let places = pixels.chunks_exact_mut(count * size);
        for (pixel, sample) in places.zip(plane.chunks_exact(size)) {
            pixel[channel * size..][..size].copy_from_slice(sample);
        }
    }
    pixels
}

/// The mean of an image's channels as numbers, `[side, side]`, from 0 to white.
pub(super) fn mean(image: &[u8], raster: Raster) -> Vec<f32> {
    let mut planes = raster.planes(image);
    let Some(first) = planes.next() else { return Vec::new() };
    let mut mean = raster.depth.numbers(first, |level| level);
    if raster.channels.is_one() {
        return mean;
    }
    for plane in planes {
        by_depth!(raster.depth, P => {
            mean.iter_mut().zip(P::of_bytes(plane)).for_each(|(sum, p)| *sum += p.number());
        });
    }
    let count = raster.channels.count() as f32;
    mean.iter_mut().for_each(|sum| *sum /= count);
    mean
}
