//! What `msx` knows without computing anything: the language, the graph with its keys, and the store.
//!
//! These rooms are a package of their own only so that an edit in them is tested in seconds, without
//! the networks in the same crate. The package `msx` passes them on under the same names.

#![warn(missing_docs)]

pub mod any_path;
pub mod graph;
pub mod language;
pub mod progress;
pub mod project;
pub mod relative_path;
pub mod store;
