//! What processes that are gone have left behind: locks, holds, scratch folders, half-written files.

use super::error::StoreError;
use super::gate::HOLD_PREFIX;
use super::survey::{Seen, files_below, list};
use super::{Store, is_same_file, own};
use crate::graph::Digest;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

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
            if own::is_scratch(&folder) && is_free(&folder.join(own::ALIVE)) {
                // Inputs are links to objects and free nothing.
                let bytes = files_below(&folder.join("out")).filter_map(|path| size(&path)).sum();
                found.scratch.push((folder, bytes));
            }
        }
        for folder in ["records", "checkpoints", "runs", "history", "decoded"] {
            let files = files_below(&self.root.join(folder)).filter(|path| own::is_temporary(path));
            found.temporary.extend(files.filter_map(|path| abandoned(path, grace, now)));
        }
        let files = list(&self.root)?.into_iter().filter(|path| own::is_temporary(path));
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
    if let Ok(file) = own::open_lock(path, false)
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
    match own::open_lock(path, false) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

fn is_hold(path: &Path) -> bool {
    own::is_random(path, HOLD_PREFIX) && own::is_file(path)
}

/// Whether a file is a hold or the lock of a key: the first holds digests, the second nothing.
fn is_lock(path: &Path) -> bool {
    let holds_digests = || fs::read(path).is_ok_and(|bytes| own::may_be_digests(&bytes));
    match super::survey::digest_of_name(path, "") {
        Some(_) => own::is_file(path) && size(path) == Some(0),
        None => is_hold(path) && holds_digests(),
    }
}

fn abandoned(path: PathBuf, grace: Duration, now: SystemTime) -> Option<(PathBuf, u64)> {
    let seen = Seen::of(&fs::metadata(&path).ok()?);
    (seen.age(now) >= grace).then_some((path, seen.bytes))
}

fn size(path: &Path) -> Option<u64> {
    Some(fs::metadata(path).ok()?.len())
}
