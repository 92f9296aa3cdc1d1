//! Between bytes on disk and numbers in networks.

use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};

/// Bytes 0..=255 as numbers in -1..=1, shape `[count, 1, side, side]`.
pub(super) fn from_bytes<B: Backend>(
    images: Vec<u8>,
    side: usize,
    device: &B::Device,
) -> Tensor<B, 4> {
    let values: Vec<f32> = images.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0).collect();
    let count = images.len() / (side * side);
    Tensor::from_data(TensorData::new(values, [count, 1, side, side]), device)
}

/// Numbers in -1..=1 as bytes, rounded to the nearest and clamped.
pub(super) fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().map(|value| ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8).collect()
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
