//! The protocol of the seed system, the same for real and synthetic folds: Adam on the weighted
//! cross entropy, the validation AUROC decides over learning rate, end and which weights stay.
//!
//! Every draw is a function of seed and epoch, and a checkpoint holds its place within one, so a run
//! that was stopped anywhere, or continues a shorter one, gives the bytes of a straight run.

use super::Images;
use super::architecture::Architecture;
use super::augment::{Augmentation, Shown};
use super::batch_norm::{Mode, Running};
use super::batches::{batch, epoch};
use super::inference::scores;
use super::loss::{ClassWeights, weighted_cross_entropy};
use super::model::Model;
use crate::data::random;
use crate::learn::checkpoint::{CheckpointWriter, Checkpoints};
use crate::learn::kernels::Kernels;
use crate::learn::optimiser::{Adam, AdamConfig};
use crate::learn::parameters::{Layout, Parameters, scalar};
use crate::learn::state::{pack, unpack};
use crate::learn::{Curves, LearnError, alone};
use crate::progress::{Monitor, Progress};
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Adam's usual numbers.
const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const ADAM_EPSILON: f32 = 1e-8;
/// What the learning rate is multiplied by on a plateau, and where that ends.
const REDUCTION: f64 = 0.1;
const FLOOR: f64 = 1e-8;
const COLUMNS: [&str; 4] = ["epoch", "loss", "valid_auroc", "learning_rate"];

/// After how many epochs without improvement something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The learning rate is reduced.
    pub reduce: u64,
    /// Training stops.
    pub stop: u64,
}

/// Settings of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassifierConfig {
    /// The network.
    pub architecture: Architecture,
    /// Weights to begin with, as safetensors under the network's names; a head of another size is
    /// left out.
    pub start: Option<Vec<u8>>,
    /// Most epochs.
    pub epochs: u64,
    /// Images a step.
    pub batch: usize,
    /// Adam's step size at the beginning.
    pub learning_rate: f64,
    /// Most images an epoch.
    pub samples_per_epoch: usize,
    /// When to slow down and when to stop.
    pub patience: Patience,
    /// Whether half of the images are mirrored left to right.
    pub mirror: bool,
    /// How images are changed beside that.
    pub augment: Augmentation,
    /// Seed of every stream.
    pub seed: u64,
}

/// A finished training.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainedClassifier {
    /// The best epoch's weights and running statistics as safetensors, with the architecture.
    pub weights: Vec<u8>,
    /// Loss, validation AUROC and learning rate over epochs.
    pub curves: Curves,
}

/// The mean AUROC of scores `[count, findings]` against labels, `None` where it is undefined.
pub type ValidationScore<'a> = &'a (dyn Fn(&[f32], &[u8], usize) -> Option<f64> + Sync);

/// Trains a classifier.
///
/// # Errors
/// Settings that do not fit, a diverging loss, a failing disk, or a stop on request.
pub fn train<B: Kernels>(
    config: &ClassifierConfig,
    train: &Images<'_>,
    valid: &Images<'_>,
    validation_score: ValidationScore<'_>,
    device: &B::Device,
    monitor: &dyn Monitor,
    checkpoints: &dyn Checkpoints,
) -> Result<TrainedClassifier, LearnError> {
    if train.count() == 0 || valid.count() == 0 {
        return Err(LearnError::Configuration("a fold is empty".to_owned()));
    }
    let channels = train.images.raster().channels;
    if train.findings != valid.findings
        || train.side != valid.side
        || channels != valid.images.raster().channels
    {
        return Err(LearnError::Configuration(
            "the training and validation folds have other findings, sizes or channels; take both from \
             one stage"
                .to_owned(),
        ));
    }
    let model = Model::new(config.architecture.clone(), train.findings, channels)?;
    let _alone = alone();
    let mut trainer = Trainer::<B>::new(config, model, train, device)?;
    trainer.resume(checkpoints)?;
    let mut writer = CheckpointWriter::new(checkpoints, trainer.place());
    while !trainer.is_over() {
        let ended = trainer
            .show(train, monitor, &mut writer)
            .and_then(|()| trainer.validate(valid, validation_score, monitor));
        // A stop leaves the place within the epoch, and an end that of the next one's beginning.
        if matches!(ended, Ok(()) | Err(LearnError::Stopped)) {
            trainer.save(&mut writer)?;
        }
        ended?;
    }
    trainer.finish()
}

/// Where a training stands, beside its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Position {
    /// Finished epochs.
    epoch: u64,
    /// Images of the present epoch that were shown, and the sum of their losses. Checkpoints of
    /// earlier versions lie between two epochs.
    #[serde(default)]
    shown: u64,
    #[serde(default)]
    losses: f64,
    learning_rate: f64,
    best_score: Option<f64>,
    best_epoch: u64,
    /// Epochs since the last improvement or reduction.
    waited: u64,
    adam_steps: u64,
    curves: Curves,
}

impl Position {
    /// The mean loss of the epoch so far.
    fn loss(&self) -> f64 {
        self.losses / self.shown as f64
    }

    fn place(&self, places: u64) -> u64 {
        self.epoch * places + self.shown
    }
}

struct Trainer<'a, B: Kernels> {
    config: &'a ClassifierConfig,
    model: Model,
    class_weights: ClassWeights,
    device: B::Device,
    weights: Parameters<B>,
    running: Running<B>,
    optimiser: Adam<B>,
    best: (Vec<f32>, Vec<f32>),
    /// Images an epoch.
    samples: usize,
    position: Position,
}

impl<'a, B: Kernels> Trainer<'a, B> {
    fn new(
        config: &'a ClassifierConfig,
        model: Model,
        data: &Images<'_>,
        device: &B::Device,
    ) -> Result<Trainer<'a, B>, LearnError> {
        let mut stream = random::stream(config.seed, "classifier/weights");
        let mut weights = model.weights.draw(&mut stream);
        let mut running = model.running.draw(&mut stream);
        if let Some(start) = &config.start {
            model.weights.overlay(start, &mut weights, "classifier.")?;
            model.running.overlay(start, &mut running, "classifier.")?;
        }
        Ok(Trainer {
            class_weights: ClassWeights::of(data.labels, data.findings),
            weights: Parameters::new(model.weights.clone(), &weights, device),
            running: Running(Parameters::new(model.running.clone(), &running, device)),
            optimiser: Adam::new(&model.weights, device),
            best: (weights, running),
            samples: data.count().min(config.samples_per_epoch),
            position: Position {
                epoch: 0,
                shown: 0,
                losses: 0.0,
                learning_rate: config.learning_rate,
                best_score: None,
                best_epoch: 0,
                waited: 0,
                adam_steps: 0,
                curves: Curves::new(&COLUMNS),
            },
            config,
            model,
            device: device.clone(),
        })
    }

    fn is_over(&self) -> bool {
        let position = &self.position;
        position.epoch >= self.config.epochs
            || position.epoch - position.best_epoch >= self.config.patience.stop
    }

    /// Shows what is left of an epoch.
    fn show(
        &mut self,
        data: &Images<'_>,
        monitor: &dyn Monitor,
        writer: &mut CheckpointWriter<'_>,
    ) -> Result<(), LearnError> {
        let config = self.config;
        let place = self.position.epoch;
        let shown = epoch(config, data, place)?;
        // Checkpoints lie between two batches.
        let left = shown.get(self.position.shown as usize..).unwrap_or_default();
        for part in left.chunks(config.batch) {
            if monitor.stop_requested() {
                return Err(LearnError::Stopped);
            }
            let loss = self.step(data, part);
            if !loss.is_finite() {
                return Err(LearnError::Diverged { position: place, unit: "epochs" });
            }
            self.position.losses += loss * part.len() as f64;
            self.position.shown += part.len() as u64;
            self.report(monitor);
            if writer.is_due() {
                self.save(writer)?;
            }
        }
        Ok(())
    }

    fn report(&self, monitor: &dyn Monitor) {
        let (position, samples) = (&self.position, self.samples as u64);
        let mut metrics = vec![("loss".into(), position.loss())];
        if let Some(best) = position.best_score {
            metrics.push(("best_auroc".into(), best));
        }
        monitor.report(&Progress {
            activity: "training".into(),
            done: position.epoch * samples + position.shown,
            total: self.config.epochs * samples,
            unit: "images".into(),
            metrics,
        });
    }

    fn step(&mut self, data: &Images<'_>, part: &[Shown]) -> f64 {
        let (x, labels) = batch::<Autodiff<B>>(&self.model, data, part, &self.device);
        let weights = self.weights.lift::<Autodiff<B>>(true);
        let mut mode = Mode::Train(Vec::new());
        let features = self.model.features(&weights, &mut mode, x);
        let logits = self.model.head(&weights, features);
        let loss = weighted_cross_entropy(logits, labels, &self.class_weights);
        let gradients = loss.backward();
        let adam = AdamConfig {
            learning_rate: self.position.learning_rate,
            beta1: BETA1,
            beta2: BETA2,
            epsilon: ADAM_EPSILON,
        };
        self.weights = self.optimiser.step(&self.weights, weights.gradients(&gradients), &adam);
        if let Mode::Train(statistics) = mode {
            self.running.update(statistics.into_iter().map(Tensor::inner).collect());
        }
        scalar(loss.inner())
    }

    fn validate(
        &mut self,
        valid: &Images<'_>,
        score: ValidationScore<'_>,
        monitor: &dyn Monitor,
    ) -> Result<(), LearnError> {
        let network = (&self.model, &self.weights, &self.running);
        let values = scores(network, valid.images, &self.device, monitor)?;
        let position = &mut self.position;
        // The last step of an epoch shows in no loss of that epoch.
        if values.iter().any(|value| !value.is_finite()) {
            return Err(LearnError::Diverged { position: position.epoch + 1, unit: "epochs" });
        }
        let auroc = score(&values, valid.labels, valid.findings);
        let loss = position.loss();
        position.epoch += 1;
        (position.shown, position.losses) = (0, 0.0);
        position.curves.rows.push(vec![
            position.epoch as f64,
            loss,
            // A fold on which no finding has an AUROC decides nothing: chance level.
            auroc.unwrap_or(0.5),
            position.learning_rate,
        ]);
        position.waited += 1;
        if position.best_score.is_none_or(|best| auroc.unwrap_or(0.5) > best) {
            position.best_score = Some(auroc.unwrap_or(0.5));
            position.best_epoch = position.epoch;
            position.waited = 0;
            self.best = (self.weights.values(), self.running.values());
        } else if position.waited >= self.config.patience.reduce {
            position.learning_rate = (position.learning_rate * REDUCTION).max(FLOOR);
            position.waited = 0;
        }
        Ok(())
    }

    /// Goes on from the furthest checkpoint that this training would have passed: one made with
    /// more patience may lie beyond this one's end.
    fn resume(&mut self, checkpoints: &dyn Checkpoints) -> Result<(), LearnError> {
        let begin = |epoch: u64| epoch.saturating_mul(self.places());
        let mut at_most = begin(self.config.epochs);
        while let Some((filed, bytes)) = checkpoints.latest(at_most)? {
            let state = unpack::<Position>(&bytes)?;
            let end = end_by_patience(&state.rest.curves, self.config.patience.stop);
            let end = begin(end.min(self.config.epochs));
            if state.rest.place(self.places()) <= end {
                return self.restore(&state);
            }
            // Earlier versions filed the states between two epochs under the number of epochs.
            let Some(before) = filed.checked_sub(1) else { break };
            at_most = end.min(before);
        }
        Ok(())
    }

    /// Places an epoch: after each image, and one for what has passed validation too.
    fn places(&self) -> u64 {
        self.samples as u64 + 1
    }

    /// What a checkpoint of now is filed under.
    fn place(&self) -> u64 {
        self.position.place(self.places())
    }

    fn restore(
        &mut self,
        state: &crate::learn::state::Unpacked<Position>,
    ) -> Result<(), LearnError> {
        let (weights, running) = (self.model.weights.clone(), self.model.running.clone());
        let (count, statistics) = (weights.count(), running.count());
        let device = &self.device;
        let array = |name: &str| state.array(name, count);
        self.weights = Parameters::new(weights.clone(), array("weights")?, device);
        self.running =
            Running(Parameters::new(running, state.array("running", statistics)?, device));
        self.optimiser = Adam::resume(
            &weights,
            array("first")?,
            array("second")?,
            state.rest.adam_steps,
            device,
        );
        self.best = (array("best")?.to_vec(), state.array("best/running", statistics)?.to_vec());
        self.position = state.rest.clone();
        Ok(())
    }

    fn save(&mut self, writer: &mut CheckpointWriter<'_>) -> Result<(), LearnError> {
        writer.save(self.place(), || {
            let (first, second, steps) = self.optimiser.state();
            self.position.adam_steps = steps;
            let arrays = BTreeMap::from([
                ("weights", self.weights.values()),
                ("running", self.running.values()),
                ("first", first),
                ("second", second),
                ("best", self.best.0.clone()),
                ("best/running", self.best.1.clone()),
            ]);
            pack(&arrays, &self.position)
        })
    }

    fn finish(self) -> Result<TrainedClassifier, LearnError> {
        let text = self.model.description()?;
        let both = Layout::joined(&self.model.weights, &self.model.running);
        let mut values = self.best.0;
        values.extend(self.best.1);
        Ok(TrainedClassifier {
            weights: both.to_safetensors(&values, &text)?,
            curves: self.position.curves,
        })
    }
}

/// The epoch after which a training with this patience ends, from its curves; the largest number
/// where it had not ended yet.
fn end_by_patience(curves: &Curves, stop: u64) -> u64 {
    let mut best = f64::NEG_INFINITY;
    let mut best_epoch = 0;
    for (position, row) in curves.rows.iter().enumerate() {
        let epoch = position as u64 + 1;
        if row[2] > best {
            best = row[2];
            best_epoch = epoch;
        }
        if epoch - best_epoch >= stop {
            return epoch;
        }
    }
    u64::MAX
}
