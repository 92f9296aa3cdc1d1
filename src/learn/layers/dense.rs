//! Fully connected layers at an equalised learning rate.

use crate::learn::parameters::{Layout, Parameters, Start};
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

/// A fully connected layer with bias; scaled like [`super::Conv`].
#[derive(Debug, Clone)]
pub struct Dense {
    weight: String,
    bias: String,
    inputs: usize,
    outputs: usize,
    gain: f32,
    weight_start: Start,
    bias_start: f32,
}

impl Dense {
    /// A layer under a name that is unique in its network.
    pub fn new(name: &str, inputs: usize, outputs: usize, gain: f32) -> Dense {
        Dense {
            weight: format!("{name}/weight"),
            bias: format!("{name}/bias"),
            inputs,
            outputs,
            gain,
            weight_start: Start::Normal(1.0),
            bias_start: 0.0,
        }
    }

    /// The same, but giving `value` for any input until it has learned something.
    pub fn starting_constant(mut self, value: f32) -> Dense {
        self.weight_start = Start::Constant(0.0);
        self.bias_start = value;
        self
    }

    /// Declares the weights: `[inputs, outputs]` and `[outputs]`.
    pub fn declare(&self, layout: &mut Layout) {
        layout.add(&self.weight, &[self.inputs, self.outputs], self.weight_start);
        layout.add(&self.bias, &[self.outputs], Start::Constant(self.bias_start));
    }

    /// `[batch, inputs]` to `[batch, outputs]`.
    pub fn apply<B: Backend>(&self, weights: &Parameters<B>, x: Tensor<B, 2>) -> Tensor<B, 2> {
        let scale = self.gain / (self.inputs as f32).sqrt();
        let bias = weights.get::<1>(&self.bias).reshape([1, self.outputs]);
        x.matmul(weights.get::<2>(&self.weight) * scale) + bias
    }
}
