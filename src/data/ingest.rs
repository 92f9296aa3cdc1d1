//! From a list of image files to a fold on disk: decoded side by side, written in order, and not
//! decoded at all where that was done before.

use super::depth::{Pixel, by_depth};
use super::error::DataError;
use super::fold::{FoldInfo, FoldWriter, MappedArray, digests};
use super::image::{self, Grey, Resampling, Square};
use super::memory::{ImageDigest, Known, Memory, Recalled};
use super::pixels::Raster;
use crate::progress::{Monitor, Progress, Stopped};
use rayon::prelude::*;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Images of eight bits in one channel that are decoded while as many are written; of sixteen it is half
/// as many.
const CHUNK: usize = 128;

/// Tells how many images were read.
///
/// # Errors
/// A stop on request.
pub(super) fn tell_reading(
    monitor: &dyn Monitor,
    done: usize,
    total: usize,
) -> Result<(), DataError> {
    if monitor.stop_requested() {
        return Err(Stopped.into());
    }
    monitor.report(&Progress::counted("reading", done, total, "images"));
    Ok(())
}

/// Reads `files` into a fold in `folder`.
///
/// # Errors
/// A file cannot be read or decoded, the disk refuses, or a stop on request.
pub(super) fn ingest(
    folder: &Path,
    files: &[PathBuf],
    info: &FoldInfo,
    labels: &[u8],
    resampling: Resampling,
    monitor: &dyn Monitor,
    memory: &dyn Memory,
) -> Result<(), DataError> {
    let wanted = Square { raster: info.raster(), resampling };
    let intake = Intake {
        folder,
        wanted,
        items: files,
        path: |path| path,
        most: 1,
        recipe: image::RECIPE,
        monitor,
        memory,
    };
    let decode = |path: &PathBuf| square(path, &image::read_towards(path, wanted)?, wanted);
    intake.read(decode, |_, error| Err(error))?.finish(info, labels)
}

/// The images of an item, one behind the other, and the digest of each. Borrowed images were decoded
/// before.
type Squares<'a> = (Cow<'a, [u8]>, Vec<ImageDigest>);

/// Files on their way into a fold.
pub(super) struct Intake<'a, Item> {
    pub(super) folder: &'a Path,
    /// What becomes of the images.
    pub(super) wanted: Square,
    pub(super) items: &'a [Item],
    /// The file of an item.
    pub(super) path: fn(&Item) -> &Path,
    /// Images that an item holds at most.
    pub(super) most: usize,
    /// How files become images, but for what is `wanted` of them; see [`Memory::recall`].
    pub(super) recipe: &'a str,
    pub(super) monitor: &'a dyn Monitor,
    pub(super) memory: &'a dyn Memory,
}

impl<Item: Sync> Intake<'_, Item> {
    /// Reads all items. `decode` gives the bytes of an item's images, one behind the other; of an item
    /// that has none because it cannot be read, `refused` takes the position and the reason, and the
    /// others go on. What was decoded before is copied, or shared where it stands in one file.
    ///
    /// # Errors
    /// `refused` says so, the disk refuses, or a stop on request.
    pub(super) fn read(
        &self,
        decode: impl Fn(&Item) -> Result<Vec<u8>, DataError> + Sync,
        refused: impl FnMut(usize, DataError) -> Result<(), DataError> + Send,
    ) -> Result<FoldWriter, DataError> {
        let files: Vec<&Path> = self.items.iter().map(self.path).collect();
        let before = Before::open(self.memory.recall(&self.recipe(), &files), self.wanted.raster);
        match self.share(&before)? {
            Some(writer) => Ok(writer),
            None => self.copy_and_decode(&before, decode, refused),
        }
    }

    /// What pixels depend on beside the file. How many channels there are follows from the kind.
    fn recipe(&self) -> String {
        let Square { raster: Raster { side, depth, .. }, resampling } = self.wanted;
        let mut recipe = format!("{} at {side} px", self.recipe);
        if !depth.is_eight() {
            recipe += &format!(", {} bits", depth.bits());
        }
        if resampling != Resampling::Area {
            recipe += &format!(", {resampling:?}");
        }
        recipe
    }

    /// The fold of images that all stand in one array already, and are what they were.
    fn share(&self, before: &Before) -> Result<Option<FoldWriter>, DataError> {
        let Some((array, known)) = before.in_one() else { return Ok(None) };
        for (part, chunk) in known.chunks(CHUNK).enumerate() {
            if !chunk.par_iter().all(|known| before.pixels(known).is_some()) {
                return Ok(None);
            }
            self.tell(part * CHUNK + chunk.len(), part * CHUNK + chunk.len())?;
        }
        let target = FoldWriter::place_of_images(self.folder)?;
        if self.memory.link(array, &target).is_err() {
            return Ok(None);
        }
        let rows = known.iter().flat_map(|known| known.row..known.row + known.images.len());
        let digests = known.iter().flat_map(|known| known.images.concat());
        let stored = before.stored(array);
        let rows = (rows.collect(), stored);
        Ok(Some(FoldWriter::at_rows(self.folder, self.wanted.raster, rows, digests.collect())))
    }

    fn copy_and_decode(
        &self,
        before: &Before,
        decode: impl Fn(&Item) -> Result<Vec<u8>, DataError> + Sync,
        mut refused: impl FnMut(usize, DataError) -> Result<(), DataError> + Send,
    ) -> Result<FoldWriter, DataError> {
        let mut writer = FoldWriter::create(self.folder, self.wanted.raster, self.items.len())?;
        let mut places = Vec::with_capacity(self.items.len());
        let mut remembered = 0;
        let images_of = |(item, known): (&Item, &Option<Known>)| match known
            .as_ref()
            .and_then(|known| Some((before.pixels(known)?, known)))
        {
            Some((pixels, known)) => Ok((Cow::Borrowed(pixels), known.images.clone())),
            None => decode(item).map(|pixels| {
                let digests = digests(&pixels, self.wanted.raster);
                (Cow::Owned(pixels), digests)
            }),
        };
        let Raster { depth, channels, .. } = self.wanted.raster;
        let many = (CHUNK / depth.bytes() / channels.count() / self.most.max(1)).max(1);
        let mut write = |images: Vec<Result<Squares<'_>, DataError>>| {
            for images in images {
                let row = writer.count();
                match images {
                    Ok((pixels, digests)) => {
                        remembered += usize::from(matches!(pixels, Cow::Borrowed(_)));
                        writer.append_hashed(&pixels, &digests)?;
                    }
                    Err(error) => refused(places.len(), error)?,
                }
                places.push(row);
            }
            self.tell(places.len(), remembered)
        };
        let mut decoded = Vec::new();
        for (chunk, known) in self.items.chunks(many).zip(before.known.chunks(many)) {
            let next = || chunk.par_iter().zip(known).map(images_of).collect();
            let earlier = std::mem::take(&mut decoded);
            let (written, next) = rayon::join(|| write(earlier), next);
            written?;
            decoded = next;
        }
        write(decoded)?;
        self.note(&writer, &places);
        Ok(writer)
    }

    /// Takes note of where the images of each file stand now.
    fn note(&self, writer: &FoldWriter, places: &[usize]) {
        let ends = places.iter().skip(1).copied().chain([writer.count()]);
        let images = places.iter().zip(ends).enumerate().filter(|(_, (row, end))| **row < *end);
        let known = images.map(|(position, (&row, end))| {
            (position, Known { array: 0, row, images: writer.digests(row..end) })
        });
        self.memory.note(known.collect());
    }

    /// Tells that `done` items were read, `remembered` of them without decoding.
    fn tell(&self, done: usize, remembered: usize) -> Result<(), DataError> {
        if self.monitor.stop_requested() {
            return Err(Stopped.into());
        }
        let mut progress = Progress::counted("reading", done, self.items.len(), "images");
        if remembered > 0 {
            let decoded = (done - remembered) as f64;
            progress.metrics =
                vec![("decoded".into(), decoded), ("remembered".into(), remembered as f64)];
        }
        self.monitor.report(&progress);
        Ok(())
    }
}

/// What was decoded before.
struct Before {
    /// Those that cannot be read any more, or hold other images than are wanted, are none.
    arrays: Vec<Option<MappedArray>>,
    known: Vec<Option<Known>>,
    raster: Raster,
}

impl Before {
    fn open(recalled: Recalled, raster: Raster) -> Before {
        let open =
            |path: &PathBuf| MappedArray::open(path).ok().filter(|array| array.holds(raster));
        let arrays = recalled.arrays.iter().map(open).collect();
        Before { arrays, known: recalled.known, raster }
    }

    /// Everything, and the array that it stands in, where that is one.
    fn in_one(&self) -> Option<(usize, Vec<&Known>)> {
        let known: Vec<&Known> = self.known.iter().map(Option::as_ref).collect::<Option<_>>()?;
        let array = known.first()?.array;
        known.iter().all(|known| known.array == array).then_some((array, known))
    }

    /// The pixels of a file's images, if they are there and are what was remembered.
    fn pixels(&self, known: &Known) -> Option<&[u8]> {
        let array = self.arrays.get(known.array)?.as_ref()?;
        let size = self.raster.bytes();
        let end = known.row.checked_add(known.images.len())?;
        let pixels = array.bytes().get(known.row * size..end.checked_mul(size)?)?;
        let mut images = pixels.chunks_exact(size).zip(&known.images);
        images.all(|(image, digest)| blake3::hash(image).as_bytes() == digest).then_some(pixels)
    }

    fn stored(&self, array: usize) -> usize {
        self.arrays[array].as_ref().map_or(0, |array| array.shape()[0])
    }
}

/// The bytes of one channel of an image as a square; errors name its file.
pub(super) fn square(path: &Path, grey: &Grey, wanted: Square) -> Result<Vec<u8>, DataError> {
    let Square { raster: Raster { side, depth, .. }, resampling } = wanted;
    by_depth!(depth, P => image::to_square::<P>(grey, side, resampling).map(P::into_bytes))
        .map_err(|reason| DataError::Image { path: path.to_owned(), reason })
}
