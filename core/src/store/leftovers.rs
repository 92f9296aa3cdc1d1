//! What processes that are gone have left behind: locks, holds, scratch folders, half-written files.

use super::error::StoreError;
use super::gate::HOLD_PREFIX;
use super::survey::{Seen, files_below, list};
use super::{Store, is_same_file};
use crate::graph::Digest;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How the names of files begin that are renamed once they are whole.
const TEMPORARY: &str = ".tmp";

/// What nobody will come back for.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// Folders of stages whose process is gone, with the bytes in them.
    pub(super) scratch: Vec<(PathBuf, u64)>,
    /// Files that were never finished, with their size.
    pub(super) temporary: Vec<(PathBuf, u64)>,
    /// Locks and holds that nobody has.
    pub(super) locks: Vec<PathBuf>,
}

impl Store {
    pub(super) fn leftovers(&self, grace: Duration) -> Result<Leftovers, StoreError> {
        let now = SystemTime::now();
        let mut found = Leftovers::default();
        for folder in list(&self.root.join("scratch"))? {
            if is_free(&folder.join("alive")) {
                // Inputs are links to objects and free nothing.
                let bytes = files_below(&folder.join("out")).filter_map(|path| size(&path)).sum();
                found.scratch.push((folder, bytes));
            }
        }
        for folder in ["records", "checkpoints", "runs", "history", "decoded"] {
            let files = files_below(&self.root.join(folder)).filter(|path| is_temporary(path));
            found.temporary.extend(files.filter_map(|path| abandoned(path, grace, now)));
        }
        let files = list(&self.root)?.into_iter().filter(|path| path.is_file());
        let files = files.filter(|path| is_temporary(path));
        found.temporary.extend(files.filter_map(|path| abandoned(path, grace, now)));
        let locks = list(&self.locks_path())?.into_iter();
        found.locks = locks.filter(|path| is_lock(path) && is_free(path)).collect();
        Ok(found)
    }

    /// What living processes say that they use.
    pub(super) fn held(&self) -> Result<Vec<Digest>, StoreError> {
        let mut digests = Vec::new();
        for path in list(&self.locks_path())? {
            if is_hold(&path) && !is_free(&path) {
                match fs::read_to_string(&path) {
                    Ok(text) => digests.extend(digests_in(&text)),
                    // Its process has ended since.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(StoreError::io("read", &path)(error)),
                }
            }
        }
        Ok(digests)
    }
}

/// Removes a lock that nobody has, unless somebody took it since.
pub(super) fn remove_lock(path: &Path) {
    if let Ok(file) = OpenOptions::new().read(true).write(true).open(path)
        && file.try_lock().is_ok()
        && is_same_file(&file, path)
    {
        let _ = fs::remove_file(path);
    }
}

/// Every run of exactly 64 hexadecimal digits: whatever else a file says, nothing that it names is
/// overlooked.
pub(super) fn digests_in(text: &str) -> Vec<Digest> {
    let words = text.split(|character: char| !character.is_ascii_hexdigit());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// Whether nobody has a file locked. One that is not there has nobody either; of one that cannot be
/// asked, nobody knows.
pub(super) fn is_free(path: &Path) -> bool {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => File::try_lock(&file).is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn is_temporary(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes()))
}

fn is_hold(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(HOLD_PREFIX.as_bytes()))
}

fn is_lock(path: &Path) -> bool {
    is_hold(path) || super::survey::digest_of_name(path, "").is_some()
}

fn abandoned(path: PathBuf, grace: Duration, now: SystemTime) -> Option<(PathBuf, u64)> {
    let seen = Seen::of(&fs::metadata(&path).ok()?);
    (seen.age(now) >= grace).then_some((path, seen.bytes))
}

fn size(path: &Path) -> Option<u64> {
    Some(fs::metadata(path).ok()?.len())
}
