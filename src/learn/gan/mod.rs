//! The two conditional GANs of the seed system (npj Digital Medicine 2021, arXiv 2012.03769).

mod augment;
mod batches;
mod cpd;
mod levels;
mod losses;
mod prog;
mod schedule;
mod synthesis;
mod trainer;

pub use augment::{Augmentation, Changes};
pub use cpd::CpdNetwork;
pub use losses::{LossWeights, discriminator_loss, generator_loss, gradient_penalty};
pub use prog::{Growth, ProgNetwork};
pub use schedule::Phase;
pub use synthesis::{Wanted, synthesise};
pub use trainer::{TrainedGan, train_cpd, train_prog};

use super::LearnError;
use super::kernels::Kernels;
use super::parameters::{Layout, Parameters};
use crate::data::{Channels, Pixels};
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use serde::{Deserialize, Serialize};

/// Most feature maps that the rule of the seed system gives.
const WIDEST: usize = 512;
/// Feature maps of the rule at the first stage, before it is capped.
const WIDTH_BASE: usize = 16384;
/// Side of the constant grid that generators start from.
pub const FIRST_SIDE: usize = 4;

/// Images to learn from.
#[derive(Debug, Clone, Copy)]
pub struct TrainingImages<'a> {
    /// Of any depth and channels.
    pub images: Pixels<'a>,
    /// Zero or one, `[count, findings]`.
    pub labels: &'a [u8],
    /// Side in pixels, a power of two of at least 8.
    pub side: usize,
    /// Findings an image.
    pub findings: usize,
}

/// Settings that trainings of both GANs have.
#[derive(Debug, Clone, PartialEq)]
pub struct GanConfig {
    /// Images to show in all.
    pub length: u64,
    /// Adam's step size.
    pub learning_rate: f64,
    /// Length of the latent vector.
    pub latent: usize,
    /// Feature maps from 4 px up; `None` for the seed system's rule.
    pub widths: Option<Vec<usize>>,
    /// The parts of the loss.
    pub loss: LossWeights,
    /// How images are changed before they are judged.
    pub augment: Augmentation,
    /// Decay of the generator's running average.
    pub generator_average: f32,
    /// Seed of every stream.
    pub seed: u64,
}

/// What both networks of a GAN have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Side of the images in pixels.
    pub side: usize,
    /// Channels of the images; one is not written down.
    #[serde(default, skip_serializing_if = "Channels::is_one")]
    pub channels: Channels,
    /// Length of the label vector.
    pub findings: usize,
    /// Length of the latent vector.
    pub latent: usize,
    /// Feature maps of each level, from 4 px up.
    pub widths: Vec<usize>,
}

impl Shape {
    /// Checks sides and widths, for images of one channel; without widths takes min(16384 /
    /// 2^stage, 512), where the 4 px level is stage 1.
    ///
    /// # Errors
    /// The side is not a power of two of at least 8, there is no finding, or the number of widths
    /// does not fit the side.
    pub fn new(
        side: usize,
        findings: usize,
        latent: usize,
        widths: Option<Vec<usize>>,
    ) -> Result<Shape, LearnError> {
        if side < 8 || !side.is_power_of_two() {
            return Err(LearnError::Configuration(format!(
                "a GAN makes images with a side of 8, 16, 32, … pixels, not {side}; give the \
                 subset another `size`"
            )));
        }
        if findings == 0 {
            return Err(LearnError::Configuration(
                "the training fold has no findings to condition on".to_owned(),
            ));
        }
        let levels = (side / FIRST_SIDE).ilog2() as usize + 1;
        let widths = widths.unwrap_or_else(|| {
            (1..=levels).map(|stage| (WIDTH_BASE >> stage).min(WIDEST)).collect()
        });
        if widths.len() != levels {
            return Err(LearnError::Configuration(format!(
                "images of {side} px have {levels} levels from 4 px up, so `widths` needs \
                 {levels} numbers, not {}",
                widths.len()
            )));
        }
        Ok(Shape { side, channels: Channels::One, findings, latent, widths })
    }

    /// The same for images of so many channels.
    pub fn with_channels(self, channels: Channels) -> Shape {
        Shape { channels, ..self }
    }

    /// How many levels there are, from 4 px up.
    pub fn levels(&self) -> usize {
        self.widths.len()
    }
}

/// What a discriminator says of a batch.
#[derive(Debug, Clone)]
pub struct Verdict<B: Backend> {
    /// How real each image looks, `[batch]`.
    pub score: Tensor<B, 1>,
    /// Logits of the findings, `[batch, findings]`, where the network has a head for them.
    pub classes: Option<Tensor<B, 2>>,
}

/// A generator and a discriminator as functions of their weights.
pub trait Network: Clone + Send + Sync {
    /// The generator's weights.
    fn generator_layout(&self) -> Layout;
    /// The discriminator's weights.
    fn discriminator_layout(&self) -> Layout;
    /// What the two agree on.
    fn shape(&self) -> &Shape;
    /// How much of both has a part in images up to a level. What has none stands behind it in the
    /// layouts, and stays as it was drawn until its level comes in.
    fn in_use(&self, level: usize) -> InUse {
        let _ = level;
        InUse::all(&self.generator_layout(), &self.discriminator_layout())
    }
    /// Images in -1..=1 from latents `[batch, latent]` and labels `[batch, findings]`. Their side
    /// is that of the phase's level.
    fn generate<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        latents: Tensor<B, 2>,
        labels: Tensor<B, 2>,
        phase: Phase,
    ) -> Tensor<B, 4>;
    /// A verdict on images of the phase's side.
    fn judge<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        images: Tensor<B, 4>,
        labels: Tensor<B, 2>,
        phase: Phase,
    ) -> Verdict<B>;
    /// The network's description, stored with the generator.
    fn describe(&self) -> Description;
}

/// The first weights of each network, as many as are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InUse {
    /// Tensors of the generator.
    pub generator_tensors: usize,
    /// Numbers in these.
    pub generator: usize,
    /// Numbers of the discriminator.
    pub discriminator: usize,
}

impl InUse {
    /// All of two networks.
    pub fn all(generator: &Layout, discriminator: &Layout) -> InUse {
        InUse {
            generator_tensors: generator.tensors(),
            generator: generator.count(),
            discriminator: discriminator.count(),
        }
    }
}

/// What is stored with a generator, enough to rebuild it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// `cpd` or `prog`.
    pub method: String,
    /// The shape of both networks.
    pub shape: Shape,
}
