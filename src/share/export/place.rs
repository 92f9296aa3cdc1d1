//! Where an export goes. It is made in a hidden folder and put in its place when it is whole, or
//! [replaces](super::earlier) an earlier export there.

use super::card::{CARD, Card, Listed};
use super::earlier::{Earlier, Standing, standing};
use super::unfinished::{Unfinished, remove_abandoned};
use super::{Destination, ExportError};
use crate::progress::Monitor;
use crate::share::output::{OutputError, parent, sync, take_after};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How names of the hidden folders begin.
pub(super) const PREFIX: &str = ".msx-export-";

/// An unfinished export. If it is dropped before it is finished, nothing is left of it.
pub(super) struct Folder<'a> {
    fresh: Unfinished,
    destination: &'a Destination<'a>,
    earlier: Option<Earlier>,
    written: Mutex<Vec<Listed>>,
}

/// An unfinished file that is too large for memory.
pub(super) struct Stream {
    pub(super) path: PathBuf,
    name: String,
    file: BufWriter<File>,
    bytes: u64,
    digest: Box<blake3::Hasher>,
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.digest.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl<'a> Folder<'a> {
    pub(super) fn begin(
        destination: &'a Destination<'a>,
        monitor: &dyn Monitor,
    ) -> Result<Folder<'a>, ExportError> {
        let earlier = match standing(destination)? {
            Standing::Export(cards) => Some(Earlier::examine(destination, cards, monitor)?),
            Standing::Nothing | Standing::Empty(_) => None,
        };
        let above = parent(destination.path)?;
        remove_abandoned(&above, destination.path);
        // On the file system of its place, so that it can be moved there.
        let beside = match &earlier {
            Some(_) => destination.path,
            None => &above,
        };
        remove_abandoned(beside, destination.path);
        let fresh = Unfinished::begin(beside, destination.path)?;
        Ok(Folder { fresh, destination, earlier, written: Mutex::default() })
    }

    /// Makes a folder inside, by a name with slashes.
    pub(super) fn create(&self, name: &str) -> Result<(), ExportError> {
        let path = self.fresh.path().join(name);
        Ok(fs::create_dir_all(&path).map_err(OutputError::io("create", &path))?)
    }

    /// Writes a file inside, whose folder is there, such that it outlasts a power cut.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), ExportError> {
        let mut stream = self.begin_file(name)?;
        stream.write_all(bytes).map_err(OutputError::io("write", &stream.path))?;
        self.finish_file(stream)
    }

    /// Begins a file inside, whose folder is there, that is too large for memory.
    pub(super) fn begin_file(&self, name: &str) -> Result<Stream, ExportError> {
        let path = self.fresh.path().join(name);
        let file = File::create_new(&path).map_err(OutputError::io("write", &path))?;
        let (file, digest) = (BufWriter::new(file), Box::new(blake3::Hasher::new()));
        Ok(Stream { path, name: name.to_owned(), file, bytes: 0, digest })
    }

    /// Writes what is left of a file, such that it outlasts a power cut.
    pub(super) fn finish_file(&self, stream: Stream) -> Result<(), ExportError> {
        let Stream { path, name, mut file, bytes, digest } = stream;
        file.flush().map_err(OutputError::io("write", &path))?;
        file.get_ref().sync_all().map_err(OutputError::io("write", &path))?;
        let name = name.parse().map_err(|reason| {
            ExportError::Form(format!("a file cannot be called {name:?}: {reason}"))
        })?;
        let listed = Listed { path: name, bytes, digest: digest.finalize().into() };
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(listed);
        Ok(())
    }

    /// Writes the card and puts everything in its place.
    pub(super) fn finish(self, mut card: Card<'_>) -> Result<(), ExportError> {
        card.files =
            std::mem::take(&mut self.written.lock().unwrap_or_else(PoisonError::into_inner));
        card.files.sort();
        let text = serde_json::to_vec_pretty(&card)
            .map_err(|error| ExportError::Form(format!("cannot write {CARD}: {error}")))?;
        self.write(CARD, &text)?;
        for entry in walkdir::WalkDir::new(self.fresh.path()) {
            let entry =
                entry.map_err(|error| OutputError::io("read", self.fresh.path())(error.into()))?;
            if entry.file_type().is_dir() {
                sync(entry.path())?;
            }
        }
        match self.earlier {
            Some(earlier) => earlier.give_way(self.fresh, &card.files),
            None => put(self.fresh, self.destination),
        }
    }
}

/// Puts a folder where nothing is, or an empty folder.
fn put(fresh: Unfinished, destination: &Destination<'_>) -> Result<(), ExportError> {
    // Somebody else may have put something there meanwhile. What comes later still is not lost either:
    // a folder takes the place of an empty folder alone.
    match standing(destination)? {
        Standing::Nothing => {}
        Standing::Empty(empty) => {
            take_after(fresh.path(), &empty).map_err(OutputError::io("write", fresh.path()))?;
        }
        Standing::Export(_) => return Err(occupied_meanwhile(destination.path)),
    }
    let fresh = fresh.finish()?;
    fs::rename(&fresh, destination.path).map_err(|error| {
        let _ = fs::remove_dir_all(&fresh);
        OutputError::io("write", destination.path)(error)
    })?;
    Ok(sync(&parent(destination.path)?)?)
}

fn occupied_meanwhile(path: &Path) -> ExportError {
    OutputError::occupied(path, "another export came there meanwhile; run this one again").into()
}
