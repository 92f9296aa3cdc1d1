//! Chest-like phantoms: images with overlapping findings, made from a seed alone.
//!
//! A patient has an anatomy and one to four images; an image has findings of varying severity and
//! nuisances of its own (pose, exposure, noise). Findings are drawn so that label sets differ in
//! frequency, and mild ones drown in anatomy and noise, so that no classifier is perfect.

mod anatomy;
mod findings;
mod lines;
mod render;

pub use findings::FINDINGS;

use super::channels::Channels;
use super::depth::Depth;
use super::error::DataError;
use super::fold::{FoldInfo, FoldWriter, Origin};
use super::pixels::Raster;
use super::random;
use super::summary::Summary;
use crate::progress::{Monitor, Progress, Stopped};
use anatomy::{Anatomy, Nuisance};
use findings::Shown;
use rand::Rng;
use rayon::prelude::*;
use std::path::Path;

/// Images drawn before the next write.
const CHUNK: usize = 256;
/// Most images of one patient.
const MOST_IMAGES: usize = 4;

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhantomConfig {
    /// How many images.
    pub count: usize,
    /// Side in pixels.
    pub side: usize,
    /// Seed of everything.
    pub seed: u64,
}

/// Which patient an image belongs to and which of theirs it is.
#[derive(Debug, Clone, Copy)]
struct Visit {
    patient: u64,
    image: u64,
}

/// Draws the dataset into a fold at `target`. Every image depends on the seed and its own number
/// alone, so threads do not show in the bytes.
///
/// # Errors
/// The disk refuses, or a stop on request.
pub fn generate(
    config: &PhantomConfig,
    target: &Path,
    monitor: &dyn Monitor,
) -> Result<Summary, DataError> {
    let mut writer = FoldWriter::create(target, Raster::eight(config.side), config.count)?;
    let visits = visits(config);
    let mut labels = Vec::with_capacity(config.count * FINDINGS.len());
    for (position, chunk) in visits.chunks(CHUNK).enumerate() {
        if monitor.stop_requested() {
            return Err(Stopped.into());
        }
        let drawn: Vec<(Vec<u8>, Vec<u8>)> =
            chunk.par_iter().map(|visit| draw(config, *visit)).collect();
        for (pixels, row) in drawn {
            writer.append(&pixels)?;
            labels.extend(row);
        }
        monitor.report(&Progress::counted(
            "drawing",
            position * CHUNK + chunk.len(),
            config.count,
            "images",
        ));
    }
    let info = FoldInfo {
        findings: FINDINGS.iter().map(|name| (*name).to_owned()).collect(),
        side: config.side,
        depth: Depth::Eight,
        channels: Channels::One,
        count: config.count,
        origin: Origin::Real,
        patients: visits.iter().map(|visit| format!("patient{:05}", visit.patient)).collect(),
        sources: (0..config.count).map(|number| format!("phantom{number:06}")).collect(),
    };
    let summary = Summary::count(config.count, &info.findings, &labels, &info.patients, Vec::new());
    writer.finish(&info, &labels)?;
    Ok(summary)
}

/// One image, bytes `[side, side]`, with its labels.
fn draw(config: &PhantomConfig, visit: Visit) -> (Vec<u8>, Vec<u8>) {
    let mut patient = random::stream(config.seed, "phantom/patient");
    patient.set_stream(visit.patient);
    let anatomy = Anatomy::draw(&mut patient);
    let mut image = random::stream(config.seed, "phantom/image");
    image.set_stream(visit.patient * MOST_IMAGES as u64 + visit.image);
    let shown = Shown::draw(&mut image);
    let nuisance = Nuisance::draw(&mut image);
    let pixels = render::render(config.side, &anatomy, &shown, &nuisance, &mut image);
    (pixels, shown.labels())
}

/// Patients with one to four images each, until there are enough images.
fn visits(config: &PhantomConfig) -> Vec<Visit> {
    let mut stream = random::stream(config.seed, "phantom/visits");
    let mut visits = Vec::with_capacity(config.count);
    let mut patient = 0;
    while visits.len() < config.count {
        let images = stream.random_range(1..=MOST_IMAGES as u64);
        visits.extend((0..images).map(|image| Visit { patient, image }));
        patient += 1;
    }
    visits.truncate(config.count);
    visits
}
