//! Digests of the user's files, remembered so that unchanged files are not read again.

use super::error::StoreError;
use super::stamp::Stamp;
use super::{Store, atomic, checked};
use crate::graph::Digest;
use rayon::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const DOMAIN: &str = "msx 2026 user files";
/// Also the version of the layout: a memory of another one is read as none.
const MAGIC: &[u8] = b"msx files 2\n";
/// How much of a file is read at once, in bytes: little enough to be in a cache of the processor still
/// when it is hashed, and enough for several threads.
const PIECE: usize = 2 << 20;
/// What several threads hash faster than one, in bytes.
const WORTH_SHARING: usize = 1 << 20;

/// The memory of file digests of one cache.
#[derive(Debug)]
pub struct FileMemo {
    store: Store,
    path: PathBuf,
    known: HashMap<Name, (Stamp, Digest)>,
    changed: bool,
    hash_all: bool,
}

impl Store {
    /// Loads the memory; with `hash_all` every file is read again whatever is remembered.
    pub fn file_memo(&self, hash_all: bool) -> FileMemo {
        let path = self.root.join("files");
        // The memory can always be made again, so an unreadable one is simply empty.
        let known = fs::read(&path).ok().and_then(|bytes| {
            let body = checked::body(MAGIC, &bytes)?;
            postcard::from_bytes(body).ok()
        });
        let known = known.unwrap_or_default();
        FileMemo { store: self.clone(), path, known, changed: false, hash_all }
    }
}

impl FileMemo {
    /// The digest of a set of files: their names relative to `base` and their contents, in the
    /// order of names.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn digest(&mut self, base: &Path, files: &[PathBuf]) -> Result<Digest, StoreError> {
        let digests: Vec<(Name, Stamp, Digest)> = files
            .par_iter()
            .map(|path| self.digest_one(path))
            .collect::<Result<_, StoreError>>()?;
        for (name, stamp, digest) in &digests {
            if stamp.is_settled() && self.known.get(name) != Some(&(*stamp, *digest)) {
                self.known.insert(name.clone(), (*stamp, *digest));
                self.changed = true;
            }
        }
        Ok(of_all(base, files, digests.into_iter().map(|(_, _, digest)| digest)))
    }

    /// The content of each file on its own, under the name that the store gives to bytes; nothing for
    /// one that cannot be read.
    pub fn contents(&self, files: &[&Path]) -> Vec<Option<Digest>> {
        files.par_iter().map(|path| Some(self.digest_one(path).ok()?.2)).collect()
    }

    /// The same digest from memory alone; nothing where a file would have to be read for it.
    pub fn remembered(&self, base: &Path, files: &[PathBuf]) -> Option<Digest> {
        let one = |path: &PathBuf| {
            let (stamp, digest) = self.known.get(&Name::of(path).ok()?)?;
            (Stamp::of(&fs::metadata(path).ok()?) == *stamp).then_some(*digest)
        };
        let digests: Vec<Digest> = files.par_iter().map(one).collect::<Option<_>>()?;
        Some(of_all(base, files, digests))
    }

    /// The stamp tells the file itself apart, so a path by way of a link need not be followed.
    fn digest_one(&self, path: &Path) -> Result<(Name, Stamp, Digest), StoreError> {
        let name = Name::of(path).map_err(StoreError::io("read", path))?;
        let stamp = Stamp::of(&fs::metadata(path).map_err(StoreError::io("read", path))?);
        match self.known.get(&name) {
            Some((known, digest)) if *known == stamp && !self.hash_all => {
                Ok((name, stamp, *digest))
            }
            _ => Ok((name, stamp, hash(path).map_err(StoreError::io("read", path))?)),
        }
    }

    /// Writes the memory back if it has learned anything.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub fn save(&self) -> Result<(), StoreError> {
        if !self.changed {
            return Ok(());
        }
        let bytes = postcard::to_stdvec(&self.known)
            .map_err(|error| StoreError::io("write", &self.path)(io::Error::other(error)))?;
        let _passage = self.store.pass()?;
        atomic::write_parts(&self.path, &[&checked::head(MAGIC, &[&bytes]), &bytes])
    }
}

/// What the memory knows a file by: the bytes of the absolute path, because names need not be text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name(Vec<u8>);

impl Name {
    fn of(path: &Path) -> io::Result<Name> {
        Ok(Name(std::path::absolute(path)?.into_os_string().into_encoded_bytes()))
    }
}

/// In one piece, which is read much faster than as a list.
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        let bytes: &[u8] = Deserialize::deserialize(deserializer)?;
        Ok(Name(bytes.to_vec()))
    }
}

/// Reads in pieces instead of mapping the file: one that is cut short meanwhile must not end the
/// process.
pub(super) fn hash(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut piece = vec![0; size.clamp(1, PIECE)];
    let mut hasher = blake3::Hasher::new();
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finalize().into()),
            length if length > WORTH_SHARING => hasher.update_rayon(&piece[..length]),
            length => hasher.update(&piece[..length]),
        };
    }
}

/// One digest of files by their names relative to `base` and their contents.
fn of_all(base: &Path, files: &[PathBuf], digests: impl IntoIterator<Item = Digest>) -> Digest {
    let line = |(path, digest): (&PathBuf, Digest)| {
        let relative = path.strip_prefix(base).unwrap_or(path);
        [&*relative.to_string_lossy(), " ", digest.digits().as_str(), "\n"].concat()
    };
    let mut lines: Vec<String> = files.iter().zip(digests).map(line).collect();
    lines.sort();
    Digest::derive(DOMAIN, lines.concat().as_bytes())
}
