//! The version of a cache folder's layout, and the way from older ones.

use super::error::StoreError;
use super::survey::list;
use super::{atomic, own};
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Version of the layout.
pub(super) const FORMAT: u32 = 2;
const FORMAT_FILE: &str = "format";
const TAG_FILE: &str = "CACHEDIR.TAG";
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache of msx; backup programs may leave it out.\n";
/// Enough for any version and for the tag, in bytes.
const LONGEST: u64 = 1024;

/// Marks an empty folder, accepts a cache, and brings an older one up to date. Any other folder is
/// refused, because what stands there is not ours to tidy.
///
/// # Errors
/// The folder is not a cache, cannot be written, or was made by a newer version.
pub(super) fn check(root: &Path) -> Result<(), StoreError> {
    match read(root)? {
        Some(FORMAT) => {}
        Some(_) => migrate(root)?,
        None => claim(root)?,
    }
    own::check_folders(root)
}

/// The version of a folder's layout; nothing for a folder that is not a cache yet.
pub(super) fn read(root: &Path) -> Result<Option<u32>, StoreError> {
    let path = root.join(FORMAT_FILE);
    let found = match read_small(&path) {
        Ok(Some(found)) => found,
        Ok(None) => return Err(StoreError::NotACache { path: root.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    match found.trim().parse() {
        Ok(format) if (1..=FORMAT).contains(&format) => Ok(Some(format)),
        Ok(found) => Err(StoreError::Format {
            path: root.to_owned(),
            found: u32::to_string(&found),
            known: FORMAT,
        }),
        Err(_) => Err(StoreError::NotACache { path: root.to_owned() }),
    }
}

/// The text of a small file; nothing where it is something else.
fn read_small(path: &Path) -> io::Result<Option<String>> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_file() || found.len() > LONGEST {
        return Ok(None);
    }
    Ok(String::from_utf8(fs::read(path)?).ok())
}

/// Makes a cache of an empty folder, or of one that carries our tag: another process may be about to
/// claim the folder too, and the tag comes first.
fn claim(root: &Path) -> Result<(), StoreError> {
    let tag = root.join(TAG_FILE);
    let is_tagged = || read_small(&tag).is_ok_and(|found| found.as_deref() == Some(TAG));
    // The listing comes first: whoever is faster than we are has left the tag by then.
    let is_empty = list(root)?.iter().all(|path| own::is_temporary(path));
    if !is_tagged() {
        if !is_empty {
            return Err(StoreError::NotACache { path: root.to_owned() });
        }
        atomic::write(&tag, TAG.as_bytes())?;
    }
    write(root)
}

fn write(root: &Path) -> Result<(), StoreError> {
    atomic::write(&root.join(FORMAT_FILE), format!("{FORMAT}\n").as_bytes())
}

/// Format 1 kept the keys of files' last runs under `runs/`, where format 2 has whole runs, and the
/// digests of the user's files as JSON. The version is written last, so that a migration that was cut
/// short begins again.
fn migrate(root: &Path) -> Result<(), StoreError> {
    own::check_folders(root)?;
    let gate = File::open(root).map_err(StoreError::io("open", root))?;
    gate.lock().map_err(StoreError::io("lock", root))?;
    if read(root)? == Some(FORMAT) {
        return Ok(());
    }
    let (runs, history) = (root.join("runs"), root.join("history"));
    atomic::create_dir(&history)?;
    for entry in fs::read_dir(&runs).into_iter().flatten().flatten() {
        let (from, to) = (entry.path(), history.join(entry.file_name()));
        if from.extension().is_some_and(|extension| extension == "json") {
            fs::rename(&from, &to).map_err(StoreError::io("write", &to))?;
        }
    }
    atomic::sync_dir(&history)?;
    // Made again by the next run.
    own::remove_file(root, &root.join("files.json"))?;
    write(root)
}
