//! Files that msx writes where a user says. They are made beside their place and put there whole, and
//! they never replace what msx did not write.
//!
//! A file that is there already is judged by its content, because its name is the user's choice. What the
//! experiment is read from is not replaced whatever its content.

use crate::project::real;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How names of unfinished files begin.
pub(super) const PREFIX: &str = ".msx-";

/// A kind of file.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name with an article, such as `a bundle`.
    pub name: &'static str,
    /// Whether an experiment can read such files as data.
    pub is_data: bool,
    /// Whether the content of a file shows that msx wrote it as one of this kind, and that nobody
    /// changed it since.
    pub is_ours: fn(&Path) -> bool,
}

/// What an experiment is read from: its file, what that imports, and files and folders of data.
#[derive(Debug, Clone, Default)]
pub struct Inputs(Vec<PathBuf>);

impl Inputs {
    /// Files and folders, which need not be there.
    pub fn new(paths: impl IntoIterator<Item = PathBuf>) -> Inputs {
        Inputs(paths.into_iter().collect())
    }

    /// Looks them up on the disk.
    pub(super) fn found(&self) -> FoundInputs {
        let found = self.0.iter().map(|path| {
            let path = real(path);
            let identity = fs::metadata(&path).ok().map(|found| identity(&found));
            (path, identity)
        });
        FoundInputs(found.collect())
    }
}

/// [`Inputs`] without symbolic links, each with its identity where it is there.
pub(super) struct FoundInputs(Vec<(PathBuf, Option<FileIdentity>)>);

/// Device and inode, which hard links to one file share.
pub(super) type FileIdentity = (u64, u64);

pub(super) fn identity(file: &Metadata) -> FileIdentity {
    (file.dev(), file.ino())
}

impl FoundInputs {
    /// Whether the experiment reads a file, whose path has no symbolic links. A file in a folder of
    /// data counts if it can be data.
    pub(super) fn hold(&self, path: &Path, file: FileIdentity, is_data: bool) -> bool {
        self.0.iter().any(|(input, identity)| {
            input == path || *identity == Some(file) || is_data && path.starts_with(input)
        })
    }
}

/// Why a file was not written. What was there is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The system refused.
    #[error("cannot {action} {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something stands there that is not replaced.
    #[error("{} is there already; {reason}", path.display())]
    Occupied {
        /// The place.
        path: PathBuf,
        /// What it is, and what to do.
        reason: String,
    },
}

impl OutputError {
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl Fn(io::Error) -> OutputError + 'a {
        move |source| OutputError::Io { action, path: path.to_owned(), source }
    }

    pub(super) fn occupied(path: &Path, reason: impl Into<String>) -> OutputError {
        OutputError::Occupied { path: path.to_owned(), reason: reason.into() }
    }
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free some space there or choose another place"
        }
        io::ErrorKind::PermissionDenied => "; choose a place that you may write to",
        _ => "",
    }
}

/// An unfinished file. If it is dropped before it is finished, nothing is left of it.
pub struct Output<'a> {
    file: NamedTempFile,
    path: PathBuf,
    kind: Kind,
    inputs: &'a Inputs,
    may_replace: bool,
    /// The file that it replaces, as that was when it was judged.
    before: Option<Stamp>,
}

impl<'a> Output<'a> {
    /// Begins a file. With `may_replace` it replaces an earlier one of its kind.
    ///
    /// # Errors
    /// Something stands there that is not replaced, or the folder cannot be written to.
    pub fn begin(
        path: &Path,
        kind: Kind,
        inputs: &'a Inputs,
        may_replace: bool,
    ) -> Result<Output<'a>, OutputError> {
        let before = check(path, kind, inputs, may_replace)?;
        let parent = parent(path)?;
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            // As of any other new file: what the user's mask leaves.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(&parent)
            .map_err(OutputError::io("write in", &parent))?;
        Ok(Output { file, path: path.to_owned(), kind, inputs, may_replace, before })
    }

    /// The file to write to.
    pub fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Puts the file in its place, such that it outlasts a power cut.
    ///
    /// # Errors
    /// As for [`Output::begin`].
    pub fn finish(self) -> Result<(), OutputError> {
        let Output { file, path, kind, inputs, may_replace, before } = self;
        file.as_file().sync_all().map_err(OutputError::io("write", &path))?;
        // Somebody else may have put something there meanwhile.
        let now = fs::symlink_metadata(&path).ok().map(|found| Stamp::of(&found));
        if now != before {
            check(&path, kind, inputs, may_replace)?;
        }
        let put = match now {
            Some(_) => file.persist(&path),
            None => file.persist_noclobber(&path),
        };
        put.map_err(|error| OutputError::io("write", &path)(error.error))?;
        sync(&parent(&path)?)
    }
}

/// Writes a file whose content is in memory. It replaces an earlier one of its kind.
///
/// # Errors
/// As for [`Output::begin`].
pub fn write(path: &Path, kind: Kind, inputs: &Inputs, bytes: &[u8]) -> Result<(), OutputError> {
    let mut output = Output::begin(path, kind, inputs, true)?;
    output.file().write_all(bytes).map_err(OutputError::io("write", path))?;
    output.finish()
}

/// Checks that a file may be written here. Gives the file that it would replace.
///
/// # Errors
/// Something stands there that is not replaced.
pub fn check(
    path: &Path,
    kind: Kind,
    inputs: &Inputs,
    may_replace: bool,
) -> Result<Option<Stamp>, OutputError> {
    let occupied = |reason: String| Err(OutputError::occupied(path, reason));
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(None) };
    if found.is_symlink() {
        return occupied("it is a symbolic link; name the file that it leads to".to_owned());
    }
    if !found.is_file() {
        return occupied("it is no file; name one".to_owned());
    }
    if inputs.found().hold(&real(path), identity(&found), kind.is_data) {
        return occupied(
            "the experiment is read from it, so it is never replaced; choose another place"
                .to_owned(),
        );
    }
    if !(kind.is_ours)(path) {
        return occupied(format!(
            "it is not {} as msx writes it, and is never replaced; choose another place, or remove \
             it yourself",
            kind.name
        ));
    }
    if !may_replace {
        return occupied("add --overwrite to replace it, or choose another place".to_owned());
    }
    Ok(Some(Stamp::of(&found)))
}

/// Changes whenever a file does.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamp {
    file: FileIdentity,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(found: &Metadata) -> Stamp {
        Stamp {
            file: identity(found),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
        }
    }

    pub(super) fn file(&self) -> FileIdentity {
        self.file
    }
}

/// Gives a new file or folder the permissions of the one that it replaces, and its owner and group where
/// the system allows that.
///
/// # Errors
/// The system refuses the permissions.
pub fn take_after(fresh: &Path, model: &Metadata) -> io::Result<()> {
    // Only root may change the owner; users may choose among their groups. Both come first, because
    // they take away special permissions.
    let _ = chown(fresh, None, Some(model.gid()));
    let _ = chown(fresh, Some(model.uid()), None);
    fs::set_permissions(fresh, model.permissions())
}

/// The folder above, made where it is missing.
pub(super) fn parent(path: &Path) -> Result<PathBuf, OutputError> {
    // The parent of a bare name is the empty path.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(OutputError::io("create", parent))?;
    Ok(parent.to_owned())
}

/// Makes what was made in a folder durable.
pub(super) fn sync(folder: &Path) -> Result<(), OutputError> {
    let synced = File::open(folder).and_then(|opened| opened.sync_all());
    synced.map_err(OutputError::io("synchronise", folder))
}
