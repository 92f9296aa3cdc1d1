//! One file of NumPy arrays, with the names and shapes of MedMNIST (Yang et al., *MedMNIST v2*,
//! 2023): `train_images` of `[count, side, side]`, or `[count, side, side, channels]` of several
//! channels, as its sets in colours have them, bytes or numbers of 16 bits, and `train_labels`,
//! bytes, and the same with `val_` and `test_`. Where every image shows exactly one finding, labels
//! are `[count, 1]` and hold its number; otherwise they are `[count, findings]` of zero and one.
//! `findings` has the names, which MedMNIST keeps in its programs, and `origin` says what the
//! images are. The archive's comment is a seal, by which msx knows an export that nobody changed.

use super::{Destination, Export, ExportError, Nature, io_error, report, single_findings};
use crate::data::channels::interleaved;
use crate::data::{Depth, Raster, npy};
use crate::progress::{Monitor, Stopped};
use crate::share::output::{Kind, Output};
use npyz::{DType, TypeStr, WriterBuilder};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Images that are written before the next word of progress.
const CHUNK: usize = 1024;
/// Classes that a byte can number.
const MOST_CLASSES: usize = 256;

/// What the archive's comment begins with; a digest of all arrays stands behind it.
const SEAL: &str = "msx export ";

/// An archive whose comment seals its arrays.
const ARRAYS: Kind = Kind { name: "an export", is_data: true, is_ours: is_sealed };

/// The unfinished archive, and the digest of what is in it.
struct Archive<'a> {
    zip: ZipWriter<BufWriter<&'a mut File>>,
    digest: ArraysDigest,
}

/// Of names and contents, array by array.
#[derive(Default)]
struct ArraysDigest {
    all: blake3::Hasher,
    array: blake3::Hasher,
}

impl ArraysDigest {
    fn begin(&mut self, name: &str) {
        self.end();
        self.array.update(name.as_bytes());
        self.end();
    }

    fn end(&mut self) {
        self.all.update(self.array.finalize().as_bytes());
        self.array.reset();
    }

    fn seal(&mut self) -> String {
        self.end();
        format!("{SEAL}{}", self.all.finalize())
    }
}

impl Archive<'_> {
    fn finish(mut self) -> io::Result<()> {
        self.zip.set_comment(self.digest.seal());
        self.zip.finish()?.flush()
    }
}

impl Write for Archive<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.zip.write(bytes)?;
        self.digest.array.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}

/// Whether nothing stands behind the comment of an archive.
fn ends_with(path: &Path, comment: &[u8]) -> bool {
    let mut end = vec![0; comment.len()];
    let length = i64::try_from(comment.len()).unwrap_or(i64::MAX);
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-length))?;
        file.read_exact(&mut end)
    });
    read.is_ok() && end == comment
}

/// Whether an archive holds the arrays that were exported, and no others.
fn is_sealed(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) else { return false };
    if !archive.comment().starts_with(SEAL.as_bytes()) || !ends_with(path, archive.comment()) {
        return false;
    }
    let mut digest = ArraysDigest::default();
    for index in 0..archive.len() {
        let Ok(mut array) = archive.by_index(index) else { return false };
        digest.begin(array.name());
        if digest.array.update_reader(&mut array).is_err() {
            return false;
        }
    }
    archive.comment() == digest.seal().as_bytes()
}

/// Writes the file and gives the number of files, which is one.
pub(super) fn write(
    export: &Export<'_>,
    destination: &Destination<'_>,
    monitor: &dyn Monitor,
) -> Result<usize, ExportError> {
    let Destination { path, may_replace, inputs } = *destination;
    let mut output = Output::begin(path, ARRAYS, inputs, may_replace)?;
    let failed = |error| io_error("write", path)(error);
    let zip = ZipWriter::new(BufWriter::new(output.file()));
    let mut archive = Archive { zip, digest: ArraysDigest::default() };
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
    archive.finish().map_err(failed)?;
    output.finish()?;
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
    let name = format!("{array}.npy");
    archive.digest.begin(&name);
    archive.zip.start_file(name, options)?;
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
