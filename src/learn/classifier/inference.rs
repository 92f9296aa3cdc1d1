//! Scores and features from stored weights.

use super::batch_norm::{Mode, Running};
use super::model::{Model, Stored};
use crate::data::{Channels, Pixels};
use crate::learn::LearnError;
use crate::learn::kernels::Kernels;
use crate::learn::parameters::{self, Parameters, host};
use crate::progress::{Monitor, Progress};
use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

/// Images a forward pass.
const BATCH: usize = 64;

/// Feature vectors of images.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Row-major, `[count, width]`.
    pub values: Vec<f32>,
    /// Length of a vector.
    pub width: usize,
}

/// A network ready for inference.
struct Loaded<B: Kernels> {
    model: Model,
    weights: Parameters<B>,
    running: Running<B>,
}

impl<B: Kernels> Loaded<B> {
    /// For images of these channels.
    fn open(bytes: &[u8], channels: Channels, device: &B::Device) -> Result<Loaded<B>, LearnError> {
        let text = parameters::metadata(bytes)?;
        let stored: Stored =
            serde_json::from_str(&text).map_err(|error| LearnError::Weights(error.to_string()))?;
        let model = Model::new(stored.architecture, stored.findings, stored.channels)?;
        model.require(channels)?;
        let weights = model.weights.from_safetensors(bytes)?;
        let running = model.running.from_safetensors(bytes)?;
        Ok(Loaded {
            weights: Parameters::new(model.weights.clone(), &weights, device),
            running: Running(Parameters::new(model.running.clone(), &running, device)),
            model,
        })
    }
}

/// The probability of each finding, row-major `[count, findings]`.
///
/// # Errors
/// The weights cannot be read, the images have other channels, or a stop on request.
pub fn predict<B: Kernels>(
    weights: &[u8],
    images: Pixels<'_>,
    device: &B::Device,
    monitor: &dyn Monitor,
) -> Result<Vec<f32>, LearnError> {
    let loaded = Loaded::<B>::open(weights, images.raster().channels, device)?;
    let rows = each_batch(&loaded, images, device, monitor, |features| {
        sigmoid(loaded.model.head(&loaded.weights, features))
    })?;
    Ok(rows.values)
}

/// The averaged features in front of the head.
///
/// # Errors
/// As for [`predict`].
pub fn features<B: Kernels>(
    weights: &[u8],
    images: Pixels<'_>,
    device: &B::Device,
    monitor: &dyn Monitor,
) -> Result<Features, LearnError> {
    let loaded = Loaded::<B>::open(weights, images.raster().channels, device)?;
    each_batch(&loaded, images, device, monitor, |features| features)
}

fn each_batch<B: Kernels>(
    loaded: &Loaded<B>,
    images: Pixels<'_>,
    device: &B::Device,
    monitor: &dyn Monitor,
    head: impl Fn(Tensor<B, 2>) -> Tensor<B, 2>,
) -> Result<Features, LearnError> {
    let (raster, total) = (images.raster(), images.len());
    let mut values = Vec::new();
    let mut width = 0;
    for (position, part) in images.chunks(BATCH).enumerate() {
        if monitor.stop_requested() {
            return Err(LearnError::Stopped);
        }
        let x = loaded.model.prepare(&part, raster, device);
        let mut mode = Mode::Evaluate(&loaded.running);
        let features = loaded.model.features(&loaded.weights, &mut mode, x);
        let rows = head(features).swap_dims(0, 1);
        width = rows.dims()[1];
        values.extend(host(rows));
        monitor.report(&Progress::counted(
            "scoring",
            total.min((position + 1) * BATCH),
            total,
            "images",
        ));
    }
    Ok(Features { values, width })
}

/// Probabilities while a training is under way.
///
/// # Errors
/// A stop on request.
pub(super) fn scores<B: Kernels>(
    (model, weights, running): (&Model, &Parameters<B>, &Running<B>),
    images: Pixels<'_>,
    device: &B::Device,
    monitor: &dyn Monitor,
) -> Result<Vec<f32>, LearnError> {
    let mut values = Vec::new();
    for part in images.chunks(BATCH) {
        if monitor.stop_requested() {
            return Err(LearnError::Stopped);
        }
        let x = model.prepare(&part, images.raster(), device);
        let features = model.features(weights, &mut Mode::Evaluate(running), x);
        values.extend(host(sigmoid(model.head(weights, features)).swap_dims(0, 1)));
    }
    Ok(values)
}
