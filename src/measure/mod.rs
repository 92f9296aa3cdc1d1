//! Statistics as pure functions on slices. Every estimate carries its interval, its method and
//! its sample size.

pub mod auroc;
mod compare;
pub mod delong;
mod estimate;
mod evaluation;
pub mod neighbours;
pub mod roc;

pub use compare::{Comparison, compare};
pub use estimate::{Estimate, FEW_CASES};
pub use evaluation::{Evaluation, FindingAuroc, NotNumbers, evaluate};
pub use roc::RocPoint;
