//! Images as PNG within the page.

use crate::data::{Raster, channels};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

/// Pixels between two images of a strip.
const GAP: usize = 1;

/// Images of eight bits side by side as one `<img>`, each about 64 px wide on the page.
pub(super) fn strip(images: &[&[u8]], raster: Raster, description: &str) -> String {
    let (side, scale) = (raster.side, scale(raster.side));
    let width = images.len() * (side + GAP) - GAP.min(images.len());
    if images.is_empty() || side == 0 {
        return String::new();
    }
    let samples = raster.channels.samples();
    // Between images nothing is painted.
    let mut pixels = vec![0_u8; width * side * (samples + 1)];
    for (position, image) in images.iter().enumerate() {
        let left = position * (side + GAP);
        let shown = channels::shown(image, raster);
        for (row, line) in shown.chunks(side * samples).enumerate().take(side) {
            let places = pixels[(row * width + left) * (samples + 1)..].chunks_mut(samples + 1);
            for (place, pixel) in places.zip(line.chunks(samples)) {
                place[..samples].copy_from_slice(pixel);
                place[samples] = 255;
            }
        }
    }
    let kind = if samples == 1 { ExtendedColorType::La8 } else { ExtendedColorType::Rgba8 };
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    let (columns, rows) = (width as u32, side as u32);
    if encoder.write_image(&pixels, columns, rows, kind).is_err() {
        return String::new();
    }
    format!(
        "<img alt=\"{}\" width=\"{}\" height=\"{}\" src=\"data:image/png;base64,{}\">",
        super::html::escape(description),
        width * scale,
        side * scale,
        STANDARD.encode(png)
    )
}

/// How much to enlarge images of a side so that they are about 64 px wide on the page.
fn scale(side: usize) -> usize {
    (64 / side.max(1)).max(1)
}
