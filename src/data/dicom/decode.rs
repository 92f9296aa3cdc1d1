//! From the bytes of a file to its samples.

use super::compressed;
use super::error::{DAMAGED, describe, wrong};
use super::file::DicomFile;
use super::header::Header;
use crate::data::error::DataError;
use dicom_core::value::Value;
use dicom_dictionary_std::{tags, uids};

/// What samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One sample a pixel; more is brighter.
    Grey,
    /// One sample a pixel; more is darker.
    InvertedGrey,
    /// Red, green, blue.
    Rgb,
    /// Luminance and two differences of colour (`YBR_FULL`, `YBR_FULL_422`).
    Ybr,
    /// One sample a pixel, a place in a palette.
    Palette,
}

/// The samples of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    /// Height of a frame.
    pub rows: usize,
    /// Width of a frame.
    pub columns: usize,
    /// Number of frames.
    pub frames: usize,
    /// What they are.
    pub colour: Colour,
    /// `[frames, rows, columns, 1 or 3]`.
    pub values: Vec<i32>,
}

/// Decodes every frame.
pub(super) fn samples(file: &DicomFile) -> Result<Samples, DataError> {
    let header = file.header()?;
    let element = file.object.get(tags::PIXEL_DATA).ok_or_else(|| {
        wrong(&file.path, "it holds no pixels (7FE0,0010)", "leave files without images out")
    })?;
    let colour = colour(file, &header)?;
    let (bytes, colour) = match element.value() {
        Value::Primitive(value) => {
            let bytes = value.to_bytes();
            if header.photometric == "YBR_FULL_422" {
                let full = spread_chroma(&bytes, header.pixels() * header.frames);
                (full.ok_or_else(|| cut_short(file, &header, bytes.len()))?, colour)
            } else {
                (planes_to_pixels(bytes.into_owned(), &header), colour)
            }
        }
        Value::PixelSequence(sequence) => {
            // The decoders of every format but run lengths turn luminance into RGB themselves.
            let is_rgb = header.samples == 3 && file.syntax() != uids::RLE_LOSSLESS;
            let bytes = compressed::decode(file, &header, sequence.fragments())?;
            (bytes, if is_rgb { Colour::Rgb } else { colour })
        }
        Value::Sequence(_) => {
            return Err(wrong(&file.path, "its pixels are a sequence of data sets", DAMAGED));
        }
    };
    let values = unpack(file, &header, &bytes)?;
    Ok(Samples {
        rows: header.rows,
        columns: header.columns,
        frames: header.frames,
        colour,
        values,
    })
}

fn colour(file: &DicomFile, header: &Header) -> Result<Colour, DataError> {
    match (header.photometric.as_str(), header.samples) {
        ("MONOCHROME2", 1) => Ok(Colour::Grey),
        ("MONOCHROME1", 1) => Ok(Colour::InvertedGrey),
        ("PALETTE COLOR", 1) => Ok(Colour::Palette),
        ("YBR_FULL" | "YBR_FULL_422", 3) => Ok(Colour::Ybr),
        // Those of JPEG 2000, whose decoder gives RGB.
        ("RGB" | "YBR_RCT" | "YBR_ICT", 3) => Ok(Colour::Rgb),
        (photometric, samples) => Err(wrong(
            &file.path,
            format!("pixels of {samples} samples cannot be read as `{photometric}`"),
            "convert it to MONOCHROME2 or RGB, or leave it out",
        )),
    }
}

/// Two pixels stand as two luminances and the colour that both share (PS3.3, C.7.6.3.1.2).
fn spread_chroma(bytes: &[u8], pixels: usize) -> Option<Vec<u8>> {
    let pairs = bytes.get(..2 * pixels)?.chunks_exact(4);
    Some(pairs.flat_map(|four| [four[0], four[2], four[3], four[1], four[2], four[3]]).collect())
}

/// Colours one behind the other within each pixel.
fn planes_to_pixels(bytes: Vec<u8>, header: &Header) -> Vec<u8> {
    if !header.planes || header.samples == 1 {
        return bytes;
    }
    let size = header.allocated.div_ceil(8) as usize;
    let plane = header.pixels() * size;
    let mut pixels = Vec::with_capacity(bytes.len());
    for frame in bytes.chunks_exact(header.samples * plane) {
        for place in (0..plane).step_by(size) {
            for sample in 0..header.samples {
                let begin = sample * plane + place;
                pixels.extend_from_slice(&frame[begin..begin + size]);
            }
        }
    }
    pixels
}

/// Takes the bits that count out of every sample, with their sign.
fn unpack(file: &DicomFile, header: &Header, bytes: &[u8]) -> Result<Vec<i32>, DataError> {
    let count = header.pixels() * header.samples * header.frames;
    let wanted = (count * header.allocated as usize).div_ceil(8);
    if bytes.len() < wanted {
        return Err(cut_short(file, header, bytes.len()));
    }
    let raw = |index: usize| match header.allocated {
        1 => u32::from(bytes[index / 8] >> (index % 8) & 1),
        8 => u32::from(bytes[index]),
        _ => u32::from(u16::from_le_bytes([bytes[2 * index], bytes[2 * index + 1]])),
    };
    let unused = 31 - header.high;
    let dropped = 32 - header.stored;
    Ok((0..count)
        .map(|index| {
            let top = raw(index) << unused;
            if header.signed { top as i32 >> dropped } else { (top >> dropped) as i32 }
        })
        .collect())
}

fn cut_short(file: &DicomFile, header: &Header, found: usize) -> DataError {
    let reason = format!(
        "{found} bytes of pixels are too few for {} frames of {} × {} pixels, in {}",
        header.frames,
        header.columns,
        header.rows,
        describe(file.syntax())
    );
    wrong(&file.path, reason, DAMAGED)
}
