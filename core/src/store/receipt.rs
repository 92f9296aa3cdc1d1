//! What a run found that found everything, from which the next one can tell that nothing changed
//! without planning anew.
//!
//! A receipt is a convenience and never the truth: it names all that the answer came from, and
//! whoever finds any of it otherwise plans. Deleted, damaged or out of date, it costs time and
//! nothing else.

use super::index::Standing;
use super::stamp::Stamp;
use super::{LastRun, Store, StoreError, atomic, checked};
use crate::graph::{Digest, InputDigest};
use crate::language::value::Fields;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Also the version of the layout: a receipt of another one is read as none.
const MAGIC: &[u8] = b"msx receipt 1\n";
const IDENTITY_DOMAIN: &str = "msx 2026 file identity";

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// All that was asked beside the text of files.
    pub asked: Digest,
    /// The experiment's text, and what each import of it gave, in the order in which they were read.
    pub texts: Vec<ReadText>,
    /// The user's files that stages read.
    pub files: Vec<ReadFiles>,
    /// The folders of the cache that the results were found in.
    pub standing: Standing,
    /// The pages that were published, by name, with the digest of their text.
    pub pages: Vec<(String, Digest)>,
    /// The seal of the history beside it, which such a run leaves as it is.
    pub history: Digest,
    /// How many stages there are.
    pub stages: usize,
    /// What is noted as the last run.
    pub last: LastRun,
}

/// A text of the language, and how it was come by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadText {
    /// The name of the file that imports it; empty for the experiment.
    pub from: String,
    /// The path as it is written there.
    pub path: String,
    /// Its name and content.
    pub digest: Digest,
}

/// The user's files of one stage, and what they are found by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadFiles {
    /// Kind of the stage.
    pub kind: String,
    /// Its method.
    pub method: String,
    /// Its parameters.
    pub parameters: Fields,
    /// The digests of the files by field.
    pub digests: Vec<InputDigest>,
}

impl Store {
    /// The receipt of an experiment file; nothing where there is none, or where the history beside it
    /// is another. Whether the cache still is as it says, [`Store::is_standing`] tells.
    pub fn receipt(&self, experiment: &Path) -> Option<Receipt> {
        let bytes = fs::read(self.receipt_path(experiment)).ok()?;
        let receipt: Receipt = postcard::from_bytes(checked::body(MAGIC, &bytes)?).ok()?;
        self.has_history(experiment, &receipt.history).then_some(receipt)
    }

    /// Keeps the receipt of an experiment file. It is not synchronised with the disk: its checksum
    /// tells one that is cut short.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save_receipt(&self, experiment: &Path, receipt: &Receipt) -> Result<(), StoreError> {
        let path = self.receipt_path(experiment);
        let body = postcard::to_stdvec(receipt)
            .map_err(|error| StoreError::io("write", &path)(io::Error::other(error)))?;
        let _passage = self.pass()?;
        atomic::replace_hastily(&path, &[&checked::head(MAGIC, &[&body]), &body])
    }

    fn receipt_path(&self, experiment: &Path) -> PathBuf {
        beside(&self.history_path(experiment))
    }
}

/// Where the receipt lies that belongs to a history.
pub(super) fn beside(history: &Path) -> PathBuf {
    history.with_extension("receipt")
}

/// What tells a file from every other and from itself after a change, without reading it. Nothing for
/// one that changed so lately that another change might not show.
pub fn identity(path: &Path) -> Option<Digest> {
    let stamp = Stamp::of(&fs::metadata(path).ok()?);
    let bytes = postcard::to_stdvec(&stamp).ok()?;
    stamp.is_settled().then(|| Digest::derive(IDENTITY_DOMAIN, &bytes))
}
