//! NIfTI volumes: from stored samples to values, and from these to grey slices.

mod header;
mod listing;
mod slices;

pub use listing::{Collection, Rows, Table, list, volumes_below};
pub use slices::{Axis, Which};

use super::error::DataError;
use super::image::{self, Grey};
use super::scans::{Format, Found, Scan};
use flate2::read::MultiGzDecoder;
use header::{Header, LARGEST};
use slices::Layout;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// No deflated byte becomes more than so many.
const MOST_INFLATED: u64 = 1032;

/// Which values are shown, from black to white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// From the volume's least value to its greatest.
    Full,
    /// So much about a middle, in units of the file.
    Fixed {
        /// Its middle.
        centre: f64,
        /// Its width.
        width: f64,
    },
    /// Between two percentiles of the volume's values, 0 to 1, by nearest rank.
    Percentiles {
        /// Black.
        low: f64,
        /// White.
        high: f64,
    },
}

/// How volumes become images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slicing {
    /// What slices are perpendicular to.
    pub axis: Axis,
    /// Which of them are taken.
    pub which: Which,
    /// Which values they show.
    pub range: Range,
}

impl Format for Slicing {
    fn inspect(&self, path: &Path) -> Result<Found, DataError> {
        let (header, _) = open(path)?;
        Ok(Found { frames: Layout::new(&header, self.axis).count(), patient: None })
    }

    fn taken(&self, frames: usize) -> Vec<usize> {
        self.which.of(frames)
    }

    fn read(&self, path: &Path) -> Result<Vec<Vec<Grey>>, DataError> {
        let (header, mut values) = read(path)?;
        self.range.apply(&mut values);
        let layout = Layout::new(&header, self.axis);
        let numbers = self.which.of(layout.count()).into_iter();
        Ok(numbers.map(|number| vec![layout.slice(&values, number)]).collect())
    }

    fn others(&self) -> &'static str {
        "other slices of a volume"
    }

    fn recipe(&self, _: &[Scan]) -> String {
        format!("{}, NIfTI 1: {self:?}", image::RECIPE)
    }
}

impl Range {
    /// Values as grey, 0..=255; what is no number becomes black.
    fn apply(self, values: &mut [f32]) {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let (black, white) = match self {
            Range::Full => {
                (finite().fold(f32::INFINITY, f32::min), finite().fold(f32::NEG_INFINITY, f32::max))
            }
            Range::Fixed { centre, width } => {
                ((centre - width / 2.0) as f32, (centre + width / 2.0) as f32)
            }
            Range::Percentiles { low, high } => {
                let mut sorted: Vec<f32> = finite().collect();
                (percentile(&mut sorted, low), percentile(&mut sorted, high))
            }
        };
        let range = white - black;
        for value in values {
            *value = match range > 0.0 && value.is_finite() {
                true => ((*value - black) / range * 255.0).clamp(0.0, 255.0),
                false => 0.0,
            };
        }
    }
}

/// The least value that a share of all values does not exceed.
fn percentile(values: &mut [f32], share: f64) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let rank = (share * values.len() as f64).ceil().max(1.0) as usize - 1;
    let rank = rank.min(values.len() - 1);
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

/// The values of a file's first volume, in the order of the file, and its shape.
///
/// # Errors
/// It is no NIfTI file, of a kind that is not read, or cut short.
pub fn values(path: &Path) -> Result<([usize; 3], Vec<f32>), DataError> {
    read(path).map(|(header, values)| (header.shape, values))
}

fn read(path: &Path) -> Result<(Header, Vec<f32>), DataError> {
    let (header, mut stream) = open(path)?;
    let cut = |error: io::Error| wrong(path, &format!("it is cut short or damaged ({error})"));
    let size = header.sample.bytes();
    let count = header.shape.iter().product::<usize>();
    let mut values = Vec::with_capacity(count);
    // Sixteen thousand voxels at a time, so that the samples never stand in memory whole.
    let mut bytes = vec![0; (1 << 14) * size];
    while values.len() < count {
        let many = (count - values.len()).min(1 << 14);
        stream.read_exact(&mut bytes[..many * size]).map_err(cut)?;
        values.extend(bytes[..many * size].chunks_exact(size).map(|sample| {
            header.sample.value(sample, header.is_big) * header.slope + header.intercept
        }));
    }
    Ok((header, values))
}

/// The header, and a stream that stands before the first voxel. What the header promises must be
/// possible for a file of this size, before any memory is reserved for it.
fn open(path: &Path) -> Result<(Header, Box<dyn Read>), DataError> {
    let file = File::open(path).map_err(DataError::io(path))?;
    let length = file.metadata().map_err(DataError::io(path))?.len();
    let mut begin = Vec::new();
    let mut file = BufReader::new(file);
    (&mut file).take(2).read_to_end(&mut begin).map_err(DataError::io(path))?;
    let is_packed = begin == [0x1f, 0x8b];
    let file = io::Cursor::new(begin).chain(file);
    let mut stream: Box<dyn Read> =
        if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let cut = |error: io::Error| wrong(path, &format!("it is cut short or damaged ({error})"));
    let mut bytes = Vec::new();
    (&mut stream).take(LARGEST as u64).read_to_end(&mut bytes).map_err(cut)?;
    let header = Header::parse(&bytes).map_err(|reason| wrong(path, &reason))?;
    let promised = header.offset.saturating_add(header.size());
    let possible = if is_packed { length.saturating_mul(MOST_INFLATED) } else { length };
    if promised > possible {
        let reason = format!("its header promises {promised} bytes, which {length} cannot hold");
        return Err(wrong(path, &reason));
    }
    let rest = io::Cursor::new(bytes).chain(stream);
    let mut stream = Box::new(rest);
    let skipped = io::copy(&mut (&mut stream).take(header.offset), &mut io::sink()).map_err(cut)?;
    if skipped < header.offset {
        return Err(wrong(path, "it ends before its voxels begin"));
    }
    Ok((header, stream))
}

fn wrong(path: &Path, reason: &str) -> DataError {
    DataError::File {
        path: path.to_owned(),
        reason: reason.to_owned(),
        remedy: "convert it to one .nii or .nii.gz file of grey values, or remove it from the data"
            .to_owned(),
    }
}
