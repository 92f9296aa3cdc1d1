//! Small files to read, and one way to look at messages.

use image::{GrayImage, ImageFormat, Luma};
use msx::data::{Channels, DataError, Depth, Fold, FoldInfo, Origin};
use msx::progress::{Monitor, Progress};
use std::fs;
use std::io::Cursor;
use std::path::Path;

/// Someone who wants to stop at once.
pub struct Impatient;

impl Monitor for Impatient {
    fn report(&self, _: &Progress) {}
    fn stop_requested(&self) -> bool {
        true
    }
}

/// A grey picture that no two rows or columns of are alike.
pub fn picture(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([((x * 37 + y * 91) % 251 + 5) as u8]))
}

/// Writes bytes into a file, with the folders above it.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder above")).expect("folder");
    fs::write(path, bytes).expect("write");
}

/// The picture as a file of the given format.
pub fn encoded(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("encodes");
    bytes.into_inner()
}

/// A PNG of 16 pixels.
pub fn write_png(path: &Path) {
    write(path, &encoded(&picture(16, 16), ImageFormat::Png));
}

/// An array of NumPy's: its header, whatever that says, and the bytes behind it.
pub fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

/// Headers that promise what no array holds, each with what a message says of it.
pub fn false_headers() -> Vec<(Vec<u8>, &'static str)> {
    let of = |shape: &str| {
        npy(&format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n"), &[1; 8])
    };
    let deep = format!("{}{}", "(".repeat(30_000), ")".repeat(30_000));
    let mut endless = of("(2, 4)");
    endless.splice(6..10, [2, 0, 255, 255, 255, 255]);
    vec![
        (of("(4294967296, 4294967296, 2)"), "its shape is too large"),
        (of("(0, 9223372036854775808, 4)"), "its shape is too large"),
        (of("(0xffffffffffffffff, 2)"), "its shape is not of whole numbers"),
        (of("(18446744073709551616, 2)"), "its shape is not of whole numbers"),
        (of(r"(2, 4), 'a\'': (4294967296, 4294967296)"), "a backslash"),
        (of("(2, 4), '''a'b''': (4294967296, 4294967296)"), "a text of several lines"),
        (of(&deep), "nested too deeply"),
        (endless, "its header has 4294967295 bytes"),
    ]
}

/// The message of an error, which must hold every part.
#[track_caller]
pub fn assert_says<T>(result: Result<T, DataError>, parts: &[&str]) {
    let message = result.err().expect("this must be refused").to_string();
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}

/// The positions of an image's findings that it shows, by name.
pub fn shown(fold: &Fold, index: usize) -> Vec<&str> {
    let row = fold.labels(index).iter().zip(&fold.info().findings);
    row.filter(|(label, _)| **label != 0).map(|(_, name)| name.as_str()).collect()
}

/// Findings, patients and sources for a fold of `count` images by two patients in turn.
pub fn info(count: usize, side: usize, findings: &[&str]) -> FoldInfo {
    FoldInfo {
        findings: findings.iter().map(|name| (*name).to_owned()).collect(),
        side,
        depth: Depth::Eight,
        channels: Channels::One,
        count,
        origin: Origin::Real,
        patients: (0..count).map(|number| format!("patient{}", number % 2)).collect(),
        sources: (0..count).map(|number| format!("image{number}.png")).collect(),
    }
}
