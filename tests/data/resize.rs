//! Images as Pillow makes them.

use crate::support::write;
use image::{ImageFormat, RgbImage};
use msx::data::image::{Grey, Resampling, enlarge, read, shrink, to_square};
use serde_json::Value;
use std::io::Cursor;
use std::path::Path;

fn golden() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/resize.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("golden file")).expect("JSON")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list").as_slice()
}

fn numbers(value: &Value) -> Vec<f32> {
    list(value).iter().map(|one| one.as_f64().expect("a number") as f32).collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    numbers(value).into_iter().map(|number| number as u8).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().expect("a size") as usize
}

fn picture(case: &Value) -> Grey {
    let (width, height) = (size(&case["width"]), size(&case["height"]));
    Grey { width, height, pixels: numbers(&case["pixels"]) }
}

/// Largest difference between two pictures, in grey levels.
#[track_caller]
fn distance(ours: impl IntoIterator<Item = f32>, theirs: &[f32]) -> f32 {
    let ours: Vec<f32> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}

#[test]
fn squares_are_pillows_to_one_grey_level() {
    for case in list(&golden()["squares"]) {
        let grey = picture(case);
        let square =
            to_square::<u8>(&grey, size(&case["side"]), Resampling::Area).expect("resizes");
        let worst = distance(square.into_iter().map(f32::from), &numbers(&case["expected"]));
        assert!(worst <= 1.0, "{} × {}: {worst}", grey.width, grey.height);
    }
}

#[test]
fn bicubic_squares_are_pillows_to_one_grey_level() {
    for case in list(&golden()["bicubic"]) {
        let grey = picture(case);
        let side = size(&case["side"]);
        let square = to_square::<u8>(&grey, side, Resampling::Bicubic).expect("resizes");
        let worst = distance(square.into_iter().map(f32::from), &numbers(&case["expected"]));
        assert!(worst <= 1.0, "{} × {}: {worst}", grey.width, grey.height);
    }
}

#[test]
fn enlarging_is_pillows() {
    for case in list(&golden()["enlarged"]) {
        let ours = enlarge(&bytes(&case["pixels"]), size(&case["side"]), size(&case["wanted"]));
        let worst = distance(ours, &numbers(&case["expected"]));
        assert!(worst < 2e-3, "to {}: {worst}", case["wanted"]);
    }
}

#[test]
fn halving_is_pillows() {
    for case in list(&golden()["halved"]) {
        let side = size(&case["side"]);
        let ours = shrink(&bytes(&case["pixels"]), side, side / 2).expect("a half");
        assert_eq!(ours, bytes(&case["expected"]));
    }
}

#[test]
fn halving_goes_by_powers_of_two_alone() {
    let image: Vec<u8> = (0..=255).collect();
    assert_eq!(shrink(&image, 16, 16), Some(image.clone()));
    let once = shrink(&image, 16, 8).expect("a half");
    assert_eq!(shrink(&image, 16, 4), shrink(&once, 8, 4), "rounded at every step");
    assert_eq!(shrink(&[0_u8, 1, 1, 0], 2, 1), Some(vec![1]), "a half is rounded up");
    for wanted in [3, 5, 12, 32] {
        assert_eq!(shrink(&image, 16, wanted), None, "{wanted}");
    }
    assert_eq!(shrink(&[0_u8; 36], 6, 2), None, "6, 3, and no further");
}

#[test]
fn the_brightest_pixel_becomes_white_and_black_stays_black() {
    let grey = |pixels: Vec<f32>| Grey { width: 2, height: 2, pixels };
    let square =
        to_square::<u8>(&grey(vec![0.0, 10.0, 25.0, 50.0]), 2, Resampling::Area).expect("as it is");
    assert_eq!(square, [0, 51, 128, 255]);
    assert_eq!(to_square(&grey(vec![0.0; 4]), 2, Resampling::Area), Ok(vec![0_u8; 4]));
}

/// The whole picture is kept, without border or cut, so a long one is squeezed.
#[test]
fn a_long_picture_is_squeezed() {
    let pixels: Vec<f32> = (0..8).flat_map(|_| (0..32).map(|x| x as f32)).collect();
    let square = to_square::<u8>(&Grey { width: 32, height: 8, pixels }, 8, Resampling::Area)
        .expect("resizes");
    let first: Vec<u8> = square[..8].to_vec();
    assert!(first.windows(2).all(|pair| pair[0] < pair[1]), "{first:?}");
    assert!(first[0] < 20 && first[7] == 255, "both ends are there: {first:?}");
    assert_eq!(&square[56..], &first[..]);
}

#[test]
fn a_picture_without_pixels_is_an_error() {
    assert!(
        to_square::<u8>(&Grey { width: 0, height: 0, pixels: Vec::new() }, 8, Resampling::Area)
            .is_err()
    );
}

#[test]
fn colour_becomes_grey_as_in_pillow() {
    let golden = golden();
    let case = &golden["grey"];
    let (width, height) = (size(&case["width"]) as u32, size(&case["height"]) as u32);
    let colours = RgbImage::from_raw(width, height, bytes(&case["colours"])).expect("fits");
    let mut file = Cursor::new(Vec::new());
    colours.write_to(&mut file, ImageFormat::Png).expect("encodes");
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("colour.png");
    write(&path, file.get_ref());
    let grey = read(&path).expect("reads");
    assert_eq!((grey.width, grey.height), (8, 6));
    let worst = distance(grey.pixels.iter().map(|v| v * 255.0), &numbers(&case["expected"]));
    assert!(worst <= 1.0, "{worst}");
}
