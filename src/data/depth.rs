//! How deep pixels are: the one place that knows what eight and sixteen bits mean.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Bits of a pixel. Black is 0 and white the largest number that they hold, so that a picture of eight
/// bits becomes one of sixteen by a factor of 257.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
pub enum Depth {
    /// One byte, 0 to 255.
    #[default]
    Eight,
    /// Two bytes, the lower one first, 0 to 65535.
    Sixteen,
}

/// What white of sixteen bits is of white of eight.
const WIDER: u16 = 257;

impl Depth {
    /// Every depth.
    pub const EVERY: [Depth; 2] = [Depth::Eight, Depth::Sixteen];

    /// Every depth in bits, as experiments name it.
    pub const BITS: [i64; 2] = [Depth::Eight.bits() as i64, Depth::Sixteen.bits() as i64];

    /// Bits of a pixel.
    pub const fn bits(self) -> u8 {
        match self {
            Depth::Eight => 8,
            Depth::Sixteen => 16,
        }
    }

    /// Bytes of a pixel.
    pub const fn bytes(self) -> usize {
        self.bits() as usize / 8
    }

    /// What white is.
    pub const fn white(self) -> u16 {
        match self {
            Depth::Eight => u8::MAX as u16,
            Depth::Sixteen => u16::MAX,
        }
    }

    /// NumPy's name of the pixels' type.
    pub const fn type_name(self) -> &'static str {
        match self {
            Depth::Eight => "|u1",
            Depth::Sixteen => "<u2",
        }
    }

    /// Whether these are eight bits.
    pub fn is_eight(&self) -> bool {
        *self == Depth::Eight
    }

    /// Pixels as numbers, 0 to [`Depth::white`], each changed by `change`.
    pub fn numbers(self, pixels: &[u8], change: impl Fn(f32) -> f32) -> Vec<f32> {
        by_depth!(self, P => P::of_bytes(pixels).iter().map(|&p| change(p.number())).collect())
    }

    /// Pixels of another depth at this one: times 257, or divided by it and rounded to the nearest.
    pub fn convert<'a>(self, pixels: impl Into<Cow<'a, [u8]>>, from: Depth) -> Cow<'a, [u8]> {
        let pixels = pixels.into();
        match (from, self) {
            (Depth::Eight, Depth::Sixteen) => {
                let wide = pixels.iter().map(|&pixel| Deep::from_level(u16::from(pixel) * WIDER));
                Cow::Owned(Deep::into_bytes(wide.collect()))
            }
            (Depth::Sixteen, Depth::Eight) => {
                // 257 is odd, so that nothing lies halfway.
                let level = |pixel: &Deep| u32::from(pixel.level()) + u32::from(WIDER / 2);
                let narrow = |pixel: &Deep| (level(pixel) / u32::from(WIDER)) as u8;
                Cow::Owned(Deep::of_bytes(&pixels).iter().map(narrow).collect())
            }
            _ => pixels,
        }
    }
}

impl From<Depth> for u8 {
    fn from(depth: Depth) -> u8 {
        depth.bits()
    }
}

impl TryFrom<u8> for Depth {
    type Error = String;

    fn try_from(bits: u8) -> Result<Depth, String> {
        let mut all = Depth::EVERY.into_iter();
        all.find(|depth| depth.bits() == bits)
            .ok_or_else(|| format!("pixels of {bits} bits are not known, those of 8 and 16 are"))
    }
}

/// A pixel of sixteen bits as folds hold it, which may stand at any byte.
pub type Deep = [u8; 2];

/// A pixel as folds hold it.
pub trait Pixel: Copy + Send + Sync {
    /// How deep it is.
    const DEPTH: Depth;

    /// Bytes as pixels; of half a pixel at the end nothing is seen.
    fn of_bytes(bytes: &[u8]) -> &[Self];

    /// Pixels as bytes.
    fn into_bytes(pixels: Vec<Self>) -> Vec<u8>;

    /// From 0 to [`Depth::white`].
    fn level(self) -> u16;

    /// The pixel of a level, which is at most [`Depth::white`].
    fn from_level(level: u16) -> Self;

    /// The mean of four, halves rounded up.
    fn mean(four: [Self; 4]) -> Self;

    /// The level as a number.
    fn number(self) -> f32 {
        f32::from(self.level())
    }
}

impl Pixel for u8 {
    const DEPTH: Depth = Depth::Eight;

    fn of_bytes(bytes: &[u8]) -> &[u8] {
        bytes
    }

    fn into_bytes(pixels: Vec<u8>) -> Vec<u8> {
        pixels
    }

    fn level(self) -> u16 {
        u16::from(self)
    }

    fn from_level(level: u16) -> u8 {
        level as u8
    }

    fn mean(four: [u8; 4]) -> u8 {
        ((four.map(u16::from).iter().sum::<u16>() + 2) / 4) as u8
    }
}

impl Pixel for Deep {
    const DEPTH: Depth = Depth::Sixteen;

    fn of_bytes(bytes: &[u8]) -> &[Deep] {
        bytes.as_chunks().0
    }

    fn into_bytes(pixels: Vec<Deep>) -> Vec<u8> {
        pixels.into_flattened()
    }

    fn level(self) -> u16 {
        u16::from_le_bytes(self)
    }

    fn from_level(level: u16) -> Deep {
        level.to_le_bytes()
    }

    fn mean(four: [Deep; 4]) -> Deep {
        let sum: u32 = four.iter().map(|pixel| u32::from(pixel.level())).sum();
        Deep::from_level(((sum + 2) / 4) as u16)
    }
}

/// Works with the pixels of a depth: `by_depth!(depth, P => work)`, where `P` is their [`Pixel`].
macro_rules! by_depth {
    ($depth:expr, $pixel:ident => $work:expr) => {
        match $depth {
            $crate::data::Depth::Eight => {
                type $pixel = u8;
                $work
            }
            $crate::data::Depth::Sixteen => {
                type $pixel = $crate::data::depth::Deep;
                $work
            }
        }
    };
}
pub(crate) use by_depth;
