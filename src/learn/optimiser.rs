//! Adam with explicit state, so that a checkpoint holds all of it under stable names.
//!
//! burn's own optimiser files its state under random parameter ids, which differ from run to run.

use super::parameters::{Layout, Parameters};
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use std::sync::Arc;

/// The numbers of Adam (Kingma and Ba 2015, algorithm 1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamConfig {
    /// Step size.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
}

/// First and second moments of every weight, and the number of steps taken.
#[derive(Debug, Clone)]
pub struct Adam<B: Backend> {
    first: Parameters<B>,
    second: Parameters<B>,
    steps: u64,
}

impl<B: Backend> Adam<B> {
    /// At the beginning: no moments, no steps.
    pub fn new(layout: &Arc<Layout>, device: &B::Device) -> Adam<B> {
        let zeros = vec![0.0; layout.count()];
        Adam {
            first: Parameters::new(layout.clone(), &zeros, device),
            second: Parameters::new(layout.clone(), &zeros, device),
            steps: 0,
        }
    }

    /// From the parts of an earlier state.
    pub fn resume(
        layout: &Arc<Layout>,
        first: &[f32],
        second: &[f32],
        steps: u64,
        device: &B::Device,
    ) -> Adam<B> {
        Adam {
            first: Parameters::new(layout.clone(), first, device),
            second: Parameters::new(layout.clone(), second, device),
            steps,
        }
    }

    /// First moments, second moments, steps.
    pub fn state(&self) -> (Vec<f32>, Vec<f32>, u64) {
        (self.first.values(), self.second.values(), self.steps)
    }

    /// One step down the gradients; gives the new weights.
    pub fn step(
        &mut self,
        weights: &Parameters<B>,
        gradients: Vec<Tensor<B, 1>>,
        config: &AdamConfig,
    ) -> Parameters<B> {
        self.steps += 1;
        let power =
            |beta: f32| 1.0 - f64::from(beta).powi(i32::try_from(self.steps).unwrap_or(i32::MAX));
        let (first_correction, second_correction) = (power(config.beta1), power(config.beta2));
        let rate = config.learning_rate / first_correction;
        let mut first = Vec::with_capacity(gradients.len());
        let mut second = Vec::with_capacity(gradients.len());
        let mut updated = Vec::with_capacity(gradients.len());
        for (position, gradient) in gradients.into_iter().enumerate() {
            let square = gradient.clone() * gradient.clone();
            let mean = decay(&self.first.tensors()[position], gradient, config.beta1);
            let variance = decay(&self.second.tensors()[position], square, config.beta2);
            let root = (variance.clone() / second_correction).sqrt() + config.epsilon;
            updated.push(weights.tensors()[position].clone() - mean.clone() / root * rate);
            first.push(mean);
            second.push(variance);
        }
        self.first = self.first.with(first);
        self.second = self.second.with(second);
        weights.with(updated)
    }
}

/// `old · beta + new · (1 − beta)`
fn decay<B: Backend>(old: &Tensor<B, 1>, new: Tensor<B, 1>, beta: f32) -> Tensor<B, 1> {
    if beta == 0.0 {
        return new;
    }
    old.clone() * beta + new * (1.0 - beta)
}

/// Moves a running average of the first `count` weights towards the present ones; the others stay.
pub fn average<B: Backend>(
    running: &Parameters<B>,
    present: &Parameters<B>,
    count: usize,
    beta: f32,
) -> Parameters<B> {
    let pairs = running.tensors().iter().zip(present.tensors());
    let moved = pairs.take(count).map(|(running, present)| decay(running, present.clone(), beta));
    let rest = running.tensors().iter().skip(count).cloned();
    running.with(moved.chain(rest).collect())
}
