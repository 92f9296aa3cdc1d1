//! Which images an epoch shows, and which of them mirrored.

use super::Images;
use super::model::Model;
use crate::data::random;
use crate::learn::layers::Maps;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand::seq::SliceRandom;

/// The images of one epoch, in order, each with whether it is mirrored. A function of seed and
/// epoch alone.
pub(super) fn epoch_order(
    count: usize,
    samples: usize,
    mirror: bool,
    seed: u64,
    epoch: u64,
) -> Vec<(usize, bool)> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut stream = random::stream(seed, "classifier/order");
    stream.set_stream(epoch);
    order.shuffle(&mut stream);
    order.truncate(samples);
    let mut stream = random::stream(seed, "classifier/mirror");
    stream.set_stream(epoch);
    order.into_iter().map(|index| (index, stream.random_bool(0.5) && mirror)).collect()
}

/// Images and labels (`[findings, batch]`) of a part of an epoch.
pub(super) fn batch<B: Backend>(
    model: &Model,
    data: &Images<'_>,
    part: &[(usize, bool)],
    device: &B::Device,
) -> (Maps<B>, Tensor<B, 2>) {
    let size = data.side * data.side;
    let mut images = Vec::with_capacity(part.len() * size);
    for &(index, mirrored) in part {
        let image = data.images.image(index);
        if mirrored {
            images.extend(image.chunks(data.side).flat_map(|row| row.iter().rev()));
        } else {
            images.extend_from_slice(image);
        }
    }
    let labels: Vec<f32> = (0..data.findings)
        .flat_map(|finding| {
            part.iter().map(move |&(index, _)| {
                f32::from(data.labels[index * data.findings + finding].min(1))
            })
        })
        .collect();
    let labels = TensorData::new(labels, [data.findings, part.len()]);
    (model.prepare(&images, data.side, device), Tensor::from_data(labels, device))
}
