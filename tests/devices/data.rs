//! What is learned from, and what is compared.

use msx::data::{Pixels, Raster, random};
use msx::learn::classifier::Images;
use msx::learn::gan::{LossWeights, TrainingImages};
use rand::Rng;

/// Side of the images of GANs.
pub const SIDE: usize = 16;
/// Findings an image.
pub const FINDINGS: usize = 3;
/// Images.
pub const COUNT: usize = 24;
/// Length of the latent vector.
pub const LATENT: usize = 6;
/// Images a step.
pub const BATCH: usize = 8;
/// Feature maps of small GANs.
pub const WIDTHS: [usize; 3] = [12, 8, 6];
/// The parts of the loss.
pub const LOSS: LossWeights = LossWeights { gradient_penalty: 10.0, drift: 0.001, classes: 1.0 };

/// Numbers to compare.
pub struct Numbers {
    /// What they are.
    pub name: String,
    /// Themselves.
    pub values: Vec<f32>,
}

/// Names them.
pub fn numbers(name: impl Into<String>, values: Vec<f32>) -> Numbers {
    Numbers { name: name.into(), values }
}

/// Noise in which each finding brightens a corner.
pub struct Data {
    /// Bytes, `[COUNT, side, side]`.
    pub images: Vec<u8>,
    /// Zero or one, `[COUNT, FINDINGS]`.
    pub labels: Vec<u8>,
    /// Side in pixels.
    pub side: usize,
}

impl Data {
    /// The same images each time.
    pub fn new(side: usize) -> Data {
        let mut stream = random::stream(1, "test/images");
        let mut data = Data { images: Vec::new(), labels: Vec::new(), side };
        for image in 0..COUNT {
            let has = |finding: usize| (image + 1) & (1 << finding) != 0 || image % 8 == 7;
            data.labels.extend((0..FINDINGS).map(|finding| u8::from(has(finding))));
            for pixel in 0..side * side {
                let corner = usize::from(pixel / side >= side / 2) * 2
                    + usize::from(pixel % side >= side / 2);
                let bright = if corner < FINDINGS && has(corner) { 120 } else { 0 };
                data.images.push(bright + stream.random_range(0..120));
            }
        }
        data
    }

    /// As GANs take them.
    pub fn for_gan(&self) -> TrainingImages<'_> {
        let (images, labels) = (Pixels::new(&self.images, Raster::eight(self.side)), &self.labels);
        TrainingImages { images, labels, side: self.side, findings: FINDINGS }
    }

    /// As classifiers take them.
    pub fn for_classifier(&self) -> Images<'_> {
        let (images, labels) = (Pixels::new(&self.images, Raster::eight(self.side)), &self.labels);
        Images { images, labels, side: self.side, findings: FINDINGS }
    }
}
