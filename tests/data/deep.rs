//! Pictures of sixteen bits: what files hold is what folds hold.

use crate::dicom_file::Picture;
use crate::real::pack;
use crate::support::{assert_says, info, picture, write};
use image::{DynamicImage, ImageBuffer, ImageFormat, Luma};
use msx::data::depth::{Deep, Pixel};
use msx::data::dicom::{self, Window};
use msx::data::image::{Grey, Resampling, resized, shrink, to_square};
use msx::data::memory::Forgetful;
use msx::data::{Depth, Fold, FoldInfo, Raster, folder, write_fold, write_part};
use msx::progress::Silent;
use serde_json::Value;
use std::fs;
use std::io::Cursor;
use std::path::Path;

const SIDE: usize = 16;
const DEEP: Raster = Raster { depth: Depth::Sixteen, ..Raster::eight(SIDE) };

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/deep.json")).expect("JSON")
}

fn cases(golden: &Value) -> &[Value] {
    golden.as_array().expect("a list")
}

fn numbers(value: &Value) -> Vec<u16> {
    let all = cases(value).iter().map(|one| one.as_u64().expect("a number"));
    all.map(|one| u16::try_from(one).expect("sixteen bits")).collect()
}

fn size(value: &Value) -> usize {
    value.as_u64().expect("a size") as usize
}

fn levels(image: &[u8]) -> Vec<u16> {
    Deep::of_bytes(image).iter().map(|pixel| pixel.level()).collect()
}

fn deep(levels: &[u16]) -> Vec<Deep> {
    levels.iter().map(|&level| Deep::from_level(level)).collect()
}

/// As far from each other as sixteen bits tell, in levels.
fn distance(ours: &[u16], theirs: &[u16]) -> u16 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(0)
}

/// Levels that eight bits do not hold, white among them.
fn fine() -> Vec<u16> {
    let level = |place: u16| if place == 100 { u16::MAX } else { place.wrapping_mul(40_503) };
    (0..(SIDE * SIDE) as u16).map(level).collect()
}

fn read_at(root: &Path, raster: Raster) -> Fold {
    let target = tempfile::tempdir().expect("folder");
    folder::read(root, raster, target.path(), &Silent, &Forgetful).expect("reads");
    Fold::open(target.path()).expect("opens")
}

fn save(path: &Path, image: DynamicImage, format: ImageFormat) {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encodes");
    write(path, bytes.get_ref());
}

#[test]
fn every_level_of_a_file_is_in_the_fold() {
    let root = tempfile::tempdir().expect("folder");
    let levels_of_file = fine();
    let side = SIDE as u32;
    let image = ImageBuffer::<Luma<u16>, _>::from_raw(side, side, levels_of_file.clone());
    let image = DynamicImage::ImageLuma16(image.expect("fits"));
    save(&root.path().join("all/a.png"), image.clone(), ImageFormat::Png);
    save(&root.path().join("all/b.tif"), image, ImageFormat::Tiff);
    let fold = read_at(root.path(), DEEP);
    assert_eq!((fold.info().depth, fold.info().side), (Depth::Sixteen, SIDE));
    for index in 0..2 {
        assert_eq!(levels(fold.image(index)), levels_of_file, "image {index}");
        assert_eq!(fold.digest(index), blake3::hash(fold.image(index)).as_bytes());
    }
    // The same file at eight bits is the nearest that they hold.
    let coarse = read_at(root.path(), Raster::eight(SIDE));
    let nearest: Vec<u8> =
        levels_of_file.iter().map(|&level| (f64::from(level) / 257.0).round() as u8).collect();
    assert_eq!(coarse.image(0), nearest);
    assert_eq!(*fold.pixels().at_depth(0, Depth::Eight), *nearest);
}

#[test]
fn eight_bits_become_sixteen_times_257() {
    let root = tempfile::tempdir().expect("folder");
    let mut narrow = picture(16, 16);
    narrow.put_pixel(3, 3, Luma([255]));
    save(&root.path().join("all/a.png"), narrow.clone().into(), ImageFormat::Png);
    let fold = read_at(root.path(), DEEP);
    let wide: Vec<u16> = narrow.iter().map(|&pixel| u16::from(pixel) * 257).collect();
    assert_eq!(levels(fold.image(0)), wide);
    let widened = Depth::Sixteen.convert(narrow.as_raw().as_slice(), Depth::Eight);
    assert_eq!(*widened, *fold.image(0));
    assert_eq!(*Depth::Eight.convert(widened, Depth::Sixteen), **narrow.as_raw());
}

#[test]
fn deep_squares_are_pillows() {
    let golden = golden();
    for case in cases(&golden["squares"]) {
        let pixels = numbers(&case["pixels"]).into_iter().map(f32::from).collect();
        let grey = Grey { width: size(&case["width"]), height: size(&case["height"]), pixels };
        let square =
            to_square::<Deep>(&grey, size(&case["side"]), Resampling::Area).expect("resizes");
        let square: Vec<u16> = square.iter().map(|pixel| pixel.level()).collect();
        let worst = distance(&square, &numbers(&case["expected"]));
        assert!(worst <= 1, "{} × {}: {worst} of 65535", grey.width, grey.height);
        let distinct: std::collections::BTreeSet<u16> = square.into_iter().collect();
        assert!(distinct.iter().any(|level| level % 257 != 0), "no more than eight bits");
    }
}

#[test]
fn deep_boxes_are_averaged_and_rounded_as_numpy_does() {
    let golden = golden();
    for case in cases(&golden["halved"]) {
        let side = size(&case["side"]);
        let half = shrink(&deep(&numbers(&case["pixels"])), side, side / 2).expect("a half");
        assert_eq!(half, deep(&numbers(&case["expected"])));
    }
    assert_eq!(shrink(&deep(&[0, 1, 1, 0]), 2, 1), Some(deep(&[1])), "a half is rounded up");
    assert_eq!(shrink(&deep(&[u16::MAX; 4]), 2, 1), Some(deep(&[u16::MAX])));
}

/// Scanners say more than 256 levels, and a window keeps what lies in it.
#[test]
fn deep_scans_are_pydicoms() {
    let Some(folder) = pack("dicom-samples") else { return };
    let golden = golden();
    for case in cases(&golden["scans"]) {
        let number = |name: &str| case[name].as_f64().expect("a number");
        let window = Window::Fixed { centre: number("centre"), width: number("width") };
        let path = folder.join(case["file"].as_str().expect("a name"));
        let grey = dicom::values(&path).expect("reads").grey(0, window);
        let square =
            to_square::<Deep>(&grey, size(&case["rows"]), Resampling::Area).expect("as it is");
        let square: Vec<u16> = square.iter().map(|pixel| pixel.level()).collect();
        let kept: Vec<u16> = square.iter().copied().step_by(size(&case["step"])).collect();
        let worst = distance(&kept, &numbers(&case["expected"]));
        assert!(worst <= 1, "{}: {worst} of 65535", path.display());
        let distinct: std::collections::BTreeSet<u16> = square.into_iter().collect();
        assert!(distinct.len() > 256, "{} levels", distinct.len());
        assert_eq!(distinct.len(), size(&case["distinct"]), "{}", path.display());
    }
}

#[test]
fn twelve_bits_of_a_scan_are_sixteen_of_a_fold() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("a.dcm");
    let samples: Vec<u16> = (0..256).map(|place| place * 16 + place % 15).collect();
    Picture::grey(16, 16, &samples).write(&path);
    let grey = dicom::values(&path).expect("reads").grey(0, Window::Full);
    let square = to_square::<Deep>(&grey, SIDE, Resampling::Area).expect("as it is");
    let most = f64::from(samples[255]);
    for (pixel, sample) in square.iter().zip(samples) {
        let expected = (f64::from(sample) / most * 65535.0).round();
        assert!((f64::from(pixel.level()) - expected).abs() <= 1.0, "{sample}: {pixel:?}");
    }
}

fn fold_of(raster: Raster, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("folder");
    let count = bytes.len() / raster.bytes();
    let info = FoldInfo { depth: raster.depth, ..info(count, raster.side, &["A"]) };
    write_fold(folder.path(), &info, bytes, &vec![1; count]).expect("writes");
    folder
}

/// Folds of eight bits are what they were, byte by byte; numpy reads both.
#[test]
fn the_form_on_disk_says_how_deep_pixels_are() {
    let eight = fold_of(Raster::eight(2), &[1, 2, 3, 4]);
    let text = |folder: &Path| fs::read_to_string(folder.join("fold.json")).expect("there");
    assert!(!text(eight.path()).contains("depth"), "{}", text(eight.path()));
    let header = |folder: &Path| {
        let bytes = fs::read(folder.join("images.npy")).expect("there");
        String::from_utf8_lossy(&bytes[10..74]).into_owned()
    };
    assert!(header(eight.path()).contains("'|u1'"));
    let raster = Raster { depth: Depth::Sixteen, ..Raster::eight(2) };
    let sixteen = fold_of(raster, &[1, 0, 0, 1, 3, 0, 255, 255]);
    assert!(text(sixteen.path()).contains("\"depth\": 16"), "{}", text(sixteen.path()));
    assert!(header(sixteen.path()).contains("'<u2'"), "{}", header(sixteen.path()));
    let values: Vec<u16> =
        npyz::NpyFile::new(fs::File::open(sixteen.path().join("images.npy")).expect("there"))
            .expect("an array")
            .into_vec()
            .expect("numbers");
    assert_eq!(values, [1, 256, 3, 65535]);
    // What does not fit together is refused.
    let swapped = sixteen.path().join("images.npy");
    fs::copy(eight.path().join("images.npy"), &swapped).expect("copies");
    assert_says(
        Fold::open(sixteen.path()),
        &["images.npy", "its values have 8 bits where 16 belong", "delete the cache entry"],
    );
    let whole = fs::read(eight.path().join("fold.json")).expect("there");
    let wrong =
        String::from_utf8(whole).expect("text").replace("\"side\"", "\"depth\": 12, \"side\"");
    fs::write(eight.path().join("fold.json"), wrong).expect("writes");
    assert_says(Fold::open(eight.path()), &["fold.json", "pixels of 12 bits are not known"]);
}

#[test]
fn a_part_of_a_deep_fold_is_as_deep() {
    let bytes: Vec<u8> = (0..3 * DEEP.bytes()).map(|at| (at * 7 % 251) as u8).collect();
    let folder = fold_of(DEEP, &bytes);
    let whole = Fold::open(folder.path()).expect("opens");
    let part = folder.path().join("part");
    let info = FoldInfo { depth: Depth::Sixteen, ..info(2, SIDE, &["A"]) };
    write_part(&part, &whole, &[2, 0], &info, &[1, 1]).expect("writes");
    let part = Fold::open(&part).expect("opens");
    assert_eq!((part.image(0), part.image(1)), (whole.image(2), whole.image(0)));
    assert_eq!(part.digest(0), whole.digest(2));
    let narrow = FoldInfo { depth: Depth::Eight, ..info };
    let refused = write_part(&folder.path().join("narrow"), &whole, &[2, 0], &narrow, &[1, 1]);
    assert!(refused.is_err(), "a fold of other pixels");
}

/// What is shown is the same picture, whatever its depth.
#[test]
fn deep_images_are_shown_at_eight_bits() {
    let narrow = picture(16, 16).into_raw();
    let wide = Depth::Sixteen.convert(narrow.as_slice(), Depth::Eight).into_owned();
    let folder = fold_of(DEEP, &wide);
    let fold = Fold::open(folder.path()).expect("opens");
    let seen = fold.pixels().at_depth(0, Depth::Eight);
    assert_eq!(resized(&seen, SIDE, 8), resized(&narrow, SIDE, 8));
    let hash = |image: &[u8], raster| {
        msx::data::perceptual::thumbnail(image, raster)
            .map(|found| msx::data::perceptual::hash(&found))
    };
    assert!(hash(&narrow, Raster::eight(SIDE)).is_some());
    assert_eq!(hash(&wide, DEEP), hash(&narrow, Raster::eight(SIDE)));
    let misread = hash(&wide[..SIDE * SIDE], Raster::eight(SIDE));
    assert_ne!(misread, hash(&narrow, Raster::eight(SIDE)), "bytes are taken for pixels");
    assert_eq!(hash(&deep(&[257; 256]).concat(), DEEP), None, "blank");
}
