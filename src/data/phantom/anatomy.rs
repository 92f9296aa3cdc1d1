//! What belongs to a patient, and what varies from image to image.

use super::lines::{Line, creases};
use rand::Rng;

/// A patient's build. Lengths are in units of half the image's side.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Anatomy {
    /// Half width of the body at the chest.
    pub(super) body: f64,
    /// Half width of one lung.
    pub(super) lung_width: f64,
    /// Half height of one lung.
    pub(super) lung_height: f64,
    /// Distance of a lung's centre from the midline.
    pub(super) lung_offset: f64,
    /// Half width of a heart of normal size.
    pub(super) heart: f64,
    /// Distance between ribs.
    pub(super) rib_spacing: f64,
    /// Contrast of the ribs.
    pub(super) rib_contrast: f64,
    /// Height of the diaphragm on the left and right.
    pub(super) diaphragm: (f64, f64),
    /// Brightness of soft tissue over the lungs.
    pub(super) tissue: f64,
}

impl Anatomy {
    pub(super) fn draw<R: Rng>(random: &mut R) -> Anatomy {
        let body = random.random_range(0.80..0.96);
        Anatomy {
            body,
            lung_width: body * random.random_range(0.33..0.40),
            lung_height: random.random_range(0.58..0.70),
            lung_offset: body * random.random_range(0.44..0.50),
            heart: random.random_range(0.22..0.31),
            rib_spacing: random.random_range(0.15..0.20),
            rib_contrast: random.random_range(0.03..0.09),
            diaphragm: (random.random_range(0.42..0.56), random.random_range(0.38..0.52)),
            tissue: random.random_range(0.16..0.32),
        }
    }
}

/// What differs between two images of one patient.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nuisance {
    /// Shift to the right and down.
    pub(super) shift: (f64, f64),
    /// Magnification.
    pub(super) scale: f64,
    /// Rotation in radians.
    pub(super) angle: f64,
    /// Exponent of the exposure.
    pub(super) gamma: f64,
    /// Factor on brightness.
    pub(super) gain: f64,
    /// Standard deviation of the noise, as a share of white.
    pub(super) noise: f64,
    /// How deep the breath was: shifts the diaphragm.
    pub(super) breath: f64,
    /// Folds of cloth or skin.
    pub(super) creases: Vec<Line>,
}

impl Nuisance {
    pub(super) fn draw<R: Rng>(random: &mut R) -> Nuisance {
        Nuisance {
            shift: (random.random_range(-0.08..0.08), random.random_range(-0.07..0.07)),
            scale: random.random_range(0.93..1.09),
            angle: random.random_range(-0.07..0.07),
            gamma: random.random_range(0.85..1.20),
            gain: random.random_range(0.86..1.0),
            noise: random.random_range(0.02..0.05),
            breath: random.random_range(-0.06..0.06),
            creases: creases(random),
        }
    }
}
