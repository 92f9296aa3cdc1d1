//! Runs a graph: what may run side by side, one stage from key to record, typed events.

mod ahead;
mod checkpointing;
mod event;
mod execute;
mod forecast;
mod journal;
mod queue;
mod reason;
mod receipt;
mod remembering;
mod schedule;
mod session;
mod threads;
mod trajectories;
mod worker;

pub use ahead::Ahead;
pub use checkpointing::Checkpointing;
pub use event::{Both, Event, Observer};
pub use execute::platform;
pub use journal::{Journal, Line, Request, conclude, journal};
pub use reason::reason;
pub use receipt::{Question, Trace, asked, has_pages, keep, tell};
pub use schedule::{Ending, Outcome, Settings, run};
pub use session::{Session, UNREAD};
pub use threads::take_part;
pub use trajectories::Trajectories;
pub use worker::{COMMAND as WORKER_COMMAND, serve};
