//! Differentiable augmentation: real and generated images are changed alike before they are judged,
//! and gradients go through the changes to the generator (Zhao et al., *Differentiable Augmentation
//! for Data-Efficient GAN Training*, 2020).
//!
//! Everything is made of sums and products of tensors, so it can be differentiated as often as one
//! likes. Saturation, one of the paper's changes of colour, does nothing to grey images, and channels that
//! are windows are no colours. All channels of an image are changed alike, and its mean is that of all.

use crate::data::random;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Most that is added to or taken from the values of an image, which are in -1..=1.
const BRIGHTNESS: f32 = 0.5;
/// Most that the factor of an image's contrast differs from 1.
const CONTRAST: f32 = 0.5;
/// An image is moved by up to its side divided by this.
const TRANSLATION: f64 = 1.0 / 8.0;
/// Side of the square that is cut out, as a share of the image's.
const CUTOUT: f64 = 1.0 / 2.0;

/// Which changes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Augmentation {
    /// A number is added to all values.
    pub brightness: bool,
    /// Differences from the mean are multiplied.
    pub contrast: bool,
    /// The image is moved by whole pixels; what comes in is zero, the middle between black and white.
    pub translation: bool,
    /// A square is set to zero.
    pub cutout: bool,
}

/// What is done to each image of a batch, in this order; empty lists where nothing is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    /// What is added to the values.
    pub brightness: Vec<f32>,
    /// The factors of differences from the mean.
    pub contrast: Vec<f32>,
    /// Pixels by which images are moved to the right and down.
    pub translation: Vec<[i32; 2]>,
    /// Columns and rows `[first, end)` of the squares that are set to zero.
    pub cutout: Vec<[[usize; 2]; 2]>,
}

impl Augmentation {
    /// Draws the changes of `count` images of `side` pixels from the streams of the seed that are named
    /// after a purpose, at a position of the training.
    pub fn draw(
        self,
        seed: u64,
        purpose: &str,
        position: u64,
        count: usize,
        side: usize,
    ) -> Changes {
        let stream = |change: &str| {
            let mut stream = random::stream(seed, &format!("{purpose}/{change}"));
            stream.set_stream(position);
            stream
        };
        let factors = |change: &str, middle: f32, most: f32| -> Vec<f32> {
            let mut stream = stream(change);
            (0..count).map(|_| middle + stream.random_range(-most..=most)).collect()
        };
        let mut changes = Changes::default();
        if self.brightness {
            changes.brightness = factors("brightness", 0.0, BRIGHTNESS);
        }
        if self.contrast {
            changes.contrast = factors("contrast", 1.0, CONTRAST);
        }
        if self.translation {
            let most = (side as f64 * TRANSLATION).round() as i32;
            let mut stream = stream("translation");
            let mut shift = || stream.random_range(-most..=most);
            changes.translation = (0..count).map(|_| [shift(), shift()]).collect();
        }
        if self.cutout {
            let mut stream = stream("cutout");
            changes.cutout =
                (0..count).map(|_| [(); 2].map(|()| stretch(side, &mut stream))).collect();
        }
        changes
    }
}

/// Where a square that is cut out begins and ends along an axis. Its middle may be anywhere, so part
/// of it may lie beyond the edge.
fn stretch(side: usize, stream: &mut ChaCha8Rng) -> [usize; 2] {
    let length = (side as f64 * CUTOUT).round() as i32;
    let side = side as i32;
    // An even square has its middle between two pixels.
    let middle = stream.random_range(0..side + 1 - length % 2);
    let first = middle - length / 2;
    [first, first + length].map(|end| end.clamp(0, side) as usize)
}

impl Changes {
    /// The changed images, `[batch, channels, side, side]`.
    pub fn apply<B: Backend>(&self, images: Tensor<B, 4>) -> Tensor<B, 4> {
        let shape = images.dims();
        let [count, channels, side, _] = shape;
        let device = images.device();
        let by_image = |values: &[f32]| {
            Tensor::<B, 3>::from_data(TensorData::new(values.to_vec(), [count, 1, 1]), &device)
        };
        // The channels of an image lie one below the other, and what happens to one happens to all.
        let planes = [count * channels, side, side];
        let squares = |values: Vec<f32>| {
            let squares = TensorData::new(values, [count, 1, side, side]);
            let squares = Tensor::<B, 4>::from_data(squares, &device);
            squares.expand([count, channels, side, side]).reshape(planes)
        };
        let mut images = images.reshape([count, channels * side, side]);
        if !self.brightness.is_empty() {
            images = images + by_image(&self.brightness);
        }
        if !self.contrast.is_empty() {
            let mean = images.clone().reshape([count, 1, channels * side * side]).mean_dim(2);
            images = (images - mean.clone()) * by_image(&self.contrast) + mean;
        }
        let mut images = images.reshape(planes);
        if !self.translation.is_empty() {
            // A product with zeros and ones moves rows, another one columns.
            let rows = self.translation.iter().flat_map(|&[_, down]| moving(side, down));
            let columns = self.translation.iter().flat_map(|&[right, _]| moving(side, right));
            let columns = squares(columns.collect()).swap_dims(1, 2);
            images = squares(rows.collect()).matmul(images).matmul(columns);
        }
        if !self.cutout.is_empty() {
            let kept = self.cutout.iter().flat_map(|&[[left, right], [top, bottom]]| {
                (0..side * side).map(move |place| {
                    let (row, column) = (place / side, place % side);
                    let is_cut = (left..right).contains(&column) && (top..bottom).contains(&row);
                    f32::from(u8::from(!is_cut))
                })
            });
            images = images * squares(kept.collect());
        }
        images.reshape(shape)
    }
}

/// The matrix `[side, side]` that moves the numbers of a column down.
fn moving(side: usize, down: i32) -> impl Iterator<Item = f32> {
    (0..side * side).map(move |place| {
        let (to, from) = ((place / side) as i32, (place % side) as i32);
        f32::from(u8::from(from + down == to))
    })
}
