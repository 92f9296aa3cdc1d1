//! The version of a cache folder's layout, and the way from older ones.

use super::atomic;
use super::error::StoreError;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Version of the layout.
pub(super) const FORMAT: u32 = 2;
const CACHE_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache of msx; backup programs may leave it out.\n";

/// Marks a fresh folder, accepts a present one, and brings an older one up to date.
///
/// # Errors
/// The folder cannot be written, or was made by a newer version.
pub(super) fn check(root: &Path) -> Result<(), StoreError> {
    match read(root)? {
        Some(FORMAT) => Ok(()),
        Some(_) => migrate(root),
        None => {
            let tag = root.join("CACHEDIR.TAG");
            if !tag.exists() {
                atomic::write(&tag, CACHE_TAG.as_bytes())?;
            }
            write(root)
        }
    }
}

/// The version of a folder's layout; nothing for a fresh one.
pub(super) fn read(root: &Path) -> Result<Option<u32>, StoreError> {
    let path = root.join("format");
    let found = match fs::read_to_string(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    match found.trim().parse() {
        Ok(format) if (1..=FORMAT).contains(&format) => Ok(Some(format)),
        _ => Err(StoreError::Format {
            path: root.to_owned(),
            found: found.trim().to_owned(),
            known: FORMAT,
        }),
    }
}

fn write(root: &Path) -> Result<(), StoreError> {
    atomic::write(&root.join("format"), format!("{FORMAT}\n").as_bytes())
}

/// Format 1 kept the keys of files' last runs under `runs/`, where format 2 has whole runs, and the
/// digests of the user's files as JSON. The
/// version is written last, so that a migration that was cut short begins again.
fn migrate(root: &Path) -> Result<(), StoreError> {
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
    let _ = fs::remove_file(root.join("files.json"));
    write(root)
}
