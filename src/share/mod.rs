//! Results for other people: figures, locks, bundles, and whether somebody else gets the same.

mod lock;
mod results;
mod side;

pub use lock::{
    Deviation, Deviations, Lock, LockError, LockedData, LockedSource, LockedStage, Reason, Text,
};
pub use results::Results;
pub use side::{of_run, plan_keys};
