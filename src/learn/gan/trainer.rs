//! The training loop of both GANs: one discriminator step, one generator step, a running average,
//! checkpoints.
//!
//! Every draw is a function of seed and position, and nothing depends on the length before the
//! end, so a run that was killed, or continues a shorter one, gives the bytes of a straight run.

use super::batches::{Batch, Batches};
use super::levels::Levels;
use super::losses::{discriminator_loss, generator_loss, gradient_penalty};
use super::schedule::Schedule;
use super::{
    Augmentation, CpdNetwork, GanConfig, Growth, InUse, Network, Phase, ProgNetwork, Shape,
    TrainingImages,
};
use crate::data::random;
use crate::learn::checkpoint::{CheckpointWriter, Checkpoints};
use crate::learn::kernels::Kernels;
use crate::learn::layers::GROUP;
use crate::learn::optimiser::{Adam, AdamConfig, average};
use crate::learn::parameters::{Layout, Parameters, scalar};
use crate::learn::state::{pack, unpack};
use crate::learn::{Curves, LearnError, alone};
use crate::progress::{Monitor, Progress};
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Adam's other numbers, those of the seed system.
const BETA1: f32 = 0.0;
const BETA2: f32 = 0.99;
const ADAM_EPSILON: f32 = 1e-8;
/// Steps between two rows of the curves and two looks at the losses.
const STEPS_A_ROW: u64 = 8;
const COLUMNS: [&str; 5] =
    ["images", "loss_discriminator", "loss_generator", "gradient_penalty", "side"];

/// A finished training.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedGan {
    /// The averaged generator as safetensors, with its description.
    pub generator: Vec<u8>,
    /// Losses over the images shown.
    pub curves: Curves,
}

/// Trains `cpd`, with a `batch` of images a step, a multiple of four.
///
/// # Errors
/// Settings that do not fit the data, a diverging loss, a failing disk, or a stop on request.
pub fn train_cpd<B: Kernels>(
    config: &GanConfig,
    batch: usize,
    data: &TrainingImages<'_>,
    device: &B::Device,
    monitor: &dyn Monitor,
    checkpoints: &dyn Checkpoints,
) -> Result<TrainedGan, LearnError> {
    let shape = shape(config, data.side, data)?;
    require_findings(data)?;
    let schedule = Schedule::constant(shape.levels() - 1, batch);
    Trainer::<B, _>::new(CpdNetwork::new(shape), config, schedule, *data, device)?
        .train(monitor, checkpoints)
}

/// Trains `prog`. `places` holds the checkpoints of the trainings to 8 px, 16 px and so on, at least
/// up to its own size: what it has in common with a smaller one is filed there, and found.
///
/// # Errors
/// As for [`train_cpd`].
pub fn train_prog<B: Kernels>(
    config: &GanConfig,
    growth: &Growth,
    data: &TrainingImages<'_>,
    device: &B::Device,
    monitor: &dyn Monitor,
    places: &[&dyn Checkpoints],
) -> Result<TrainedGan, LearnError> {
    let side = growth.size.unwrap_or(data.side);
    let shape = shape(config, side, data)?;
    require_halves(data.side, side)?;
    let schedule = Schedule {
        first_level: super::prog::FIRST_LEVEL,
        last_level: shape.levels() - 1,
        stable: growth.stable,
        fade: growth.fade,
        batches: growth.batches.clone(),
    };
    let network = ProgNetwork::new(shape);
    let trainer = Trainer::<B, _>::new(network, config, schedule.clone(), *data, device)?;
    if schedule.ends().len() > places.len() {
        return Err(LearnError::Configuration(format!(
            "there is no place for the checkpoints of a training that grows to {side} px"
        )));
    }
    trainer.train(monitor, &Levels::new(&schedule, places))
}

fn shape(config: &GanConfig, side: usize, data: &TrainingImages<'_>) -> Result<Shape, LearnError> {
    let shape = Shape::new(side, data.findings, config.latent, config.widths.clone())?;
    Ok(shape.with_channels(data.images.raster().channels))
}

/// Images are halved until they are as small as a level wants them.
fn require_halves(images: usize, side: usize) -> Result<(), LearnError> {
    if images >= side && images.is_power_of_two() {
        return Ok(());
    }
    Err(LearnError::Configuration(format!(
        "the training fold has images of {images} px, which cannot be halved to {side} px; give the \
         GAN or the subset another `size`"
    )))
}

/// The score of `cpd` is an inner product with the labels, so an image without any would get a
/// score of zero whatever it shows.
fn require_findings(data: &TrainingImages<'_>) -> Result<(), LearnError> {
    let empty = data.labels.chunks(data.findings).position(|row| row.iter().all(|&v| v == 0));
    match empty {
        None => Ok(()),
        Some(index) => Err(LearnError::Configuration(format!(
            "`cpd` conditions on findings, and image {index} of the training fold has none; \
             leave such images out or give them a finding of their own"
        ))),
    }
}

/// A training in progress.
struct Trainer<'a, B: Kernels, N: Network> {
    network: N,
    config: GanConfig,
    schedule: Schedule,
    batches: Batches<'a>,
    device: B::Device,
    generator: Player<B>,
    discriminator: Player<B>,
    averaged: Parameters<B>,
    /// How many of the generator's tensors are in use, and averaged.
    averaging: usize,
    progress: Position,
    /// Positions at which others go on from the state here, whatever becomes of this training.
    ends: Vec<u64>,
}

/// A network's weights with their optimiser.
struct Player<B: Backend> {
    layout: Arc<Layout>,
    weights: Parameters<B>,
    optimiser: Adam<B>,
}

/// Where a training stands, beside its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Position {
    images: u64,
    steps: u64,
    level: usize,
    generator_steps: u64,
    discriminator_steps: u64,
    curves: Curves,
}

/// Losses of one step.
struct Losses<B: Backend> {
    discriminator: Tensor<B, 1>,
    penalty: Tensor<B, 1>,
    generator: Tensor<B, 1>,
}

impl<B: Backend> Player<B> {
    fn draw(layout: Layout, seed: u64, purpose: &str, device: &B::Device) -> Player<B> {
        let layout = Arc::new(layout);
        let values = layout.draw(&mut random::stream(seed, purpose));
        Player {
            weights: Parameters::new(layout.clone(), &values, device),
            optimiser: Adam::new(&layout, device),
            layout,
        }
    }

    fn descend(&mut self, gradients: Vec<Tensor<B, 1>>, config: &AdamConfig) {
        self.weights = self.optimiser.step(&self.weights, gradients, config);
    }

    fn forget_moments(&mut self, device: &B::Device) {
        self.optimiser = Adam::new(&self.layout, device);
    }
}

impl<'a, B: Kernels, N: Network> Trainer<'a, B, N> {
    fn new(
        network: N,
        config: &GanConfig,
        schedule: Schedule,
        data: TrainingImages<'a>,
        device: &B::Device,
    ) -> Result<Trainer<'a, B, N>, LearnError> {
        if data.count() == 0 {
            return Err(LearnError::Configuration("the training fold is empty".to_owned()));
        }
        let odd = |batch: &&usize| **batch == 0 || !batch.is_multiple_of(GROUP);
        if let Some(batch) = schedule.batches.iter().find(odd) {
            return Err(LearnError::Configuration(format!(
                "a batch must be a multiple of {GROUP}, because the discriminator compares \
                 groups of {GROUP} images; {batch} is not"
            )));
        }
        let seed = config.seed;
        let generator = Player::draw(network.generator_layout(), seed, "gan/generator", device);
        let discriminator =
            Player::draw(network.discriminator_layout(), seed, "gan/discriminator", device);
        Ok(Trainer {
            averaged: generator.weights.clone(),
            averaging: network.in_use(schedule.first_level).generator_tensors,
            progress: Position {
                images: 0,
                steps: 0,
                level: schedule.first_level,
                generator_steps: 0,
                discriminator_steps: 0,
                curves: Curves::new(&COLUMNS),
            },
            ends: schedule.ends(),
            network,
            batches: Batches::new(data, seed),
            config: config.clone(),
            schedule,
            device: device.clone(),
            generator,
            discriminator,
        })
    }

    fn train(
        mut self,
        monitor: &dyn Monitor,
        checkpoints: &dyn Checkpoints,
    ) -> Result<TrainedGan, LearnError> {
        let _alone = alone();
        if let Some((_, bytes)) = checkpoints.latest(self.config.length)? {
            self.restore(&bytes)?;
        }
        let mut writer = CheckpointWriter::new(checkpoints, self.progress.images);
        while self.progress.images < self.config.length {
            let losses = self.step();
            if self.progress.steps.is_multiple_of(STEPS_A_ROW) {
                self.record(&losses, monitor)?;
            }
            if monitor.stop_requested() {
                self.save(&mut writer)?;
                return Err(LearnError::Stopped);
            }
            if writer.is_due() || self.ends.contains(&self.progress.images) {
                self.save(&mut writer)?;
            }
        }
        self.save(&mut writer)?;
        self.finish()
    }

    /// One discriminator step, one generator step, one step of the average.
    fn step(&mut self) -> Losses<B> {
        let phase = self.schedule.phase(self.progress.images);
        if phase.level != self.progress.level {
            self.progress.level = phase.level;
            self.averaging = self.network.in_use(phase.level).generator_tensors;
            self.generator.forget_moments(&self.device);
            self.discriminator.forget_moments(&self.device);
        }
        let size = self.schedule.batch(phase.level);
        let batch = self.batches.take::<B>(self.progress.images, size, phase, &self.device);
        let (discriminator, penalty) = self.discriminator_step(&batch, phase);
        let generator = self.generator_step(&batch.labels, phase);
        let beta = self.config.generator_average;
        self.averaged = average(&self.averaged, &self.generator.weights, self.averaging, beta);
        self.progress.images += size as u64;
        self.progress.steps += 1;
        Losses { discriminator, penalty, generator }
    }

    fn discriminator_step(
        &mut self,
        batch: &Batch<B>,
        phase: Phase,
    ) -> (Tensor<B, 1>, Tensor<B, 1>) {
        let size = batch.labels.dims()[0];
        let latents = self.latents("gan/latents/discriminator", size);
        let fake =
            self.network.generate(&self.generator.weights, latents, batch.labels.clone(), phase);
        let real = self.augmented("gan/augment/real", batch.real.clone());
        let fake = self.augmented("gan/augment/fake", fake);
        let mixing = self.batches.mixing::<B>(self.progress.images, size, &self.device);
        let mixed = real.clone() + (fake.clone() - real.clone()) * mixing;

        let weights = self.discriminator.weights.lift::<Autodiff<B>>(true);
        let labels = Tensor::<Autodiff<B>, 2>::from_inner(batch.labels.clone());
        let judge = |images: Tensor<B, 4>| {
            self.network.judge(&weights, Tensor::from_inner(images), labels.clone(), phase)
        };
        let (real, fake) = (judge(real), judge(fake));
        let loss = discriminator_loss(real, fake, &labels, self.config.loss);
        let penalty = gradient_penalty(
            &self.network,
            &weights,
            mixed,
            &batch.labels,
            phase,
            self.config.loss.gradient_penalty,
        );
        let gradients = (loss.clone() + penalty.clone()).backward();
        let config = self.adam();
        self.discriminator.descend(weights.gradients(&gradients), &config);
        (loss.inner(), penalty.inner())
    }

    fn generator_step(&mut self, labels: &Tensor<B, 2>, phase: Phase) -> Tensor<B, 1> {
        let size = labels.dims()[0];
        let latents = Tensor::from_inner(self.latents("gan/latents/generator", size));
        let labels = Tensor::<Autodiff<B>, 2>::from_inner(labels.clone());
        let weights = self.generator.weights.lift::<Autodiff<B>>(true);
        let judge_weights = self.discriminator.weights.lift::<Autodiff<B>>(false);
        let images = self.network.generate(&weights, latents, labels.clone(), phase);
        let images = self.augmented("gan/augment/generator", images);
        let verdict = self.network.judge(&judge_weights, images, labels.clone(), phase);
        let loss = generator_loss(verdict, &labels, self.config.loss);
        let gradients = loss.backward();
        let config = self.adam();
        self.generator.descend(weights.gradients(&gradients), &config);
        loss.inner()
    }

    /// Images as the discriminator sees them, real and generated ones alike.
    fn augmented<D: Backend>(&self, purpose: &str, images: Tensor<D, 4>) -> Tensor<D, 4> {
        let augment = self.config.augment;
        if augment == Augmentation::default() {
            return images;
        }
        let [count, _, side, _] = images.dims();
        augment.draw(self.config.seed, purpose, self.progress.images, count, side).apply(images)
    }

    fn latents(&self, purpose: &str, size: usize) -> Tensor<B, 2> {
        let length = self.network.shape().latent;
        self.batches.latents(purpose, self.progress.images, size, length, &self.device)
    }

    fn adam(&self) -> AdamConfig {
        AdamConfig {
            learning_rate: self.config.learning_rate,
            beta1: BETA1,
            beta2: BETA2,
            epsilon: ADAM_EPSILON,
        }
    }

    /// Reads the losses, which waits for the device, and tells the outside.
    fn record(&mut self, losses: &Losses<B>, monitor: &dyn Monitor) -> Result<(), LearnError> {
        let discriminator = scalar(losses.discriminator.clone());
        let generator = scalar(losses.generator.clone());
        let penalty = scalar(losses.penalty.clone());
        let images = self.progress.images;
        if !(discriminator + generator + penalty).is_finite() {
            return Err(LearnError::Diverged { position: images, unit: "images" });
        }
        let side = (super::FIRST_SIDE << self.progress.level) as f64;
        self.progress.curves.rows.push(vec![
            images as f64,
            discriminator,
            generator,
            penalty,
            side,
        ]);
        monitor.report(&Progress {
            activity: "training".into(),
            done: images.min(self.config.length),
            total: self.config.length,
            unit: "images".into(),
            metrics: vec![("loss_d".into(), discriminator), ("loss_g".into(), generator)],
        });
        Ok(())
    }

    fn save(&mut self, writer: &mut CheckpointWriter<'_>) -> Result<(), LearnError> {
        writer.save(self.progress.images, || {
            let (generator, discriminator) = (&self.generator, &self.discriminator);
            let (generator_first, generator_second, steps) = generator.optimiser.state();
            self.progress.generator_steps = steps;
            let (discriminator_first, discriminator_second, steps) =
                discriminator.optimiser.state();
            self.progress.discriminator_steps = steps;
            // The same bytes as a training would write that has no further levels.
            let home = self.schedule.home(self.progress.images);
            let InUse { generator: made, discriminator: judged, .. } = self.network.in_use(home);
            let first = |count: usize, mut values: Vec<f32>| {
                values.truncate(count);
                values
            };
            let arrays = BTreeMap::from([
                ("generator", first(made, generator.weights.values())),
                ("generator/first", first(made, generator_first)),
                ("generator/second", first(made, generator_second)),
                ("discriminator", first(judged, discriminator.weights.values())),
                ("discriminator/first", first(judged, discriminator_first)),
                ("discriminator/second", first(judged, discriminator_second)),
                ("averaged", first(made, self.averaged.values())),
            ]);
            pack(&arrays, &self.progress)
        })
    }

    /// Takes over a state, to which levels that come in later add what they begin with.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), LearnError> {
        let state = unpack::<Position>(bytes)?;
        let device = &self.device;
        let home = self.schedule.home(state.rest.images);
        let in_use = self.network.in_use(home);
        let array = |name: &str, count: usize, mut beginning: Vec<f32>| {
            beginning[..count].copy_from_slice(state.array(name, count)?);
            Ok::<_, LearnError>(beginning)
        };
        let resume = |player: &Player<B>, name: &str, count: usize, steps: u64| {
            let layout = &player.layout;
            let (first, second, _) = player.optimiser.state();
            let first = array(&format!("{name}/first"), count, first)?;
            let second = array(&format!("{name}/second"), count, second)?;
            let weights = array(name, count, player.weights.values())?;
            Ok::<_, LearnError>(Player {
                layout: layout.clone(),
                weights: Parameters::new(layout.clone(), &weights, device),
                optimiser: Adam::resume(layout, &first, &second, steps, device),
            })
        };
        let Position { generator_steps, discriminator_steps, .. } = state.rest;
        let generator = resume(&self.generator, "generator", in_use.generator, generator_steps)?;
        let discriminator = resume(
            &self.discriminator,
            "discriminator",
            in_use.discriminator,
            discriminator_steps,
        )?;
        let averaged = array("averaged", in_use.generator, self.averaged.values())?;
        self.averaged = Parameters::new(generator.layout.clone(), &averaged, device);
        self.generator = generator;
        self.discriminator = discriminator;
        self.averaging = self.network.in_use(state.rest.level).generator_tensors;
        self.progress = state.rest;
        Ok(())
    }

    fn finish(self) -> Result<TrainedGan, LearnError> {
        let values = self.averaged.values();
        if values.iter().any(|value| !value.is_finite()) {
            return Err(LearnError::Diverged { position: self.progress.images, unit: "images" });
        }
        // The phase of the last step: a level that begins after it has learned nothing yet.
        let schedule = &self.schedule;
        let size = schedule.batch(self.progress.level) as u64;
        let phase = schedule.phase(self.progress.images.saturating_sub(size));
        let generator =
            super::synthesis::store(&self.network, &self.generator.layout, &values, phase)?;
        Ok(TrainedGan { generator, curves: self.progress.curves })
    }
}
