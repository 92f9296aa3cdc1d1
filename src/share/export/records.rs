//! TFRecord files with all images at every power of two, as the seed system and the progressive
//! growing of GANs (Karras et al. 2018) keep them: `train-r05.tfrecords` holds those of 32 pixels,
//! 2 to the power of 5, down to 4 pixels, each side made from the one above by averages of 2×2
//! pixels, rounded to eight bits. Each image says its shape, `[channels, side, side]`.
//! `train-rxx.labels` is an array of NumPy's, `[count, findings]` of single precision. `dataset
//! tfrecord` reads them.

use super::place::{Folder, Stream};
use super::{Export, ExportError, io_error, report};
use crate::data::image::shrink;
use crate::data::npy;
use crate::data::tfrecord::{Example, write_record};
use crate::data::{Depth, Fold, Raster};
use crate::progress::{Monitor, Stopped};
use std::io::{self, Write};

/// The smallest images: 4 pixels.
const LEAST_POWER: u32 = 2;
/// Images that are written before the next word of progress.
const CHUNK: usize = 256;

/// The images of one side.
struct Level {
    side: usize,
    file: Stream,
}

/// Writes a folder for each fold, or none in between where there is one fold only, and gives the
/// number of files.
pub(super) fn write(
    export: &Export<'_>,
    place: &Folder<'_>,
    monitor: &dyn Monitor,
) -> Result<usize, ExportError> {
    if export.findings().is_empty() {
        return Err(ExportError::Form(
            "a set of records has labels, and these images have no findings; choose another form"
                .to_owned(),
        ));
    }
    if export.depth != Depth::Eight {
        return Err(ExportError::Form(format!(
            "records hold pixels of 8 bits, these have {}; round them with --depth 8, or choose \
             another form",
            export.depth.bits()
        )));
    }
    let total = export.folds.iter().map(|(_, fold)| fold.len()).sum();
    let (mut files, mut done) = (0, 0);
    for (position, (name, fold)) in export.folds.iter().enumerate() {
        let stem = match export.folds.len() {
            1 => name.clone(),
            _ => {
                place.create(name)?;
                format!("{name}/{name}")
            }
        };
        let mut levels = levels(fold, &stem, place)?;
        for image in 0..fold.len() {
            if image.is_multiple_of(CHUNK) {
                if monitor.stop_requested() {
                    return Err(Stopped.into());
                }
                report(monitor, done + image, total);
            }
            write_image(&export.image(position, image), export.raster(position), &mut levels)?;
        }
        done += fold.len();
        files += levels.len() + 1;
        for level in levels {
            place.finish_file(level.file)?;
        }
        let mut file = place.begin_file(&format!("{stem}-rxx.labels"))?;
        write_labels(fold, &mut file).map_err(io_error("write", &file.path.clone()))?;
        place.finish_file(file)?;
    }
    report(monitor, done, total);
    Ok(files)
}

/// A file for each side, from the images' own down.
fn levels(fold: &Fold, stem: &str, place: &Folder<'_>) -> Result<Vec<Level>, ExportError> {
    let side = fold.info().side;
    let power = side.max(1).ilog2();
    if !side.is_power_of_two() || power < LEAST_POWER {
        return Err(ExportError::Form(format!(
            "records hold images of 4, 8, 16, … pixels, these have {side}; give the stage another \
             `size`, or choose another form"
        )));
    }
    let level = |power: u32| {
        let file = place.begin_file(&format!("{stem}-r{power:02}.tfrecords"))?;
        Ok(Level { side: 1 << power, file })
    };
    (LEAST_POWER..=power).rev().map(level).collect()
}

/// Writes an image at every side, the largest of which is its own.
fn write_image(image: &[u8], own: Raster, levels: &mut [Level]) -> Result<(), ExportError> {
    let (mut data, mut above) = (image.to_vec(), own);
    for level in levels {
        // Powers of two are always reached by halving.
        let halved = |plane| shrink(plane, above.side, level.side).unwrap_or_default();
        data = above.planes(&data).flat_map(halved).collect();
        above.side = level.side;
        let side = level.side as u64;
        let example = Example { shape: vec![own.channels.count() as u64, side, side], data };
        let written = write_record(&mut level.file, &example.encode());
        written.map_err(io_error("write", &level.file.path))?;
        data = example.data;
    }
    Ok(())
}

fn write_labels(fold: &Fold, file: &mut impl Write) -> io::Result<()> {
    let labels = fold.all_labels().iter().map(|&label| f32::from(label));
    npy::write(file, labels, &[fold.len(), fold.info().findings.len()])
}
