//! Images as PNG within the page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

/// Pixels between two images of a strip.
const GAP: usize = 1;

/// Square images of bytes side by side as one `<img>`, each shown `scale` times as large.
pub(super) fn strip(images: &[&[u8]], side: usize, scale: usize, description: &str) -> String {
    let width = images.len() * (side + GAP) - GAP.min(images.len());
    if images.is_empty() || side == 0 {
        return String::new();
    }
    let mut pixels = vec![0_u8; width * side];
    let mut alpha = vec![0_u8; width * side];
    for (position, image) in images.iter().enumerate() {
        let left = position * (side + GAP);
        for (row, line) in image.chunks(side).enumerate().take(side) {
            pixels[row * width + left..][..side].copy_from_slice(line);
            alpha[row * width + left..][..side].fill(255);
        }
    }
    let both: Vec<u8> = pixels.into_iter().zip(alpha).flat_map(|(p, a)| [p, a]).collect();
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    let (columns, rows) = (width as u32, side as u32);
    if encoder.write_image(&both, columns, rows, ExtendedColorType::La8).is_err() {
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
pub(super) fn scale(side: usize) -> usize {
    (64 / side.max(1)).max(1)
}
