//! From samples to what they measure, and to grey images.

use super::decode::{Colour, Samples, samples};
use super::error::wrong;
use super::file::DicomFile;
use super::header::{number, window_shape};
use super::palette::Palette;
use super::window::{Shape, Window};
use crate::data::error::DataError;
use crate::data::image::{Grey, luma};
use dicom_dictionary_std::tags;
use std::path::Path;

/// The frames of a file as modality values: Hounsfield units for CT, arbitrary units else.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Width of a frame.
    pub width: usize,
    /// Height of a frame.
    pub height: usize,
    /// Values of each frame, `[height, width]`.
    pub frames: Vec<Vec<f32>>,
    /// Whether more is darker (MONOCHROME1).
    pub inverted: bool,
    /// Centre and width of each frame's first window, where the file names one.
    windows: Vec<Option<(f64, f64)>>,
    shape: Shape,
    /// Places that hold no measurement, `[height, width]` for each frame; empty without padding.
    padding: Vec<Vec<bool>>,
}

/// Reads the modality values of a file: samples × Rescale Slope + Rescale Intercept. Colour becomes
/// grey by the luma weights of ITU-R BT.601 (0.299, 0.587, 0.114), of which the luminance of
/// `YBR_FULL` is made already.
///
/// # Errors
/// The file is missing or broken, cannot be decoded, or maps its samples by a table (Modality LUT).
pub fn values(path: &Path) -> Result<Values, DataError> {
    let file = DicomFile::open(path)?;
    if file.object.get(tags::MODALITY_LUT_SEQUENCE).is_some() {
        return Err(wrong(
            path,
            "its samples are turned into values by a table (Modality LUT), which is not applied",
            "convert it to a file with Rescale Slope and Intercept, or leave it out",
        ));
    }
    let header = file.header()?;
    let samples = samples(&file)?;
    let greys = greys(&file, &samples)?;
    let is_grey = matches!(samples.colour, Colour::Grey | Colour::InvertedGrey);
    let size = header.pixels();
    let of_frame = |group, tag, frame| number(&file.object, frame, group, tag);
    let rescaled = |frame: usize| {
        let group = tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE;
        let slope = of_frame(group, tags::RESCALE_SLOPE, frame).unwrap_or(1.0);
        let intercept = of_frame(group, tags::RESCALE_INTERCEPT, frame).unwrap_or(0.0);
        let values = &greys[frame * size..(frame + 1) * size];
        if !is_grey {
            return values.to_vec();
        }
        values.iter().map(|&value| (f64::from(value) * slope + intercept) as f32).collect()
    };
    let window = |frame: usize| {
        let group = tags::FRAME_VOILUT_SEQUENCE;
        let centre = of_frame(group, tags::WINDOW_CENTER, frame)?;
        let width = of_frame(group, tags::WINDOW_WIDTH, frame)?;
        (is_grey && width > 0.0).then_some((centre, width))
    };
    let padding = header.padding.filter(|_| is_grey).map_or_else(Vec::new, |(low, high)| {
        let frames = samples.values.chunks_exact(size);
        frames.map(|frame| frame.iter().map(|v| (low..=high).contains(v)).collect()).collect()
    });
    Ok(Values {
        width: header.columns,
        height: header.rows,
        frames: (0..header.frames).map(rescaled).collect(),
        inverted: samples.colour == Colour::InvertedGrey,
        windows: (0..header.frames).map(window).collect(),
        shape: window_shape(&file.object),
        padding,
    })
}

/// One number a pixel.
fn greys(file: &DicomFile, samples: &Samples) -> Result<Vec<f32>, DataError> {
    let values = &samples.values;
    Ok(match samples.colour {
        Colour::Grey | Colour::InvertedGrey => values.iter().map(|&value| value as f32).collect(),
        Colour::Rgb => {
            values.chunks_exact(3).map(|rgb| luma([0, 1, 2].map(|c| rgb[c] as f32))).collect()
        }
        Colour::Ybr => values.chunks_exact(3).map(|ybr| ybr[0] as f32).collect(),
        Colour::Palette => {
            let palette = Palette::of(file)?;
            values.iter().map(|&sample| palette.grey(sample)).collect()
        }
    })
}

impl Values {
    /// A frame as a grey image, 0..=255, seen through a window; MONOCHROME1 is inverted afterwards,
    /// so that more is always brighter. Places without a measurement are black. Without a window
    /// the least value of the frame is 0 and its greatest 255. Tables of a file's own
    /// (VOI LUT Sequence) are not applied.
    pub fn grey(&self, frame: usize, window: Window) -> Grey {
        let values = &self.frames[frame];
        let is_padding = |place: usize| self.padding.get(frame).is_some_and(|all| all[place]);
        let chosen = match window {
            Window::File => self.windows[frame].map(|(centre, width)| (self.shape, centre, width)),
            Window::Fixed { centre, width } => Some((Shape::Linear, centre, width)),
            Window::Full => None,
        };
        let measured = || (0..values.len()).filter(|&p| !is_padding(p)).map(|p| values[p]);
        let least = measured().fold(f32::INFINITY, f32::min);
        let range = measured().fold(f32::NEG_INFINITY, f32::max) - least;
        let shown = |value: f32| match chosen {
            Some((shape, centre, width)) => shape.apply(f64::from(value), centre, width) as f32,
            None if range > 0.0 => (value - least) / range * 255.0,
            None => 0.0,
        };
        let pixels = values.iter().enumerate().map(|(place, &value)| match shown(value) {
            _ if is_padding(place) => 0.0,
            shown if self.inverted => 255.0 - shown,
            shown => shown,
        });
        Grey { width: self.width, height: self.height, pixels: pixels.collect() }
    }
}
