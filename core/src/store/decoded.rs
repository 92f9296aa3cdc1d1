//! Images that were decoded before: which rows of which object hold those of which file.
//!
//! One file for each way of decoding and each object, `decoded/<recipe>/<object>`, which goes with the
//! object. It is never the truth: whoever uses it compares pixels with their digests. Deleted or
//! damaged, it costs time and nothing else.

use super::error::StoreError;
use super::survey::{Seen, digest_of_name, files_below, list};
use super::{Store, atomic, checked, own};
use crate::graph::Digest;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Also the version of the layout: a file of another one is read as none.
const MAGIC: &[u8] = b"msx decoded 1\n";

/// The images of one of the user's files among those of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoded {
    /// What tells the file apart: its content, and what else decides how it is read.
    pub file: Digest,
    /// The row of the first of its images; the others follow it.
    pub row: u32,
    /// The blake3 hash of each image's pixels.
    pub images: Vec<Digest>,
}

/// Writes down what a stage decoded. It is not synchronised with the disk: its checksum tells whether it is
/// whole.
///
/// # Errors
/// The disk refuses.
pub fn write_decoded(path: &Path, images: &[Decoded]) -> Result<(), StoreError> {
    let body = postcard::to_stdvec(images)
        .map_err(|error| StoreError::io("write", path)(std::io::Error::other(error)))?;
    atomic::replace_hastily(path, &[&checked::head(MAGIC, &[&body]), &body])
}

impl Store {
    /// What is remembered of images decoded by a recipe, by objects that are there, in the order of
    /// their digests.
    pub fn decoded(&self, recipe: &Digest) -> Vec<(Digest, Vec<Decoded>)> {
        let files = list(&self.decoded_path().join(recipe.hex())).unwrap_or_default();
        let mut known: Vec<(Digest, Vec<Decoded>)> = files
            .into_iter()
            .filter_map(|path| {
                let object = digest_of_name(&path, "")?;
                let bytes = fs::read(&path).ok().filter(|_| self.object_path(&object).is_file())?;
                Some((object, postcard::from_bytes(checked::body(MAGIC, &bytes)?).ok()?))
            })
            .collect();
        known.sort_by_key(|(object, _)| *object);
        known
    }

    /// Remembers whose images an object holds, as [`write_decoded`] wrote it in a scratch folder.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn keep_decoded(
        &self,
        recipe: &Digest,
        object: &Digest,
        written: &Path,
    ) -> Result<(), StoreError> {
        let path = self.decoded_path().join(recipe.hex()).join(object.hex());
        let _passage = self.pass()?;
        own::check_way(&self.root, &path)?;
        path.parent().map_or(Ok(()), atomic::create_dir)?;
        fs::rename(written, &path).map_err(StoreError::io("write", &path))
    }

    /// Links an object to another path. Whoever links it into the outputs of a stage
    /// [says so](super::Scratch::note_link), and it is then not read again to know it.
    ///
    /// # Errors
    /// It is gone, or the file system has no hard links.
    pub fn link_object(&self, object: &Digest, target: &Path) -> Result<(), StoreError> {
        let path = self.object_path(object);
        fs::hard_link(&path, target).map_err(StoreError::io("link", &path))
    }

    /// The memories of objects that are not among those that stay, with their sizes.
    pub(super) fn forgotten_decoded(&self, stays: impl Fn(&Digest) -> bool) -> Vec<(PathBuf, u64)> {
        let forgotten = files_below(&self.decoded_path()).filter_map(|path| {
            let object = digest_of_name(&path, "")?;
            let size = fs::metadata(&path).ok()?.len();
            (!stays(&object)).then_some((path, size))
        });
        forgotten.collect()
    }

    /// Removes the folders of recipes that nothing is remembered by. The gate must be closed, lest one
    /// goes that somebody has just made.
    pub(super) fn remove_empty_recipes(&self) {
        let folders = list(&self.decoded_path()).unwrap_or_default().into_iter();
        for folder in folders.filter(|folder| digest_of_name(folder, "").is_some()) {
            // The system refuses where something is left.
            let _ = fs::remove_dir(folder);
        }
    }

    pub(super) fn survey_decoded(&self) -> Seen {
        Seen::below(&self.decoded_path())
    }

    fn decoded_path(&self) -> PathBuf {
        self.root.join("decoded")
    }
}
