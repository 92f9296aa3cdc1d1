//! Networks and their training, generic over one backend parameter.

mod alone;
pub mod checkpoint;
pub mod classifier;
mod curves;
pub mod device;
mod error;
pub mod gan;
pub mod kernels;
pub mod layers;
pub mod optimiser;
pub mod parameters;
mod pixels;
mod state;

pub use crate::with_backend;
pub use alone::{Alone, alone};
pub use curves::Curves;
pub use error::LearnError;
