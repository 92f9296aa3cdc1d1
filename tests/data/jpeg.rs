//! JPEGs whose averages are taken from their coefficients are what Pillow makes of them.

use crate::support::write;
use msx::data::Raster;
use msx::data::image::{Resampling, read, read_towards, to_square};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Case {
    name: String,
    width: usize,
    height: usize,
    side: usize,
    /// By how much sides shrink before pixels are made.
    factor: usize,
    expected: Vec<u8>,
}

impl Case {
    fn path(&self) -> PathBuf {
        golden().join(&self.name).with_extension("jpg")
    }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jpeg")
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(golden().join("cases.json")).expect("golden file");
    serde_json::from_str(&text).expect("JSON")
}

/// The largest difference in grey levels.
fn distance(one: &[u8], other: &[u8]) -> u8 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(0)
}

#[test]
fn squares_are_pillows_to_one_grey_level_whichever_way_they_are_made() {
    for case in cases() {
        let (path, side) = (case.path(), case.side);
        let whole = read(&path).expect("reads");
        assert_eq!((whole.width, whole.height), (case.width, case.height), "{}", case.name);
        let less = read_towards(&path, Raster::eight(side).into()).expect("reads");
        let size = (case.width / case.factor, case.height / case.factor);
        assert_eq!((less.width, less.height), size, "{}", case.name);
        for grey in [whole, less] {
            let square = to_square::<u8>(&grey, side, Resampling::Area).expect("resizes");
            let worst = distance(&square, &case.expected);
            assert!(worst <= 1, "{} from {} × {}: {worst}", case.name, grey.width, grey.height);
        }
    }
}

/// In a picture that is dark all over, whole grey levels of its file become many.
#[test]
fn dark_pictures_are_read_pixel_by_pixel() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("dark.jpg");
    for (brightest, side) in [(20_u8, 64), (220, 16)] {
        let pixels =
            image::GrayImage::from_fn(64, 64, |x, _| image::Luma([brightest.min(x as u8 * 4)]));
        pixels.save(&path).expect("saves");
        assert_eq!(
            read_towards(&path, Raster::eight(16).into()).expect("reads").width,
            side,
            "{brightest}"
        );
    }
}

/// Whatever a byte becomes, a file is read as the general way reads it, is refused, or gives a picture.
#[test]
fn damaged_files_end_in_a_picture_or_a_sentence() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("damaged.jpg");
    let mut pictures = 0;
    for case in cases().iter().filter(|case| case.factor > 1) {
        let bytes = fs::read(case.path()).expect("golden file");
        for place in (2..bytes.len()).step_by(11) {
            for changed in [0, bytes[place] ^ 1, bytes[place] ^ 0x80, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[place] = changed;
                write(&path, &damaged);
                let Ok(grey) = read_towards(&path, Raster::eight(case.side).into()) else {
                    continue;
                };
                assert_eq!(grey.pixels.len(), grey.width * grey.height);
                assert!(grey.pixels.iter().all(|pixel| pixel.is_finite()), "{} {place}", case.name);
                pictures += 1;
            }
        }
    }
    assert!(pictures > 100, "{pictures}");
}
