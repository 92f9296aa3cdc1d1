//! Kills, broken input and full disks: a clear error or a later run that completes, and a cache
//! that is whole after each.

#[path = "faults/input.rs"]
mod input;
#[path = "faults/kill.rs"]
mod kill;
#[path = "support/project.rs"]
mod project;
#[path = "faults/worker.rs"]
mod worker;
