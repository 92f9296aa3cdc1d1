//! The few operations that decide how fast networks train, per backend.
//!
//! burn's convolutions on the CPU spend most of their time between the matrix products, and their
//! backward passes leave the fast path. Here a convolution is a matrix product with unfolded
//! patches. Feature maps are stored channels first and images second, `[channels, batch, side,
//! side]`, so that unfolding gives the right-hand side of the product and the product gives the
//! next feature maps with nothing transposed, and so that biases and norms run along rows.
//!
//! Unfolding and folding are each other's adjoint and gating is its own, so the set is closed
//! under differentiation and works at every level of `Autodiff`. Backends of a GPU use burn's
//! convolutions instead ([`Kernels::NATIVE`]).

mod autodiff;
mod flex;
mod generic;
mod processor;

pub use generic::{fold_by_padding, gate_by_mask, unfold_by_slices};
pub use processor::processor;

use burn::tensor::backend::Backend;
use burn::tensor::ops::FloatTensor;

/// Slope on the negative side of [`Kernels::gate`], that of the leaky ReLU.
pub const LEAK: f32 = 0.2;

/// Which patches a convolution sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Side of the kernel.
    pub kernel: usize,
    /// Step between patches.
    pub stride: usize,
    /// Zeros around each image.
    pub padding: usize,
    /// Channels of the unfolded side.
    pub channels: usize,
    /// Images.
    pub batch: usize,
    /// Side of the images before unfolding.
    pub side: usize,
}

impl Geometry {
    /// Patches along one side.
    pub fn patches(&self) -> usize {
        (self.side + 2 * self.padding - self.kernel) / self.stride + 1
    }

    /// Rows of the unfolded matrix: one for each channel and place in the kernel.
    pub fn rows(&self) -> usize {
        self.channels * self.kernel * self.kernel
    }

    /// Columns of the unfolded matrix: one for each image and patch.
    pub fn columns(&self) -> usize {
        self.batch * self.patches() * self.patches()
    }

    /// Columns of the images as a matrix: one for each pixel.
    pub fn pixels(&self) -> usize {
        self.batch * self.side * self.side
    }
}

/// Operations beyond burn's own. All tensors are matrices.
pub trait Kernels: Backend {
    /// Whether the backend's own convolution is the faster one.
    const NATIVE: bool;

    /// Images `[channels, batch · side · side]` to patches `[channels · kernel · kernel,
    /// batch · patches · patches]`.
    fn unfold(images: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;

    /// The adjoint: adds every patch back to where it was taken from.
    fn fold(patches: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;

    /// `value` where `source` is at least zero, [`LEAK`] times it elsewhere. No gradient flows to
    /// `source`.
    fn gate(source: FloatTensor<Self>, value: FloatTensor<Self>) -> FloatTensor<Self>;
}

#[cfg(feature = "cuda")]
generic::native_kernels!(burn::backend::Cuda);
#[cfg(feature = "vulkan")]
generic::native_kernels!(burn::backend::Vulkan);
#[cfg(feature = "libtorch")]
generic::native_kernels!(burn::backend::LibTorch);
