//! `msx`: a language for medical-imaging experiments, and the runner that never does the same work
//! twice. `ARCHITECTURE.md` draws how the rooms depend on each other.

#![warn(missing_docs)]

pub mod cli;
pub mod data;
pub mod editor;
pub mod learn;
pub mod measure;
pub mod report;
pub mod run;
pub mod share;
pub mod stages;

pub use msx_core::{any_path, graph, language, progress, project, relative_path, store};
