//! Which findings an image shows, and how severe they are.

use super::lines::Device;
use rand::Rng;

/// The findings, in the order of the label matrix.
pub const FINDINGS: [&str; 6] = [
    "No Finding",
    "Cardiomegaly",
    "Lung Opacity",
    "Pleural Effusion",
    "Pneumothorax",
    "Support Devices",
];

/// Probability of each finding after the first, before they pull each other along.
const PREVALENCE: [f64; 5] = [0.24, 0.28, 0.20, 0.13, 0.16];
/// An enlarged heart makes an effusion likelier by this much.
const HEART_TO_EFFUSION: f64 = 0.22;
/// Least severity of a finding that is present; the mildest drown in noise.
const MILDEST: f64 = 0.22;

/// A side of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Findings with severities in 0..=1, zero for absent, and where they are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    /// Widening of the heart.
    pub(super) heart: f64,
    /// Density of an opacity, its place within the lung (0..1 across and down), and its side.
    pub(super) opacity: (f64, f64, f64, Side),
    /// Height of fluid at the base of a lung.
    pub(super) effusion: (f64, Side),
    /// Width of air along the rim of a lung's apex.
    pub(super) pneumothorax: (f64, Side),
    /// Contrast of a device, and its course.
    pub(super) device: (f64, Device),
}

impl Shown {
    pub(super) fn draw<R: Rng>(random: &mut R) -> Shown {
        let heart = severity(random, PREVALENCE[0]);
        let opacity = severity(random, PREVALENCE[1]);
        let effusion_chance = PREVALENCE[2] + if heart > 0.0 { HEART_TO_EFFUSION } else { 0.0 };
        let effusion = severity(random, effusion_chance);
        let pneumothorax = severity(random, PREVALENCE[3]);
        let device = severity(random, PREVALENCE[4]);
        Shown {
            heart,
            opacity: (opacity, random.random(), random.random(), side(random)),
            effusion: (effusion, side(random)),
            pneumothorax: (pneumothorax, side(random)),
            device: (device, Device::draw(random, device)),
        }
    }

    /// One byte a finding; the first says that there is no other.
    pub(super) fn labels(&self) -> Vec<u8> {
        let severities =
            [self.heart, self.opacity.0, self.effusion.0, self.pneumothorax.0, self.device.0];
        let present: Vec<u8> = severities.iter().map(|&value| u8::from(value > 0.0)).collect();
        let none = u8::from(present.iter().all(|&value| value == 0));
        std::iter::once(none).chain(present).collect()
    }
}

fn severity<R: Rng>(random: &mut R, chance: f64) -> f64 {
    let present = random.random_bool(chance);
    // Both numbers are drawn in any case, so that one finding does not shift the others' draws.
    let value = random.random_range(MILDEST..1.0);
    if present { value } else { 0.0 }
}

fn side<R: Rng>(random: &mut R) -> Side {
    if random.random_bool(0.5) { Side::Left } else { Side::Right }
}
