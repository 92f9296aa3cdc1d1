//! Runs a graph: what may run side by side, one stage from key to record, typed events.

mod event;
mod execute;
mod reason;
mod schedule;
mod session;
mod worker;

pub use event::{Event, Observer};
pub use execute::platform;
pub use reason::reason;
pub use schedule::{Ending, Outcome, Settings, run};
pub use session::Session;
pub use worker::{COMMAND as WORKER_COMMAND, serve};
