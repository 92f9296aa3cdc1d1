//! What decides the bytes a stage produces, and the keys made of it.
//!
//! The fingerprint is stored beside the result, so that "why does this run again?" is a
//! comparison of two fingerprints, field by field.

use super::digest::Digest;
use crate::language::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Raised when the meaning of a fingerprint itself changes; old results are then not found.
const FORMAT: u32 = 1;
const KEY_DOMAIN: &str = "msx 2026 stage key";
const TRAJECTORY_DOMAIN: &str = "msx 2026 trajectory key";
const OUTPUTS_DOMAIN: &str = "msx 2026 stage outputs";

/// The digests of a stage's outputs, by output name.
pub type OutputDigests = BTreeMap<String, Digest>;

/// The digest of everything that a stage gives.
pub fn digest_of_all(outputs: &OutputDigests) -> Digest {
    let lines: String = outputs.iter().map(|(name, digest)| format!("{name}={digest}\n")).collect();
    Digest::derive(OUTPUTS_DOMAIN, lines.as_bytes())
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
    pub parameters: BTreeMap<String, Value>,
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
            parameters: BTreeMap::new(),
            inputs: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The stage's key: equal keys, equal bytes.
    pub fn key(&self) -> Digest {
        Digest::derive(KEY_DOMAIN, &self.canonical_bytes())
    }

    /// The key without the parameters that only say how long to go on. Trainings of different
    /// lengths share it, and with it their checkpoints.
    pub fn trajectory(&self, horizon: &BTreeSet<String>) -> Digest {
        let mut endless = self.clone();
        endless.parameters.retain(|name, _| !horizon.contains(name));
        Digest::derive(TRAJECTORY_DOMAIN, &endless.canonical_bytes())
    }

    /// Struct fields in declaration order, maps sorted, shortest round-trip numbers.
    fn canonical_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a tree of strings and numbers always serialises")
    }
}
