//! Which images an epoch shows, and how.

use super::augment::{Shown, View};
use super::model::Model;
use super::{ClassifierConfig, Images};
use crate::data::random;
use crate::learn::LearnError;
use crate::learn::layers::Maps;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand::seq::SliceRandom;

/// What one epoch shows of a fold, in order. A function of seed and epoch alone.
///
/// # Errors
/// Settings of the augmentation that make no distribution.
pub fn epoch(
    config: &ClassifierConfig,
    data: &Images<'_>,
    epoch: u64,
) -> Result<Vec<Shown>, LearnError> {
    let mut order: Vec<usize> = (0..data.count()).collect();
    let mut stream = random::stream(config.seed, "classifier/order");
    stream.set_stream(epoch);
    order.shuffle(&mut stream);
    order.truncate(config.samples_per_epoch);
    let mut stream = random::stream(config.seed, "classifier/mirror");
    stream.set_stream(epoch);
    let views = order.into_iter().map(|image| {
        let mirrored = stream.random_bool(0.5) && config.mirror;
        View { mirrored, ..View::plain(image) }
    });
    config.augment.apply(views.collect(), data.side, config.seed, epoch)
}

/// Images as the network wants them, and labels (`[findings, batch]`), of a part of an epoch. Those of
/// a pair are λ times those of the one and 1 − λ times those of the other.
pub fn batch<B: Backend>(
    model: &Model,
    data: &Images<'_>,
    part: &[Shown],
    device: &B::Device,
) -> (Maps<B>, Tensor<B, 2>) {
    let views: Vec<View> = part.iter().map(|shown| shown.view).collect();
    let (images, labels) = plain::<B>(model, data, &views, device);
    if part.iter().all(|shown| shown.mixed.is_none()) {
        return (images, labels);
    }
    let pairs = part.iter().map(|shown| shown.mixed.unwrap_or((shown.view, 1.0)));
    let (others, factors): (Vec<View>, Vec<f32>) = pairs.unzip();
    let (other_images, other_labels) = plain::<B>(model, data, &others, device);
    let count = part.len();
    let factors = Tensor::<B, 2>::from_data(TensorData::new(factors, [1, count]), device);
    let rest = factors.clone().neg() + 1.0;
    let (channels, side) = (images.channels(), images.side);
    let by_image = |values: Tensor<B, 2>, factors: &Tensor<B, 2>| {
        values.reshape([channels, count, side * side]) * factors.clone().reshape([1, count, 1])
    };
    let mixed = by_image(images.values, &factors) + by_image(other_images.values, &rest);
    let values = mixed.reshape([channels, count * side * side]);
    (Maps { values, batch: count, side }, labels * factors + other_labels * rest)
}

fn plain<B: Backend>(
    model: &Model,
    data: &Images<'_>,
    views: &[View],
    device: &B::Device,
) -> (Maps<B>, Tensor<B, 2>) {
    let raster = data.images.raster();
    let mut images = Vec::with_capacity(views.len() * raster.bytes());
    for view in views {
        images.extend(view.of(data.images.image(view.image), raster));
    }
    let labels: Vec<f32> = (0..data.findings)
        .flat_map(|finding| {
            views.iter().map(move |view| {
                f32::from(data.labels[view.image * data.findings + finding].min(1))
            })
        })
        .collect();
    let labels = TensorData::new(labels, [data.findings, views.len()]);
    (model.prepare(&images, raster, device), Tensor::from_data(labels, device))
}
