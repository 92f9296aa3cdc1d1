//! Which images look alike: a hash of what the eye sees, and pairs of hashes that nearly agree.
//!
//! The hash is the 64-bit DCT hash of Zauner, *Implementation and Benchmarking of Perceptual Image
//! Hash Functions* (2010), section 3.2.1. The image, or the mean of its channels, is brought to 32 × 32
//! pixels by area averaging;
//! of its two-dimensional cosine transform (DCT-II)
//!
//! `X(u, v) = Σ_y Σ_x p(y, x) · cos(π (2y + 1) u / 64) · cos(π (2x + 1) v / 64)`
//!
//! the 64 coefficients with u and v from 1 to 8 are kept; bit `8 (u − 1) + (v − 1)` is set where the
//! coefficient is above the median of the 64. Coefficients below a millionth of the sum of all pixels are
//! zero but for rounding, and count as such. Brightness and contrast scale out, and fine detail is not
//! looked at.
//!
//! Hashes of different images of one kind may agree by chance: radiographs of the chest are alike as
//! such. A pair counts as alike only where its thumbnails of 32 × 32 pixels correlate as well.

use super::channels;
use super::image::{Grey, resize};
use super::pixels::Raster;
use std::collections::HashMap;
use std::f64::consts::PI;
use std::sync::LazyLock;

/// Side of the thumbnail that is transformed.
const SIDE: usize = 32;
/// Frequencies that are kept along each axis, the constant one left out.
const KEPT: usize = 8;
/// Coefficients below this part of the sum of all pixels are taken for zero.
const NOTHING: f64 = 1e-6;
/// Bits of a hash.
const BITS: u32 = 64;
/// The largest distance that [`alike`] accepts; beyond it, most hashes are as near by chance.
pub const LARGEST_DISTANCE: u32 = 16;

/// `cos(π (2x + 1) u / 64)` for u from 1 to 8.
static COSINES: LazyLock<[[f64; SIDE]; KEPT]> = LazyLock::new(|| {
    let cosine =
        |u: usize, x: usize| (PI * (2 * x + 1) as f64 * (u + 1) as f64 / (2 * SIDE) as f64).cos();
    std::array::from_fn(|u| std::array::from_fn(|x| cosine(u, x)))
});

/// The mean of an image's channels at 32 × 32 pixels; nothing for one that is the same everywhere, which
/// looks like nothing.
pub fn thumbnail(image: &[u8], raster: Raster) -> Option<Vec<f32>> {
    let pixels = channels::mean(image, raster);
    let first = *pixels.first()?;
    if pixels.iter().all(|&pixel| pixel == first) {
        return None;
    }
    resize(&Grey { width: raster.side, height: raster.side, pixels }, SIDE).ok()
}

/// The hash of a [`thumbnail`].
pub fn hash(thumbnail: &[f32]) -> u64 {
    // Rows first: `halfway[v][y]` is the transform along x.
    let mut halfway = [[0.0; SIDE]; KEPT];
    for (y, row) in thumbnail.chunks(SIDE).enumerate() {
        for (v, cosines) in COSINES.iter().enumerate() {
            halfway[v][y] = row.iter().zip(cosines).map(|(&p, c)| f64::from(p) * c).sum();
        }
    }
    let sum: f64 = thumbnail.iter().map(|&pixel| f64::from(pixel.abs())).sum();
    let settled = |value: f64| if value.abs() < NOTHING * sum { 0.0 } else { value };
    let coefficients: Vec<f64> = COSINES
        .iter()
        .flat_map(|cosines| {
            halfway.iter().map(move |column| column.iter().zip(cosines).map(|(p, c)| p * c).sum())
        })
        .map(settled)
        .collect();
    let mut sorted = coefficients.clone();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let median = f64::midpoint(sorted[middle - 1], sorted[middle]);
    let set = coefficients.iter().enumerate().filter(|(_, value)| **value > median);
    set.fold(0, |hash, (bit, _)| hash | 1 << bit)
}

/// Pearson's correlation of two thumbnails; zero where one of them is the same everywhere.
pub fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let mean = |values: &[f32]| {
        values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len().max(1) as f64
    };
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut square_a, mut square_b) = (0.0, 0.0, 0.0);
    for (&a, &b) in a.iter().zip(b) {
        let (a, b) = (f64::from(a) - mean_a, f64::from(b) - mean_b);
        both += a * b;
        square_a += a * a;
        square_b += b * b;
    }
    let scale = (square_a * square_b).sqrt();
    if scale > 0.0 { both / scale } else { 0.0 }
}

/// Bits in which two hashes differ.
pub fn distance(a: u64, b: u64) -> u32 {
    (a ^ b).count_ones()
}

/// Pairs of hashes that differ in few bits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alike {
    /// Positions of the hashes, the smaller one first, in ascending order.
    pub pairs: Vec<(usize, usize)>,
    /// Whether these are all there are.
    pub is_complete: bool,
}

/// Every pair of hashes that differ in at most `most_bits` bits, at most [`LARGEST_DISTANCE`]; it
/// stops once there are more than `most_pairs`. A hash that is `None` is like no other.
///
/// Not all pairs are compared: hashes are cut into one part more than bits may differ, so that two
/// near ones agree in at least one part (Norouzi, Punjani and Fleet, *Fast Search in Hamming Space
/// with Multi-Index Hashing*, 2012), and only those that share a part are.
pub fn alike(hashes: &[Option<u64>], most_bits: u32, most_pairs: usize) -> Alike {
    let parts = most_bits.min(LARGEST_DISTANCE) + 1;
    let mut pairs = Vec::new();
    for part in 0..parts {
        let mut sharing: HashMap<u64, Vec<usize>> = HashMap::new();
        for (position, hash) in hashes.iter().enumerate() {
            let Some(hash) = *hash else { continue };
            let others = sharing.entry(bits_of(hash, part, parts)).or_default();
            for &other in others.iter() {
                let Some(earlier) = hashes[other] else { continue };
                // A pair that shares an earlier part was found there.
                let is_new =
                    || (0..part).all(|p| bits_of(earlier, p, parts) != bits_of(hash, p, parts));
                if distance(earlier, hash) <= most_bits && is_new() {
                    pairs.push((other, position));
                }
            }
            others.push(position);
            if pairs.len() > most_pairs {
                pairs.truncate(most_pairs);
                pairs.sort_unstable();
                return Alike { pairs, is_complete: false };
            }
        }
    }
    pairs.sort_unstable();
    Alike { pairs, is_complete: true }
}

/// One of `parts` runs of a hash's bits, which together have all of them.
fn bits_of(hash: u64, part: u32, parts: u32) -> u64 {
    let (begin, end) = (part * BITS / parts, (part + 1) * BITS / parts);
    (hash >> begin) & (u64::MAX >> (BITS - (end - begin)))
}
