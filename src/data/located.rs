//! The files that a table names.

use super::error::DataError;
use super::table::{line, wrong_row};
use csv::Position;
use rayon::prelude::*;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// A row's file by name, and where the row stands.
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    pub(super) place: Option<&'a Position>,
}

/// The files of a table's rows below `root`, in their order. A name must stay below: the key of a
/// stage covers what lies there. Looking for a file takes longer than reading its row, so rows share
/// the threads; the first row that is wrong is the one that is named, whatever their number.
///
/// # Errors
/// A name is blank, absolute, leads out of `root`, or there is no such file.
pub(super) fn locate<'a>(
    csv: &Path,
    root: &Path,
    names: impl IndexedParallelIterator<Item = Name<'a>>,
    remedy: &str,
) -> Result<Vec<PathBuf>, DataError> {
    let found: Vec<Result<PathBuf, DataError>> = names
        .map(|name| {
            find(root, name.text, remedy)
                .map_err(|(reason, remedy)| wrong_row(csv, line(csv, name.place), reason, &remedy))
        })
        .collect();
    found.into_iter().collect()
}

/// What is wrong with a name before any file is looked for.
pub(super) enum Amiss {
    Blank,
    /// It is absolute or leads up.
    LeadsOut,
}

/// A name without `.` and doubled slashes, by which two rows for one file are known.
///
/// # Errors
/// It cannot name a file below a folder.
pub(super) fn plain(name: &str) -> Result<String, Amiss> {
    if name.is_empty() {
        return Err(Amiss::Blank);
    }
    let mut parts = Vec::new();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str().unwrap_or_default()),
            Component::CurDir => {}
            _ => return Err(Amiss::LeadsOut),
        }
    }
    Ok(parts.join("/"))
}

/// The file, or what is wrong and what to do.
fn find(root: &Path, name: &str, remedy: &str) -> Result<PathBuf, (String, String)> {
    let plain = plain(name).map_err(|problem| match problem {
        Amiss::Blank => ("it names no file".to_owned(), "name one, or remove the row".to_owned()),
        Amiss::LeadsOut => (
            format!("the path `{name}` leads out of {}", root.display()),
            "write paths relative to that folder, without `..`".to_owned(),
        ),
    })?;
    let path = root.join(&plain);
    if path.is_file() {
        return Ok(path);
    }
    if path.is_dir() {
        return Err((format!("{} is a folder", path.display()), remedy.to_owned()));
    }
    let remedy = match alike(root, &plain) {
        Some(other) => format!("there is {other}; names must agree letter by letter"),
        None if name.contains('\\') => "write `/` between folders and files".to_owned(),
        None => remedy.to_owned(),
    };
    Err((format!("the image {} does not exist", path.display()), remedy))
}

/// A file that is named in the same way but for its case or its ending.
fn alike(root: &Path, plain: &str) -> Option<String> {
    let mut found = PathBuf::new();
    for part in Path::new(plain) {
        let folder = root.join(&found);
        if folder.join(part).exists() {
            found.push(part);
            continue;
        }
        let mut names: Vec<PathBuf> = fs::read_dir(&folder)
            .ok()?
            .filter_map(|entry| Some(PathBuf::from(entry.ok()?.file_name())))
            .collect();
        names.sort();
        let lower = |name: &Path| name.to_string_lossy().to_lowercase();
        let stem = |name: &Path| name.with_extension("").to_string_lossy().to_lowercase();
        let part = Path::new(part);
        let same = names.iter().find(|name| lower(name) == lower(part));
        let same = same.or_else(|| names.iter().find(|name| stem(name) == stem(part)))?;
        found.push(same);
    }
    root.join(&found).is_file().then(|| found.to_string_lossy().into_owned())
}
