//! How a training fails.

use std::io;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// The user asked to stop; a checkpoint was written.
    #[error("stopped on request")]
    Stopped,
    /// A checkpoint could not be written or read.
    #[error("{0}")]
    Checkpoint(#[from] io::Error),
    /// The loss is no longer a number.
    #[error(
        "the training diverged after {position} {unit}: a loss is not a finite number; \
         lower `learning_rate`"
    )]
    Diverged {
        /// How far it got.
        position: u64,
        /// `images` or `epochs`.
        unit: &'static str,
    },
    /// A setting does not fit the data or another setting.
    #[error("{0}")]
    Configuration(String),
    /// Stored weights do not fit the network.
    #[error("the stored weights cannot be used: {0}")]
    Weights(String),
}
