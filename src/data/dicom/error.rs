//! What is wrong with a DICOM file, with its transfer syntax and the way out.

use crate::data::error::DataError;
use dicom_transfer_syntax_registry::{TransferSyntaxIndex, TransferSyntaxRegistry};
use std::error::Error;
use std::io;
use std::path::Path;

/// What to do about a file that is damaged.
pub(super) const DAMAGED: &str = "copy it again from where it came, or leave it out";

/// An error of the given file.
pub(super) fn wrong(path: &Path, reason: impl Into<String>, remedy: &str) -> DataError {
    let (path, reason) = (path.to_owned(), reason.into());
    DataError::Dicom { path, reason, cause: None, remedy: remedy.to_owned() }
}

/// An error with the words of the library that found it.
pub(super) fn caused(path: &Path, reason: &str, cause: String, remedy: &str) -> DataError {
    let (path, reason) = (path.to_owned(), reason.to_owned());
    DataError::Dicom { path, reason, cause: Some(cause), remedy: remedy.to_owned() }
}

/// A transfer syntax with its name and number.
pub(super) fn describe(syntax: &str) -> String {
    match TransferSyntaxRegistry.get(syntax) {
        Some(known) => format!("{} ({syntax})", known.name()),
        None => format!("the unknown transfer syntax {syntax}"),
    }
}

/// An error and what caused it, in one line; whether a file that ends too early caused it.
pub(super) fn chain(error: &dyn Error) -> (String, bool) {
    let mut words = error.to_string();
    let mut ends_early = false;
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        ends_early |= error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
        cause = error.source();
    }
    (words, ends_early)
}
