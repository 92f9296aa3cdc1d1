//! The archive of a bundle: written in one way only, and read as something that a stranger sent.

use super::output::{PREFIX, take_after};
use crate::graph::Digest;
use crate::relative_path::{BadName, RelativePath};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Files of an archive beyond which it is not unpacked.
pub const MOST_FILES: usize = 10_000;
/// Bytes of a file that is read into memory.
const LARGEST: u64 = 256 << 20;
/// The signature and the fixed length of an entry of the list at an archive's end.
const LISTED: &[u8] = b"PK\x01\x02";
const LISTED_LENGTH: usize = 46;

/// What becomes one file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A stored file, which has to hold what its digest says.
    Stored {
        /// Where it is.
        path: PathBuf,
        /// The blake3 hash of its bytes.
        digest: Digest,
    },
}

/// Why an archive was not written or not unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is damaged, or no archive at all.
    #[error("{} is no whole zip archive: {reason}", path.display())]
    Broken {
        /// The archive.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It holds something that no bundle has. Nothing was written.
    #[error("refused to unpack {}: {reason}; nothing was written", path.display())]
    Refused {
        /// The archive.
        path: PathBuf,
        /// What it holds.
        reason: String,
    },
    /// A file that could not be unpacked everywhere.
    #[error("cannot put {name:?} into an archive: {reason}; rename the file")]
    Name {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: BadName,
    },
    /// A stored file is not what it was.
    #[error(
        "{} is damaged; `msx cache verify` removes what is damaged, and the next run makes it again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// There is something already where it would be unpacked.
    #[error("{} is there already; choose another folder with --into, or remove it", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
}

fn io_error<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> ArchiveError + 'a {
    move |source| ArchiveError::Io { action, path: path.to_owned(), source }
}

/// Writes an archive into an open file that will stand at `path`. The same files give the same bytes.
///
/// # Errors
/// A file cannot be read, or the archive cannot be written.
pub fn write(
    into: &mut File,
    path: &Path,
    files: &BTreeMap<RelativePath, Content>,
) -> Result<(), ArchiveError> {
    let failed = |error: ZipError| io_error("write", path)(error.into());
    let mut writer = ZipWriter::new(BufWriter::new(into));
    for (name, content) in files {
        let size = match content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Stored { path, .. } => {
                fs::metadata(path).map_err(io_error("read", path))?.len()
            }
        };
        // The earliest time that zip knows stands for none.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o644)
            .large_file(size > u64::from(u32::MAX));
        writer.start_file(name.as_str(), options).map_err(failed)?;
        match content {
            Content::Bytes(bytes) => writer.write_all(bytes).map_err(io_error("write", path))?,
            Content::Stored { path: stored, digest } => {
                let source = File::open(stored).map_err(io_error("read", stored))?;
                let mut source = Hashing::new(source);
                io::copy(&mut source, &mut writer).map_err(io_error("write", path))?;
                if source.digest() != *digest {
                    return Err(ArchiveError::Damaged { path: stored.clone() });
                }
            }
        }
    }
    writer.finish().map_err(failed)?.flush().map_err(io_error("write", path))
}

/// Hashes what is read through it.
struct Hashing<R> {
    source: R,
    hasher: blake3::Hasher,
}

impl<R> Hashing<R> {
    fn new(source: R) -> Hashing<R> {
        Hashing { source, hasher: blake3::Hasher::new() }
    }

    fn digest(&self) -> Digest {
        self.hasher.finalize().into()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

/// An archive from a stranger, whose list of files has been checked.
pub struct Archive {
    path: PathBuf,
    zip: ZipArchive<BufReader<File>>,
    /// Where each file stands in the list.
    files: BTreeMap<RelativePath, usize>,
}

impl Archive {
    /// Opens an archive and checks its list before anything is unpacked. `limit` bounds the bytes of all
    /// files together.
    ///
    /// # Errors
    /// It is damaged, or it holds what no bundle has: names that leave the folder, links, two files of
    /// one name, more files or bytes than allowed.
    pub fn open(path: &Path, limit: u64) -> Result<Archive, ArchiveError> {
        let file = File::open(path).map_err(io_error("read", path))?;
        let zip = ZipArchive::new(BufReader::new(file));
        let mut zip = zip.map_err(|error| broken(path, &error))?;
        let files = check(path, &mut zip, limit)?;
        Ok(Archive { path: path.to_owned(), zip, files })
    }

    /// The names of all files, in order.
    pub fn names(&self) -> impl Iterator<Item = &RelativePath> {
        self.files.keys()
    }

    /// The content of a file; nothing where there is none of this name.
    ///
    /// # Errors
    /// The archive is damaged, or the file is larger than it says.
    pub fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let Some(&index) = self.files.get(name) else { return Ok(None) };
        self.content(index, name).map(Some)
    }

    /// The blake3 hash of a file; nothing where there is none of this name.
    ///
    /// # Errors
    /// As for [`Archive::read`].
    pub fn digest(&mut self, name: &str) -> Result<Option<Digest>, ArchiveError> {
        let Some(&index) = self.files.get(name) else { return Ok(None) };
        let mut hasher = blake3::Hasher::new();
        self.copy(index, name, &mut hasher)?;
        Ok(Some(hasher.finalize().into()))
    }

    /// Unpacks the wanted files into a folder that is not there yet, or is empty: all of them or nothing.
    /// What is written of each is what `change` makes of its content.
    ///
    /// # Errors
    /// There is something at the place, the disk refuses, or as for [`Archive::read`].
    pub fn unpack(
        &mut self,
        into: &Path,
        is_wanted: impl Fn(&RelativePath) -> bool,
        change: impl Fn(&RelativePath, Vec<u8>) -> Vec<u8>,
    ) -> Result<(), ArchiveError> {
        if fs::read_dir(into).map_or(into.exists(), |mut entries| entries.next().is_some()) {
            return Err(ArchiveError::Occupied { path: into.to_owned() });
        }
        let parent = into.parent().filter(|folder| !folder.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(io_error("create", parent))?;
        let fresh = tempfile::Builder::new()
            .prefix(PREFIX)
            // As of any other new folder: what the user's mask leaves.
            .permissions(Permissions::from_mode(0o777))
            .tempdir_in(parent)
            .map_err(io_error("write in", parent))?;
        if let Ok(empty) = fs::metadata(into) {
            take_after(fresh.path(), &empty).map_err(io_error("write", fresh.path()))?;
        }
        let wanted = self.files.iter().filter(|(name, _)| is_wanted(name));
        let wanted: Vec<(RelativePath, usize)> =
            wanted.map(|(name, index)| (name.clone(), *index)).collect();
        for (name, index) in wanted {
            let target = fresh.path().join(&name);
            let folder = target.parent().unwrap_or(fresh.path());
            fs::create_dir_all(folder).map_err(io_error("create", folder))?;
            let content = self.content(index, name.as_str())?;
            let mut written = File::create_new(&target).map_err(io_error("write", &target))?;
            let content = change(&name, content);
            written.write_all(&content).map_err(io_error("write", &target))?;
        }
        // An empty folder may be replaced by a full one.
        let fresh = fresh.keep();
        fs::rename(&fresh, into).map_err(|error| {
            let _ = fs::remove_dir_all(&fresh);
            io_error("write", into)(error)
        })
    }

    fn content(&mut self, index: usize, name: &str) -> Result<Vec<u8>, ArchiveError> {
        let path = &self.path;
        let size = self.zip.by_index_raw(index).map_err(|error| broken(path, &error))?.size();
        if size > LARGEST {
            let reason = format!("`{name}` is larger than {}", bytesize::ByteSize(LARGEST));
            return Err(ArchiveError::Refused { path: path.clone(), reason });
        }
        let mut content = Vec::new();
        self.copy(index, name, &mut content)?;
        Ok(content)
    }

    fn copy(
        &mut self,
        index: usize,
        name: &str,
        target: &mut impl Write,
    ) -> Result<(), ArchiveError> {
        let path = &self.path;
        let entry = self.zip.by_index(index).map_err(|error| broken(path, &error))?;
        let declared = entry.size();
        let count = io::copy(&mut entry.take(declared + 1), target);
        let count = count.map_err(|error| broken(path, &error))?;
        if count > declared {
            let reason = format!("`{name}` is larger than it says");
            return Err(ArchiveError::Refused { path: path.clone(), reason });
        }
        Ok(())
    }
}

fn broken(path: &Path, reason: &dyn std::fmt::Display) -> ArchiveError {
    ArchiveError::Broken { path: path.to_owned(), reason: reason.to_string() }
}

/// The place of every file in the list, by name; folders are left out.
fn check<R: Read + Seek>(
    path: &Path,
    archive: &mut ZipArchive<R>,
    limit: u64,
) -> Result<BTreeMap<RelativePath, usize>, ArchiveError> {
    let refused = |reason: String| ArchiveError::Refused { path: path.to_owned(), reason };
    // The list of files is a map by name, which two files of one name would share.
    let listed = count_listed(path, archive.central_directory_start());
    let listed = listed.map_err(io_error("read", path))?;
    if listed > MOST_FILES {
        return Err(refused(format!("it has {listed} files, at most {MOST_FILES} are unpacked")));
    }
    if archive.offset() != 0 {
        return Err(refused("something stands in front of the archive".to_owned()));
    }
    if listed != archive.len() {
        return Err(refused("two of its files have one name".to_owned()));
    }
    if archive.has_overlapping_files().map_err(|error| broken(path, &error))? {
        return Err(refused("two of its files share their bytes".to_owned()));
    }
    let mut files = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut size = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| broken(path, &error))?;
        let name = entry.name();
        let safe = name.strip_suffix('/').unwrap_or(name).parse::<RelativePath>();
        let safe = safe.map_err(|reason| refused(format!("it has a file {name:?}: {reason}")))?;
        if entry.is_symlink() {
            return Err(refused(format!("`{name}` is a link")));
        }
        if entry.encrypted() {
            return Err(refused(format!("`{name}` is encrypted")));
        }
        // Some file systems do not tell capitals from small letters.
        if !seen.insert(name.trim_end_matches('/').to_lowercase()) {
            return Err(refused(format!("two of its files have the name `{name}`")));
        }
        size = size.saturating_add(entry.size());
        if !entry.is_dir() {
            files.insert(safe, index);
        }
    }
    if size > limit {
        let (size, limit) = (bytesize::ByteSize(size), bytesize::ByteSize(limit));
        return Err(refused(format!(
            "it unpacks to {size}, more than {limit}; allow more with --limit"
        )));
    }
    let folders = files.keys().flat_map(|name| Path::new(name.as_str()).ancestors().skip(1));
    let folders: BTreeSet<String> =
        folders.map(|folder| folder.to_string_lossy().to_lowercase()).collect();
    match files.keys().find(|name| folders.contains(&name.as_str().to_lowercase())) {
        Some(name) => Err(refused(format!("`{name}` is a file and a folder"))),
        None => Ok(files),
    }
}

/// How many entries the list at the archive's end has, those of one name counted each.
fn count_listed(path: &Path, start: u64) -> io::Result<usize> {
    let mut reader = BufReader::new(File::open(path)?);
    reader.seek(SeekFrom::Start(start))?;
    let mut count = 0;
    let mut header = [0; LISTED_LENGTH];
    while reader.read_exact(&mut header).is_ok() && header.starts_with(LISTED) {
        let length = |at: usize| i64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        // Behind the header stand the name, further fields and a comment.
        reader.seek_relative(length(28) + length(30) + length(32))?;
        count += 1;
    }
    Ok(count)
}
