//! Convolutions at an equalised learning rate, alone or fused with a change of resolution.

use super::Maps;
use crate::learn::kernels::{Geometry, Kernels};
use crate::learn::parameters::{Layout, Parameters, Start};
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Tensor, TensorData, TensorPrimitive};

/// A square convolution with bias. Weights start as standard normals and are scaled by
/// `gain / sqrt(fan in)` when used, so that all layers learn at the same speed (Karras et al.
/// 2018, section 4.1).
#[derive(Debug, Clone)]
pub struct Conv {
    weight: String,
    bias: String,
    inputs: usize,
    outputs: usize,
    kernel: usize,
    gain: f32,
}

impl Conv {
    /// A convolution of odd kernel side under a name that is unique in its network.
    pub fn new(name: &str, inputs: usize, outputs: usize, kernel: usize, gain: f32) -> Conv {
        Conv {
            weight: format!("{name}/weight"),
            bias: format!("{name}/bias"),
            inputs,
            outputs,
            kernel,
            gain,
        }
    }

    /// Declares the weights: `[outputs, inputs, kernel, kernel]` and `[outputs]`.
    pub fn declare(&self, layout: &mut Layout) {
        let shape = [self.outputs, self.inputs, self.kernel, self.kernel];
        layout.add(&self.weight, &shape, Start::Normal(1.0));
        layout.add(&self.bias, &[self.outputs], Start::Constant(0.0));
    }

    /// Same side.
    pub fn keep<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        let kernel = weights.get::<4>(&self.weight) * self.scale();
        self.add_bias(weights, convolve(x, kernel, 1, self.kernel / 2))
    }

    /// Half the side, by a stride of two without smoothing.
    pub fn stride<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        let kernel = weights.get::<4>(&self.weight) * self.scale();
        self.add_bias(weights, convolve(x, kernel, 2, self.kernel / 2))
    }

    /// Half the side: the 3×3 kernel is smeared to 4×4 and applied with stride 2, which equals
    /// convolving and then averaging 2×2 boxes.
    pub fn down<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        self.add_bias(weights, convolve(x, self.smeared(weights, 0.25), 2, 1))
    }

    /// Twice the side: the 3×3 kernel is smeared to 4×4 and applied transposed with stride 2,
    /// which equals repeating pixels and then convolving with the mirrored kernel, at less than
    /// half the work.
    pub fn up<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        self.add_bias(weights, spread(x, self.smeared(weights, 1.0)))
    }

    fn scale(&self) -> f32 {
        self.gain / ((self.inputs * self.kernel * self.kernel) as f32).sqrt()
    }

    fn add_bias<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        let bias = weights.get::<1>(&self.bias).reshape([self.outputs, 1]);
        x.map(|values| values + bias)
    }

    /// The 4×4 kernel that is the sum of the 3×3 kernel in its four corners.
    fn smeared<B: Kernels>(&self, weights: &Parameters<B>, factor: f32) -> Tensor<B, 4> {
        let kernel = weights.get::<4>(&self.weight);
        let smear = TensorData::new(smear_matrix(), [9, 16]);
        let smear = Tensor::<B, 2>::from_data(smear, &kernel.device());
        let flat = kernel.reshape([self.outputs * self.inputs, 9]) * (self.scale() * factor);
        flat.matmul(smear).reshape([self.outputs, self.inputs, 4, 4])
    }
}

/// A convolution with a kernel `[outputs, inputs, kernel, kernel]`.
pub(crate) fn convolve<B: Kernels>(
    x: Maps<B>,
    kernel: Tensor<B, 4>,
    stride: usize,
    padding: usize,
) -> Maps<B> {
    let [outputs, inputs, size, _] = kernel.dims();
    // Where the stride is wider than the kernel, burn-cubecl 0.21 gives zeros for the gradient of the
    // images: its direct transposed convolution takes no pixel at all there.
    if B::NATIVE && size >= stride {
        let options = ConvOptions::new([stride; 2], [padding; 2], [1, 1], 1);
        return Maps::of_batch_first(conv2d(x.into_batch_first(), kernel, None, options));
    }
    let (batch, side) = (x.batch, x.side);
    let geometry = Geometry { kernel: size, stride, padding, channels: inputs, batch, side };
    let patches = if size == 1 && stride == 1 && padding == 0 {
        x.values
    } else {
        let images = x.values.into_primitive().tensor();
        Tensor::new(TensorPrimitive::Float(B::unfold(images, geometry)))
    };
    let values = kernel.reshape([outputs, geometry.rows()]).matmul(patches);
    Maps { values, batch, side: geometry.patches() }
}

/// A transposed convolution of stride 2 with a kernel `[outputs, inputs, 4, 4]`.
fn spread<B: Kernels>(x: Maps<B>, kernel: Tensor<B, 4>) -> Maps<B> {
    let [outputs, inputs, size, _] = kernel.dims();
    let kernel = kernel.swap_dims(0, 1);
    if B::NATIVE {
        let options = ConvTransposeOptions::new([2, 2], [1, 1], [0, 0], [1, 1], 1);
        return Maps::of_batch_first(conv_transpose2d(x.into_batch_first(), kernel, None, options));
    }
    let (batch, side) = (x.batch, x.side * 2);
    let geometry = Geometry { kernel: size, stride: 2, padding: 1, channels: outputs, batch, side };
    let kernel = kernel.reshape([inputs, geometry.rows()]).transpose();
    let patches = kernel.matmul(x.values).into_primitive().tensor();
    let values = Tensor::new(TensorPrimitive::Float(B::fold(patches, geometry)));
    Maps { values, batch, side }
}

/// Row: a place in the 3×3 kernel. Column: a place in the 4×4 kernel that it contributes to.
fn smear_matrix() -> Vec<f32> {
    let mut matrix = vec![0.0; 9 * 16];
    for place in 0..9 {
        let (row, column) = (place / 3, place % 3);
        for corner in 0..4 {
            let (down, right) = (corner / 2, corner % 2);
            matrix[place * 16 + (row + down) * 4 + column + right] = 1.0;
        }
    }
    matrix
}
