//! Lines in an image: tubes of devices, and creases of cloth or skin that only look like them.

use super::render::{Point, bump, inside};
use rand::Rng;
use std::f64::consts::FRAC_PI_2;

/// Chance that a device has a generator beside its tube.
const WITH_GENERATOR: f64 = 0.35;
/// Most creases in one image.
const MOST_CREASES: usize = 2;

/// A bent line that begins at one point and runs a length away from it, perhaps out of the image.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Where it begins, across and down.
    tip: (f64, f64),
    /// Direction in which it leaves the tip, in radians; a quarter turn back points up.
    angle: f64,
    /// How far its other end lies beside that direction.
    bend: f64,
    length: f64,
    width: f64,
    /// Brightness that it adds along its middle.
    contrast: f64,
}

/// A tube that ends in the middle of the chest, and perhaps a generator under the collar bone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Device {
    tube: Line,
    /// Centre across and down, and half its side.
    generator: Option<(f64, f64, f64)>,
}

impl Line {
    /// What the line adds to a point's brightness. `pixel` is the side of a pixel.
    pub(super) fn shade(&self, point: Point, pixel: f64) -> f64 {
        let (sine, cosine) = self.angle.sin_cos();
        let (x, y) = (point.x - self.tip.0, point.y - self.tip.1);
        let along = x * cosine + y * sine;
        let share = along / self.length;
        let beside = y * cosine - x * sine - self.bend * share * share;
        // A line thinner than a pixel spreads over that pixel and pales, as it would on a detector.
        let width = self.width.hypot(pixel / 2.0);
        let contrast = self.contrast * self.width / width;
        contrast * bump(beside, width) * inside(-along) * inside(along - self.length)
    }

    /// Creases run steeply, as tubes do, but anywhere, and they are fainter on the whole.
    fn crease<R: Rng>(random: &mut R) -> Line {
        let upright = if random.random_bool(0.5) { FRAC_PI_2 } else { -FRAC_PI_2 };
        Line {
            tip: (random.random_range(-0.9..0.9), random.random_range(-0.9..0.9)),
            angle: upright + random.random_range(-0.9..0.9),
            bend: random.random_range(-0.25..0.25),
            length: random.random_range(0.4..1.3),
            width: random.random_range(0.025..0.055),
            contrast: random.random_range(0.07..0.24),
        }
    }
}

/// Creases are drawn whatever the image shows, so that they say nothing about its findings.
pub(super) fn creases<R: Rng>(random: &mut R) -> Vec<Line> {
    let count = random.random_range(0..=MOST_CREASES);
    (0..count).map(|_| Line::crease(random)).collect()
}

impl Device {
    pub(super) fn draw<R: Rng>(random: &mut R, severity: f64) -> Device {
        let tube = Line {
            tip: (random.random_range(-0.12..0.22), random.random_range(-0.25..0.60)),
            angle: -FRAC_PI_2 + random.random_range(-0.55..0.55),
            bend: random.random_range(-0.35..0.35),
            length: random.random_range(0.7..1.7),
            width: random.random_range(0.028..0.045),
            contrast: 0.13 + 0.24 * severity,
        };
        let side = if random.random_bool(0.5) { 1.0 } else { -1.0 };
        // The outermost generators are cut by the edge of the image.
        let generator = (
            side * random.random_range(0.45..0.95),
            random.random_range(-0.75..-0.30),
            random.random_range(0.07..0.13),
        );
        let shown = random.random_bool(WITH_GENERATOR);
        Device { tube, generator: shown.then_some(generator) }
    }

    pub(super) fn shade(&self, point: Point, pixel: f64) -> f64 {
        let generator = self.generator.map_or(0.0, |(x, y, half)| {
            let edge = (point.x - x).abs().max((point.y - y).abs()) - half;
            0.7 * self.tube.contrast * inside(edge)
        });
        self.tube.shade(point, pixel) + generator
    }
}
