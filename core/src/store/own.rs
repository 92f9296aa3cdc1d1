//! What msx recognises as its own in a cache folder.
//!
//! Nothing is removed for standing in the right place alone: a name and a kind that only msx gives
//! have to agree, and no part of the way to it may be a link. What is not recognised stays.

use super::error::StoreError;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The folders that msx makes in a cache.
const FOLDERS: [&str; 8] =
    ["objects", "records", "checkpoints", "decoded", "history", "runs", "scratch", "locks"];
/// How the names of files begin that get their own name once they are whole.
pub(super) const TEMPORARY: &str = ".msx-";
/// The same in caches of earlier versions.
const TEMPORARY_BEFORE: &str = ".tmp";
/// How the names of scratch folders begin.
pub(super) const SCRATCH: &str = "stage-";
/// The file in a scratch folder that is locked while its process lives.
pub(super) const ALIVE: &str = "alive";
/// The characters that `tempfile` puts behind a prefix.
const RANDOM: usize = 6;

/// Refuses a cache of which a part is a link or a file: what is written and removed there would be
/// written and removed somewhere else.
pub(super) fn check_folders(root: &Path) -> Result<(), StoreError> {
    let parts = FOLDERS.iter().map(|name| root.join(name));
    match parts.into_iter().find(|path| fs::symlink_metadata(path).is_ok_and(|is| !is.is_dir())) {
        Some(path) => Err(StoreError::NotAFolder { path }),
        None => Ok(()),
    }
}

/// Whether a path is a folder itself, and not a link to one.
pub(super) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Whether a path is a file itself, and not a link to one.
pub(super) fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Whether a file is one of ours that was never finished.
pub(super) fn is_temporary(path: &Path) -> bool {
    (is_random(path, TEMPORARY) || is_random(path, TEMPORARY_BEFORE)) && is_file(path)
}

/// Whether a folder is the scratch folder of a stage: it holds the file that tells whether its
/// process lives, or nothing, if the process died before it made that file.
pub(super) fn is_scratch(folder: &Path) -> bool {
    let is_empty = || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    is_random(folder, SCRATCH) && is_folder(folder) && (is_file(&folder.join(ALIVE)) || is_empty())
}

/// Whether a name is a prefix and what `tempfile` puts behind it.
pub(super) fn is_random(path: &Path, prefix: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.strip_prefix(prefix)).is_some_and(|rest| {
        rest.len() == RANDOM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Whether bytes may be digests, one a line, as far as they reached the disk: a power cut leaves a part
/// of a line, or zeros.
pub(super) fn may_be_digests(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'\n' | 0))
}

/// Opens a file to lock it. A link is refused, whatever it leads to, and nothing is cut short.
pub(super) fn open_lock(path: &Path, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Some network file systems lock for one process only what is open for writing. A pipe without a
    // reader would keep us waiting, were it not for O_NONBLOCK.
    options.read(true).write(true).create(create).truncate(false);
    let file = options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    check_regular(file)
}

/// Opens a file to lock it together with others, which needs no right to write.
pub(super) fn open_shared_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    check_regular(options.open(path)?)
}

fn check_regular(file: File) -> io::Result<File> {
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Removes a file of a cache. One that is gone already is as good; one that is reached by a link
/// belongs to somebody else and stays.
///
/// # Errors
/// [`StoreError::Io`] with the path.
pub(super) fn remove_file(root: &Path, path: &Path) -> Result<(), StoreError> {
    if is_reached_by_link(root, path) {
        return Ok(());
    }
    unless_missing(path, fs::remove_file(path))
}

/// Removes a folder of a cache, after those of its files and folders that are recognised. What is
/// not recognised stays, and so does the folder around it.
///
/// # Errors
/// [`StoreError::Io`] with the path.
pub(super) fn remove_folder(
    root: &Path,
    folder: &Path,
    is_ours: impl Fn(&Path) -> bool,
) -> Result<(), StoreError> {
    if !is_folder(folder) || is_reached_by_link(root, folder) {
        return Ok(());
    }
    for path in super::survey::list(folder)?.into_iter().filter(|path| is_ours(path)) {
        // What stands below a folder of ours is ours, and the library follows no link there.
        let removed =
            if is_folder(&path) { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        unless_missing(&path, removed)?;
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => unless_missing(folder, removed),
    }
}

/// Refuses to write to a path below the cache's folder if a part of the way is a link.
///
/// # Errors
/// [`StoreError::NotAFolder`] with the part.
pub(super) fn check_way(root: &Path, path: &Path) -> Result<(), StoreError> {
    let is_other = |folder: &&Path| fs::symlink_metadata(folder).is_ok_and(|is| !is.is_dir());
    match between(root, path).find(is_other) {
        Some(folder) => Err(StoreError::NotAFolder { path: folder.to_owned() }),
        None => Ok(()),
    }
}

/// Whether a folder between the cache's own and a path below it is a link.
fn is_reached_by_link(root: &Path, path: &Path) -> bool {
    between(root, path).any(|folder| !is_folder(folder))
}

fn between<'a>(root: &'a Path, path: &'a Path) -> impl Iterator<Item = &'a Path> {
    path.ancestors().skip(1).take_while(move |folder| *folder != root)
}

fn unless_missing(path: &Path, removed: io::Result<()>) -> Result<(), StoreError> {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}
