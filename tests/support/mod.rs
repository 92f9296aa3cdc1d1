//! What several tests need.
#![allow(dead_code, reason = "each test uses its own part")]

use burn::backend::Flex;
use burn::tensor::{Tensor, TensorData};
use safetensors::SafeTensors;
use std::fs;
use std::path::{Path, PathBuf};

/// A file of golden values.
pub struct Golden {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Golden {
    /// Opens a file under `tests/golden`.
    pub fn open(name: &str) -> Golden {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Golden { path, bytes }
    }

    /// The bytes of another safetensors file in the same folder.
    pub fn beside(&self, name: &str) -> Vec<u8> {
        let path = self.path.with_file_name(format!("{name}.safetensors"));
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Shape and numbers of a tensor.
    pub fn array(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let file = SafeTensors::deserialize(&self.bytes).expect("safetensors");
        let view = file.tensor(name).unwrap_or_else(|_| panic!("no golden value `{name}`"));
        let bytes = view.data().chunks_exact(4);
        let values = bytes.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        (view.shape().to_vec(), values)
    }

    /// The bytes of an array of bytes.
    pub fn raw(&self, name: &str) -> Vec<u8> {
        let file = SafeTensors::deserialize(&self.bytes).expect("safetensors");
        let view = file.tensor(name).unwrap_or_else(|_| panic!("no golden value `{name}`"));
        view.data().to_vec()
    }

    /// The names of all tensors that begin with `prefix`, without it.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let file = SafeTensors::deserialize(&self.bytes).expect("safetensors");
        file.names()
            .iter()
            .filter_map(|name| name.strip_prefix(prefix))
            .map(str::to_owned)
            .collect()
    }

    /// One of the words that the script left beside the tensors.
    pub fn metadata(&self, key: &str) -> String {
        let (_, header) = SafeTensors::read_metadata(&self.bytes).expect("safetensors");
        let words = header.metadata().clone().unwrap_or_default();
        words.get(key).unwrap_or_else(|| panic!("no `{key}` beside the golden values")).clone()
    }

    /// A tensor on the CPU.
    pub fn tensor<const D: usize>(&self, name: &str) -> Tensor<Flex, D> {
        let (shape, values) = self.array(name);
        Tensor::from_data(TensorData::new(values, shape), &Default::default())
    }

    /// Fails unless the tensor agrees with the golden one of this name.
    pub fn check<const D: usize>(&self, name: &str, found: Tensor<Flex, D>, tolerance: f32) {
        assert_close(name, &numbers(&found), &self.array(name).1, tolerance);
    }
}

/// The numbers of a tensor.
pub fn numbers<const D: usize>(tensor: &Tensor<Flex, D>) -> Vec<f32> {
    tensor.to_data().to_vec().expect("32-bit floats")
}

/// Fails unless all numbers agree within `tolerance` of the largest of them.
pub fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: other number of values");
    let scale = expected.iter().fold(1e-3_f32, |most, value| most.max(value.abs()));
    for (position, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        assert!(
            difference <= tolerance * scale,
            "{what}[{position}] is {found}, the reference says {expected} (largest {scale})"
        );
    }
}
