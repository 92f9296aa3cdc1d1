//! What is kept of a finished stage.

use crate::graph::{Digest, Fingerprint, OutputDigests};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const OUTPUT_DOMAIN: &str = "msx 2026 output";

/// One immutable file in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Its content.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// The files of one output, by name relative to the output's folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OutputFiles(pub BTreeMap<String, Blob>);

impl OutputFiles {
    /// The digest of names and contents.
    pub fn digest(&self) -> Digest {
        let lines: String =
            self.0.iter().map(|(name, blob)| format!("{} {name}\n", blob.digest)).collect();
        Digest::derive(OUTPUT_DOMAIN, lines.as_bytes())
    }
}

/// How a result came to be. None of it decides the bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of msx.
    pub msx: String,
    /// The device it ran on.
    pub device: String,
    /// Operating system and processor family.
    pub platform: String,
    /// Threads it was given.
    pub threads: usize,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Most memory in bytes that its process held, where it had one of its own and the system told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
}

/// A finished stage: what decided it, what it gave, how it ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What the key is made of.
    pub fingerprint: Fingerprint,
    /// The outputs by name.
    pub outputs: BTreeMap<String, OutputFiles>,
    /// How it ran.
    pub provenance: Provenance,
}

impl Record {
    /// The digests of the outputs.
    pub fn output_digests(&self) -> OutputDigests {
        self.outputs.iter().map(|(name, files)| (name.as_str(), files.digest())).collect()
    }

    /// Every object that the record needs.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.outputs.values().flat_map(|files| files.0.values())
    }
}
