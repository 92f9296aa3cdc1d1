//! The predictive models: networks that give a probability for each finding.

mod architecture;
mod augment;
mod batch_norm;
mod batches;
mod cnn;
mod densenet;
mod inference;
mod loss;
mod model;
mod trainer;

pub use architecture::Architecture;
pub use augment::{Augmentation, Shown, View};
pub use batch_norm::{Mode, Running};
pub use batches::{batch, epoch};
pub use inference::{Features, features, predict};
pub use loss::{ClassWeights, weighted_cross_entropy};
pub use model::Model;
pub use trainer::{ClassifierConfig, Patience, TrainedClassifier, train};

use crate::data::Pixels;

/// Images with their labels.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// Of any depth and channels.
    pub images: Pixels<'a>,
    /// Zero or one, `[count, findings]`.
    pub labels: &'a [u8],
    /// Side in pixels.
    pub side: usize,
    /// Findings an image.
    pub findings: usize,
}

impl Images<'_> {
    /// Number of images.
    pub fn count(&self) -> usize {
        self.images.len()
    }
}
