//! DICOM files: from stored samples to modality values, and from these to grey images.
//!
//! Samples are decoded by the dicom-rs crates (uncompressed, deflated, RLE, JPEG, JPEG lossless and
//! JPEG 2000) and `pure_jpegls` (grey JPEG-LS), all of them written in Rust. JPEG of twelve bits
//! and JPEG-LS in colour cannot be decoded; the error says how to convert such files.
//!
//! Of what identifies a person only the patient id leaves this module, as a [`pseudonym`].

mod capture;
pub mod collection;
mod compressed;
mod decode;
mod error;
mod file;
mod header;
mod palette;
mod patient;
mod values;
mod window;

pub use capture::Capture;
pub use decode::{Colour, Samples};
pub use patient::pseudonym;
pub use values::{Values, values};
pub use window::{Shape, Window};

use super::error::DataError;
use super::scans::Found;
use file::DicomFile;
use std::path::Path;

/// The samples of every frame as they are stored, before any conversion.
///
/// # Errors
/// The file is missing or broken, or cannot be decoded.
pub fn samples(path: &Path) -> Result<Samples, DataError> {
    decode::samples(&DicomFile::open(path)?)
}

/// Looks at everything in a file but its pixels.
///
/// # Errors
/// The file is missing, broken, or holds no image.
pub fn inspect(path: &Path) -> Result<Found, DataError> {
    let file = DicomFile::open_without_pixels(path)?;
    let frames = file.header()?.frames;
    Ok(Found { frames, patient: file.patient_id() })
}
