//! Results for other people: figures, locks, bundles, folds for other programs, and whether somebody
//! else gets the same. What is written where a user says goes through [`output`].

pub mod archive;
mod bundle;
mod contents;
pub mod export;
mod lock;
pub mod output;
mod research_object;
mod results;
mod side;
mod verdict;
mod withheld;

pub use bundle::{Bundle, BundleError, EXPERIMENT, Kept, LOCK, STAGES, is_asked_differently, when};
pub use contents::{Artefact, Contents, Entry};
pub use lock::{
    Deviation, Deviations, LOCK_FILE, Lock, LockError, LockedData, LockedSource, LockedStage,
    Reason, Text,
};
pub use research_object::{BUNDLE, Description, FILE as METADATA};
pub use results::Results;
pub use side::of_run;
pub use verdict::{Apart, TOLERANCE, Verdict, agree, judge};
pub use withheld::{CannotWithhold, WITHHELD, give_back, secrets, withhold};
