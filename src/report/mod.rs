//! One self-contained HTML page from recorded results. Draws, never computes.
//!
//! In two steps, so that names never enter cached bytes: [`render`] makes a template in which
//! each stage is a marker, [`publish`] fills in names, settings and the graph. Beside it, a [`sheet`]
//! of images as a picture of its own.

mod chart;
mod curves;
mod data;
mod evaluations;
mod galleries;
mod graph;
mod html;
mod images;
mod page;
pub mod picture;
mod publish;
pub mod sheet;
pub mod view;

pub use page::render;
pub use publish::{Provenance, ProvenanceStage, Setting, publish};
