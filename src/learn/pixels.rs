//! Between pixels on disk and numbers in networks.

use crate::data::depth::{Pixel, by_depth};
use crate::data::{Depth, Raster};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};

/// Pixels as numbers from -1, black, to 1, white.
pub(super) fn centred(images: &[u8], depth: Depth) -> Vec<f32> {
    let half = f32::from(depth.white()) / 2.0;
    depth.numbers(images, |level| level / half - 1.0)
}

/// The same in the shape `[count, channels, side, side]`.
pub(super) fn to_tensor<B: Backend>(
    images: &[u8],
    raster: Raster,
    device: &B::Device,
) -> Tensor<B, 4> {
    let Raster { side, depth, channels } = raster;
    let count = images.len() / raster.bytes();
    let shape = [count, channels.count(), side, side];
    Tensor::from_data(TensorData::new(centred(images, depth), shape), device)
}

/// The channels of images `[count, channels, side, side]` one after the other, each with its planes of all
/// images in their order.
pub(super) fn by_channel(images: &[u8], raster: Raster) -> impl Iterator<Item = Vec<&[u8]>> {
    let channels = raster.channels.count();
    (0..channels)
        .map(move |channel| raster.planes(images).skip(channel).step_by(channels).collect())
}

/// Numbers in -1..=1 as pixels, rounded to the nearest and clamped.
pub(super) fn from_numbers(values: &[f32], depth: Depth) -> Vec<u8> {
    let white = f32::from(depth.white());
    let level = |value: &f32| ((value + 1.0) * (white / 2.0)).round().clamp(0.0, white) as u16;
    by_depth!(depth, P => {
        P::into_bytes(values.iter().map(|value| P::from_level(level(value))).collect())
    })
}

/// Labels as numbers, shape `[count, findings]`.
pub(super) fn labels<B: Backend>(
    labels: &[u8],
    findings: usize,
    device: &B::Device,
) -> Tensor<B, 2> {
    let values: Vec<f32> = labels.iter().map(|&label| f32::from(label.min(1))).collect();
    let count = labels.len() / findings.max(1);
    Tensor::from_data(TensorData::new(values, [count, findings]), device)
}
