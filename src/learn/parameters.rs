//! The weights of a network: named, ordered, and kept flat.
//!
//! Networks here are functions of their weights, so that the same function runs on a plain
//! backend, with gradients, and with gradients of gradients; a module tied to one backend could
//! not be lifted twice.

use super::error::LearnError;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Shape, Tensor, TensorData};
use rand::Rng;
use rand_distr::StandardNormal;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How a weight begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    /// Normal with mean zero and this standard deviation.
    Normal(f32),
    /// The same number everywhere.
    Constant(f32),
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    name: String,
    shape: Vec<usize>,
    start: Start,
}

/// Names, shapes and beginnings of a network's weights, in the order of their declaration.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    entries: Vec<Entry>,
    positions: BTreeMap<String, usize>,
}

impl Layout {
    /// Declares a weight. Names are unique within a network.
    pub fn add(&mut self, name: impl Into<String>, shape: &[usize], start: Start) {
        let name = name.into();
        self.positions.insert(name.clone(), self.entries.len());
        self.entries.push(Entry { name, shape: shape.to_vec(), start });
    }

    /// How many numbers the network has.
    pub fn count(&self) -> usize {
        self.entries.iter().map(|entry| entry.shape.iter().product::<usize>()).sum()
    }

    /// How many tensors they make.
    pub fn tensors(&self) -> usize {
        self.entries.len()
    }

    /// Draws starting values in the order of declaration.
    pub fn draw<R: Rng>(&self, random: &mut R) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.count());
        for entry in &self.entries {
            let size: usize = entry.shape.iter().product();
            match entry.start {
                Start::Constant(value) => values.extend(std::iter::repeat_n(value, size)),
                Start::Normal(deviation) => values
                    .extend((0..size).map(|_| random.sample::<f32, _>(StandardNormal) * deviation)),
            }
        }
        values
    }

    /// Stores flat values as safetensors with their names and shapes, and a text under `metadata`.
    ///
    /// # Errors
    /// The values are not of this layout.
    pub fn to_safetensors(&self, values: &[f32], metadata: &str) -> Result<Vec<u8>, LearnError> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut begin = 0;
        let mut views = Vec::with_capacity(self.entries.len());
        for entry in &self.entries {
            let end = begin + entry.shape.iter().product::<usize>() * 4;
            let part = bytes.get(begin..end).ok_or_else(|| weights("too few numbers"))?;
            let view = TensorView::new(Dtype::F32, entry.shape.clone(), part).map_err(weights)?;
            views.push((entry.name.clone(), view));
            begin = end;
        }
        // One entry only, so that the map's order cannot show in the bytes.
        let metadata = HashMap::from([("msx".to_owned(), metadata.to_owned())]);
        safetensors::serialize(views, &Some(metadata)).map_err(weights)
    }

    /// Reads flat values back from safetensors that hold exactly this layout's tensors.
    ///
    /// # Errors
    /// A tensor is missing or has another shape or type.
    pub fn from_safetensors(&self, bytes: &[u8]) -> Result<Vec<f32>, LearnError> {
        let file = SafeTensors::deserialize(bytes).map_err(weights)?;
        let mut values = Vec::with_capacity(self.count());
        for entry in &self.entries {
            let view = file
                .tensor(&entry.name)
                .map_err(|_| weights(format!("tensor `{}` is missing", entry.name)))?;
            if view.shape() != entry.shape || view.dtype() != Dtype::F32 {
                return Err(weights(format!(
                    "tensor `{}` is {:?} {:?}, the network wants F32 {:?}",
                    entry.name,
                    view.dtype(),
                    view.shape(),
                    entry.shape
                )));
            }
            values.extend(floats(view.data()));
        }
        Ok(values)
    }
}

impl Layout {
    /// Replaces values by those of a file where it has a tensor of the same name and shape; every
    /// weight must be in it but those whose name begins with `optional`.
    ///
    /// # Errors
    /// The file is no safetensors, or lacks a weight.
    pub fn overlay(
        &self,
        bytes: &[u8],
        values: &mut [f32],
        optional: &str,
    ) -> Result<(), LearnError> {
        let file = SafeTensors::deserialize(bytes).map_err(weights)?;
        let mut begin = 0;
        for entry in &self.entries {
            let size: usize = entry.shape.iter().product();
            match file.tensor(&entry.name) {
                Ok(view) if view.shape() == entry.shape && view.dtype() == Dtype::F32 => {
                    let target = values[begin..begin + size].iter_mut();
                    target.zip(floats(view.data())).for_each(|(to, from)| *to = from);
                }
                _ if entry.name.starts_with(optional) => {}
                Ok(view) => {
                    return Err(weights(format!(
                        "tensor `{}` is {:?} {:?}, the network wants F32 {:?}",
                        entry.name,
                        view.dtype(),
                        view.shape(),
                        entry.shape
                    )));
                }
                Err(_) => return Err(weights(format!("tensor `{}` is missing", entry.name))),
            }
            begin += size;
        }
        Ok(())
    }

    /// One layout behind the other.
    pub fn joined(first: &Layout, second: &Layout) -> Layout {
        let mut joined = first.clone();
        for entry in &second.entries {
            joined.add(&entry.name, &entry.shape, entry.start);
        }
        joined
    }
}

/// The text that [`Layout::to_safetensors`] stored.
///
/// # Errors
/// Not safetensors, or not written by msx.
pub fn metadata(bytes: &[u8]) -> Result<String, LearnError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(weights)?;
    header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get("msx").cloned())
        .ok_or_else(|| weights("the file was not written by msx"))
}

/// Little-endian bytes as numbers.
pub(super) fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

fn weights(reason: impl std::fmt::Display) -> LearnError {
    LearnError::Weights(reason.to_string())
}

/// A network's weights on a device.
#[derive(Debug, Clone)]
pub struct Parameters<B: Backend> {
    layout: Arc<Layout>,
    tensors: Vec<Tensor<B, 1>>,
}

impl<B: Backend> Parameters<B> {
    /// From flat values in the order of the layout.
    pub fn new(layout: Arc<Layout>, values: &[f32], device: &B::Device) -> Parameters<B> {
        let mut begin = 0;
        let tensors = layout
            .entries
            .iter()
            .map(|entry| {
                let size: usize = entry.shape.iter().product();
                let part = values[begin..begin + size].to_vec();
                begin += size;
                Tensor::from_data(TensorData::new(part, [size]), device)
            })
            .collect();
        Parameters { layout, tensors }
    }

    /// Flat values in the order of the layout.
    pub fn values(&self) -> Vec<f32> {
        self.tensors.iter().flat_map(|tensor| host(tensor.clone())).collect()
    }

    /// One weight in its own shape.
    ///
    /// # Panics
    /// There is no weight of this name: network and layout are written together, so this is a
    /// defect that the first forward pass of any test shows.
    pub fn get<const D: usize>(&self, name: &str) -> Tensor<B, D> {
        let position = self.layout.positions[name];
        let shape = Shape::from(self.layout.entries[position].shape.clone());
        self.tensors[position].clone().reshape(shape)
    }

    /// The layout.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The tensors, flat, in the order of the layout.
    pub fn tensors(&self) -> &[Tensor<B, 1>] {
        &self.tensors
    }

    /// The same layout with other tensors.
    pub fn with(&self, tensors: Vec<Tensor<B, 1>>) -> Parameters<B> {
        Parameters { layout: self.layout.clone(), tensors }
    }

    /// The same weights one level up, where gradients are recorded for them if `tracked`.
    pub fn lift<A>(&self, tracked: bool) -> Parameters<A>
    where
        A: AutodiffBackend<InnerBackend = B>,
    {
        let tensors = self
            .tensors
            .iter()
            .map(|tensor| {
                let lifted = Tensor::<A, 1>::from_inner(tensor.clone());
                if tracked { lifted.require_grad() } else { lifted }
            })
            .collect();
        Parameters { layout: self.layout.clone(), tensors }
    }
}

impl<A: AutodiffBackend> Parameters<A> {
    /// The gradient of every weight; zero for one that the loss does not depend on.
    pub fn gradients(&self, gradients: &A::Gradients) -> Vec<Tensor<A::InnerBackend, 1>> {
        self.tensors
            .iter()
            .map(|tensor| {
                tensor.grad(gradients).unwrap_or_else(|| tensor.clone().inner().zeros_like())
            })
            .collect()
    }
}

/// A tensor's numbers on the host.
pub(super) fn host<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// A tensor of one number on the host.
pub(super) fn scalar<B: Backend>(tensor: Tensor<B, 1>) -> f64 {
    host(tensor).first().copied().map_or(f64::NAN, f64::from)
}
