//! How a new export replaces an earlier one: it removes the files that the earlier one wrote, and leaves
//! everything else in the folder.
//!
//! The card of the earlier export lists its files with their digests; a file whose digest is another one
//! was changed by the user. The new export is first made whole in a hidden folder inside. Then the old
//! files are removed, the new ones are moved to their places, and at last the new card replaces the old
//! one. Until then the new card lies in the hidden folder. After a kill at any point, each file is listed
//! by one of the two cards, and the next export with leave to replace removes them all.

use super::card::{CARD, Listed, listed};
use super::place::PREFIX;
use super::unfinished::{Unfinished, is_marked};
use super::{Destination, ExportError};
use crate::progress::{Monitor, Stopped};
use crate::project::real;
use crate::share::output::{FoundInputs, OutputError, Stamp, sync};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// What stands at a destination.
pub(super) enum Standing {
    Nothing,
    /// A folder without anything in it.
    Empty(Metadata),
    /// An earlier export, which may be replaced.
    Export(Cards),
}

/// What the cards of a folder list, by path.
pub(super) struct Cards {
    /// Files at their places. Two cards may list one path.
    placed: BTreeMap<String, Vec<Listed>>,
    /// Hidden folders of exports that were killed as they replaced another one.
    halves: Vec<(String, Vec<Listed>)>,
}

/// Looks at a destination. Of what is in it, only the cards are read.
///
/// # Errors
/// Something stands there that is not replaced.
pub(super) fn standing(destination: &Destination<'_>) -> Result<Standing, ExportError> {
    let path = destination.path;
    let occupied = |reason: &str| Err(OutputError::occupied(path, reason).into());
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(Standing::Nothing) };
    if found.is_symlink() {
        return occupied("it is a symbolic link; name the folder that it leads to");
    }
    if !found.is_dir() {
        return occupied("it is no folder; choose another destination");
    }
    let names = names(path)?;
    if names.is_empty() {
        return Ok(Standing::Empty(found));
    }
    let card = listed(path);
    let halves: Vec<(String, Option<Vec<Listed>>)> = names
        .into_iter()
        .filter(|name| name.starts_with(PREFIX) && is_half(&path.join(name)))
        .map(|name| (name.clone(), listed(&path.join(name))))
        .collect();
    let was_killed = halves.iter().any(|(_, files)| files.is_some());
    if card.is_none() && !was_killed {
        return occupied(if path.join(CARD).is_file() {
            "its export.json does not list the files of an export of msx, so it is never replaced; \
             choose another destination, or remove it yourself"
        } else {
            "it is no export of msx and is never replaced; choose another destination"
        });
    }
    if !destination.may_replace {
        return occupied(if was_killed {
            "an export was killed as it replaced this one; add --overwrite to mend it"
        } else {
            "add --overwrite to replace this export, or choose another destination"
        });
    }
    let halves: Vec<(String, Vec<Listed>)> =
        halves.into_iter().map(|(name, files)| (name, files.unwrap_or_default())).collect();
    let mut placed: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    let all = card.iter().chain(halves.iter().map(|(_, files)| files)).flatten();
    all.for_each(|file| placed.entry(file.path.to_string()).or_default().push(file.clone()));
    Ok(Standing::Export(Cards { placed, halves }))
}

/// Whether a hidden folder was whole once. One without a card has no files any more.
fn is_half(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) && !is_marked(path)
}

/// Names of what is in a folder.
fn names(folder: &Path) -> Result<Vec<String>, OutputError> {
    let failed = OutputError::io("read", folder);
    let entries = fs::read_dir(folder).map_err(&failed)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect::<io::Result<_>>().map_err(failed)
}

/// An earlier export whose files are as it wrote them.
pub(super) struct Earlier {
    folder: PathBuf,
    /// Released when it is dropped; `None` on a file system without locks.
    _lock: Option<File>,
    placed: Vec<Owned>,
    /// Folders that held what the cards list, relative to its own.
    held: BTreeSet<String>,
    halves: Vec<(String, Vec<Owned>)>,
}

/// A file of an earlier export.
struct Owned {
    /// Relative to the folder of the export.
    name: String,
    stamp: Stamp,
}

/// What is at the place of a file of an earlier export.
enum Found {
    Gone,
    AsWritten(Stamp),
    Changed,
}

impl Earlier {
    /// Reads every file that the cards list.
    ///
    /// # Errors
    /// One was changed since it was written or is read by the experiment, another export is at work
    /// here, or the user asked to stop.
    pub(super) fn examine(
        destination: &Destination<'_>,
        cards: Cards,
        monitor: &dyn Monitor,
    ) -> Result<Earlier, ExportError> {
        let folder = destination.path;
        let lock = lock(folder)?;
        let inputs = destination.inputs.found();
        let placed = cards.placed.into_iter().collect::<Vec<_>>();
        let held = placed.iter().flat_map(|(name, _)| folders(name)).map(str::to_owned).collect();
        let placed = examine_all(folder, &placed, &inputs, monitor)?;
        let halves = cards.halves.into_iter().map(|(name, files)| {
            let of_half = |file: Listed| (format!("{name}/{}", file.path), vec![file]);
            let files: Vec<_> = files.into_iter().map(of_half).collect();
            Ok((name, examine_all(folder, &files, &inputs, monitor)?))
        });
        let halves = halves.collect::<Result<_, ExportError>>()?;
        Ok(Earlier { folder: folder.to_owned(), _lock: lock, placed, held, halves })
    }

    /// Removes the files of the earlier export and moves those of the new one, which is whole, to their
    /// places.
    ///
    /// # Errors
    /// A file was changed meanwhile, or something of the user's has the name of a new file: nothing was
    /// touched. [`ExportError::Halfway`] where the system refuses in between.
    pub(super) fn give_way(self, fresh: Unfinished, files: &[Listed]) -> Result<(), ExportError> {
        self.check_again()?;
        self.check_room(files)?;
        let card = self.folder.join(CARD);
        if fs::symlink_metadata(&card).is_ok() && listed(&self.folder).is_none() {
            let reason = "it does not list the files of an export of msx; move it away";
            return Err(OutputError::occupied(&card, reason).into());
        }
        let fresh = fresh.finish()?;
        self.exchange(&fresh, files)
            .map_err(|error| ExportError::Halfway { path: self.folder.clone(), error })
    }

    fn check_again(&self) -> Result<(), ExportError> {
        for Owned { name, stamp } in
            self.placed.iter().chain(self.halves.iter().flat_map(|(_, all)| all))
        {
            let is_same = match fs::symlink_metadata(self.folder.join(name)) {
                Ok(found) => Stamp::of(&found) == *stamp,
                Err(error) => error.kind() == io::ErrorKind::NotFound,
            };
            if !is_same || !leads_inside(&self.folder, name) {
                return Err(changed(&self.folder, &[name]));
            }
        }
        Ok(())
    }

    /// Whether every new file has a place: nothing but what goes is there, and its folders are folders.
    fn check_room(&self, files: &[Listed]) -> Result<(), ExportError> {
        let goes: BTreeSet<&str> = self.placed.iter().map(|owned| owned.name.as_str()).collect();
        let taken = |name: &str, is_folder: bool| match fs::symlink_metadata(self.folder.join(name))
        {
            Ok(found) => !(goes.contains(name) || is_folder && found.is_dir()),
            Err(_) => false,
        };
        for file in files {
            let path = file.path.as_str();
            let name = folders(path).find(|folder| taken(folder, true));
            let name = name.or_else(|| taken(path, false).then_some(path));
            if let Some(name) = name {
                return Err(OutputError::occupied(
                    &self.folder.join(name),
                    "the export needs this name, and msx did not write what has it; move it away, or \
                     choose another destination",
                )
                .into());
            }
        }
        Ok(())
    }

    fn exchange(&self, fresh: &Path, files: &[Listed]) -> Result<(), OutputError> {
        let folder = &self.folder;
        // The new card is known to outlast a power cut before an old file goes.
        sync(folder)?;
        self.placed.iter().try_for_each(|owned| remove(folder, &owned.name))?;
        let needed: BTreeSet<&str> =
            files.iter().flat_map(|file| folders(file.path.as_str())).collect();
        // What stands in a folder comes behind it.
        for name in self.held.iter().rev().filter(|name| !needed.contains(name.as_str())) {
            // Fails, and rightly so, where it holds something of the user's.
            let _ = fs::remove_dir(folder.join(name));
        }
        let mut folders = BTreeSet::from([folder.clone()]);
        for file in files {
            let place = folder.join(&file.path);
            let above = place.parent().unwrap_or(folder);
            fs::create_dir_all(above).map_err(OutputError::io("create", above))?;
            folders
                .extend(above.ancestors().take_while(|path| *path != folder).map(Path::to_owned));
            move_new(&fresh.join(&file.path), &place)?;
        }
        // The card says that all is there.
        folders.iter().try_for_each(|folder| sync(folder))?;
        let card = folder.join(CARD);
        fs::rename(fresh.join(CARD), &card).map_err(OutputError::io("write", &card))?;
        sync(folder)?;
        for (half, files) in &self.halves {
            files.iter().try_for_each(|owned| remove(folder, &owned.name))?;
            remove(folder, &format!("{half}/{CARD}"))?;
            remove_empty_below(&folder.join(half));
        }
        remove_empty_below(fresh);
        sync(folder)
    }
}

/// Keeps a second export out of a folder.
fn lock(folder: &Path) -> Result<Option<File>, ExportError> {
    let opened = File::open(folder).map_err(OutputError::io("read", folder))?;
    match opened.try_lock() {
        Ok(()) => Ok(Some(opened)),
        Err(TryLockError::WouldBlock) => Err(OutputError::occupied(
            folder,
            "another msx exports into it just now; wait until it has ended",
        )
        .into()),
        // A file system without locks.
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

fn examine_all(
    folder: &Path,
    files: &[(String, Vec<Listed>)],
    inputs: &FoundInputs,
    monitor: &dyn Monitor,
) -> Result<Vec<Owned>, ExportError> {
    let base = real(folder);
    let look = |(name, listed): &(String, Vec<Listed>)| {
        if monitor.stop_requested() {
            return Err(ExportError::from(Stopped));
        }
        let path = folder.join(name);
        let found = examine(folder, name, listed).map_err(OutputError::io("read", &path))?;
        match &found {
            Found::AsWritten(stamp) if inputs.hold(&base.join(name), stamp.file(), true) => {
                let reason = "the experiment is read from it, so it is never replaced; choose another \
                              destination";
                Err(OutputError::occupied(&path, reason).into())
            }
            _ => Ok(found),
        }
    };
    let found: Vec<Found> = files.par_iter().map(look).collect::<Result<_, _>>()?;
    let (mut owned, mut altered) = (Vec::new(), Vec::new());
    for ((name, _), found) in files.iter().zip(found) {
        match found {
            Found::Gone => {}
            Found::AsWritten(stamp) => owned.push(Owned { name: name.clone(), stamp }),
            Found::Changed => altered.push(name),
        }
    }
    if altered.is_empty() { Ok(owned) } else { Err(changed(folder, &altered)) }
}

fn examine(folder: &Path, name: &str, listed: &[Listed]) -> io::Result<Found> {
    let path = folder.join(name);
    let found = match fs::symlink_metadata(&path) {
        Err(error) if is_missing(&error) => return Ok(Found::Gone),
        found => found?,
    };
    let has_size = listed.iter().any(|file| file.bytes == found.len());
    if !found.is_file() || !has_size || !leads_inside(folder, name) {
        return Ok(Found::Changed);
    }
    let mut digest = blake3::Hasher::new();
    digest.update_reader(File::open(&path)?)?;
    let digest = digest.finalize().into();
    let is_listed = listed.iter().any(|file| file.digest == digest);
    Ok(if is_listed { Found::AsWritten(Stamp::of(&found)) } else { Found::Changed })
}

/// Also where a part of its path became a file.
fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Whether no folder on the way to a file is a symbolic link, which may lead anywhere.
fn leads_inside(folder: &Path, name: &str) -> bool {
    folders(name)
        .all(|above| fs::symlink_metadata(folder.join(above)).map_or(true, |found| found.is_dir()))
}

/// The folders that a file lies in, as its name says: `a` and `a/b` of `a/b/c.png`.
fn folders(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

fn changed(folder: &Path, names: &[impl AsRef<str>]) -> ExportError {
    let first = names.first().map(AsRef::as_ref).unwrap_or_default();
    let others = match names.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let reason = format!(
        "`{first}`{others} changed since msx exported it, so nothing was replaced; move what you \
         changed away, or choose another destination"
    );
    OutputError::occupied(folder, reason).into()
}

fn remove(folder: &Path, name: &str) -> Result<(), OutputError> {
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Err(error) if !is_missing(&error) => Err(OutputError::io("remove", &path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder and those in it that hold no file.
fn remove_empty_below(folder: &Path) {
    let entries = walkdir::WalkDir::new(folder).contents_first(true).into_iter();
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_dir()) {
        let _ = fs::remove_dir(entry.path());
    }
}

/// Moves a file to where nothing is.
fn move_new(from: &Path, to: &Path) -> Result<(), OutputError> {
    let failed = OutputError::io("write", to);
    let from = TempPath::try_from_path(from).map_err(&failed)?;
    from.persist_noclobber(to).map_err(|error| {
        // Dropped, it would be removed.
        let kept = error.path.keep();
        failed(kept.map_or_else(|other| other.error, |_| error.error))
    })
}
