//! The building blocks of both GANs: weights at an equalised learning rate, fused resampling
//! convolutions, norms.
//!
//! Everything here is made of operations that can be differentiated twice; burn's own pooling and
//! interpolation cannot be, so resampling is written with reshapes.

mod convolution;
mod dense;
mod maps;

pub use convolution::Conv;
pub(crate) use convolution::convolve;
pub use dense::Dense;
pub use maps::Maps;

use crate::learn::kernels::Kernels;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorPrimitive};

/// Keeps the norms finite.
const EPSILON: f32 = 1e-8;
/// Images whose statistics are taken together by [`minibatch_deviation`].
pub const GROUP: usize = 4;

/// Gain of He's initialisation in front of a rectifier.
pub const RECTIFIER_GAIN: f32 = std::f32::consts::SQRT_2;

/// `x` where positive, `0.2 x` elsewhere. The slope is a constant of the graph, so that neither
/// the first nor the second derivative goes through the comparison.
pub fn leaky_relu<B: Kernels>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    let value = x.into_primitive().tensor();
    Tensor::new(TensorPrimitive::Float(B::gate(value.clone(), value)))
}

/// Every pixel's feature vector at unit mean square (Karras et al. 2018, section 4.2).
pub fn pixel_norm<B: Backend>(x: Maps<B>) -> Maps<B> {
    x.map(|values| {
        let mean_square = (values.clone() * values.clone()).mean_dim(0);
        values / (mean_square + EPSILON).sqrt()
    })
}

/// The same for vectors, `[batch, features]`.
pub fn vector_norm<B: Backend>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    let mean_square = (x.clone() * x.clone()).mean_dim(1);
    x / (mean_square + EPSILON).sqrt()
}

/// Twice the side, each pixel repeated.
pub fn upsample<B: Backend>(x: Maps<B>) -> Maps<B> {
    let (channels, batch, side) = (x.channels(), x.batch, x.side);
    let values = x
        .values
        .reshape([channels * batch, side, 1, side, 1])
        .expand([channels * batch, side, 2, side, 2])
        .reshape([channels, batch * side * side * 4]);
    Maps { values, batch, side: side * 2 }
}

/// Half the side, each 2×2 box averaged. The side is even.
pub fn downsample<B: Backend>(x: Maps<B>) -> Maps<B> {
    let (channels, batch, side) = (x.channels(), x.batch, x.side);
    let half = side / 2;
    let values = x
        .values
        .reshape([channels * batch * half, 2, half, 2])
        .mean_dim(3)
        .mean_dim(1)
        .reshape([channels, batch * half * half]);
    Maps { values, batch, side: half }
}

/// Adds one feature map that holds the mean standard deviation over groups of [`GROUP`] images
/// (Karras et al. 2018, section 3). The batch must be a multiple of the group; image `i` belongs
/// to group `i mod (batch / GROUP)`.
pub fn minibatch_deviation<B: Backend>(x: Maps<B>) -> Maps<B> {
    let (channels, batch, side) = (x.channels(), x.batch, x.side);
    let group = GROUP.min(batch);
    let members = batch / group;
    let pixels = side * side;
    let grouped = x.values.clone().reshape([channels, group, members * pixels]);
    let centred = grouped.clone() - grouped.mean_dim(1);
    let deviation = ((centred.clone() * centred).mean_dim(1) + EPSILON).sqrt();
    let map = deviation
        .reshape([channels, members, pixels])
        .mean_dim(2)
        .mean_dim(0)
        .reshape([1, members, 1])
        .expand([group, members, pixels])
        .reshape([1, batch * pixels]);
    Maps { values: Tensor::cat(vec![x.values, map], 0), batch, side }
}
