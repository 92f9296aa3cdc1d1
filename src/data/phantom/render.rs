//! From anatomy and findings to pixels.

use super::anatomy::{Anatomy, Nuisance};
use super::findings::{Shown, Side};
use rand::Rng;
use rand_distr::StandardNormal;

/// Brightness of the background beside the body, of the body, of the heart, of fluid.
const AIR: f64 = 0.03;
const BODY: f64 = 0.62;
const HEART: f64 = 0.80;
const SPINE: f64 = 0.12;
const FLUID: f64 = 0.78;
/// Width over which edges blur.
const EDGE: f64 = 0.05;

/// A point of the chest: across (negative is the left of the image) and down, in half sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// One image, bytes `[side, side]`.
pub(super) fn render<R: Rng>(
    side: usize,
    anatomy: &Anatomy,
    shown: &Shown,
    nuisance: &Nuisance,
    random: &mut R,
) -> Vec<u8> {
    let pixel = 2.0 / side as f64;
    let mut pixels = Vec::with_capacity(side * side);
    for row in 0..side {
        for column in 0..side {
            let point = chest_point(row, column, side, nuisance);
            let value = exposure(brightness(point, anatomy, shown, nuisance, pixel), nuisance);
            let noise: f64 = random.sample(StandardNormal);
            let noisy = value + noise * nuisance.noise;
            pixels.push((noisy * 255.0).round().clamp(0.0, 255.0) as u8);
        }
    }
    pixels
}

fn chest_point(row: usize, column: usize, side: usize, nuisance: &Nuisance) -> Point {
    let centred = |index: usize| (index as f64 + 0.5) / side as f64 * 2.0 - 1.0;
    let (x, y) = (centred(column) - nuisance.shift.0, centred(row) - nuisance.shift.1);
    let (sine, cosine) = nuisance.angle.sin_cos();
    Point {
        x: (x * cosine + y * sine) / nuisance.scale,
        y: (y * cosine - x * sine) / nuisance.scale,
    }
}

fn exposure(value: f64, nuisance: &Nuisance) -> f64 {
    value.clamp(0.0, 1.0).powf(nuisance.gamma) * nuisance.gain
}

fn brightness(
    point: Point,
    anatomy: &Anatomy,
    shown: &Shown,
    nuisance: &Nuisance,
    pixel: f64,
) -> f64 {
    let body = inside(body_distance(point, anatomy));
    let mut value = AIR + (BODY - AIR) * body;
    for side in [Side::Left, Side::Right] {
        value = with_lung(value, point, side, anatomy, shown, nuisance);
    }
    value += SPINE * body * bump(point.x, 0.07) * inside_below(point.y, -0.95);
    value = mix(value, HEART, heart(point, anatomy, shown));
    value += ribs(point, anatomy) * body;
    value + lines(point, shown, nuisance, pixel) * body
}

/// Negative inside. The shoulders are wide, the waist less so.
fn body_distance(point: Point, anatomy: &Anatomy) -> f64 {
    let neck = 0.30 + 1.6 * (point.y + 1.0).max(0.0);
    point.x.abs() - anatomy.body.min(neck)
}

fn with_lung(
    value: f64,
    point: Point,
    side: Side,
    anatomy: &Anatomy,
    shown: &Shown,
    nuisance: &Nuisance,
) -> f64 {
    let lung = Lung::new(side, anatomy, nuisance);
    let inside_lung = lung.inside(point);
    if inside_lung <= 0.0 {
        return value;
    }
    let mut density = anatomy.tissue + 0.05 * point.y;
    density += opacity(point, &lung, shown, side);
    density = mix(density, FLUID, effusion(point, &lung, shown, side));
    density -= pneumothorax(point, &lung, shown, side);
    mix(value, density.clamp(0.0, 1.0), inside_lung)
}

/// One lung: an ellipse that a diaphragm cuts below.
struct Lung {
    centre: Point,
    width: f64,
    height: f64,
    diaphragm: f64,
}

impl Lung {
    fn new(side: Side, anatomy: &Anatomy, nuisance: &Nuisance) -> Lung {
        let (sign, diaphragm) = match side {
            Side::Left => (-1.0, anatomy.diaphragm.0),
            Side::Right => (1.0, anatomy.diaphragm.1),
        };
        Lung {
            centre: Point { x: sign * anatomy.lung_offset, y: -0.10 },
            width: anatomy.lung_width,
            height: anatomy.lung_height,
            diaphragm: diaphragm + nuisance.breath,
        }
    }

    /// Distance from the centre as a share of the ellipse, 1 on its rim.
    fn radius(&self, point: Point) -> f64 {
        let across = (point.x - self.centre.x) / self.width;
        let down = (point.y - self.centre.y) / self.height;
        across.hypot(down)
    }

    fn inside(&self, point: Point) -> f64 {
        let across = (point.x - self.centre.x) / self.width;
        let floor = self.diaphragm + 0.10 * across * across;
        inside((self.radius(point) - 1.0) * self.width) * inside(point.y - floor)
    }
}

fn opacity(point: Point, lung: &Lung, shown: &Shown, side: Side) -> f64 {
    let (severity, across, down, affected) = shown.opacity;
    if severity == 0.0 || affected != side {
        return 0.0;
    }
    let x = lung.centre.x + (across - 0.5) * lung.width;
    let y = lung.centre.y + (down - 0.4) * lung.height;
    let distance = ((point.x - x) / 0.20).hypot((point.y - y) / 0.24);
    0.42 * severity * (-distance * distance).exp()
}

fn effusion(point: Point, lung: &Lung, shown: &Shown, side: Side) -> f64 {
    let (severity, affected) = shown.effusion;
    if severity == 0.0 || affected != side {
        return 0.0;
    }
    // Fluid stands higher at the outer wall.
    let outward = (point.x - lung.centre.x) / lung.width * lung.centre.x.signum();
    let level = lung.diaphragm + 0.06 - severity * (0.30 + 0.16 * outward);
    inside((level - point.y) * 0.8)
}

fn pneumothorax(point: Point, lung: &Lung, shown: &Shown, side: Side) -> f64 {
    let (severity, affected) = shown.pneumothorax;
    if severity == 0.0 || affected != side || point.y > 0.1 {
        return 0.0;
    }
    let rim = 1.0 - 0.42 * severity;
    let beyond = lung.radius(point) - rim;
    0.20 * inside(-beyond * lung.width)
}

fn heart(point: Point, anatomy: &Anatomy, shown: &Shown) -> f64 {
    let widening = 1.0 + 0.62 * shown.heart;
    let across = (point.x - 0.10 * widening) / (anatomy.heart * widening);
    let down = (point.y - 0.26) / (0.30 * (0.8 + 0.2 * widening));
    let rim = (across.hypot(down) - 1.0) * anatomy.heart;
    let vessels = bump(point.x - 0.03, 0.10) * inside_below(point.y, -0.35) * inside(point.y - 0.2);
    inside(rim).max(0.6 * vessels)
}

fn ribs(point: Point, anatomy: &Anatomy) -> f64 {
    // Ribs slope down and outward.
    let phase = (point.y - 0.35 * point.x * point.x) / anatomy.rib_spacing;
    let stripe = (phase * std::f64::consts::TAU).sin().max(0.0);
    anatomy.rib_contrast * stripe * inside(point.y - 0.5)
}

/// Tubes of devices, and creases that look like them.
fn lines(point: Point, shown: &Shown, nuisance: &Nuisance, pixel: f64) -> f64 {
    let creases: f64 = nuisance.creases.iter().map(|crease| crease.shade(point, pixel)).sum();
    let (severity, device) = &shown.device;
    if *severity > 0.0 { creases + device.shade(point, pixel) } else { creases }
}

/// One where the signed distance is negative, with a soft edge.
pub(super) fn inside(distance: f64) -> f64 {
    1.0 / (1.0 + (distance / (EDGE / 4.0)).exp())
}

fn inside_below(y: f64, top: f64) -> f64 {
    inside(top - y)
}

pub(super) fn bump(x: f64, width: f64) -> f64 {
    (-(x / width) * (x / width)).exp()
}

fn mix(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}
