//! A folder of classes: what is read, what is left out, and what is refused.

use crate::support::{Impatient, assert_says, encoded, picture, shown, write, write_png};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma};
use msx::data::folder::{files, read};
use msx::data::memory::Forgetful;
use msx::data::{DataError, Dropped, Fold, Raster, Summary};
use msx::progress::Silent;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use tempfile::TempDir;

fn temporary() -> TempDir {
    tempfile::tempdir().expect("folder")
}

/// Reads `root` at 16 pixels.
fn ingest(root: &Path) -> Result<(Summary, Fold), DataError> {
    let target = temporary();
    let summary = read(root, Raster::eight(16), target.path(), &Silent, &Forgetful)?;
    Ok((summary, Fold::open(target.path())?))
}

#[test]
fn classes_are_the_folders_in_the_order_of_their_names() {
    let root = temporary();
    for name in ["hand/2.png", "hand/1.png", "chest/9.PNG", "chest/a.JPG"] {
        write_png(&root.path().join(name));
    }
    write(&root.path().join("README.md"), b"about the data");
    let (summary, fold) = ingest(root.path()).expect("reads");
    assert_eq!(fold.info().findings, ["chest", "hand"]);
    assert_eq!(fold.info().sources, ["chest/9.PNG", "chest/a.JPG", "hand/1.png", "hand/2.png"]);
    assert_eq!(fold.info().patients, fold.info().sources, "each image is a patient of its own");
    assert_eq!((shown(&fold, 0), shown(&fold, 3)), (vec!["chest"], vec!["hand"]));
    assert_eq!((summary.read, summary.kept, summary.dropped.len()), (4, 4, 0));
    assert_eq!(summary.label_sets, [("chest".to_owned(), 2), ("hand".to_owned(), 2)]);
    assert_eq!(files(root.path()).expect("lists").len(), 4);
}

#[test]
fn what_is_no_image_is_left_out_and_counted() {
    let root = temporary();
    write_png(&root.path().join("hand/1.png"));
    write(&root.path().join("hand/notes.txt"), b"left out");
    write(&root.path().join("hand/.hidden"), b"not even counted");
    let (summary, fold) = ingest(root.path()).expect("reads");
    assert_eq!((summary.read, summary.kept, fold.len()), (2, 1, 1));
    let dropped = Dropped { reason: "not a PNG, JPEG or TIFF".to_owned(), count: 1 };
    assert_eq!(summary.dropped, [dropped]);
    // What the summary counts is in the key.
    assert_eq!(files(root.path()).expect("lists").len(), 2);
    write_png(&root.path().join("hand/older/1.png"));
    assert_says(files(root.path()), &["hand/older is a folder", "move its images up"]);
}

fn sixteen_bits(picture: &GrayImage) -> DynamicImage {
    let (width, height) = picture.dimensions();
    let deep = ImageBuffer::from_fn(width, height, |x, y| {
        Luma([u16::from(picture.get_pixel(x, y)[0]) * 257])
    });
    DynamicImage::ImageLuma16(deep)
}

/// The same picture in other clothes gives the same pixels.
#[test]
fn depth_colour_and_format_do_not_show() {
    let root = temporary();
    let grey = picture(16, 16);
    let coloured = DynamicImage::ImageLuma8(grey.clone());
    let variants = [
        ("1-grey.png", DynamicImage::ImageLuma8(grey.clone()), ImageFormat::Png),
        ("2-deep.png", sixteen_bits(&grey), ImageFormat::Png),
        ("3-colour.png", coloured.to_rgb8().into(), ImageFormat::Png),
        ("4-transparent.png", coloured.to_rgba8().into(), ImageFormat::Png),
        ("5-deep-colour.png", coloured.to_rgb16().into(), ImageFormat::Png),
        ("6-grey.tif", DynamicImage::ImageLuma8(grey.clone()), ImageFormat::Tiff),
        ("7-deep.tiff", sixteen_bits(&grey), ImageFormat::Tiff),
    ];
    for (name, image, format) in &variants {
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, *format).expect("encodes");
        write(&root.path().join("all").join(name), bytes.get_ref());
    }
    let (_, fold) = ingest(root.path()).expect("reads");
    for (index, (name, _, _)) in variants.iter().enumerate() {
        let differs = |(a, b): (&u8, &u8)| a.abs_diff(*b) > 1;
        let wrong = fold.image(index).iter().zip(fold.image(0)).any(differs);
        assert!(!wrong, "{name}: {:?}", &fold.image(index)[..16]);
    }
}

/// Twelve of sixteen bits, as scanners store them, must not be cut to eight on the way.
#[test]
fn sixteen_bits_are_scaled_before_they_are_rounded() {
    let root = temporary();
    let deep = ImageBuffer::from_fn(16, 16, |x, y| Luma([(4 * (x + 16 * y)) as u16]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma16(deep).write_to(&mut bytes, ImageFormat::Png).expect("encodes");
    write(&root.path().join("all/dim.png"), bytes.get_ref());
    let (_, fold) = ingest(root.path()).expect("reads");
    assert_eq!(fold.image(0), (0..=255).collect::<Vec<u8>>());
}

/// A reader goes by what is in the file: many packs call a PNG `.jpg`.
#[test]
fn the_name_of_a_format_does_not_matter() {
    let root = temporary();
    write(&root.path().join("all/a.jpg"), &encoded(&picture(16, 16), ImageFormat::Png));
    write(&root.path().join("all/b.png"), &encoded(&picture(16, 16), ImageFormat::Png));
    let (_, fold) = ingest(root.path()).expect("reads");
    assert_eq!(fold.image(0), fold.image(1));
}

#[test]
fn broken_images_are_named() {
    let whole = picture(64, 64);
    let (jpeg, png) = (encoded(&whole, ImageFormat::Jpeg), encoded(&whole, ImageFormat::Png));
    let broken: [(&str, &[u8], &str); 6] = [
        ("half.jpg", &jpeg[..jpeg.len() / 2], "cut short"),
        ("nearly.jpg", &jpeg[..jpeg.len() - 2], "cut short"),
        ("half.png", &png[..png.len() / 2], "cannot decode"),
        ("text.png", b"this is a letter and no picture", "cannot decode"),
        ("empty.png", b"", "cannot decode"),
        ("start.jpg", &jpeg[..3], "cut short"),
    ];
    for (name, bytes, reason) in broken {
        let root = temporary();
        write_png(&root.path().join("all/fine.png"));
        let path = root.path().join("all").join(name);
        write(&path, bytes);
        let result = ingest(root.path());
        assert_says(result, &[&path.display().to_string(), reason, "replace the file or remove"]);
    }
}

#[test]
fn a_jpeg_with_bytes_behind_its_end_is_whole() {
    let root = temporary();
    let mut jpeg = encoded(&picture(64, 64), ImageFormat::Jpeg);
    jpeg.extend([0; 20]);
    write(&root.path().join("all/padded.jpg"), &jpeg);
    ingest(root.path()).expect("reads");
}

#[test]
fn folders_without_images_are_named() {
    let root = temporary();
    assert_says(files(root.path()), &["has no sub-folders", "a folder of its own"]);
    write_png(&root.path().join("flat.png"));
    assert_says(files(root.path()), &["has no sub-folders"]);
    write_png(&root.path().join("hand/1.png"));
    fs::create_dir(root.path().join("foot")).expect("folder");
    assert_says(ingest(root.path()), &["class `foot` is empty", "remove the folder"]);
    write_png(&root.path().join("foot/deeper/1.png"));
    assert_says(ingest(root.path()), &["foot/deeper is a folder", "move its images up"]);
}

#[test]
fn a_path_that_is_no_folder_is_named() {
    let root = temporary();
    let missing = root.path().join("nowhere");
    let name = missing.display().to_string();
    assert_says(files(&missing), &[&name, "No such file", "relative to the .msx file"]);
    write(&missing, b"a file");
    assert_says(files(&missing), &[&name, "Not a directory", "give a folder"]);
}

#[test]
fn reading_stops_on_request() {
    let root = temporary();
    write_png(&root.path().join("hand/1.png"));
    let result = read(root.path(), Raster::eight(16), temporary().path(), &Impatient, &Forgetful);
    assert!(matches!(result, Err(DataError::Stopped)), "{result:?}");
}
