//! MedMNIST: archives as NumPy writes them, folders as its package saves them, and published folds.

use crate::support::{assert_says, encoded, false_headers, picture, shown, write};
use image::ImageFormat;
use msx::data::medmnist::{Options, files, read};
use msx::data::memory::Forgetful;
use msx::data::split::{Split, read_splits};
use msx::data::subset::{Classes, Filter, SubsetConfig, plan_published};
use msx::data::{DataError, Fold, Raster, Summary};
use msx::progress::Silent;
use npyz::WriterBuilder;
use serde_json::Value;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/medmnist").join(name)
}

fn options(side: usize) -> Options {
    Options { names: None, drop_unlabelled: false, square: Raster::eight(side).into() }
}

fn ingest(path: &Path, options: &Options) -> Result<(Summary, Fold, Vec<Split>), DataError> {
    let target = tempfile::tempdir().expect("folder");
    let summary = read(path, options, target.path(), &Silent, &Forgetful)?;
    let fold = Fold::open(target.path())?;
    let splits = read_splits(target.path(), fold.len())?.expect("published folds");
    Ok((summary, fold, splits))
}

fn expected(name: &str) -> Value {
    let text = std::fs::read_to_string(golden("expected.json")).expect("golden values");
    serde_json::from_str::<Value>(&text).expect("JSON")[name].clone()
}

fn numbers(value: &Value) -> Vec<i64> {
    value.as_array().expect("a list").iter().map(|one| one.as_i64().expect("a number")).collect()
}

/// One value may be rounded either way.
fn assert_images(fold: &Fold, expected: &Value) {
    for index in 0..fold.len() {
        for (&byte, number) in fold.image(index).iter().zip(numbers(&expected[index])) {
            assert!((i64::from(byte) - number).abs() <= 1, "image {index}: {byte} for {number}");
        }
    }
}

#[test]
fn several_labels_are_findings() {
    let (summary, fold, splits) = ingest(&golden("chestmnist.npz"), &options(12)).expect("reads");
    let expected = expected("chestmnist");
    assert_eq!((fold.len(), fold.info().findings.len(), summary.read), (10, 14, 10));
    assert_eq!(fold.info().findings[..2], ["atelectasis", "cardiomegaly"]);
    for index in 0..10 {
        let labels: Vec<i64> = fold.labels(index).iter().map(|&label| label.into()).collect();
        assert_eq!(labels, numbers(&expected["labels"][index]));
    }
    assert_images(&fold, &expected["images"]);
    assert_eq!(fold.info().sources[4..6], ["train/4", "val/0"]);
    let counts = [Split::Train, Split::Valid, Split::Test]
        .map(|split| splits.iter().filter(|one| **one == split).count());
    assert_eq!(counts, [5, 2, 3]);
}

#[test]
fn one_label_is_a_class_and_colour_becomes_grey() {
    let (_, fold, _) = ingest(&golden("pathmnist_12.npz"), &options(12)).expect("reads");
    let expected = expected("pathmnist_12");
    for index in 0..10 {
        let class = numbers(&expected["labels"][index])[0] as usize;
        assert_eq!(shown(&fold, index), [fold.info().findings[class].as_str()]);
    }
    assert_eq!(fold.info().findings[3], "lymphocytes");
    assert_images(&fold, &expected["images"]);
    let mut named = options(12);
    named.names = Some((0..9).map(|number| format!("tissue {number}")).collect());
    let (_, fold, _) = ingest(&golden("pathmnist_12.npz"), &named).expect("reads");
    assert_eq!(fold.info().findings[8], "tissue 8");
    named.names = Some(vec!["one".to_owned()]);
    let parts = ["pathmnist_12.npz", "classes or findings, the names are 1: one", "`names`"];
    assert_says(ingest(&golden("pathmnist_12.npz"), &named), &parts);
}

#[test]
fn published_folds_are_taken_as_they_are() {
    let (_, fold, splits) = ingest(&golden("chestmnist.npz"), &options(12)).expect("reads");
    let config = SubsetConfig {
        filter: Filter::default(),
        classes: Classes::All,
        per_class: [None; 3],
        total: [Some(5), Some(2), Some(3)],
        split: [0.8, 0.1, 0.1],
        side: 12,
        seed: 1,
    };
    let plan = plan_published(fold.info(), fold.all_labels(), &config, &splits).expect("plans");
    assert_eq!(plan.folds, [vec![0, 1, 2, 3, 4], vec![5, 6], vec![7, 8, 9]]);
    let mut info = fold.info().clone();
    info.patients = info.patients.iter().map(|_| "same".to_owned()).collect();
    let result = plan_published(&info, fold.all_labels(), &config, &splits);
    assert_says(result, &["patient same in train and in valid", "`folds: drawn`"]);
}

/// What the package saves from the same images.
#[test]
fn a_saved_folder_is_read_in_the_order_of_the_archive() {
    let folder = tempfile::tempdir().expect("folder");
    let root = folder.path().join("pneumoniamnist");
    for (name, wide) in [
        ("train10_1.png", 12),
        ("train9_0.png", 13),
        ("val0_1.png", 14),
        ("test0_0.png", 15),
        ("test1_1.png", 16),
    ] {
        write(&root.join(name), &encoded(&picture(wide, wide), ImageFormat::Png));
    }
    write(&root.join("notes.txt"), b"saved on Monday");
    let (summary, fold, splits) = ingest(&root, &options(16)).expect("reads");
    let order = ["train9_0.png", "train10_1.png", "val0_1.png", "test0_0.png", "test1_1.png"];
    assert_eq!(fold.info().sources, order);
    assert_eq!(files(&root).expect("lists").len(), 5);
    assert_eq!(fold.info().findings, ["normal", "pneumonia"]);
    assert_eq!((shown(&fold, 0), shown(&fold, 4)), (vec!["normal"], vec!["pneumonia"]));
    assert_eq!((summary.read, summary.dropped[0].count), (6, 1));
    assert_eq!(splits[1..3], [Split::Train, Split::Valid]);
    write(&root.join("val1_1_0.png"), &encoded(&picture(12, 12), ImageFormat::Png));
    assert_says(ingest(&root, &options(16)), &["val1_1_0.png", "2 labels, others have 1"]);
    let empty = folder.path().join("empty");
    write(&empty.join("x.png"), b"");
    assert_says(ingest(&empty, &options(16)), &["empty holds no images named", "`dataset csv`"]);
}

/// An archive of one-byte arrays.
fn archive(arrays: &[(&str, &[u64], &[u8])]) -> Vec<u8> {
    let array = |shape: &[u64], bytes: &[u8]| {
        let mut array = Vec::new();
        let options = npyz::WriteOptions::new().default_dtype().shape(shape);
        let mut writer = options.writer(Cursor::new(&mut array)).begin_nd().expect("header");
        let promised = shape.iter().fold(1, |all: u64, &side| all.saturating_mul(side)) as usize;
        let values = bytes.iter().copied().cycle().take(promised.min(1 << 16));
        writer.extend(values).expect("values");
        // Arrays that promise more than they hold are what some tests are about.
        let _ = writer.finish();
        array
    };
    zipped(arrays.iter().map(|(name, shape, bytes)| (*name, array(shape, bytes))))
}

fn zipped<'a>(arrays: impl Iterator<Item = (&'a str, Vec<u8>)>) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default()).expect("zip");
        zip.write_all(&array).expect("zip");
    }
    zip.finish().expect("zip").into_inner()
}

#[test]
fn what_is_wrong_with_an_archive_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("own.npz");
    let refuses = |bytes: &[u8], parts: &[&str]| {
        write(&path, bytes);
        assert_says(ingest(&path, &options(16)), &[&["own.npz"], parts].concat());
    };
    let images: (&str, &[u64], &[u8]) = ("train_images", &[2, 8, 8], &[1, 2]);
    let labels: (&str, &[u64], &[u8]) = ("train_labels", &[2, 1], &[0, 1]);
    refuses(b"no archive", &["it is no .npz archive"]);
    refuses(&archive(&[images, labels])[..200], &["it is no .npz archive"]);
    refuses(&archive(&[labels]), &["it holds no images with labels"]);
    refuses(&archive(&[images]), &["no array train_labels"]);
    refuses(&archive(&[images, ("train_labels", &[3], &[0])]), &["[3] for 2 images"]);
    let volumes = ("train_images", &[2_u64, 8, 8, 8][..], &[1_u8][..]);
    refuses(&archive(&[volumes, labels]), &["holds volumes; only images"]);
    refuses(&archive(&[("train_images", &[2, 8], &[1]), labels]), &["the shape [2, 8]"]);
    let huge = ("train_images", &[2_u64, 1 << 31, 1 << 30][..], &[1_u8][..]);
    refuses(&archive(&[huge, labels]), &["train_images has the shape"]);
    for (array, reason) in false_headers() {
        let bytes = zipped([("train_images", array)].into_iter());
        refuses(&bytes, &["train_images has no header of NumPy's", reason]);
    }
    let short = ("train_images", &[2_u64, 4096, 4096][..], &[1_u8][..]);
    refuses(&archive(&[short, labels]), &["train_images is cut short"]);
    let many = ("train_labels", &[2_u64, 2][..], &[0_u8, 7][..]);
    refuses(&archive(&[images, many]), &["7 is no label"]);
    write(&path, &archive(&[images, labels]));
    let (_, fold, _) = ingest(&path, &options(16)).expect("reads");
    assert_eq!((fold.info().findings.join(","), shown(&fold, 1)), ("0,1".into(), vec!["1"]));
    let mut named = options(16);
    named.names = Some(vec!["only".to_owned()]);
    assert_says(ingest(&path, &named), &["2 classes or findings, the names are 1"]);
}
