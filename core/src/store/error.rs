//! What can go wrong with the cache folder.

use crate::graph::Digest;
use std::io;
use std::path::{Path, PathBuf};

/// A failed operation on the cache, with the path and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder was written by a newer version.
    #[error(
        "the cache at {} has format {found}, this msx knows format {known}; \
         use a newer msx, or another folder with --cache",
        path.display()
    )]
    Format {
        /// The cache folder.
        path: PathBuf,
        /// The format found there.
        found: String,
        /// The format of this version.
        known: u32,
    },
    /// The folder holds something else.
    #[error(
        "{} is not a cache of msx and not empty, so nothing is written or removed there; name an \
         empty folder, or one that does not exist yet, with --cache",
        path.display()
    )]
    NotACache {
        /// The folder.
        path: PathBuf,
    },
    /// A part of a cache is a link or a file.
    #[error(
        "{} should be a folder, but is a link or a file; move it away, or choose another cache \
         with --cache. To keep a cache elsewhere, link the whole folder",
        path.display()
    )]
    NotAFolder {
        /// What was found.
        path: PathBuf,
    },
    /// A stored file does not hold what its name says.
    #[error(
        "{} is damaged; `msx cache verify` finds all such files, and a run makes them again",
        path.display()
    )]
    Damaged {
        /// The content that it should have.
        digest: Digest,
        /// The file.
        path: PathBuf,
    },
    /// A stage left something in its outputs that cannot be stored.
    #[error("stage output {}: {reason}; this is a defect in msx", path.display())]
    OddOutput {
        /// What was found.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No run has this number.
    #[error("{}", unknown_run(cache, *first, *last))]
    UnknownRun {
        /// The cache folder.
        cache: PathBuf,
        /// The oldest run that is kept.
        first: Option<u64>,
        /// The newest one.
        last: Option<u64>,
    },
    /// The results are in the store, but what happened is not.
    #[error("the results are kept, but the run could not be written down: {reason}")]
    Journal {
        /// What the system said.
        reason: String,
    },
    /// A stage did not write what its schema promises.
    #[error("the stage finished without writing its output `{output}`; this is a defect in msx")]
    MissingOutput {
        /// The output's name.
        output: String,
    },
}

impl StoreError {
    /// Whether the cache can be read but not written.
    pub fn is_read_only(&self) -> bool {
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        matches!(self, StoreError::Io { source, .. }
            if matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem))
    }

    /// Wraps a system error with the action and place it belongs to.
    pub fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl FnOnce(io::Error) -> StoreError + 'a {
        move |source| StoreError::Io { action, path: path.to_owned(), source }
    }
}

fn unknown_run(cache: &Path, first: Option<u64>, last: Option<u64>) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!(
            "the cache at {} has no such run; it keeps runs {first} to {last}, see `msx runs`",
            cache.display()
        ),
        _ => format!("nothing ran in the cache at {} yet", cache.display()),
    }
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space there, or choose another folder with --cache, and run again: \
             finished stages are kept"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; make it writable, or choose another folder with --cache"
        }
        // O_NOFOLLOW met a link. The kind of this error has no stable name.
        _ if source.raw_os_error() == Some(libc::ELOOP) => {
            "; it is a link, which msx never makes there: remove it"
        }
        _ => "",
    }
}
