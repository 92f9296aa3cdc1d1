//! What decides the bytes a stage produces, and the keys made of it.
//!
//! The fingerprint is stored beside the result, so that "why does this run again?" is a
//! comparison of two fingerprints, field by field.

use super::canonical::Canonical;
use super::digest::Digest;
use crate::language::value::Fields;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// Raised when the meaning of a fingerprint itself changes; old results are then not found.
pub(super) const FORMAT: u32 = 1;
const OUTPUTS_DOMAIN: &str = "msx 2026 stage outputs";

/// The digests of a stage's outputs, by output name. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputDigests(Arc<[(Box<str>, Digest)]>);

impl OutputDigests {
    /// The digest of one output.
    pub fn get(&self, name: &str) -> Option<Digest> {
        self.iter().find(|(other, _)| *other == name).map(|(_, digest)| digest)
    }

    /// Names and digests, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Digest)> {
        self.0.iter().map(|(name, digest)| (name.as_ref(), *digest))
    }

    /// The digest of everything that a stage gives.
    pub fn digest_of_all(&self) -> Digest {
        static DOMAIN: LazyLock<blake3::Hasher> =
            LazyLock::new(|| blake3::Hasher::new_derive_key(OUTPUTS_DOMAIN));
        let mut hasher = DOMAIN.clone();
        for (name, digest) in self.iter() {
            for part in [name, "=", digest.digits().as_str(), "\n"] {
                hasher.update(part.as_bytes());
            }
        }
        hasher.finalize().into()
    }
}

impl<N: Into<Box<str>>> FromIterator<(N, Digest)> for OutputDigests {
    fn from_iter<I: IntoIterator<Item = (N, Digest)>>(outputs: I) -> OutputDigests {
        let outputs = outputs.into_iter().map(|(name, digest)| (name.into(), digest));
        let mut outputs: Vec<(Box<str>, Digest)> = outputs.collect();
        outputs.sort();
        OutputDigests(outputs.into())
    }
}

/// As a map from name to digest.
impl Serialize for OutputDigests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for OutputDigests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OutputDigests, D::Error> {
        struct Outputs;

        impl<'de> Visitor<'de> for Outputs {
            type Value = OutputDigests;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the digests of outputs by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OutputDigests, A::Error> {
                let mut outputs: Vec<(Box<str>, Digest)> = Vec::new();
                while let Some(output) = map.next_entry()? {
                    outputs.push(output);
                }
                Ok(outputs.into_iter().collect())
            }
        }

        deserializer.deserialize_map(Outputs)
    }
}

/// One input by content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InputDigest {
    /// The field that takes it; for fields that take many, with the giving stage's kind, method
    /// and bindings in brackets.
    pub role: String,
    /// The content.
    pub digest: Digest,
}

/// Everything that decides the bytes of a stage's outputs, and nothing else: no stage names, no
/// paths, no threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Version of this structure.
    pub format: u32,
    /// Stage kind.
    pub kind: String,
    /// Method; may be empty.
    pub method: String,
    /// Revision of the method's code.
    pub revision: u32,
    /// Family of devices that compute the same bits; empty where no device takes part.
    pub arithmetic: String,
    /// Parameters, defaults filled in, without references and paths.
    pub parameters: Fields,
    /// Inputs from other stages, sorted.
    pub inputs: Vec<InputDigest>,
    /// The user's files by field, by content.
    pub files: Vec<InputDigest>,
}

impl Fingerprint {
    /// A fingerprint without inputs, in the current format.
    pub fn new(kind: &str, method: &str, revision: u32) -> Fingerprint {
        Fingerprint {
            format: FORMAT,
            kind: kind.to_owned(),
            method: method.to_owned(),
            revision,
            arithmetic: String::new(),
            parameters: Fields::new(),
            inputs: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The stage's key: equal keys, equal bytes.
    pub fn key(&self) -> Digest {
        self.canonical().key(self.inputs())
    }

    /// The key without the parameters that only say how long to go on. Trainings of different
    /// lengths share it, and with it their checkpoints.
    pub fn trajectory(&self, horizon: &BTreeSet<String>) -> Digest {
        let is_left_out = |name: &str| horizon.contains(name);
        let endless = Canonical { is_left_out: &is_left_out, ..self.canonical() };
        endless.trajectory(self.inputs())
    }

    fn canonical(&self) -> Canonical<'_> {
        Canonical {
            format: self.format,
            kind: &self.kind,
            method: &self.method,
            revision: self.revision,
            arithmetic: &self.arithmetic,
            parameters: &self.parameters,
            is_left_out: &|_| false,
            files: &self.files,
        }
    }

    fn inputs(&self) -> impl Iterator<Item = (&str, Digest)> {
        self.inputs.iter().map(|input| (input.role.as_str(), input.digest))
    }
}
