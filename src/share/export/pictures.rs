//! PNG files: in a folder for each label set, or with a table. Three channels are red, green and
//! blue, two red and green.

use super::place::Folder;
use super::{Export, ExportError, file_name, table};
use crate::data::LabelSet;
use crate::data::channels::shown;
use crate::data::image::to_png;
use crate::progress::Monitor;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a folder's name beyond which it is cut short; file systems allow 255.
const LONGEST_NAME: usize = 180;

/// Writes `CLASS/000001.png`, below a folder for each fold where there are several, and gives the
/// number of files.
pub(super) fn by_class(
    export: &Export<'_>,
    place: &Folder<'_>,
    monitor: &dyn Monitor,
) -> Result<usize, ExportError> {
    let names = class_names(export);
    let above = |fold: &str| match export.folds {
        [_] => String::new(),
        _ => format!("{fold}/"),
    };
    for (name, fold) in export.folds {
        let classes: BTreeSet<LabelSet> = (0..fold.len()).map(|at| fold.label_set(at)).collect();
        for class in classes {
            place.create(&format!("{}{}", above(name), names[&class]))?;
        }
    }
    export.for_each(monitor, |fold, image| {
        let (name, images) = &export.folds[fold];
        let class = &names[&images.label_set(image)];
        let path = format!("{}{class}/{}", above(name), file_name(image, "png"));
        place.write(&path, &png(export, fold, image)?)
    })?;
    Ok(count(export))
}

/// Writes `images/FOLD/000001.png` and the table, and gives the number of files.
pub(super) fn with_table(
    export: &Export<'_>,
    place: &Folder<'_>,
    monitor: &dyn Monitor,
) -> Result<usize, ExportError> {
    table::write(export, "png", place)?;
    table::create_folders(export, place)?;
    export.for_each(monitor, |fold, image| {
        let path = table::path(&export.folds[fold].0, image, "png");
        place.write(&path, &png(export, fold, image)?)
    })?;
    Ok(count(export) + 1)
}

fn count(export: &Export<'_>) -> usize {
    export.folds.iter().map(|(_, fold)| fold.len()).sum()
}

fn png(export: &Export<'_>, fold: usize, image: usize) -> Result<Vec<u8>, ExportError> {
    let (pixels, raster) = (export.image(fold, image), export.raster(fold));
    let (side, samples) = (raster.side, raster.channels.samples());
    to_png(&shown(&pixels, raster), (side, side), samples, export.depth).map_err(ExportError::Form)
}

/// The folder of each label set: its name without what file systems refuse. No two are the same,
/// also where capitals count as small letters.
fn class_names(export: &Export<'_>) -> BTreeMap<LabelSet, String> {
    let images = export.folds.iter();
    let classes: BTreeSet<LabelSet> =
        images.flat_map(|(_, fold)| (0..fold.len()).map(|at| fold.label_set(at))).collect();
    let mut taken = BTreeSet::new();
    let named = classes.into_iter().map(|class| {
        let plain = safe(&class.name(export.findings()));
        let numbered = (2..).map(|number| format!("{plain} ({number})"));
        let free = std::iter::once(plain.clone())
            .chain(numbered)
            .find(|name| taken.insert(name.to_lowercase()));
        (class, free.unwrap_or(plain))
    });
    named.collect()
}

/// A name that every file system takes for a folder's, and that is not hidden.
fn safe(name: &str) -> String {
    let is_refused = |c: char| c.is_control() || "/\\:*?\"<>|".contains(c);
    let mut safe: String = name.chars().map(|c| if is_refused(c) { '_' } else { c }).collect();
    let end = (0..=LONGEST_NAME.min(safe.len())).rev().find(|&at| safe.is_char_boundary(at));
    safe.truncate(end.unwrap_or(0));
    let trimmed = safe.trim_end_matches(['.', ' ']).trim_start();
    match trimmed.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if trimmed.is_empty() => "_".to_owned(),
        None => trimmed.to_owned(),
    }
}
