//! Compressed pixels: which decoder reads what.

use super::error::{caused, chain, describe};
use super::file::DicomFile;
use super::header::Header;
use crate::data::error::DataError;
use crate::data::jpeg;
use dicom_dictionary_std::uids;
use dicom_pixeldata::PixelDecoder;
use jpeg_decoder::{ColorTransform, Decoder};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What to do about samples that no decoder here understands.
const CONVERT: &str = "convert the file to an uncompressed transfer syntax, with gdcmconv --raw of \
                       GDCM or dcmdjpeg of DCMTK, or leave it out";

/// The samples of all frames in little-endian bytes, colours side by side.
///
/// Decoders read foreign bytes, and have been seen to panic where these make no sense.
pub(super) fn decode(
    file: &DicomFile,
    header: &Header,
    fragments: &[Vec<u8>],
) -> Result<Vec<u8>, DataError> {
    let decoded = catch_unwind(AssertUnwindSafe(|| match file.syntax() {
        // A header can promise more frames than memory holds; each has a part of its own at least.
        _ if fragments.len() < header.frames => Err(not_a_part_each(header, fragments)),
        uids::JPEGLS_LOSSLESS | uids::JPEGLS_NEAR_LOSSLESS => {
            by_frame(header, fragments, |frame| jpeg_ls(header, frame))
        }
        uids::JPEG_BASELINE8_BIT | uids::JPEG_EXTENDED12_BIT if is_plain_rgb(header, fragments) => {
            by_frame(header, fragments, |frame| {
                let mut decoder = Decoder::new(frame);
                decoder.set_color_transform(ColorTransform::RGB);
                decoder.decode().map_err(|error| error.to_string())
            })
        }
        uids::JPEG_EXTENDED12_BIT if header.samples == 1 && header.allocated == 16 => {
            by_frame(header, fragments, |frame| jpeg_of_twelve_bits(header, frame))
        }
        _ => file
            .object
            .decode_pixel_data()
            .map(|pixels| pixels.data().to_vec())
            .map_err(|error| chain(&error).0),
    }));
    decoded.unwrap_or_else(|_| Err("the decoder gave up".to_owned())).map_err(|cause| {
        let reason = format!("its {} cannot be decoded", describe(file.syntax()));
        caused(&file.path, &reason, cause, CONVERT)
    })
}

fn by_frame(
    header: &Header,
    fragments: &[Vec<u8>],
    decode: impl Fn(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, String> {
    if header.frames == 1 {
        return decode(&fragments.concat());
    }
    if fragments.len() != header.frames {
        return Err(not_a_part_each(header, fragments));
    }
    let mut bytes = Vec::new();
    for frame in fragments {
        bytes.extend(decode(frame)?);
    }
    Ok(bytes)
}

fn not_a_part_each(header: &Header, fragments: &[Vec<u8>]) -> String {
    format!("{} frames stand in {} parts", header.frames, fragments.len())
}

/// Whether a JPEG holds red, green and blue themselves. The header decides, as nothing in the
/// stream has to tell; but JFIF has luminance by definition, whatever the header says.
fn is_plain_rgb(header: &Header, fragments: &[Vec<u8>]) -> bool {
    const JFIF: &[u8] = &[0xFF, 0xE0];
    let is_jfif = fragments.first().is_some_and(|frame| frame.get(2..4) == Some(JFIF));
    header.photometric == "RGB" && header.samples == 3 && !is_jfif
}

/// One grey frame, rounded to whole samples.
fn jpeg_of_twelve_bits(header: &Header, frame: &[u8]) -> Result<Vec<u8>, String> {
    let grey =
        jpeg::twelve(frame).ok_or("it is no whole sequential JPEG of twelve bits in grey")?;
    if (grey.width, grey.height) != (header.columns, header.rows) {
        return Err(format!("it is an image of {} × {} pixels", grey.width, grey.height));
    }
    let samples = grey.pixels.iter().map(|value| value.round() as u16);
    Ok(samples.flat_map(u16::to_le_bytes).collect())
}

/// One grey frame in JPEG-LS.
fn jpeg_ls(header: &Header, frame: &[u8]) -> Result<Vec<u8>, String> {
    let (width, height) = (header.columns as u32, header.rows as u32);
    let (values, found_width, found_height) =
        jpegls::decode(frame, width, height).map_err(|error| error.to_string())?;
    if (found_width, found_height) != (width, height) {
        return Err(format!("it is an image of {found_width} × {found_height} pixels"));
    }
    Ok(if header.allocated == 8 {
        values.iter().map(|&value| value as u8).collect()
    } else {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    })
}
