//! The bytes of a checkpoint: named arrays and a JSON text, as safetensors.

use super::error::LearnError;
use super::parameters::floats;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, HashMap};

/// Arrays by name and everything else as JSON.
pub(super) fn pack<T: Serialize>(
    arrays: &BTreeMap<&str, Vec<f32>>,
    rest: &T,
) -> Result<Vec<u8>, LearnError> {
    let bytes: Vec<(&str, Vec<u8>)> = arrays
        .iter()
        .map(|(name, values)| {
            (*name, values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let mut views = Vec::with_capacity(bytes.len());
    for (name, bytes) in &bytes {
        let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).map_err(broken)?;
        views.push((*name, view));
    }
    let rest = serde_json::to_string(rest).map_err(broken)?;
    safetensors::serialize(views, &Some(HashMap::from([("state".to_owned(), rest)])))
        .map_err(broken)
}

/// An unpacked checkpoint.
pub(super) struct Unpacked<T> {
    arrays: BTreeMap<String, Vec<f32>>,
    pub(super) rest: T,
}

impl<T> Unpacked<T> {
    /// An array of exactly this many numbers.
    pub(super) fn array(&self, name: &str, count: usize) -> Result<&[f32], LearnError> {
        match self.arrays.get(name) {
            Some(values) if values.len() == count => Ok(values),
            _ => Err(broken(format!("array `{name}` is missing or of another size"))),
        }
    }
}

/// The reverse of [`pack`].
pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<Unpacked<T>, LearnError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let rest = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get("state"))
        .ok_or_else(|| broken("it holds no state"))?;
    let rest = serde_json::from_str(rest).map_err(broken)?;
    let file = SafeTensors::deserialize(bytes).map_err(broken)?;
    let arrays = file
        .tensors()
        .into_iter()
        .map(|(name, view)| (name, floats(view.data()).collect()))
        .collect();
    Ok(Unpacked { arrays, rest })
}

fn broken(reason: impl std::fmt::Display) -> LearnError {
    LearnError::Weights(format!("a checkpoint is broken: {reason}"))
}
