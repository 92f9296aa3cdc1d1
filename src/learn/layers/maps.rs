//! Feature maps: channels first, images second.

use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

/// Feature maps of a batch of square images as a matrix `[channels, batch · side · side]`.
///
/// One row a channel makes a convolution one matrix product, a bias one number a row and a pixel
/// norm a mean over rows; see [`crate::learn::kernels`].
#[derive(Debug, Clone)]
pub struct Maps<B: Backend> {
    /// The matrix.
    pub values: Tensor<B, 2>,
    /// Images.
    pub batch: usize,
    /// Side in pixels.
    pub side: usize,
}

impl<B: Backend> Maps<B> {
    /// Images, `[batch, channels, side, side]`; nothing is moved where there is one channel.
    pub fn of_images(images: Tensor<B, 4>) -> Maps<B> {
        match images.dims() {
            [batch, 1, side, _] => {
                Maps { values: images.reshape([1, batch * side * side]), batch, side }
            }
            _ => Maps::of_batch_first(images),
        }
    }

    /// The reverse of [`Maps::of_images`].
    pub fn into_images(self) -> Tensor<B, 4> {
        match self.channels() {
            1 => self.values.reshape([self.batch, 1, self.side, self.side]),
            _ => self.into_batch_first(),
        }
    }

    /// Maps of vectors `[batch, channels · side · side]`, channels slowest.
    pub fn of_vectors(vectors: Tensor<B, 2>, channels: usize, side: usize) -> Maps<B> {
        let [batch, _] = vectors.dims();
        let pixels = side * side;
        let values = vectors
            .reshape([batch, channels, pixels])
            .swap_dims(0, 1)
            .reshape([channels, batch * pixels]);
        Maps { values, batch, side }
    }

    /// The reverse of [`Maps::of_vectors`].
    pub fn into_vectors(self) -> Tensor<B, 2> {
        let (channels, pixels) = (self.channels(), self.side * self.side);
        self.values
            .reshape([channels, self.batch, pixels])
            .swap_dims(0, 1)
            .reshape([self.batch, channels * pixels])
    }

    /// As burn has them, `[batch, channels, side, side]`.
    pub fn into_batch_first(self) -> Tensor<B, 4> {
        let channels = self.channels();
        self.values.reshape([channels, self.batch, self.side, self.side]).swap_dims(0, 1)
    }

    /// From burn's order.
    pub fn of_batch_first(tensor: Tensor<B, 4>) -> Maps<B> {
        let [batch, channels, side, _] = tensor.dims();
        let values = tensor.swap_dims(0, 1).reshape([channels, batch * side * side]);
        Maps { values, batch, side }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.values.dims()[0]
    }

    /// The same maps with other values of the same shape.
    pub fn map(self, change: impl FnOnce(Tensor<B, 2>) -> Tensor<B, 2>) -> Maps<B> {
        Maps { values: change(self.values), batch: self.batch, side: self.side }
    }

    /// Moves towards `other` by a share.
    pub fn blend(self, other: Maps<B>, share: f32) -> Maps<B> {
        self.map(|values| values.clone() + (other.values - values) * share)
    }
}
