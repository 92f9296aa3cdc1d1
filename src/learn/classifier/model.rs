//! A network with its head: from bytes to logits.

use super::architecture::Architecture;
use super::batch_norm::Mode;
use super::cnn::Cnn;
use super::densenet::DenseNet;
use crate::data::Raster;
use crate::data::depth::{Pixel, by_depth};
use crate::data::image::enlarge;
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
    /// A network of an architecture.
    ///
    /// # Errors
    /// Sizes that make no network.
    pub fn new(architecture: Architecture, findings: usize) -> Result<Model, LearnError> {
        let body = match &architecture {
            Architecture::Cnn { widths } if widths.is_empty() => {
                return Err(LearnError::Configuration("`widths` is empty".to_owned()));
            }
            Architecture::Cnn { widths } => Body::Cnn(Cnn::new(widths)),
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
            stored: Stored { architecture, findings },
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

    /// Images `[count, side, side]` as the network wants them.
    pub fn prepare<B: Backend>(
        &self,
        images: &[u8],
        raster: Raster,
        device: &B::Device,
    ) -> Maps<B> {
        let Raster { side, depth } = raster;
        let count = images.len() / raster.bytes();
        match &self.body {
            Body::Cnn(_) => {
                let values = pixels::centred(images, depth);
                let data = TensorData::new(values, [1, count * raster.pixels()]);
                Maps { values: Tensor::from_data(data, device), batch: count, side }
            }
            Body::DenseNet { input, .. } => {
                let white = f32::from(depth.white());
                let grey: Vec<f32> = images
                    .chunks(raster.bytes())
                    .flat_map(
                        |image| by_depth!(depth, P => enlarge(P::of_bytes(image), side, *input)),
                    )
                    .map(|value| value / white)
                    .collect();
                let channels = IMAGENET_MEAN.iter().zip(IMAGENET_DEVIATION);
                let values: Vec<f32> = channels
                    .flat_map(|(mean, deviation)| {
                        grey.iter().map(move |value| (value - mean) / deviation)
                    })
                    .collect();
                let data = TensorData::new(values, [3, grey.len()]);
                Maps { values: Tensor::from_data(data, device), batch: count, side: *input }
            }
        }
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
