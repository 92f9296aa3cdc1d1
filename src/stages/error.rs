//! How a stage fails.

use crate::data::DataError;
use crate::learn::LearnError;
use crate::progress::Stopped;
use std::error::Error;
use std::io;
use std::path::Path;

/// Why a stage did not finish.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The user asked to stop; what can be resumed is in a checkpoint.
    #[error("stopped on request")]
    Stopped,
    /// Bad input or a failing disk; the message names the place and the remedy.
    #[error(transparent)]
    Failed(Box<dyn Error + Send + Sync>),
    /// An input is not what was stored; the stage that made it has to run again.
    #[error("{0}")]
    Damaged(String),
    /// Something only a defect in msx can cause.
    #[error("{0}; this is a defect in msx, please report it")]
    Defect(String),
}

impl StageError {
    /// Wraps any error whose message already names place and remedy.
    pub fn other<E: Error + Send + Sync + 'static>(error: E) -> StageError {
        StageError::Failed(Box::new(error))
    }

    /// A message of our own.
    pub fn message(text: impl Into<String>) -> StageError {
        StageError::Failed(text.into().into())
    }

    /// Wraps a system error with the path it belongs to.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> StageError + '_ {
        move |source| {
            let remedy = match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "; free some space there or choose another cache with --cache, then run \
                     again: finished stages are kept"
                }
                _ => "",
            };
            StageError::message(format!("{}: {source}{remedy}", path.display()))
        }
    }
}

impl From<DataError> for StageError {
    fn from(error: DataError) -> StageError {
        match error {
            DataError::Stopped => StageError::Stopped,
            DataError::Damaged { .. } => StageError::Damaged(error.to_string()),
            other => StageError::other(other),
        }
    }
}

impl From<LearnError> for StageError {
    fn from(error: LearnError) -> StageError {
        match error {
            LearnError::Stopped => StageError::Stopped,
            other => StageError::other(other),
        }
    }
}

impl From<Stopped> for StageError {
    fn from(_: Stopped) -> StageError {
        StageError::Stopped
    }
}
