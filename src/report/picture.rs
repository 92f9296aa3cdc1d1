//! PNG files that msx knows again: a text chunk names it, another has the digest of the pixels, so that a
//! picture that somebody changed since is not taken for one that msx wrote.

use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Keyword of the chunk that names the program, as the standard has it (PNG, 11.3.3.2).
const SOFTWARE: &str = "Software";
const PROGRAM: &str = "msx";
/// Keyword of the chunk with the digest.
const PIXELS: &str = "Pixels";

/// A PNG of bytes `[height, width, samples]`: grey of one sample, in colours of three. The same pixels
/// give the same file.
///
/// # Errors
/// The bytes are not so many, or the samples others, in words.
pub(super) fn encode(
    pixels: &[u8],
    (width, height): (usize, usize),
    samples: usize,
) -> Result<Vec<u8>, String> {
    if pixels.len() != width * height * samples {
        return Err(format!("{} bytes are no picture of {width} × {height}", pixels.len()));
    }
    let side = |side: usize| u32::try_from(side).map_err(|_| "the picture is too large".to_owned());
    let failed = |error: png::EncodingError| error.to_string();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, side(width)?, side(height)?);
    encoder.set_color(match samples {
        1 => ColorType::Grayscale,
        3 => ColorType::Rgb,
        other => return Err(format!("a picture has 1 or 3 samples a pixel, not {other}")),
    });
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    encoder.set_filter(Filter::Adaptive);
    let program = format!("{PROGRAM} {}", env!("CARGO_PKG_VERSION"));
    let digest = blake3::hash(pixels).to_string();
    for (keyword, text) in [(SOFTWARE, program), (PIXELS, digest)] {
        encoder.add_text_chunk(keyword.to_owned(), text).map_err(failed)?;
    }
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// Whether a file is a picture as msx wrote it.
pub fn is_ours(path: &Path) -> bool {
    pixels_are_as_written(path).unwrap_or(false)
}

fn pixels_are_as_written(path: &Path) -> Option<bool> {
    let mut reader = Decoder::new(BufReader::new(File::open(path).ok()?)).read_info().ok()?;
    let text = |keyword: &str| {
        let chunks = &reader.info().uncompressed_latin1_text;
        chunks.iter().find(|chunk| chunk.keyword == keyword).map(|chunk| chunk.text.clone())
    };
    let (program, expected) = (text(SOFTWARE)?, text(PIXELS)?);
    if program.split(' ').next() != Some(PROGRAM) {
        return Some(false);
    }
    let mut digest = blake3::Hasher::new();
    while let Some(row) = reader.next_row().ok()? {
        digest.update(row.data());
    }
    Some(digest.finalize().to_string() == expected)
}
