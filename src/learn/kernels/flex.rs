//! The operations on the CPU: plain loops over rows, channels side by side.
//!
//! Every output number is written by one thread in a fixed order, so threads never show.

use super::{Geometry, Kernels, LEAK};
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;
use rayon::prelude::*;

/// Below this many numbers a second thread costs more than it gives.
const PARALLEL_FROM: usize = 1 << 15;

impl Kernels for Flex {
    const NATIVE: bool = false;

    fn unfold(images: FlexTensor, geometry: Geometry) -> FlexTensor {
        let images = images.to_contiguous();
        let source = images.storage::<f32>();
        let mut patches = vec![0.0; geometry.rows() * geometry.columns()];
        let taps = geometry.kernel * geometry.kernel;
        each_channel(&mut patches, taps * geometry.columns(), |channel, rows| {
            let plane = &source[channel * geometry.pixels()..][..geometry.pixels()];
            for (tap, row) in rows.chunks_mut(geometry.columns()).enumerate() {
                Window::new(geometry, tap).copy(plane, row);
            }
        });
        matrix(patches, geometry.rows(), geometry.columns())
    }

    fn fold(patches: FlexTensor, geometry: Geometry) -> FlexTensor {
        let patches = patches.to_contiguous();
        let source = patches.storage::<f32>();
        let mut images = vec![0.0; geometry.channels * geometry.pixels()];
        let taps = geometry.kernel * geometry.kernel;
        each_channel(&mut images, geometry.pixels(), |channel, plane| {
            let rows = &source[channel * taps * geometry.columns()..];
            for (tap, row) in rows.chunks(geometry.columns()).take(taps).enumerate() {
                Window::new(geometry, tap).add(row, plane);
            }
        });
        matrix(images, geometry.channels, geometry.pixels())
    }

    fn gate(source: FlexTensor, value: FlexTensor) -> FlexTensor {
        let shape = value.layout().shape().clone();
        let (source, value) = (source.to_contiguous(), value.to_contiguous());
        let gated: Vec<f32> = source
            .storage::<f32>()
            .iter()
            .zip(value.storage::<f32>())
            .map(|(source, value)| if *source >= 0.0 { *value } else { LEAK * value })
            .collect();
        FlexTensor::from_data(TensorData::new(gated, shape))
    }
}

fn matrix(values: Vec<f32>, rows: usize, columns: usize) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, [rows, columns]))
}

/// Calls `work` with each channel's part of `target`.
fn each_channel(target: &mut [f32], size: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
    if target.len() < PARALLEL_FROM {
        target.chunks_mut(size).enumerate().for_each(|(channel, part)| work(channel, part));
    } else {
        target.par_chunks_mut(size).enumerate().for_each(|(channel, part)| work(channel, part));
    }
}

/// Where one place of the kernel falls on the images.
#[derive(Debug, Clone, Copy)]
struct Window {
    geometry: Geometry,
    down: usize,
    right: usize,
    /// Patches whose pixel lies inside the image, along either direction.
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Window {
    fn new(geometry: Geometry, tap: usize) -> Window {
        let (down, right) = (tap / geometry.kernel, tap % geometry.kernel);
        Window {
            geometry,
            down,
            right,
            rows: inside(geometry, down),
            columns: inside(geometry, right),
        }
    }

    /// Calls `work` with the patch range and pixel position of each run along a row of an image.
    fn each_run(&self, mut work: impl FnMut(std::ops::Range<usize>, usize)) {
        let Geometry { stride, padding, side, batch, .. } = self.geometry;
        let patches = self.geometry.patches();
        // A wide kernel on a small image has places that fall outside everywhere.
        if self.columns.0 == self.columns.1 {
            return;
        }
        for image in 0..batch {
            for row in self.rows.0..self.rows.1 {
                let line = (image * patches + row) * patches;
                let pixel_row = row * stride + self.down - padding;
                let pixel_column = self.columns.0 * stride + self.right - padding;
                let pixel = (image * side + pixel_row) * side + pixel_column;
                work(line + self.columns.0..line + self.columns.1, pixel);
            }
        }
    }

    fn copy(&self, plane: &[f32], row: &mut [f32]) {
        let stride = self.geometry.stride;
        self.each_run(|patches, pixel| {
            let length = patches.len();
            if stride == 1 {
                row[patches].copy_from_slice(&plane[pixel..pixel + length]);
            } else {
                let pixels = plane[pixel..].iter().step_by(stride);
                row[patches].iter_mut().zip(pixels).for_each(|(to, from)| *to = *from);
            }
        });
    }

    fn add(&self, row: &[f32], plane: &mut [f32]) {
        let stride = self.geometry.stride;
        self.each_run(|patches, pixel| {
            let length = patches.len();
            if stride == 1 {
                let pixels = &mut plane[pixel..pixel + length];
                pixels.iter_mut().zip(&row[patches]).for_each(|(to, from)| *to += *from);
            } else {
                let pixels = plane[pixel..].iter_mut().step_by(stride);
                pixels.zip(&row[patches]).for_each(|(to, from)| *to += *from);
            }
        });
    }
}

/// The first and one past the last patch whose pixel at this offset lies inside the image.
fn inside(geometry: Geometry, offset: usize) -> (usize, usize) {
    let Geometry { stride, padding, side, .. } = geometry;
    let first = padding.saturating_sub(offset).div_ceil(stride);
    let end = (side + padding).saturating_sub(offset).div_ceil(stride);
    (first, end.min(geometry.patches()).max(first))
}
