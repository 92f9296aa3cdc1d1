//! DenseNet-121 (Huang et al. 2017) under torchvision's weight names, so that published weights
//! can be loaded.

use super::batch_norm::{BatchNorm, Mode};
use super::cnn::global_average;
use crate::learn::kernels::{Geometry, Kernels};
use crate::learn::layers::{Maps, convolve, downsample};
use crate::learn::parameters::{Layout, Parameters, Start};
use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorPrimitive};

/// Feature maps that each layer adds.
const GROWTH: usize = 32;
/// Feature maps between the two convolutions of a layer, in units of the growth.
const BOTTLENECK: usize = 4;
/// Layers of the four blocks.
const BLOCKS: [usize; 4] = [6, 12, 24, 16];
/// Feature maps of the first convolution.
const FIRST: usize = 64;

#[derive(Debug, Clone)]
pub(super) struct DenseNet {
    first: Convolution,
    first_norm: BatchNorm,
    blocks: Vec<DenseBlock>,
    last_norm: BatchNorm,
    width: usize,
}

#[derive(Debug, Clone)]
struct DenseBlock {
    layers: Vec<DenseLayer>,
    /// Halves maps and side; absent after the last block.
    transition: Option<(BatchNorm, Convolution)>,
}

#[derive(Debug, Clone)]
struct DenseLayer {
    norm1: BatchNorm,
    conv1: Convolution,
    norm2: BatchNorm,
    conv2: Convolution,
}

/// A convolution without bias.
#[derive(Debug, Clone)]
struct Convolution {
    name: String,
    shape: [usize; 4],
    stride: usize,
}

impl Convolution {
    fn new(name: &str, inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Convolution {
        Convolution {
            name: format!("{name}.weight"),
            shape: [outputs, inputs, kernel, kernel],
            stride,
        }
    }

    fn declare(&self, weights: &mut Layout) {
        let fan_in = self.shape[1] * self.shape[2] * self.shape[3];
        weights.add(&self.name, &self.shape, Start::Normal((2.0 / fan_in as f32).sqrt()));
    }

    fn apply<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        convolve(x, weights.get::<4>(&self.name), self.stride, self.shape[2] / 2)
    }
}

impl DenseLayer {
    fn new(name: &str, inputs: usize) -> DenseLayer {
        let middle = GROWTH * BOTTLENECK;
        DenseLayer {
            norm1: BatchNorm::new(&format!("{name}.norm1"), inputs),
            conv1: Convolution::new(&format!("{name}.conv1"), inputs, middle, 1, 1),
            norm2: BatchNorm::new(&format!("{name}.norm2"), middle),
            conv2: Convolution::new(&format!("{name}.conv2"), middle, GROWTH, 3, 1),
        }
    }

    fn declare(&self, weights: &mut Layout, running: &mut Layout) {
        self.norm1.declare(weights, running);
        self.conv1.declare(weights);
        self.norm2.declare(weights, running);
        self.conv2.declare(weights);
    }

    fn apply<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        mode: &mut Mode<'_, B>,
        x: Maps<B>,
    ) -> Maps<B> {
        let new = self.norm1.apply(weights, mode, x.clone()).map(relu);
        let new = self.conv1.apply(weights, new);
        let new = self.norm2.apply(weights, mode, new).map(relu);
        let new = self.conv2.apply(weights, new);
        x.map(|values| Tensor::cat(vec![values, new.values], 0))
    }
}

impl DenseNet {
    pub(super) fn new() -> DenseNet {
        let mut width = FIRST;
        let mut blocks = Vec::with_capacity(BLOCKS.len());
        for (position, &count) in BLOCKS.iter().enumerate() {
            let number = position + 1;
            let layers = (0..count)
                .map(|layer| {
                    let name = format!("features.denseblock{number}.denselayer{}", layer + 1);
                    DenseLayer::new(&name, width + layer * GROWTH)
                })
                .collect();
            width += count * GROWTH;
            let transition = (number < BLOCKS.len()).then(|| {
                let name = format!("features.transition{number}");
                let norm = BatchNorm::new(&format!("{name}.norm"), width);
                let conv = Convolution::new(&format!("{name}.conv"), width, width / 2, 1, 1);
                width /= 2;
                (norm, conv)
            });
            blocks.push(DenseBlock { layers, transition });
        }
        DenseNet {
            first: Convolution::new("features.conv0", 3, FIRST, 7, 2),
            first_norm: BatchNorm::new("features.norm0", FIRST),
            blocks,
            last_norm: BatchNorm::new("features.norm5", width),
            width,
        }
    }

    pub(super) fn declare(&self, weights: &mut Layout, running: &mut Layout) {
        self.first.declare(weights);
        self.first_norm.declare(weights, running);
        for block in &self.blocks {
            for layer in &block.layers {
                layer.declare(weights, running);
            }
            if let Some((norm, conv)) = &block.transition {
                norm.declare(weights, running);
                conv.declare(weights);
            }
        }
        self.last_norm.declare(weights, running);
    }

    /// Number of features: 1,024.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Averaged features, `[1024, batch]`, of maps with three channels.
    pub(super) fn features<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        mode: &mut Mode<'_, B>,
        x: Maps<B>,
    ) -> Tensor<B, 2> {
        let x = self.first.apply(weights, x);
        let mut x = max_pool(self.first_norm.apply(weights, mode, x).map(relu));
        for block in &self.blocks {
            for layer in &block.layers {
                x = layer.apply(weights, mode, x);
            }
            if let Some((norm, conv)) = &block.transition {
                x = norm.apply(weights, mode, x).map(relu);
                x = downsample(to_even(conv.apply(weights, x)));
            }
        }
        global_average(self.last_norm.apply(weights, mode, x).map(relu))
    }
}

/// Leaves out the last row and column of maps with an odd side, as pooling with a step of two does.
fn to_even<B: Kernels>(x: Maps<B>) -> Maps<B> {
    if x.side.is_multiple_of(2) {
        return x;
    }
    let (channels, batch, side) = (x.channels(), x.batch, x.side - 1);
    let values = x
        .values
        .reshape([channels * batch, side + 1, side + 1])
        .slice([0..channels * batch, 0..side, 0..side])
        .reshape([channels, batch * side * side]);
    Maps { values, batch, side }
}

/// The maximum over 3×3 windows with stride 2. The zeros that pad it are harmless behind a
/// rectifier.
fn max_pool<B: Kernels>(x: Maps<B>) -> Maps<B> {
    let (channels, batch, side) = (x.channels(), x.batch, x.side);
    let geometry = Geometry { kernel: 3, stride: 2, padding: 1, channels, batch, side };
    let images = x.values.into_primitive().tensor();
    let patches = Tensor::<B, 2>::new(TensorPrimitive::Float(B::unfold(images, geometry)));
    let values = patches
        .reshape([channels, 9, geometry.columns()])
        .max_dim(1)
        .reshape([channels, geometry.columns()]);
    Maps { values, batch, side: geometry.patches() }
}
