//! The operations by burn's own, for backends without better ones and as a yardstick for those.

use super::{Geometry, LEAK};
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

/// [`super::Kernels::unfold`] by slicing the padded images.
pub fn unfold_by_slices<B: Backend>(images: Tensor<B, 2>, geometry: Geometry) -> Tensor<B, 2> {
    let Geometry { kernel, stride, padding, channels, batch, side } = geometry;
    let patches = geometry.patches();
    let padded = side + 2 * padding;
    let device = images.device();
    let canvas = Tensor::<B, 4>::zeros([channels, batch, padded, padded], &device);
    let inner = padding..padding + side;
    let images = images.reshape([channels, batch, side, side]);
    let canvas = canvas.slice_assign([0..channels, 0..batch, inner.clone(), inner], images);
    // Room for whole steps, so that every step-th pixel can be taken by reshaping.
    let room = patches * stride + kernel;
    let wide = Tensor::<B, 4>::zeros([channels, batch, room, room], &device)
        .slice_assign([0..channels, 0..batch, 0..padded, 0..padded], canvas);
    let taps = (0..kernel * kernel).map(|tap| {
        let (down, right) = (tap / kernel, tap % kernel);
        let span = patches * stride;
        wide.clone()
            .slice([0..channels, 0..batch, down..down + span, right..right + span])
            .reshape([channels * batch, patches, stride, patches, stride])
            .slice([0..channels * batch, 0..patches, 0..1, 0..patches, 0..1])
            .reshape([channels, 1, geometry.columns()])
    });
    Tensor::cat(taps.collect(), 1).reshape([geometry.rows(), geometry.columns()])
}

/// [`super::Kernels::fold`] by adding padded patches.
pub fn fold_by_padding<B: Backend>(patches: Tensor<B, 2>, geometry: Geometry) -> Tensor<B, 2> {
    let Geometry { kernel, stride, padding, channels, batch, side } = geometry;
    let count = geometry.patches();
    let device = patches.device();
    let room = (count * stride + kernel).max(side + 2 * padding);
    let span = count * stride;
    let patches = patches.reshape([channels, kernel * kernel, geometry.columns()]);
    let mut sum = Tensor::<B, 4>::zeros([channels, batch, room, room], &device);
    for tap in 0..kernel * kernel {
        let (down, right) = (tap / kernel, tap % kernel);
        let values = patches
            .clone()
            .slice([0..channels, tap..tap + 1, 0..geometry.columns()])
            .reshape([channels * batch, count, 1, count, 1]);
        let spread =
            Tensor::<B, 5>::zeros([channels * batch, count, stride, count, stride], &device)
                .slice_assign([0..channels * batch, 0..count, 0..1, 0..count, 0..1], values)
                .reshape([channels, batch, span, span]);
        let placed = Tensor::<B, 4>::zeros([channels, batch, room, room], &device)
            .slice_assign([0..channels, 0..batch, down..down + span, right..right + span], spread);
        sum = sum + placed;
    }
    sum.slice([0..channels, 0..batch, padding..padding + side, padding..padding + side])
        .reshape([channels, geometry.pixels()])
}

/// [`super::Kernels::gate`] by a mask.
pub fn gate_by_mask<B: Backend, const D: usize>(
    source: Tensor<B, D>,
    value: Tensor<B, D>,
) -> Tensor<B, D> {
    let negative = source.lower_elem(0.0).float();
    value * (negative * (LEAK - 1.0) + 1.0)
}

/// Implements [`super::Kernels`] for a backend whose own convolution is the faster one.
#[cfg(any(feature = "cuda", feature = "vulkan", feature = "libtorch"))]
macro_rules! native_kernels {
    ($backend:ty) => {
        impl $crate::learn::kernels::Kernels for $backend {
            const NATIVE: bool = true;

            fn unfold(
                images: burn::tensor::ops::FloatTensor<Self>,
                geometry: $crate::learn::kernels::Geometry,
            ) -> burn::tensor::ops::FloatTensor<Self> {
                use burn::tensor::{Tensor, TensorPrimitive};
                let images = Tensor::<Self, 2>::new(TensorPrimitive::Float(images));
                $crate::learn::kernels::unfold_by_slices(images, geometry).into_primitive().tensor()
            }

            fn fold(
                patches: burn::tensor::ops::FloatTensor<Self>,
                geometry: $crate::learn::kernels::Geometry,
            ) -> burn::tensor::ops::FloatTensor<Self> {
                use burn::tensor::{Tensor, TensorPrimitive};
                let patches = Tensor::<Self, 2>::new(TensorPrimitive::Float(patches));
                $crate::learn::kernels::fold_by_padding(patches, geometry).into_primitive().tensor()
            }

            fn gate(
                source: burn::tensor::ops::FloatTensor<Self>,
                value: burn::tensor::ops::FloatTensor<Self>,
            ) -> burn::tensor::ops::FloatTensor<Self> {
                use burn::tensor::{Tensor, TensorPrimitive};
                let source = Tensor::<Self, 2>::new(TensorPrimitive::Float(source));
                let value = Tensor::<Self, 2>::new(TensorPrimitive::Float(value));
                $crate::learn::kernels::gate_by_mask(source, value).into_primitive().tensor()
            }
        }
    };
}
#[cfg(any(feature = "cuda", feature = "vulkan", feature = "libtorch"))]
pub(super) use native_kernels;
