//! The protocol of the seed system, the same for real and synthetic folds: Adam on the weighted
//! cross entropy, the validation AUROC decides over learning rate, end and which weights stay.

use super::Images;
use super::architecture::Architecture;
use super::batch_norm::{Mode, Running};
use super::batches::{batch, epoch_order};
use super::inference::scores;
use super::loss::{ClassWeights, weighted_cross_entropy};
use super::model::Model;
use crate::data::random;
use crate::learn::checkpoint::Checkpoints;
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
    if train.findings != valid.findings || train.side != valid.side {
        return Err(LearnError::Configuration(
            "the training and validation folds have other findings or sizes; take both from one \
             stage"
                .to_owned(),
        ));
    }
    let model = Model::new(config.architecture.clone(), train.findings)?;
    let _alone = alone();
    let mut trainer = Trainer::<B>::new(config, model, train, device)?;
    trainer.resume(checkpoints)?;
    while !trainer.is_over() {
        trainer.epoch(train, monitor)?;
        trainer.validate(valid, validation_score)?;
        trainer.save(checkpoints)?;
        if monitor.stop_requested() {
            return Err(LearnError::Stopped);
        }
    }
    trainer.finish()
}

/// Where a training stands, beside its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Position {
    epoch: u64,
    learning_rate: f64,
    best_score: Option<f64>,
    best_epoch: u64,
    /// Epochs since the last improvement or reduction.
    waited: u64,
    adam_steps: u64,
    curves: Curves,
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
    position: Position,
    loss: f64,
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
            position: Position {
                epoch: 0,
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
            loss: 0.0,
        })
    }

    fn is_over(&self) -> bool {
        let position = &self.position;
        position.epoch >= self.config.epochs
            || position.epoch - position.best_epoch >= self.config.patience.stop
    }

    fn epoch(&mut self, data: &Images<'_>, monitor: &dyn Monitor) -> Result<(), LearnError> {
        let config = self.config;
        let epoch = self.position.epoch;
        let samples = data.count().min(config.samples_per_epoch);
        let order = epoch_order(data.count(), samples, config.mirror, config.seed, epoch);
        let mut sum = 0.0;
        let mut shown = 0;
        for part in order.chunks(config.batch) {
            // A stop in mid-epoch loses at most this epoch: the last one is in a checkpoint.
            if monitor.stop_requested() {
                return Err(LearnError::Stopped);
            }
            let loss = self.step(data, part);
            if !loss.is_finite() {
                return Err(LearnError::Diverged { position: epoch, unit: "epochs" });
            }
            sum += loss * part.len() as f64;
            shown += part.len();
            self.loss = sum / shown as f64;
            self.report(epoch * samples as u64 + shown as u64, samples, monitor);
        }
        self.position.epoch += 1;
        Ok(())
    }

    fn report(&self, done: u64, samples: usize, monitor: &dyn Monitor) {
        let mut metrics = vec![("loss".into(), self.loss)];
        if let Some(best) = self.position.best_score {
            metrics.push(("best_auroc".into(), best));
        }
        monitor.report(&Progress {
            activity: "training".into(),
            done,
            total: self.config.epochs * samples as u64,
            unit: "images".into(),
            metrics,
        });
    }

    fn step(&mut self, data: &Images<'_>, part: &[(usize, bool)]) -> f64 {
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
    ) -> Result<(), LearnError> {
        let values = scores(
            &self.model,
            &self.weights,
            &self.running,
            valid.images,
            valid.side,
            &self.device,
        );
        // The last step of an epoch shows in no loss of that epoch.
        if values.iter().any(|value| !value.is_finite()) {
            return Err(LearnError::Diverged { position: self.position.epoch, unit: "epochs" });
        }
        let auroc = score(&values, valid.labels, valid.findings);
        let position = &mut self.position;
        position.curves.rows.push(vec![
            position.epoch as f64,
            self.loss,
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
        let mut at_most = self.config.epochs;
        while let Some((epoch, bytes)) = checkpoints.latest(at_most)? {
            let state = unpack::<Position>(&bytes)?;
            let end = end_by_patience(&state.rest.curves, self.config.patience.stop);
            if end >= epoch {
                return self.restore(&state);
            }
            at_most = end;
        }
        Ok(())
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

    fn save(&mut self, checkpoints: &dyn Checkpoints) -> Result<(), LearnError> {
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
        checkpoints.save(self.position.epoch, &pack(&arrays, &self.position)?)?;
        Ok(())
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
