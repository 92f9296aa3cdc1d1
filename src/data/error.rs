//! What can go wrong with data, with the file, the place and the remedy.

use crate::progress::Stopped;
use std::io;
use std::path::{Path, PathBuf};

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The operating system refused.
    #[error("{}: {source}{}", path.display(), remedy(source))]
    Io {
        /// Where.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// An image cannot be decoded.
    #[error("{}: {reason}; replace the file or remove it from the data", path.display())]
    Image {
        /// The image.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A DICOM file cannot be read.
    #[error("{}: {reason}{}; {remedy}", path.display(), because(cause.as_deref()))]
    Dicom {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the transfer syntax where it matters; never a value of the file's
        /// texts, so that it can be kept.
        reason: String,
        /// The words of the library that found it, which may quote the file.
        cause: Option<String>,
        /// What to do.
        remedy: String,
    },
    /// A table has a wrong cell, row or header.
    #[error("{}{}: {reason}; {remedy}", path.display(), at_row(*row))]
    Table {
        /// The table.
        path: PathBuf,
        /// Line of the file, from 1; the header is line 1.
        row: Option<u64>,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A file of another kind (an archive, a volume) cannot be read.
    #[error("{}: {reason}; {remedy}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A fold's files do not fit together.
    #[error("{}: {reason}; delete the cache entry and run again", path.display())]
    Fold {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The disk has no room for the images.
    #[error(
        "the images take {}, and the disk of the cache has {} left; free some space there, choose \
         another cache with --cache, or ask for fewer or smaller images",
        bytesize::ByteSize(*needed), bytesize::ByteSize(*free)
    )]
    NoRoom {
        /// Bytes of all images.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// Stored pixels are no longer those that were stored.
    #[error(
        "{}: the stored pixels are damaged; `msx cache verify` removes what is damaged, and the \
         next run makes it again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The data cannot give what was asked for.
    #[error("{0}")]
    Subset(String),
    /// The user asked to stop.
    #[error("stopped on request")]
    Stopped,
}

impl DataError {
    /// Wraps a system error with the path it belongs to.
    pub fn io(path: &Path) -> impl FnOnce(io::Error) -> DataError + '_ {
        |source| DataError::Io { path: path.to_owned(), source }
    }
}

impl From<Stopped> for DataError {
    fn from(_: Stopped) -> DataError {
        DataError::Stopped
    }
}

fn because(cause: Option<&str>) -> String {
    cause.map_or_else(String::new, |cause| format!(": {cause}"))
}

fn at_row(row: Option<u64>) -> String {
    row.map_or_else(String::new, |row| format!(", line {row}"))
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::NotFound => "; check the path, which is relative to the .msx file",
        io::ErrorKind::NotADirectory => "; give a folder, relative to the .msx file",
        io::ErrorKind::IsADirectory => "; give a file, relative to the .msx file",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space there or choose another cache with --cache, then run again: \
             finished stages are kept"
        }
        _ => "",
    }
}
