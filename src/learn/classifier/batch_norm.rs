//! Batch normalisation with running statistics (Ioffe and Szegedy 2015).

use crate::learn::layers::Maps;
use crate::learn::parameters::{Layout, Parameters, Start, host};
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

const EPSILON: f32 = 1e-5;
/// Share of the newest batch in the running statistics.
const MOMENTUM: f32 = 0.1;

/// Running means and variances of a network's norms, by name.
#[derive(Debug, Clone)]
pub struct Running<B: Backend>(pub Parameters<B>);

/// How norms take their statistics.
pub enum Mode<'a, B: Backend> {
    /// From the batch; the statistics of each norm are collected in the order of the layout.
    Train(Vec<Tensor<B, 1>>),
    /// From the running statistics.
    Evaluate(&'a Running<B>),
}

/// One norm.
#[derive(Debug, Clone)]
pub(super) struct BatchNorm {
    name: String,
    channels: usize,
}

impl BatchNorm {
    pub(super) fn new(name: &str, channels: usize) -> BatchNorm {
        BatchNorm { name: name.to_owned(), channels }
    }

    /// Declares scale and shift in `weights`, mean and variance in `running`.
    pub(super) fn declare(&self, weights: &mut Layout, running: &mut Layout) {
        let shape = [self.channels];
        weights.add(format!("{}.weight", self.name), &shape, Start::Constant(1.0));
        weights.add(format!("{}.bias", self.name), &shape, Start::Constant(0.0));
        running.add(format!("{}.running_mean", self.name), &shape, Start::Constant(0.0));
        running.add(format!("{}.running_var", self.name), &shape, Start::Constant(1.0));
    }

    pub(super) fn apply<B: Backend>(
        &self,
        weights: &Parameters<B>,
        mode: &mut Mode<'_, B>,
        x: Maps<B>,
    ) -> Maps<B> {
        let column = |tensor: Tensor<B, 1>| tensor.reshape([self.channels, 1]);
        let weight = |part: &str| weights.get::<1>(&format!("{}.{part}", self.name));
        let (scale, shift) = (column(weight("weight")), column(weight("bias")));
        let (centred, variance) = match mode {
            Mode::Train(collected) => {
                let mean = x.values.clone().mean_dim(1);
                let centred = x.values.clone() - mean.clone();
                let variance = (centred.clone() * centred.clone()).mean_dim(1);
                let count = x.values.dims()[1] as f32;
                collected.push(mean.reshape([self.channels]));
                // Running statistics hold the unbiased variance, as PyTorch's do.
                let unbiased = variance.clone() * (count / (count - 1.0).max(1.0));
                collected.push(unbiased.reshape([self.channels]));
                (centred, variance)
            }
            Mode::Evaluate(running) => {
                let value = |part: &str| column(running.0.get(&format!("{}.{part}", self.name)));
                (x.values.clone() - value("running_mean"), value("running_var"))
            }
        };
        let factor = scale / (variance + EPSILON).sqrt();
        x.map(|_| centred * factor + shift)
    }
}

impl<B: Backend> Running<B> {
    /// Moves the running statistics towards those of a batch.
    pub(super) fn update(&mut self, batch: Vec<Tensor<B, 1>>) {
        let moved = self
            .0
            .tensors()
            .iter()
            .zip(batch)
            .map(|(old, new)| old.clone() * (1.0 - MOMENTUM) + new * MOMENTUM)
            .collect();
        self.0 = self.0.with(moved);
    }

    /// All numbers, in the order of the layout.
    pub(super) fn values(&self) -> Vec<f32> {
        self.0.tensors().iter().flat_map(|tensor| host(tensor.clone())).collect()
    }
}
