//! Which network, described so that stored weights can find their way back into one.

use serde::{Deserialize, Serialize};

/// A classifier's architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// A small convolutional network on images at their own size.
    Cnn {
        /// Feature maps of each block; every block halves the side.
        widths: Vec<usize>,
    },
    /// DenseNet-121 (Huang et al. 2017) on images resized to a fixed side, with grey repeated
    /// over three channels, or three channels as they are, and ImageNet's mean and standard deviation.
    DenseNet121 {
        /// Side that images are resized to.
        input: usize,
    },
}
