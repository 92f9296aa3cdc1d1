//! Writes that are whole or not there at all.

use super::error::StoreError;
use super::own;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// Larger parts are written as they are, smaller ones together.
const BUFFER: usize = 64 << 10;

/// Writes a file by way of a temporary one beside it: write, fsync, rename, fsync the folder.
/// After a crash at any point the path holds the old content or the new, never a part.
///
/// # Errors
/// [`StoreError::Io`] with the path; the temporary file is removed.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    write_parts(path, &[bytes])
}

/// The same with a content in parts, one behind the other.
///
/// # Errors
/// See [`write`].
pub fn write_parts(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    write_with(path, |file| parts.iter().try_for_each(|part| file.write_all(part)))
}

/// The same with a content that need not stand in memory.
///
/// # Errors
/// See [`write`]; what `content` says is taken for the disk's.
pub fn write_with(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<&mut NamedTempFile>) -> io::Result<()>,
) -> Result<(), StoreError> {
    // The parent of a bare name is the empty path.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    create_lasting_dir(folder)?;
    let mut temporary = shared_file(folder).map_err(StoreError::io("write in", folder))?;
    write_all(&mut temporary, content).map_err(StoreError::io("write", path))?;
    temporary.as_file().sync_all().map_err(StoreError::io("write", path))?;
    temporary.persist(path).map_err(|error| StoreError::io("write", path)(error.error))?;
    sync_dir(folder)
}

/// Replaces a file that can always be made again, given in parts: whole for every reader, but not
/// synchronised with the disk.
///
/// # Errors
/// [`StoreError::Io`] with the path.
pub fn replace_hastily(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut temporary = shared_file(folder).map_err(StoreError::io("write in", folder))?;
    let content = |file: &mut BufWriter<&mut NamedTempFile>| {
        parts.iter().try_for_each(|part| file.write_all(part))
    };
    write_all(&mut temporary, content).map_err(StoreError::io("write", path))?;
    temporary.persist(path).map_err(|error| StoreError::io("write", path)(error.error))?;
    Ok(())
}

fn write_all(
    file: &mut NamedTempFile,
    content: impl FnOnce(&mut BufWriter<&mut NamedTempFile>) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = BufWriter::with_capacity(BUFFER, file);
    content(&mut file)?;
    file.flush()
}

/// A temporary file with the permissions of any other new file, so that a cache can be shared.
pub fn shared_file(folder: &Path) -> io::Result<NamedTempFile> {
    shared_builder().tempfile_in(folder)
}

/// Makes such files, under names to be chosen.
pub fn shared_builder() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    builder.prefix(own::TEMPORARY);
    builder.permissions(fs::Permissions::from_mode(0o666));
    builder
}

/// Creates a folder with all above it.
///
/// # Errors
/// [`StoreError::Io`] with the path.
pub fn create_dir(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(StoreError::io("create", path))
}

/// Creates a folder with all above it, such that they outlast a power cut: what is synchronised in a
/// folder is lost with a folder that is not.
///
/// # Errors
/// [`StoreError::Io`] with the path.
pub fn create_lasting_dir(path: &Path) -> Result<(), StoreError> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(Path::new("/"));
    create_lasting_dir(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(StoreError::io("create", path)(error))
        }
        // Another process that made it meanwhile may not have come further.
        _ => sync_dir(if parent.as_os_str().is_empty() { Path::new(".") } else { parent }),
    }
}

/// Makes renames in a folder durable.
///
/// # Errors
/// [`StoreError::Io`] with the path.
pub fn sync_dir(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("synchronise", path))
}
