//! Which images, latents and mixing factors each step sees.
//!
//! All of it is a function of the seed and the position, so a checkpoint needs no generator state.

use super::{Phase, TrainingImages};
use crate::data::random;
use crate::learn::layers::{Maps, downsample, upsample};
use crate::learn::pixels;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand_distr::StandardNormal;

/// Draws for one training.
pub(super) struct Batches<'a> {
    data: TrainingImages<'a>,
    seed: u64,
    /// The present pass over the data and its order.
    order: (u64, Vec<usize>),
}

/// One step's material.
pub(super) struct Batch<B: Backend> {
    /// Real images at the phase's side, in -1..=1.
    pub(super) real: Tensor<B, 4>,
    /// Their labels.
    pub(super) labels: Tensor<B, 2>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(data: TrainingImages<'a>, seed: u64) -> Batches<'a> {
        Batches { data, seed, order: (0, shuffled(data.count(), seed, 0)) }
    }

    /// The images from a position on, in an order that is shuffled anew for each pass.
    pub(super) fn take<B: Backend>(
        &mut self,
        position: u64,
        size: usize,
        phase: Phase,
        device: &B::Device,
    ) -> Batch<B> {
        let raster = self.data.images.raster();
        let mut images = Vec::with_capacity(size * raster.bytes());
        let mut labels = Vec::with_capacity(size * self.data.findings);
        for offset in 0..size as u64 {
            let index = self.index(position + offset);
            images.extend_from_slice(self.data.images.image(index));
            labels.extend_from_slice(
                &self.data.labels[index * self.data.findings..][..self.data.findings],
            );
        }
        let real = pixels::to_tensor(&images, raster, device);
        Batch {
            real: at_phase(real, phase),
            labels: pixels::labels(&labels, self.data.findings, device),
        }
    }

    fn index(&mut self, position: u64) -> usize {
        let count = self.data.count() as u64;
        let pass = position / count;
        if self.order.0 != pass {
            self.order = (pass, shuffled(self.data.count(), self.seed, pass));
        }
        self.order.1[(position % count) as usize]
    }

    /// Standard normal latents, `[size, length]`.
    pub(super) fn latents<B: Backend>(
        &self,
        purpose: &str,
        position: u64,
        size: usize,
        length: usize,
        device: &B::Device,
    ) -> Tensor<B, 2> {
        let mut stream = random::stream(self.seed, purpose);
        stream.set_stream(position);
        let values: Vec<f32> = (0..size * length).map(|_| stream.sample(StandardNormal)).collect();
        Tensor::from_data(TensorData::new(values, [size, length]), device)
    }

    /// Mixing factors between real and generated images, uniform in 0..1, `[size, 1, 1, 1]`.
    pub(super) fn mixing<B: Backend>(
        &self,
        position: u64,
        size: usize,
        device: &B::Device,
    ) -> Tensor<B, 4> {
        let mut stream = random::stream(self.seed, "gan/mixing");
        stream.set_stream(position);
        let values: Vec<f32> = (0..size).map(|_| stream.random()).collect();
        Tensor::from_data(TensorData::new(values, [size, 1, 1, 1]), device)
    }
}

impl TrainingImages<'_> {
    /// Number of images.
    pub fn count(&self) -> usize {
        self.labels.len() / self.findings.max(1)
    }
}

fn shuffled(count: usize, seed: u64, pass: u64) -> Vec<usize> {
    use rand::seq::SliceRandom;
    let mut stream = random::stream(seed, "gan/order");
    stream.set_stream(pass);
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut stream);
    order
}

/// Real images as a phase sees them: averaged down to its side, and while a level fades in mixed
/// with what the level below would show.
fn at_phase<B: Backend>(images: Tensor<B, 4>, phase: Phase) -> Tensor<B, 4> {
    let mut images = Maps::of_images(images);
    while images.side > phase.side() {
        images = downsample(images);
    }
    if phase.fade < 1.0 {
        images = upsample(downsample(images.clone())).blend(images, phase.fade);
    }
    images.into_images()
}
