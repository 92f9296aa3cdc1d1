//! What is kept of a finished stage.

use crate::graph::{Digest, Fingerprint, OutputDigests};
use crate::relative_path::RelativePath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const OUTPUT_DOMAIN: &str = "msx 2026 output";
const CHECKSUM_DOMAIN: &str = "msx 2026 record checksum";
/// What stands between the record's fields and the digits.
const CHECKSUM: &str = ",\n  \"checksum\": \"";
const DIGITS: usize = 64;

/// One immutable file in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// Its content.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it stands behind the output's other files, which say what of it belongs to the output:
    /// the same output may have another such file. Records of earlier versions have none.
    #[serde(default, skip_serializing_if = "is_false")]
    pub backing: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The files of one output, by name relative to the output's folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OutputFiles(pub BTreeMap<RelativePath, Blob>);

impl OutputFiles {
    /// The digest of names and contents, without those of backing files.
    pub fn digest(&self) -> Digest {
        let own = self.0.iter().filter(|(_, blob)| !blob.backing);
        let lines: String = own.map(|(name, blob)| format!("{} {name}\n", blob.digest)).collect();
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
    pub outputs: BTreeMap<RelativePath, OutputFiles>,
    /// How it ran.
    pub provenance: Provenance,
}

impl Record {
    /// The text of a record's file: JSON with a checksum of its own bytes, in which the digits of the
    /// checksum count as zeros. It does not depend on how later versions read a record.
    pub(super) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.truncate(bytes.len() - "\n}".len());
        bytes.extend_from_slice(CHECKSUM.as_bytes());
        let place = bytes.len()..bytes.len() + DIGITS;
        bytes.extend_from_slice(&[b'0'; DIGITS]);
        bytes.extend_from_slice(b"\"\n}");
        let digest = Digest::derive(CHECKSUM_DOMAIN, &bytes);
        bytes[place].copy_from_slice(digest.hex().as_bytes());
        Ok(bytes)
    }

    /// Reads the file of the record under a key. `None` unless its checksum is right and its
    /// fingerprint hashes to the key: such a record is damaged, or somebody changed it.
    pub(super) fn from_bytes(key: &Digest, bytes: &[u8]) -> Option<Record> {
        let start = last_place_of(bytes, CHECKSUM.as_bytes())?;
        let place = start + CHECKSUM.len()..start + CHECKSUM.len() + DIGITS;
        let mut blank = bytes.to_vec();
        blank.get_mut(place.clone())?.fill(b'0');
        let digest = Digest::derive(CHECKSUM_DOMAIN, &blank);
        (digest.hex().as_bytes() == &bytes[place]).then_some(())?;
        let record: Record = serde_json::from_slice(bytes).ok()?;
        (record.fingerprint.key() == *key).then_some(record)
    }

    /// The digests of the outputs.
    pub fn output_digests(&self) -> OutputDigests {
        self.outputs.iter().map(|(name, files)| (name.as_str(), files.digest())).collect()
    }

    /// Every object that the record needs.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.outputs.values().flat_map(|files| files.0.values())
    }
}

fn last_place_of(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|window| window == wanted)
}
