//! A small network for small images: blocks of convolution, norm and rectifier, each halving the
//! side, then an average over what is left.

use super::batch_norm::{BatchNorm, Mode};
use crate::learn::kernels::Kernels;
use crate::learn::layers::{Maps, convolve, downsample};
use crate::learn::parameters::{Layout, Parameters, Start};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;

#[derive(Debug, Clone)]
pub(super) struct Cnn {
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
struct Block {
    name: String,
    inputs: usize,
    outputs: usize,
    norm: BatchNorm,
}

impl Cnn {
    /// For images of so many channels.
    pub(super) fn new(channels: usize, widths: &[usize]) -> Cnn {
        let inputs = std::iter::once(&channels).chain(widths);
        let blocks = inputs
            .zip(widths)
            .enumerate()
            .map(|(position, (&inputs, &outputs))| Block {
                name: format!("block{position}.conv.weight"),
                inputs,
                outputs,
                norm: BatchNorm::new(&format!("block{position}.norm"), outputs),
            })
            .collect();
        Cnn { blocks }
    }

    pub(super) fn declare(&self, weights: &mut Layout, running: &mut Layout) {
        for block in &self.blocks {
            let deviation = (2.0 / (block.inputs * 9) as f32).sqrt();
            let shape = [block.outputs, block.inputs, 3, 3];
            weights.add(&block.name, &shape, Start::Normal(deviation));
            block.norm.declare(weights, running);
        }
    }

    /// Number of features.
    pub(super) fn width(&self) -> usize {
        self.blocks.last().map_or(1, |block| block.outputs)
    }

    /// Averaged features, `[width, batch]`.
    pub(super) fn features<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        mode: &mut Mode<'_, B>,
        x: Maps<B>,
    ) -> Tensor<B, 2> {
        let mut x = x;
        for block in &self.blocks {
            let kernel = weights.get::<4>(&block.name);
            x = block.norm.apply(weights, mode, convolve(x, kernel, 1, 1)).map(relu);
            if x.side.is_multiple_of(2) {
                x = downsample(x);
            }
        }
        global_average(x)
    }
}

/// The mean of every feature map, `[channels, batch]`.
pub(super) fn global_average<B: Kernels>(x: Maps<B>) -> Tensor<B, 2> {
    let (channels, batch, pixels) = (x.channels(), x.batch, x.side * x.side);
    x.values.reshape([channels * batch, pixels]).mean_dim(1).reshape([channels, batch])
}
