//! Where an export goes: made beside its place, and put there whole.

use super::{Card, ExportError, io_error};
use std::fs::{self, File, Permissions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

/// The file by which an exported folder is known for one.
pub const CARD: &str = "export.json";
const PREFIX: &str = ".msx-export-";

/// A folder in the making. Dropped before it is finished, it leaves nothing.
pub(super) struct Folder {
    fresh: TempDir,
    destination: PathBuf,
    may_replace: bool,
}

impl Folder {
    pub(super) fn begin(destination: &Path, may_replace: bool) -> Result<Folder, ExportError> {
        check_folder(destination, may_replace)?;
        let parent = parent(destination)?;
        let fresh = tempfile::Builder::new()
            .prefix(PREFIX)
            // As of any other new folder: what the user's mask leaves.
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(&parent)
            .map_err(io_error("write in", &parent))?;
        Ok(Folder { fresh, destination: destination.to_owned(), may_replace })
    }

    /// Makes a folder inside, by a name with slashes.
    pub(super) fn create(&self, name: &str) -> Result<(), ExportError> {
        let path = self.fresh.path().join(name);
        fs::create_dir_all(&path).map_err(io_error("create", &path))
    }

    /// Writes a file inside, whose folder is there, such that it outlasts a power cut.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let (path, mut file) = self.begin_file(name)?;
        file.write_all(bytes).map_err(io_error("write", &path))?;
        finish_file(&path, file)
    }

    /// Begins a file inside, whose folder is there, that is too large for memory.
    pub(super) fn begin_file(&self, name: &str) -> Result<(PathBuf, BufWriter<File>), ExportError> {
        let path = self.fresh.path().join(name);
        let file = File::create_new(&path).map_err(io_error("write", &path))?;
        Ok((path, BufWriter::new(file)))
    }

    /// Writes the card and puts the folder in its place.
    pub(super) fn finish(self, card: &Card<'_>) -> Result<(), ExportError> {
        let text = serde_json::to_vec_pretty(card)
            .map_err(|error| ExportError::Form(format!("cannot write {CARD}: {error}")))?;
        self.write(CARD, &text)?;
        for entry in walkdir::WalkDir::new(self.fresh.path()) {
            let entry = entry.map_err(|error| io_error("read", self.fresh.path())(error.into()))?;
            if entry.file_type().is_dir() {
                sync(entry.path())?;
            }
        }
        // Somebody else may have put something there meanwhile.
        check_folder(&self.destination, self.may_replace)?;
        let parent = parent(&self.destination)?;
        let old = match fs::symlink_metadata(&self.destination) {
            Ok(_) => Some(put_aside(&self.destination, &parent)?),
            Err(_) => None,
        };
        let fresh = self.fresh.keep();
        if let Err(error) = fs::rename(&fresh, &self.destination) {
            let _ = fs::remove_dir_all(&fresh);
            if let Some(old) = old {
                let _ = fs::rename(old.path().join("old"), &self.destination);
            }
            return Err(io_error("write", &self.destination)(error));
        }
        sync(&parent)
    }
}

/// Writes what is left of a file, such that it outlasts a power cut.
pub(super) fn finish_file(path: &Path, mut file: BufWriter<File>) -> Result<(), ExportError> {
    file.flush().map_err(io_error("write", path))?;
    file.get_ref().sync_all().map_err(io_error("write", path))
}

/// Moves a folder into a temporary one beside it, which is removed when dropped.
fn put_aside(path: &Path, parent: &Path) -> Result<TempDir, ExportError> {
    let aside = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent);
    let aside = aside.map_err(io_error("write in", parent))?;
    fs::rename(path, aside.path().join("old")).map_err(io_error("replace", path))?;
    Ok(aside)
}

/// Refuses a place that is taken, but for an empty folder, or an earlier export that may go.
fn check_folder(path: &Path, may_replace: bool) -> Result<(), ExportError> {
    let occupied = |remedy| Err(ExportError::Occupied { path: path.to_owned(), remedy });
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if !found.is_dir() {
        return occupied("it is no folder; choose another destination");
    }
    let is_empty = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    match (is_empty, path.join(CARD).is_file(), may_replace) {
        (true, _, _) | (_, true, true) => Ok(()),
        (_, true, false) => occupied("add --overwrite to replace this export, or choose another"),
        (_, false, _) => {
            occupied("it is no export of msx and is never replaced; choose another destination")
        }
    }
}

/// A file in the making. Dropped before it is finished, it leaves nothing.
pub(super) struct Single {
    file: NamedTempFile,
    destination: PathBuf,
    may_replace: bool,
}

impl Single {
    pub(super) fn begin(destination: &Path, may_replace: bool) -> Result<Single, ExportError> {
        check_file(destination, may_replace)?;
        let parent = parent(destination)?;
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&parent)
            .map_err(io_error("write in", &parent))?;
        Ok(Single { file, destination: destination.to_owned(), may_replace })
    }

    pub(super) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Puts the file in its place.
    pub(super) fn finish(self) -> Result<(), ExportError> {
        let path = self.destination;
        self.file.as_file().sync_all().map_err(io_error("write", &path))?;
        check_file(&path, self.may_replace)?;
        let put = if self.may_replace {
            self.file.persist(&path).map_err(|error| error.error)
        } else {
            self.file.persist_noclobber(&path).map_err(|error| error.error)
        };
        put.map_err(io_error("write", &path))?;
        sync(&parent(&path)?)
    }
}

fn check_file(path: &Path, may_replace: bool) -> Result<(), ExportError> {
    let occupied = |remedy| Err(ExportError::Occupied { path: path.to_owned(), remedy });
    match fs::symlink_metadata(path) {
        Err(_) => Ok(()),
        Ok(found) if !found.is_file() => occupied("it is no file; name one, such as images.npz"),
        Ok(_) if may_replace => Ok(()),
        Ok(_) => occupied("add --overwrite to replace it, or choose another"),
    }
}

/// The folder above, made where it is missing.
fn parent(path: &Path) -> Result<PathBuf, ExportError> {
    // The parent of a bare name is the empty path.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(io_error("create", parent))?;
    Ok(parent.to_owned())
}

/// Makes what was made in a folder durable.
fn sync(folder: &Path) -> Result<(), ExportError> {
    let synced = File::open(folder).and_then(|opened| opened.sync_all());
    synced.map_err(io_error("synchronise", folder))
}
