//! Hidden folders in which exports are made. A mark says of each that it is unfinished and where it
//! belongs, so that what a killed export leaves is removed by the next one to the same destination.

use super::place::PREFIX;
use crate::share::output::{OutputError, sync};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The name of the mark.
const MARK: &str = ".unfinished";

/// A hidden folder that is marked as unfinished. If it is dropped as such, it is removed.
pub(super) struct Unfinished {
    path: PathBuf,
    is_finished: bool,
    /// Locked as long as the process lives, where the file system knows locks.
    _mark: File,
}

impl Unfinished {
    /// Makes a folder in `beside`, which is the destination or the folder above it.
    pub(super) fn begin(beside: &Path, destination: &Path) -> Result<Unfinished, OutputError> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            // As of any other new folder: what the user's mask leaves.
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(beside)
            .map_err(OutputError::io("write in", beside))?;
        let path = folder.path().join(MARK);
        let failed = OutputError::io("write", &path);
        let mut mark = File::create_new(&path).map_err(&failed)?;
        mark.write_all(text(folder.path(), destination).as_bytes()).map_err(&failed)?;
        // Without locks nobody can tell whether the export is still at work, and it is left alone.
        let _ = mark.try_lock();
        Ok(Unfinished { path: folder.keep(), is_finished: false, _mark: mark })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the mark away and gives the folder, which from now on is known by its card.
    pub(super) fn finish(mut self) -> Result<PathBuf, OutputError> {
        let mark = self.path.join(MARK);
        fs::remove_file(&mark).map_err(OutputError::io("remove", &mark))?;
        self.is_finished = true;
        sync(&self.path)?;
        Ok(self.path.clone())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // What cannot be removed now is removed by the next export.
            let _ = remove(&self.path);
        }
    }
}

/// Removes an unfinished folder, its mark last: after a kill, what is left of it is still known.
fn remove(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if entry.file_name() != MARK {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_file(folder.join(MARK))?;
    fs::remove_dir(folder)
}

/// Whether a folder is marked as unfinished.
pub(super) fn is_marked(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(MARK)).is_ok()
}

/// What the mark says: for which destination the folder is made, and its own name, so that the mark of
/// a folder that was copied or renamed does not fit.
fn text(folder: &Path, destination: &Path) -> String {
    let (folder, destination) = (folder.file_name(), destination.file_name());
    format!("msx makes an export here\n{folder:?}\n{destination:?}\n")
}

/// Removes what killed exports to `destination` left in `beside`. What cannot be removed is in nobody's
/// way, and stays.
pub(super) fn remove_abandoned(beside: &Path, destination: &Path) {
    for entry in fs::read_dir(beside).into_iter().flatten().filter_map(Result::ok) {
        let is_hidden = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_hidden && is_folder && is_abandoned(&entry.path(), destination) {
            let _ = remove(&entry.path());
        }
    }
}

fn is_abandoned(folder: &Path, destination: &Path) -> bool {
    let path = folder.join(MARK);
    let is_file = fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
    let fits = |found: String| found == text(folder, destination);
    is_file
        && fs::read_to_string(&path).is_ok_and(fits)
        && File::open(&path).is_ok_and(|mark| mark.try_lock().is_ok())
}
