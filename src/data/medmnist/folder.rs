//! Image files whose names say their split, number and labels: `train17_0_1_0.png`.

use super::{Options, SPLITS, labels};
use crate::data::error::DataError;
use crate::data::fold::{FoldInfo, Origin};
use crate::data::ingest::ingest;
use crate::data::memory::Memory;
use crate::data::scans::is_picture;
use crate::data::split::{Split, write_splits};
use crate::data::summary::{Dropped, Summary};
use crate::progress::Monitor;
use std::fs;
use std::path::{Path, PathBuf};

/// An image by what its name says; ordered as the archive is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Named {
    split: Split,
    number: u64,
    labels: Vec<i64>,
    name: String,
}

/// The images of a folder and how many files are none.
fn images(folder: &Path) -> Result<(Vec<Named>, usize), DataError> {
    let mut images = Vec::new();
    let mut others = 0;
    for entry in fs::read_dir(folder).map_err(DataError::io(folder))? {
        let name = entry.map_err(DataError::io(folder))?.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        match parse(&name).filter(|_| is_picture(Path::new(&name))) {
            Some((split, number, labels)) => images.push(Named { split, number, labels, name }),
            None => others += 1,
        }
    }
    images.sort();
    if images.is_empty() {
        return Err(DataError::Subset(format!(
            "{} holds no images named as MedMNIST saves them, such as train17_0.png; for a \
             sub-folder a class use `dataset folder`, for a table `dataset csv`",
            folder.display()
        )));
    }
    Ok((images, others))
}

fn parse(name: &str) -> Option<(Split, u64, Vec<i64>)> {
    let (stem, _) = name.rsplit_once('.')?;
    let (head, labels) = stem.split_once('_')?;
    let (number, split) = SPLITS
        .iter()
        .find_map(|(word, split)| Some((head.strip_prefix(word)?.parse().ok()?, *split)))?;
    let labels = labels.split('_').map(|label| label.parse().ok()).collect::<Option<_>>()?;
    Some((split, number, labels))
}

/// The images, in the order in which they are read.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    Ok(images(folder)?.0.into_iter().map(|image| folder.join(image.name)).collect())
}

pub(super) fn read(
    folder: &Path,
    options: &Options,
    target: &Path,
    monitor: &dyn Monitor,
    memory: &dyn Memory,
) -> Result<Summary, DataError> {
    let (mut images, others) = images(folder)?;
    let width = images[0].labels.len();
    if let Some(other) = images.iter().find(|image| image.labels.len() != width) {
        return Err(DataError::Image {
            path: folder.join(&other.name),
            reason: format!("its name has {} labels, others have {width}", other.labels.len()),
        });
    }
    let read = images.len() + others;
    let mut dropped = vec![Dropped { reason: "no image of MedMNIST".to_owned(), count: others }];
    if options.drop_unlabelled && width > 1 {
        let before = images.len();
        images.retain(|image| image.labels.contains(&1));
        let count = before - images.len();
        dropped.push(Dropped { reason: "no positive finding".to_owned(), count });
    }
    let numbers: Vec<i64> = images.iter().flat_map(|image| image.labels.clone()).collect();
    let labels = labels(folder, options, &numbers, width)
        .map_err(|reason| DataError::Subset(format!("{}: {reason}", folder.display())))?;
    let files: Vec<PathBuf> = images.iter().map(|image| folder.join(&image.name)).collect();
    let splits: Vec<Split> = images.iter().map(|image| image.split).collect();
    let sources: Vec<String> = images.into_iter().map(|image| image.name).collect();
    let info = FoldInfo {
        findings: labels.findings,
        side: options.square.raster.side,
        depth: options.square.raster.depth,
        channels: options.square.raster.channels,
        count: files.len(),
        origin: Origin::Real,
        patients: sources.clone(),
        sources,
    };
    ingest(target, &files, &info, &labels.matrix, options.square.resampling, monitor, memory)?;
    write_splits(target, &splits)?;
    Ok(Summary::count(read, &info.findings, &labels.matrix, &[], dropped))
}
