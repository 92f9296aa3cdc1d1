//! A network with its head: from bytes to logits.

use super::architecture::Architecture;
use super::batch_norm::Mode;
use super::cnn::Cnn;
use super::densenet::DenseNet;
use crate::data::depth::{Pixel, by_depth};
use crate::data::image::enlarge;
use crate::data::{Channels, Raster};
use crate::learn::LearnError;
use crate::learn::kernels::Kernels;
use crate::learn::layers::Maps;
use crate::learn::parameters::{Layout, Parameters, Start};
use crate::learn::pixels;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Mean and standard deviation of ImageNet's three channels, for values in 0..=1.
const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];
/// DenseNet halves the side five times.
const LEAST_DENSENET_INPUT: usize = 32;

/// What is stored with a classifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) architecture: Architecture,
    pub(super) findings: usize,
    /// Those of the images; one is not written down.
    #[serde(default, skip_serializing_if = "Channels::is_one")]
    pub(super) channels: Channels,
}

#[derive(Debug, Clone)]
enum Body {
    Cnn(Cnn),
    DenseNet { network: DenseNet, input: usize },
}

/// A classifier as a function of its weights.
#[derive(Debug, Clone)]
pub struct Model {
    body: Body,
    stored: Stored,
    /// Layout of what is learned.
    pub weights: Arc<Layout>,
    /// Layout of the running statistics.
    pub running: Arc<Layout>,
}

impl Model {
    /// A network of an architecture for images of so many channels.
    ///
    /// # Errors
    /// Sizes or channels that make no network.
    pub fn new(
        architecture: Architecture,
        findings: usize,
        channels: Channels,
    ) -> Result<Model, LearnError> {
        let body = match &architecture {
            Architecture::Cnn { widths } if widths.is_empty() => {
                return Err(LearnError::Configuration("`widths` is empty".to_owned()));
            }
            Architecture::Cnn { widths } => Body::Cnn(Cnn::new(channels.count(), widths)),
            Architecture::DenseNet121 { .. } if channels == Channels::Two => {
                return Err(LearnError::Configuration(
                    "DenseNet-121 takes images of 1 or 3 channels, these have 2; give the data set one \
                     `window` or three, or choose `cnn`"
                        .to_owned(),
                ));
            }
            Architecture::DenseNet121 { input } if *input < LEAST_DENSENET_INPUT => {
                return Err(LearnError::Configuration(format!(
                    "DenseNet-121 needs an `input` of at least {LEAST_DENSENET_INPUT}px"
                )));
            }
            Architecture::DenseNet121 { input } => {
                Body::DenseNet { network: DenseNet::new(), input: *input }
            }
        };
        let (mut weights, mut running) = (Layout::default(), Layout::default());
        let width = match &body {
            Body::Cnn(network) => {
                network.declare(&mut weights, &mut running);
                network.width()
            }
            Body::DenseNet { network, .. } => {
                network.declare(&mut weights, &mut running);
                network.width()
            }
        };
        let deviation = (1.0 / width as f32).sqrt();
        weights.add("classifier.weight", &[findings, width], Start::Normal(deviation));
        weights.add("classifier.bias", &[findings], Start::Constant(0.0));
        Ok(Model {
            body,
            stored: Stored { architecture, findings, channels },
            weights: Arc::new(weights),
            running: Arc::new(running),
        })
    }

    /// Findings an image.
    pub fn findings(&self) -> usize {
        self.stored.findings
    }

    pub(super) fn description(&self) -> Result<String, LearnError> {
        serde_json::to_string(&self.stored).map_err(|error| LearnError::Weights(error.to_string()))
    }

    /// Refuses images of other channels than the network's.
    pub(super) fn require(&self, channels: Channels) -> Result<(), LearnError> {
        if channels == self.stored.channels {
            return Ok(());
        }
        Err(LearnError::Configuration(format!(
            "the classifier was trained on images of {}, these have {}; take a fold of the data set \
             that it was trained on, or one with as many windows",
            self.stored.channels, channels
        )))
    }

    /// Images `[count, channels, side, side]` as the network wants them.
    pub fn prepare<B: Backend>(
        &self,
        images: &[u8],
        raster: Raster,
        device: &B::Device,
    ) -> Maps<B> {
        let batch = images.len() / raster.bytes();
        let channels = pixels::by_channel(images, raster);
        let (rows, values, side) = match &self.body {
            Body::Cnn(_) => {
                let centred = |plane| pixels::centred(plane, raster.depth);
                let values = channels.flatten().flat_map(centred).collect();
                (raster.channels.count(), values, raster.side)
            }
            Body::DenseNet { input, .. } => {
                let resized = |planes: Vec<&[u8]>| resized(&planes, raster, *input);
                let shares: Vec<Vec<f32>> = channels.map(resized).collect();
                (IMAGENET_MEAN.len(), normalised(&shares), *input)
            }
        };
        let data = TensorData::new(values, [rows, batch * side * side]);
        Maps { values: Tensor::from_data(data, device), batch, side }
    }

    /// Averaged features, `[width, batch]`.
    pub fn features<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        mode: &mut Mode<'_, B>,
        x: Maps<B>,
    ) -> Tensor<B, 2> {
        match &self.body {
            Body::Cnn(network) => network.features(weights, mode, x),
            Body::DenseNet { network, .. } => network.features(weights, mode, x),
        }
    }

    /// Logits, `[findings, batch]`, from features.
    pub fn head<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        features: Tensor<B, 2>,
    ) -> Tensor<B, 2> {
        let bias = weights.get::<1>("classifier.bias").reshape([self.findings(), 1]);
        weights.get::<2>("classifier.weight").matmul(features) + bias
    }
}

/// Planes at another side, as shares of white.
fn resized(planes: &[&[u8]], raster: Raster, input: usize) -> Vec<f32> {
    let Raster { side, depth, .. } = raster;
    let white = f32::from(depth.white());
    let enlarged = |plane: &&[u8]| by_depth!(depth, P => enlarge(P::of_bytes(plane), side, input));
    planes.iter().flat_map(enlarged).map(|value| value / white).collect()
}

/// Channels as ImageNet's, each by its own mean and deviation; one is repeated.
fn normalised(channels: &[Vec<f32>]) -> Vec<f32> {
    let channels = channels.iter().cycle().zip(IMAGENET_MEAN).zip(IMAGENET_DEVIATION);
    channels
        .flat_map(|((values, mean), deviation)| {
            values.iter().map(move |value| (value - mean) / deviation)
        })
        .collect()
}
