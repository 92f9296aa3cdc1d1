//! Images that were decoded before, as sources of data ask for them.

use super::fold::DIGEST;
use std::io;
use std::path::{Path, PathBuf};

/// The digest of an image's pixels.
pub type ImageDigest = [u8; DIGEST];

/// The images of one file among those of a stored array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Which array, of [`Recalled::arrays`].
    pub array: usize,
    /// The row of the first image; the others follow it.
    pub row: usize,
    /// The blake3 hash of each image's pixels.
    pub images: Vec<ImageDigest>,
}

/// What is known of files.
#[derive(Debug, Default)]
pub struct Recalled {
    /// Arrays of pixels, `[stored, channels, side, side]`.
    pub arrays: Vec<PathBuf>,
    /// The images of each file, in the order in which files were asked for.
    pub known: Vec<Option<Known>>,
}

/// Where images are that were decoded before. What it says is checked before it is believed.
pub trait Memory: Sync {
    /// What is known of the images of files that were decoded by a recipe: equal words mean equal
    /// images of files that are equal and whose names end alike.
    fn recall(&self, recipe: &str, files: &[&Path]) -> Recalled;

    /// Links an array of those that the last question gave to another path.
    ///
    /// # Errors
    /// It is gone, or the file system has no hard links.
    fn link(&self, array: usize, target: &Path) -> io::Result<()>;

    /// Takes note of where images of the files asked for last will stand, by the file's position.
    fn note(&self, images: Vec<(usize, Known)>);
}

/// Knows nothing and learns nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgetful;

impl Memory for Forgetful {
    fn recall(&self, _: &str, files: &[&Path]) -> Recalled {
        Recalled { arrays: Vec::new(), known: vec![None; files.len()] }
    }

    fn link(&self, _: usize, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn note(&self, _: Vec<(usize, Known)>) {}
}
