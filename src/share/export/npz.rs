//! One file of NumPy arrays, with the names and shapes of MedMNIST (Yang et al., *MedMNIST v2*,
//! 2023): `train_images` of `[count, side, side]`, or `[count, side, side, channels]` of several
//! channels, as its sets in colours have them, bytes or numbers of 16 bits, and `train_labels`,
//! bytes, and the same with `val_` and `test_`. Where every image shows exactly one finding, labels
//! are `[count, 1]` and hold its number; otherwise they are `[count, findings]` of zero and one.
//! `findings` has the names, which MedMNIST keeps in its programs, and `origin` says what the
//! images are.

use super::place::Single;
use super::{Export, ExportError, Nature, io_error, report, single_findings};
use crate::data::channels::interleaved;
use crate::data::{Depth, Raster, npy};
use crate::progress::{Monitor, Stopped};
use npyz::{DType, TypeStr, WriterBuilder};
use std::borrow::Cow;
use std::io::{BufWriter, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Images that are written before the next word of progress.
const CHUNK: usize = 1024;
/// Classes that a byte can number.
const MOST_CLASSES: usize = 256;

type Archive<'a> = ZipWriter<BufWriter<&'a mut std::fs::File>>;

/// Writes the file and gives the number of files, which is one.
pub(super) fn write(
    export: &Export<'_>,
    destination: &Path,
    may_replace: bool,
    monitor: &dyn Monitor,
) -> Result<usize, ExportError> {
    let mut place = Single::begin(destination, may_replace)?;
    let failed = |error| io_error("write", destination)(error);
    let mut archive = ZipWriter::new(BufWriter::new(place.file()));
    let total = export.folds.iter().map(|(_, fold)| fold.len()).sum();
    let findings = export.findings();
    let classes = single_findings(export.folds).filter(|_| findings.len() <= MOST_CLASSES);
    let mut done = 0;
    for (position, (name, fold)) in export.folds.iter().enumerate() {
        let (count, info) = (fold.len(), fold.info());
        let images = fold.pixels().chunks(CHUNK).inspect(|_| {
            report(monitor, done, total);
            done = total.min(done + CHUNK);
        });
        let depth = export.depth;
        let images = images.map(|chunk| {
            let deep = || depth.convert(chunk, info.depth);
            (!monitor.stop_requested()).then(|| in_colours(deep(), export.raster(position)))
        });
        let (shape, images_name) = (shape(count, export.raster(position)), array(name, "images"));
        let is_whole = write_numbers(&mut archive, &images_name, depth, &shape, images);
        if !is_whole.map_err(failed)? {
            return Err(Stopped.into());
        }
        let (labels, width): (Vec<u8>, usize) = match &classes {
            Some(classes) => (classes[position].iter().map(|&class| class as u8).collect(), 1),
            None => (fold.all_labels().to_vec(), findings.len()),
        };
        let (shape, labels_name) = ([count, width], array(name, "labels"));
        let all = std::iter::once(Some(Cow::from(&labels)));
        write_numbers(&mut archive, &labels_name, Depth::Eight, &shape, all).map_err(failed)?;
    }
    let origin = match export.origins.nature {
        Nature::Real => "real",
        Nature::Synthetic => "synthetic",
        Nature::Drawn => "drawn",
    };
    write_texts(&mut archive, "findings", findings).map_err(failed)?;
    write_texts(&mut archive, "origin", &[origin.to_owned()]).map_err(failed)?;
    let mut writer = archive.finish().map_err(|error| failed(error.into()))?;
    writer.flush().map_err(failed)?;
    drop(writer);
    place.finish()?;
    Ok(1)
}

/// `[count, side, side]`, with the channels behind where there are several.
fn shape(count: usize, raster: Raster) -> Vec<usize> {
    let channels = Some(raster.channels.count()).filter(|&channels| channels > 1);
    [count, raster.side, raster.side].into_iter().chain(channels).collect()
}

/// Images with their channels as samples of each pixel.
fn in_colours(images: Cow<'_, [u8]>, raster: Raster) -> Cow<'_, [u8]> {
    if raster.channels.is_one() {
        return images;
    }
    let each = images.chunks_exact(raster.bytes()).map(|image| interleaved(image, raster));
    Cow::Owned(each.collect::<Vec<_>>().concat())
}

/// An array of numbers, their bytes chunk by chunk; false where a chunk is `None`, which ends the work.
fn write_numbers<'b>(
    archive: &mut Archive<'_>,
    name: &str,
    depth: Depth,
    shape: &[usize],
    chunks: impl Iterator<Item = Option<Cow<'b, [u8]>>>,
) -> std::io::Result<bool> {
    let size = shape.iter().product::<usize>() * depth.bytes();
    begin(archive, name, size as u64)?;
    npy::write_header(archive, depth, shape)?;
    for chunk in chunks {
        let Some(chunk) = chunk else { return Ok(false) };
        archive.write_all(&chunk)?;
    }
    Ok(true)
}

/// `val_images`; a set without folds has no word in front.
fn array(fold: &str, what: &str) -> String {
    match fold {
        "valid" => format!("val_{what}"),
        "train" | "test" => format!("{fold}_{what}"),
        _ => what.to_owned(),
    }
}

fn begin(archive: &mut Archive<'_>, array: &str, size: u64) -> std::io::Result<()> {
    // The earliest time that zip knows stands for none, so that equal arrays are equal files.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644)
        .large_file(size >= u64::from(u32::MAX) / 2);
    archive.start_file(format!("{array}.npy"), options)?;
    Ok(())
}

/// An array of texts, which numpy reads without unpickling anything.
fn write_texts(archive: &mut Archive<'_>, name: &str, texts: &[String]) -> std::io::Result<()> {
    begin(archive, name, 0)?;
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let kind: TypeStr = format!("<U{longest}").parse().map_err(std::io::Error::other)?;
    let mut array = npyz::WriteOptions::<str>::new()
        .dtype(DType::Plain(kind))
        .shape(&[texts.len() as u64])
        .writer(archive)
        .begin_nd()?;
    for text in texts {
        array.push(text.as_str())?;
    }
    array.finish()
}
