//! From an image file to a grey square of eight or sixteen bits, as the seed system prepares it.
//!
//! Colour becomes grey by the luma weights of ITU-R BT.601 (0.299, 0.587, 0.114); JPEGs hold that luma
//! beside their colours, and it is taken from there. The image is
//! resized to a square by area averaging, scaled by its own maximum so that this is white, and halved by
//! 2×2 boxes as often as asked, each time rounded to whole levels.

use super::depth::{Deep, Depth, Pixel};
use super::error::DataError;
use super::jpeg;
use super::pixels::Raster;
use ::image::codecs::png::{self, CompressionType, PngEncoder};
use ::image::{DynamicImage, ExtendedColorType, ImageEncoder, ImageReader};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use std::fs;
use std::io::Cursor;
use std::path::Path;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The most pixels of a file: a square of 8192.
const MOST_PIXELS: u64 = 1 << 26;

/// Luma weights of ITU-R BT.601.
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

/// How pictures become squares, for those who remember them. Its number is raised when the pixels
/// change.
pub(super) const RECIPE: &str = "pictures 2";

/// How the pixels of a square come from those of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resampling {
    /// Where the picture shrinks, the mean of the area that a pixel covers; where it grows, linear
    /// interpolation.
    #[default]
    Area,
    /// Cubic convolution (Keys 1981, a = -1/2), as wide as the area where the picture shrinks. Edges stay
    /// sharper; what falls below black becomes black.
    Bicubic,
}

/// What becomes of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Square {
    /// Side, depth and channels.
    pub raster: Raster,
    /// How it is made smaller or larger.
    pub resampling: Resampling,
}

/// By area.
impl From<Raster> for Square {
    fn from(raster: Raster) -> Square {
        Square { raster, resampling: Resampling::default() }
    }
}

/// Averages of a JPEG's pixels are taken from its coefficients where the brightest is no darker: what
/// decoders round is then at most one grey level when it becomes white.
const BRIGHT: f32 = 128.0;

/// A grey image of any depth as numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grey {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Values, `[height, width]`, at least 0.
    pub pixels: Vec<f32>,
}

/// Reads PNG, JPEG or TIFF, eight or sixteen bits, grey or colour.
///
/// # Errors
/// The file is missing, not an image, or cut short.
pub fn read(path: &Path) -> Result<Grey, DataError> {
    decode(path, &load(path)?)
}

/// Reads an image that is to become a square. Where that is quicker, boxes of 2×2, 4×4 or 8×8 pixels
/// are averaged already; what remains is to average boxes of what is given.
///
/// # Errors
/// As for [`read`].
pub fn read_towards(path: &Path, wanted: Square) -> Result<Grey, DataError> {
    let bytes = load(path)?;
    if wanted.resampling != Resampling::Area {
        return decode(path, &bytes);
    }
    let side = wanted.raster.side;
    let factor = |width: usize, height: usize| {
        let is_sound = side > 0 && (width as u64) * (height as u64) <= MOST_PIXELS;
        let whole = |factor: &usize| {
            width.is_multiple_of(side * factor) && height.is_multiple_of(side * factor)
        };
        [8, 4, 2].into_iter().filter(|_| is_sound).find(whole)
    };
    let is_bright = |grey: &Grey| grey.pixels.iter().any(|&pixel| pixel >= BRIGHT);
    match jpeg::averaged(&bytes, factor).filter(is_bright) {
        Some(grey) => Ok(grey),
        None => decode(path, &bytes),
    }
}

/// A file whose end is there.
fn load(path: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = fs::read(path).map_err(DataError::io(path))?;
    if is_cut_short(&bytes) {
        let reason = "the JPEG is cut short (its end marker is missing)".to_owned();
        return Err(DataError::Image { path: path.to_owned(), reason });
    }
    Ok(bytes)
}

fn decode(path: &Path, bytes: &[u8]) -> Result<Grey, DataError> {
    let broken = |reason: String| DataError::Image { path: path.to_owned(), reason };
    let reader = || {
        ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|error| broken(error.to_string()))
    };
    // A few bytes can promise pixels that no memory holds. What is wrong otherwise is for `decode`.
    if let Ok((width, height)) = reader()?.into_dimensions()
        && u64::from(width) * u64::from(height) > MOST_PIXELS
    {
        return Err(broken(format!("it has {width} × {height} pixels, more than an image may")));
    }
    if let Some(luma) = luma_of_jpeg(bytes) {
        return Ok(luma);
    }
    let image = reader()?.decode().map_err(|error| broken(format!("cannot decode: {error}")))?;
    Ok(to_grey(image))
}

/// The decoder fills a missing end with grey and says nothing.
fn is_cut_short(bytes: &[u8]) -> bool {
    let is_jpeg = bytes.starts_with(&[0xFF, 0xD8]);
    // Some writers pad behind the end marker.
    let tail = &bytes[bytes.len().saturating_sub(64)..];
    is_jpeg && !tail.windows(2).any(|pair| pair == [0xFF, 0xD9])
}

/// The luma of a JPEG that keeps it beside its colours, or alone. What is wrong with others is for the
/// decoder of all.
fn luma_of_jpeg(bytes: &[u8]) -> Option<Grey> {
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return None;
    }
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    if !matches!(decoder.input_colorspace()?, ColorSpace::Luma | ColorSpace::YCbCr) {
        return None;
    }
    let (width, height) = decoder.dimensions()?;
    let pixels: Vec<f32> = decoder.decode().ok()?.into_iter().map(f32::from).collect();
    (pixels.len() == width * height).then_some(Grey { width, height, pixels })
}

fn to_grey(image: DynamicImage) -> Grey {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let has_colour = image.color().has_color();
    let pixels = if has_colour {
        let rgb = image.into_rgb32f();
        rgb.pixels().map(|pixel| luma(pixel.0)).collect()
    } else {
        // Sixteen bits hold every grey image that the readers give.
        image.into_luma16().into_raw().into_iter().map(f32::from).collect()
    };
    Grey { width, height, pixels }
}

/// The grey of a colour.
pub(super) fn luma(rgb: [f32; 3]) -> f32 {
    rgb.iter().zip(LUMA).map(|(value, weight)| value * weight).sum()
}

/// The image as a square: resampled, then scaled by its own maximum.
///
/// # Errors
/// The image has no pixels.
pub fn to_square<P: Pixel>(
    grey: &Grey,
    side: usize,
    resampling: Resampling,
) -> Result<Vec<P>, String> {
    let resized = resample(grey, side, resampling)?;
    let largest = brightest(&resized);
    if largest <= 0.0 {
        return Ok(vec![P::from_level(0); side * side]);
    }
    let white = f32::from(P::DEPTH.white());
    Ok(resized.iter().map(|value| quantise(value / largest * white)).collect())
}

/// The largest of some values, at least 0. Many at a time, because one maximum would have to wait for the
/// other.
fn brightest(values: &[f32]) -> f32 {
    let (parts, rest) = values.as_chunks::<16>();
    let mut largest = [0.0_f32; 16];
    for part in parts {
        largest.iter_mut().zip(part).for_each(|(most, &value)| *most = most.max(value));
    }
    largest.iter().chain(rest).copied().fold(0.0, f32::max)
}

/// Area averaging where the image shrinks, linear interpolation where it grows.
pub(super) fn resize(grey: &Grey, side: usize) -> Result<Vec<f32>, String> {
    resample(grey, side, Resampling::Area)
}

fn resample(grey: &Grey, side: usize, resampling: Resampling) -> Result<Vec<f32>, String> {
    if grey.pixels.is_empty() {
        return Err("the image has no pixels".to_owned());
    }
    if grey.width == side && grey.height == side {
        return Ok(grey.pixels.clone());
    }
    let (width, height) = (as_u32(grey.width)?, as_u32(grey.height)?);
    let source = ImageRef::new(width, height, bytemuck::cast_slice(&grey.pixels), PixelType::F32)
        .map_err(|error| error.to_string())?;
    let mut target = Image::new(as_u32(side)?, as_u32(side)?, PixelType::F32);
    let shrinks = grey.width >= side && grey.height >= side;
    let filter = match resampling {
        Resampling::Area if shrinks => FilterType::Box,
        Resampling::Area => FilterType::Bilinear,
        Resampling::Bicubic => FilterType::CatmullRom,
    };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| error.to_string())?;
    Ok(bytemuck::pod_collect_to_vec(target.buffer()))
}

/// A square of bytes at another side: area averaging where it shrinks, linear interpolation where it
/// grows.
///
/// # Errors
/// The image has no pixels.
pub fn resized(image: &[u8], side: usize, wanted: usize) -> Result<Vec<u8>, String> {
    let pixels = image.iter().map(|&pixel| pixel.number()).collect();
    let grey = Grey { width: side, height: side, pixels };
    Ok(resize(&grey, wanted)?.into_iter().map(quantise).collect())
}

/// A PNG of pixels `[height, width, samples]`: grey of one sample, in colours of three. The same
/// pixels give the same file.
///
/// # Errors
/// The bytes are not so many, or the samples others, in words.
pub fn to_png(
    pixels: &[u8],
    (width, height): (usize, usize),
    samples: usize,
    depth: Depth,
) -> Result<Vec<u8>, String> {
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Default, png::FilterType::Adaptive);
    let (columns, rows) = (as_u32(width)?, as_u32(height)?);
    if pixels.len() != width * height * samples * depth.bytes() {
        return Err(format!("{} bytes are no image of {width} × {height}", pixels.len()));
    }
    let (narrow, deep) = match samples {
        1 => (ExtendedColorType::L8, ExtendedColorType::L16),
        3 => (ExtendedColorType::Rgb8, ExtendedColorType::Rgb16),
        other => return Err(format!("a picture has 1 or 3 samples a pixel, not {other}")),
    };
    let written = match depth {
        Depth::Eight => encoder.write_image(pixels, columns, rows, narrow),
        Depth::Sixteen => {
            // What encodes takes them in the order of the machine.
            let levels = Deep::of_bytes(pixels).iter().map(|pixel| pixel.level());
            let bytes: Vec<u8> = levels.flat_map(u16::to_ne_bytes).collect();
            encoder.write_image(&bytes, columns, rows, deep)
        }
    };
    written.map_err(|error| error.to_string())?;
    Ok(png)
}

fn as_u32(side: usize) -> Result<u32, String> {
    u32::try_from(side).map_err(|_| "the image is too large".to_owned())
}

/// Rounded to the nearest level, halves up. A float's own `round` would be a call of the system's
/// library for every pixel.
fn quantise<P: Pixel>(value: f32) -> P {
    let value = value.clamp(0.0, f32::from(P::DEPTH.white()));
    let below = value as u16;
    P::from_level(below + u16::from(value - f32::from(below) >= 0.5))
}

/// A square at another side, by linear interpolation between pixel centres, as numbers from black, 0,
/// to [`Depth::white`].
pub fn enlarge<P: Pixel>(image: &[P], side: usize, wanted: usize) -> Vec<f32> {
    if side == wanted {
        return image.iter().map(|pixel| pixel.number()).collect();
    }
    let ratio = side as f32 / wanted as f32;
    let places: Vec<(usize, usize, f32)> = (0..wanted)
        .map(|position| {
            let exact = ((position as f32 + 0.5) * ratio - 0.5).clamp(0.0, (side - 1) as f32);
            let low = exact as usize;
            (low, (low + 1).min(side - 1), exact - low as f32)
        })
        .collect();
    let at = |row: usize, column: usize| image[row * side + column].number();
    let mut values = Vec::with_capacity(wanted * wanted);
    for &(top, bottom, down) in &places {
        for &(left, right, across) in &places {
            let upper = at(top, left) * (1.0 - across) + at(top, right) * across;
            let lower = at(bottom, left) * (1.0 - across) + at(bottom, right) * across;
            values.push(upper * (1.0 - down) + lower * down);
        }
    }
    values
}

/// Halves a square by averaging 2×2 boxes, rounding halves up, until it has the wanted side.
/// `None` where halving does not lead there.
pub fn shrink<P: Pixel>(image: &[P], side: usize, wanted: usize) -> Option<Vec<P>> {
    let mut image = image.to_vec();
    let mut side = side;
    while side > wanted && side.is_multiple_of(2) {
        let mut smaller = Vec::with_capacity(image.len() / 4);
        for rows in image.chunks_exact(2 * side) {
            let (upper, lower) = rows.split_at(side);
            let boxes = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            smaller.extend(boxes.map(|(&[a, b], &[c, d])| P::mean([a, b, c, d])));
        }
        image = smaller;
        side /= 2;
    }
    (side == wanted).then_some(image)
}
