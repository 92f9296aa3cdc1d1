//! Kills, power cuts, flipped bits, crowds, broken input and full disks: a clear error or a later run
//! that completes, and a cache that is whole after each.
//!
//! `cargo test --test faults` tries a few moments of each kind. `MSX_FAULT_POINTS=100` tries as many,
//! and each test prints what it tried and what that cost:
//!
//! ```console
//! MSX_FAULT_POINTS=100 cargo test --test faults -- --nocapture --test-threads 1
//! ```
//!
//! Power cuts need `strace`, clocks that are set back `faketime`, full disks the right to mount; where
//! these are missing, the test says that it was skipped.

#[path = "faults/clock.rs"]
mod clock;
#[path = "faults/crowd.rs"]
mod crowd;
#[path = "faults/damage.rs"]
mod damage;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/input.rs"]
mod input;
#[path = "faults/kill.rs"]
mod kill;
#[path = "faults/power.rs"]
mod power;
#[path = "support/project.rs"]
mod project;
#[path = "faults/table.rs"]
mod table;
#[path = "faults/trace.rs"]
mod trace;
#[path = "faults/worker.rs"]
mod worker;
