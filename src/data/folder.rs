//! A folder with one sub-folder a class.

use super::error::DataError;
use super::fold::{FoldInfo, Origin};
use super::ingest::ingest;
use super::memory::Memory;
use super::scans::is_picture;
use super::summary::{Dropped, Summary};
use crate::data::image::Square;
use crate::progress::Monitor;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of the class folders, in the order of class and file names. Those that are no images
/// are among them, because the summary counts them.
///
/// # Errors
/// The folder is missing, has no class folders, or a class folder has no images or a folder in it.
pub fn files(root: &Path) -> Result<Vec<PathBuf>, DataError> {
    Ok(classes(root)?
        .into_iter()
        .flat_map(|class| class.files.into_iter().chain(class.others))
        .collect())
}

struct Class {
    name: String,
    files: Vec<PathBuf>,
    others: Vec<PathBuf>,
}

fn classes(root: &Path) -> Result<Vec<Class>, DataError> {
    let mut classes = Vec::new();
    for path in sorted(root)? {
        if !path.is_dir() {
            continue;
        }
        let found = sorted(&path)?;
        if let Some(folder) = found.iter().find(|path| path.is_dir()) {
            return Err(DataError::Subset(format!(
                "{} is a folder among the images of a class; move its images up, or the folder out",
                folder.display()
            )));
        }
        let (files, others): (Vec<PathBuf>, Vec<PathBuf>) =
            found.into_iter().partition(|file| is_picture(file));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if files.is_empty() {
            return Err(DataError::Subset(format!(
                "class `{name}` is empty: {} holds no PNG, JPEG or TIFF image; add images or \
                 remove the folder",
                path.display()
            )));
        }
        classes.push(Class { name, files, others });
    }
    if classes.is_empty() {
        return Err(DataError::Subset(format!(
            "{} has no sub-folders; put the images of each class into a folder of its own",
            root.display()
        )));
    }
    Ok(classes)
}

/// What lies in a folder and is not hidden; file managers hide their own notes there.
fn sorted(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let entries = fs::read_dir(folder).map_err(DataError::io(folder))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(DataError::io(folder)))
        .collect::<Result<_, _>>()?;
    let is_hidden =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}

/// Reads the folder into a fold at `target`. Every image carries the one finding
/// that its folder is named after, and counts as a patient of its own.
///
/// # Errors
/// As for [`files`]; or an image cannot be decoded.
pub fn read(
    root: &Path,
    square: impl Into<Square>,
    target: &Path,
    monitor: &dyn Monitor,
    memory: &dyn Memory,
) -> Result<Summary, DataError> {
    let Square { raster, resampling } = square.into();
    let classes = classes(root)?;
    let findings: Vec<String> = classes.iter().map(|class| class.name.clone()).collect();
    let mut labels = Vec::new();
    let mut files = Vec::new();
    for (position, class) in classes.iter().enumerate() {
        for file in &class.files {
            labels.extend((0..classes.len()).map(|column| u8::from(column == position)));
            files.push(file.clone());
        }
    }
    let sources: Vec<String> = files
        .iter()
        .map(|file| file.strip_prefix(root).unwrap_or(file).to_string_lossy().into_owned())
        .collect();
    let others: usize = classes.iter().map(|class| class.others.len()).sum();
    let dropped = vec![Dropped { reason: "not a PNG, JPEG or TIFF".to_owned(), count: others }];
    let summary = Summary::count(files.len() + others, &findings, &labels, &[], dropped);
    let info = FoldInfo {
        findings,
        side: raster.side,
        depth: raster.depth,
        channels: raster.channels,
        count: files.len(),
        origin: Origin::Real,
        patients: sources.clone(),
        sources,
    };
    ingest(target, &files, &info, &labels, resampling, monitor, memory)?;
    Ok(summary)
}
