//! Images from a stored generator.

use super::{CpdNetwork, Description, Network, Phase, ProgNetwork};
use crate::data::{Depth, Raster, random};
use crate::learn::LearnError;
use crate::learn::kernels::Kernels;
use crate::learn::layers::{self, Maps};
use crate::learn::parameters::{self, Layout, Parameters, host};
use crate::learn::pixels;
use crate::progress::{Monitor, Progress};
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Images a forward pass; the result does not depend on it.
const BATCH: usize = 64;

/// What stands in a generator's file beside the weights.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stored {
    network: Description,
    level: usize,
    fade: f32,
}

/// A generator's weights with all that is needed to use them.
pub(super) fn store<N: Network>(
    network: &N,
    layout: &Layout,
    values: &[f32],
    phase: Phase,
) -> Result<Vec<u8>, LearnError> {
    let stored = Stored { network: network.describe(), level: phase.level, fade: phase.fade };
    let text =
        serde_json::to_string(&stored).map_err(|error| LearnError::Weights(error.to_string()))?;
    layout.to_safetensors(values, &text)
}

/// What synthetic images are like.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Zero or one, `[count, findings]`, one image each.
    pub labels: &'a [u8],
    /// Findings an image.
    pub findings: usize,
    /// What their pixels are rounded to.
    pub depth: Depth,
}

/// One image for each label vector, `[count, channels, side, side]` with the channels of the
/// generator. Latents come from one stream of the seed, in the order of the labels.
///
/// # Errors
/// The generator cannot be read or was trained on other findings; or a stop on request.
pub fn synthesise<B: Kernels>(
    generator: &[u8],
    wanted: Wanted<'_>,
    seed: u64,
    device: &B::Device,
    monitor: &dyn Monitor,
) -> Result<Vec<u8>, LearnError> {
    let Wanted { labels, findings, depth } = wanted;
    let text = parameters::metadata(generator)?;
    let stored: Stored =
        serde_json::from_str(&text).map_err(|error| LearnError::Weights(error.to_string()))?;
    let shape = stored.network.shape.clone();
    if shape.findings != findings {
        return Err(LearnError::Configuration(format!(
            "the generator was trained on {} findings, the fold to imitate has {findings}; \
             give `like` the subset that the generator was trained on",
            shape.findings
        )));
    }
    let phase = Phase { level: stored.level, fade: stored.fade };
    let work = Work { generator, labels, phase, depth, seed };
    match stored.network.method.as_str() {
        "cpd" => work.run::<B, _>(&CpdNetwork::new(shape), device, monitor),
        "prog" => work.run::<B, _>(&ProgNetwork::new(shape), device, monitor),
        other => Err(LearnError::Weights(format!("there is no GAN `{other}`"))),
    }
}

struct Work<'a> {
    generator: &'a [u8],
    labels: &'a [u8],
    phase: Phase,
    depth: Depth,
    seed: u64,
}

impl Work<'_> {
    fn run<B: Kernels, N: Network>(
        &self,
        network: &N,
        device: &B::Device,
        monitor: &dyn Monitor,
    ) -> Result<Vec<u8>, LearnError> {
        let layout = Arc::new(network.generator_layout());
        let values = layout.from_safetensors(self.generator)?;
        let weights = Parameters::<B>::new(layout, &values, device);
        let shape = network.shape();
        let count = self.labels.len() / shape.findings;
        let mut stream = random::stream(self.seed, "synth/latents");
        let raster = Raster { side: shape.side, depth: self.depth, channels: shape.channels };
        let mut images = Vec::with_capacity(count * raster.bytes());
        for rows in self.labels.chunks(BATCH * shape.findings) {
            if monitor.stop_requested() {
                return Err(LearnError::Stopped);
            }
            let size = rows.len() / shape.findings;
            let latents: Vec<f32> =
                (0..size * shape.latent).map(|_| stream.sample(StandardNormal)).collect();
            let latents = Tensor::from_data(TensorData::new(latents, [size, shape.latent]), device);
            let labels = pixels::labels(rows, shape.findings, device);
            let made = network.generate(&weights, latents, labels, self.phase);
            images.extend(pixels::from_numbers(&host(to_side(made, shape.side)), self.depth));
            monitor.report(&Progress::counted(
                "generating",
                images.len() / raster.bytes(),
                count,
                "images",
            ));
        }
        Ok(images)
    }
}

/// A progressive training that stopped early makes smaller images; they are enlarged by
/// repetition, as the discriminator would have seen them.
fn to_side<B: Backend>(images: Tensor<B, 4>, side: usize) -> Tensor<B, 4> {
    let mut images = Maps::of_images(images);
    while images.side < side {
        images = layers::upsample(images);
    }
    images.into_images()
}
