//! Folds that leave: every form gives the same pixels and labels back, names no patient, and is there
//! whole or not at all.

#[path = "exporting/channels.rs"]
mod channels;
#[path = "exporting/overwriting.rs"]
mod overwriting;

use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileDicomObject, InMemDicomObject, open_file};
use msx::data::dicom::samples;
use msx::data::image::shrink;
use msx::data::memory::Forgetful;
use msx::data::tfrecord::{self, Records};
use msx::data::{Channels, Depth, Fold, FoldInfo, Origin, Raster, folder, write_fold};
use msx::progress::{Monitor, Progress, Silent};
use msx::share::export::{
    self, CARD, Destination, Export, ExportError, Form, Nature, Origins, Written,
};
use msx::share::output::Inputs;
use npyz::NpyFile;
use std::fs::{self, File};
use std::path::Path;
use tempfile::TempDir;
use walkdir::WalkDir;
use zip::ZipArchive;

/// Odd, so that pixels do not fill whole words.
const SIDE: usize = 17;
const FINDINGS: [&str; 3] = ["Edema", "Pleural/Other", "ß 漢"];
const SECRET: &str = "patient00042";

type Named = Vec<(String, Fold)>;

/// A fold whose images all reach 255, as those of every data set do.
fn fold(name: &str, side: usize, labels: &[u8], origin: Origin) -> (String, Fold) {
    let temporary = tempfile::tempdir().expect("folder");
    let count = labels.len() / FINDINGS.len();
    let real = |text: &str| match origin {
        Origin::Real => (0..count).map(|at| format!("{text}{at}")).collect(),
        Origin::Synthetic => Vec::new(),
    };
    let info = FoldInfo {
        findings: FINDINGS.map(str::to_owned).to_vec(),
        side,
        depth: Depth::Eight,
        channels: Channels::One,
        count,
        origin,
        patients: real(SECRET),
        sources: real(&format!("{SECRET}/study")),
    };
    let shift = name.len();
    let pixel = |at: usize| {
        if at.is_multiple_of(side * side) { 255 } else { ((at + shift) * 37 % 256) as u8 }
    };
    let pixels: Vec<u8> = (0..count * side * side).map(pixel).collect();
    write_fold(temporary.path(), &info, &pixels, labels).expect("writes");
    (name.to_owned(), Fold::open(temporary.path()).expect("opens"))
}

/// Images with several findings, with one, and with none.
fn several(origin: Origin) -> Named {
    vec![
        fold("train", SIDE, &[1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0], origin),
        fold("valid", SIDE, &[1, 0, 0], origin),
        fold("test", SIDE, &[0, 0, 1, 1, 1, 1], origin),
    ]
}

fn export<'a>(folds: &'a Named, nature: Nature) -> Export<'a> {
    let origins = Origins {
        experiment: "chest".to_owned(),
        stage: "fold[k: 2]".to_owned(),
        key: "12ab".to_owned(),
        nature,
    };
    Export { origins, folds, depth: folds[0].1.info().depth }
}

/// Exports where nothing is read by the experiment.
fn write(
    export: &Export<'_>,
    form: Form,
    path: &Path,
    may_replace: bool,
    monitor: &dyn Monitor,
) -> Result<Written, ExportError> {
    let inputs = Inputs::default();
    export::write(export, form, &Destination { path, may_replace, inputs: &inputs }, monitor)
}

/// Exports real images into a fresh folder, whose place comes back with it.
fn exported(folds: &Named, form: Form) -> (TempDir, Written) {
    exported_at(folds, form, folds[0].1.info().depth)
}

fn exported_at(folds: &Named, form: Form, depth: Depth) -> (TempDir, Written) {
    let export = Export { depth, ..export(folds, Nature::Real) };
    let folder = tempfile::tempdir().expect("folder");
    let target = folder.path().join("deep/er/out");
    let written = write(&export, form, &target, false, &Silent).expect("exports");
    names_nobody(folder.path());
    nothing_else_in(target.parent().expect("a folder above"), &["out"]);
    (folder, written)
}

/// No patient and no path of a source is in any byte or name.
fn names_nobody(folder: &Path) {
    let mut files = 0;
    for entry in WalkDir::new(folder).into_iter().map(|entry| entry.expect("readable")) {
        assert!(!entry.path().to_string_lossy().contains(SECRET), "{}", entry.path().display());
        if entry.file_type().is_file() {
            let bytes = fs::read(entry.path()).expect("readable");
            let found = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
            assert!(!found, "{} names a patient", entry.path().display());
            files += 1;
        }
    }
    assert!(files > 0);
}

fn nothing_else_in(folder: &Path, expected: &[&str]) {
    let mut found: Vec<String> = fs::read_dir(folder)
        .expect("readable")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, expected);
}

fn pixels_of_png(path: &Path, depth: Depth) -> Vec<u8> {
    let picture = image::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    match (picture, depth) {
        (image::DynamicImage::ImageLuma8(picture), Depth::Eight) => picture.into_raw(),
        (image::DynamicImage::ImageLuma16(picture), Depth::Sixteen) => {
            let halves = picture.into_raw().into_iter().map(|value| (value / 257, value % 257));
            halves.map(|(value, rest)| u8::try_from(value + rest).expect("a byte")).collect()
        }
        (other, _) => panic!("{}: {:?}", path.display(), other.color()),
    }
}

#[test]
fn folders_hold_a_class_each_and_the_same_pixels() {
    let folds = several(Origin::Real);
    for depth in Depth::EVERY {
        let (_folder, written) = exported_at(&folds, Form::Folder, depth);
        assert_eq!((written.images, written.files), (7, 8));
        let out = written.path;
        nothing_else_in(&out, &[CARD, "test", "train", "valid"]);
        nothing_else_in(&out.join("train"), &["Edema + ß 漢", "Pleural_Other", "no finding"]);
        let at = |path: &str| pixels_of_png(&out.join(path), depth);
        assert_eq!(at("train/Edema + ß 漢/000001.png"), folds[0].1.image(0));
        assert_eq!(at("train/Pleural_Other/000002.png"), folds[0].1.image(1));
        assert_eq!(at("train/no finding/000003.png"), folds[0].1.image(2));
        assert_eq!(at("train/Pleural_Other/000004.png"), folds[0].1.image(3));
        assert_eq!(at("valid/Edema/000001.png"), folds[1].1.image(0));
        assert_eq!(at("test/ß 漢/000001.png"), folds[2].1.image(0));
    }
}

/// `dataset folder` reads what `--to folder` wrote.
#[test]
fn an_exported_fold_is_a_folder_of_classes() {
    for side in [16, 64, 256] {
        let labels = [0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0];
        let folds = vec![fold("test", side, &labels, Origin::Real)];
        let (_folder, written) = exported(&folds, Form::Folder);
        let again = tempfile::tempdir().expect("folder");
        let read =
            folder::read(&written.path, Raster::eight(side), again.path(), &Silent, &Forgetful)
                .expect("reads");
        assert_eq!((read.kept, read.findings.len()), (4, 3));
        let again = Fold::open(again.path()).expect("opens");
        assert_eq!(again.info().findings, ["Edema", "Pleural_Other", "ß 漢"]);
        // Classes come in the order of their names: Edema is shown by the second and the last.
        let order = [1, 3, 0, 2];
        for (position, original) in order.into_iter().enumerate() {
            assert_eq!(again.image(position), folds[0].1.image(original), "{side} px");
            assert_eq!(again.labels(position), folds[0].1.labels(original));
        }
    }
}

/// Reads the table and gives path, fold and labels of each row.
fn rows(table: &Path) -> Vec<(String, String, Vec<u8>)> {
    let mut table = csv::Reader::from_path(table).expect("a table");
    let head: Vec<String> = table.headers().expect("a head").iter().map(str::to_owned).collect();
    assert_eq!(head, ["path", "fold", "Edema", "Pleural/Other", "ß 漢"]);
    let row = |row: csv::StringRecord| {
        let labels = row.iter().skip(2).map(|cell| cell.parse().expect("0 or 1")).collect();
        (row[0].to_owned(), row[1].to_owned(), labels)
    };
    table.records().map(|record| row(record.expect("a row"))).collect()
}

#[test]
fn a_table_names_each_picture_with_fold_and_findings() {
    let folds = several(Origin::Real);
    let (_folder, written) = exported(&folds, Form::Table);
    assert_eq!((written.images, written.files), (7, 9));
    let rows = rows(&written.path.join("images.csv"));
    let all: Vec<(&str, &Fold, usize)> = folds
        .iter()
        .flat_map(|(name, fold)| (0..fold.len()).map(move |image| (name.as_str(), fold, image)))
        .collect();
    assert_eq!(rows.len(), all.len());
    for ((path, in_fold, labels), (name, fold, image)) in rows.iter().zip(all) {
        assert_eq!((in_fold.as_str(), labels.as_slice()), (name, fold.labels(image)));
        let pixels = pixels_of_png(&written.path.join(path), Depth::Eight);
        assert_eq!(pixels, fold.image(image), "{path}");
    }
}

fn array(archive: &mut ZipArchive<File>, name: &str) -> (Vec<u64>, Vec<u8>) {
    let array = NpyFile::new(archive.by_name(&format!("{name}.npy")).expect(name)).expect("npy");
    assert_eq!(array.dtype().descr(), "'|u1'", "{name}");
    (array.shape().to_vec(), array.into_vec().expect("bytes"))
}

fn texts(archive: &mut ZipArchive<File>, name: &str) -> Vec<String> {
    let array = NpyFile::new(archive.by_name(&format!("{name}.npy")).expect(name)).expect("npy");
    array.into_vec().expect("texts")
}

#[test]
fn arrays_are_named_as_in_medmnist() {
    let folds = several(Origin::Synthetic);
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("chest.npz");
    let export = export(&folds, Nature::Synthetic);
    write(&export, Form::Npz, &path, false, &Silent).expect("exports");
    let mut archive = ZipArchive::new(File::open(&path).expect("there")).expect("an archive");
    for ((_, fold), word) in folds.iter().zip(["train", "val", "test"]) {
        let count = fold.len() as u64;
        let side = SIDE as u64;
        let images = array(&mut archive, &format!("{word}_images"));
        assert_eq!(
            images,
            (vec![count, side, side], fold.pixels().slice(0..fold.len()).into_owned())
        );
        let labels = array(&mut archive, &format!("{word}_labels"));
        assert_eq!(labels, (vec![count, 3], fold.all_labels().to_vec()));
    }
    assert_eq!(texts(&mut archive, "findings"), FINDINGS);
    assert_eq!(texts(&mut archive, "origin"), ["synthetic"]);
    // The same folds give the same bytes.
    let again = folder.path().join("again.npz");
    write(&export, Form::Npz, &again, false, &Silent).expect("exports");
    assert!(fs::read(&path).expect("there") == fs::read(&again).expect("there"));
}

#[test]
fn classes_that_exclude_each_other_are_numbers() {
    let folds = vec![
        fold("train", SIDE, &[0, 0, 1, 1, 0, 0], Origin::Real),
        fold("test", SIDE, &[0, 1, 0], Origin::Real),
    ];
    let (_folder, written) = exported(&folds, Form::Npz);
    assert_eq!((written.images, written.files), (3, 1));
    let mut archive = ZipArchive::new(File::open(&written.path).expect("there")).expect("zip");
    assert_eq!(array(&mut archive, "train_labels"), (vec![2, 1], vec![2, 0]));
    assert_eq!(array(&mut archive, "test_labels"), (vec![1, 1], vec![1]));
    assert!(archive.by_name("val_images.npy").is_err());
}

/// `dataset tfrecord` reads what `--to tfrecord` wrote, at every side.
#[test]
fn exported_records_are_read_back_bit_for_bit() {
    let folds = vec![
        fold("train", 32, &[1, 0, 1, 0, 1, 0, 0, 0, 0], Origin::Real),
        fold("test", 32, &[0, 0, 1], Origin::Real),
    ];
    let (_folder, written) = exported(&folds, Form::TfRecord);
    // Four sides and labels of each, and the card.
    assert_eq!((written.images, written.files), (4, 11));
    nothing_else_in(&written.path, &[CARD, "test", "train"]);
    let findings = FINDINGS.map(str::to_owned).to_vec();
    for (name, fold) in &folds {
        let folder = written.path.join(name);
        for side in [32, 16, 8, 4] {
            let set = Records {
                folder: folder.clone(),
                name: None,
                side,
                findings: Some(findings.clone()),
            };
            let again = tempfile::tempdir().expect("folder");
            tfrecord::read(&set, again.path(), &Silent).expect("reads");
            let again = Fold::open(again.path()).expect("opens");
            assert_eq!((again.len(), &again.info().findings), (fold.len(), &findings));
            for image in 0..fold.len() {
                let expected = shrink(fold.image(image), 32, side).expect("a power of two");
                assert_eq!(again.image(image), expected, "{name} {image}, {side} px");
                assert_eq!(again.labels(image), fold.labels(image));
            }
        }
    }
}

/// Another program's records, read and written again.
#[test]
fn exported_records_are_those_that_another_program_writes() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tfrecord");
    let set = Records { folder: golden.clone(), name: None, side: 16, findings: None };
    let read = tempfile::tempdir().expect("folder");
    tfrecord::read(&set, read.path(), &Silent).expect("reads");
    let folds = vec![("set".to_owned(), Fold::open(read.path()).expect("opens"))];
    let (_folder, written) = exported(&folds, Form::TfRecord);
    let names = ["set-r02.tfrecords", "set-r03.tfrecords", "set-r04.tfrecords", "set-rxx.labels"];
    nothing_else_in(&written.path, &[&[CARD], &names[..]].concat());
    let bytes = |folder: &Path, name: &str| fs::read(folder.join(name)).expect("there");
    assert!(bytes(&written.path, names[2]) == bytes(&golden, names[2]));
    let numbers = |folder: &Path| {
        let array = NpyFile::new(File::open(folder.join(names[3])).expect("there")).expect("npy");
        (array.dtype().descr(), array.shape().to_vec(), array.into_vec::<f32>().expect("floats"))
    };
    assert_eq!(numbers(&written.path), numbers(&golden));
}

#[test]
fn records_hold_powers_of_two() {
    let folds = several(Origin::Real);
    let home = tempfile::tempdir().expect("folder");
    let out = home.path().join("out");
    let result = write(&export(&folds, Nature::Real), Form::TfRecord, &out, false, &Silent);
    refused(result, &["4, 8, 16, … pixels, these have 17", "another `size`"]);
    nothing_else_in(home.path(), &[]);
}

type Dicom = FileDicomObject<InMemDicomObject>;

fn text(file: &Dicom, tag: dicom_object::Tag) -> String {
    let element = file.element(tag).unwrap_or_else(|_| panic!("no {tag}"));
    element.to_str().expect("a text").trim_end_matches(['\0', ' ']).to_owned()
}

#[test]
fn dicom_files_hold_the_pixels_and_say_what_they_are() {
    let folds = several(Origin::Synthetic);
    let folder = tempfile::tempdir().expect("folder");
    let out = folder.path().join("out");
    write(&export(&folds, Nature::Synthetic), Form::Dicom, &out, false, &Silent).expect("exports");
    let mut instances = Vec::new();
    for (path, in_fold, _) in rows(&out.join("images.csv")) {
        let (_, fold) = folds.iter().find(|(name, _)| *name == in_fold).expect("a fold");
        let path = out.join(path);
        let file = open_file(&path).expect("DICOM");
        let number: usize = text(&file, tags::INSTANCE_NUMBER).parse().expect("a number");
        let image = number - 1;
        let stored = samples(&path).expect("decodes");
        let expected: Vec<i32> = fold.image(image).iter().map(|&pixel| i32::from(pixel)).collect();
        assert_eq!((stored.frames, stored.rows, stored.columns), (1, SIDE, SIDE));
        assert_eq!(stored.values, expected);
        let bytes = file.element(tags::PIXEL_DATA).expect("pixels").to_bytes().expect("bytes");
        assert_eq!(bytes.len(), (SIDE * SIDE).next_multiple_of(2));
        let findings = fold.label_set(image).name(&fold.info().findings);
        assert_eq!(text(&file, tags::IMAGE_COMMENTS), format!("findings: {findings}"));
        assert_eq!(text(&file, tags::SERIES_DESCRIPTION), in_fold);
        assert_eq!(text(&file, tags::IMAGE_TYPE), r"DERIVED\SECONDARY");
        assert_eq!(text(&file, tags::CONVERSION_TYPE), "SYN");
        assert_eq!(text(&file, tags::SYNTHETIC_DATA), "YES");
        assert!(text(&file, tags::DERIVATION_DESCRIPTION).starts_with("Synthetic: made by a"));
        assert_eq!(text(&file, tags::PATIENT_IDENTITY_REMOVED), "YES");
        for tag in [tags::PATIENT_NAME, tags::PATIENT_ID, tags::PATIENT_BIRTH_DATE] {
            assert_eq!(text(&file, tag), "", "{tag} is there and empty");
        }
        let class = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
        assert_eq!(text(&file, tags::SOP_CLASS_UID), class);
        let instance = text(&file, tags::SOP_INSTANCE_UID);
        assert!(instance.starts_with("2.25.") && instance.len() <= 64, "{instance}");
        let meta = file.meta();
        assert_eq!(meta.media_storage_sop_instance_uid.trim_end_matches('\0'), instance);
        instances.push((text(&file, tags::SERIES_INSTANCE_UID), instance));
    }
    let distinct = |list: &mut Vec<String>| {
        list.sort();
        list.dedup();
        list.len()
    };
    let (mut series, mut instances): (Vec<String>, Vec<String>) = instances.into_iter().unzip();
    assert_eq!((distinct(&mut series), distinct(&mut instances)), (3, 7));
}

#[test]
fn dicom_files_of_sixteen_bits_hold_every_level() {
    let folds = vec![fold("train", SIDE, &[1, 0, 1, 0, 1, 0], Origin::Real)];
    let (_folder, written) = exported_at(&folds, Form::Dicom, Depth::Sixteen);
    for image in 0..2 {
        let path = written.path.join(format!("images/train/{:06}.dcm", image + 1));
        let stored = samples(&path).expect("decodes");
        let pixels = folds[0].1.image(image).iter();
        assert_eq!(stored.values, pixels.map(|&pixel| 257 * i32::from(pixel)).collect::<Vec<_>>());
        let file = open_file(&path).expect("DICOM");
        let number = |tag| file.element(tag).expect("there").to_int::<u16>().expect("a number");
        let bits = [tags::BITS_ALLOCATED, tags::BITS_STORED, tags::HIGH_BIT].map(number);
        assert_eq!(bits, [16, 16, 15]);
        assert!(text(&file, tags::DERIVATION_DESCRIPTION).contains("maximum to 16 bits"));
    }
}

#[test]
fn real_images_are_not_called_synthetic() {
    let folds = several(Origin::Real);
    let (_folder, written) = exported(&folds, Form::Dicom);
    let file = open_file(written.path.join("images/valid/000001.dcm")).expect("DICOM");
    assert_eq!(text(&file, tags::CONVERSION_TYPE), "WSD");
    assert!(file.element(tags::SYNTHETIC_DATA).is_err());
    assert!(text(&file, tags::DERIVATION_DESCRIPTION).starts_with("Derived from acquired images"));
    let card = fs::read_to_string(written.path.join(CARD)).expect("a card");
    assert!(
        card.contains(r#""nature": "real""#) && card.contains("Derived from acquired"),
        "{card}"
    );
}

fn refused(result: Result<Written, ExportError>, parts: &[&str]) {
    let message = result.expect_err("this must be refused").to_string();
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}

#[test]
fn nothing_is_overwritten_without_being_asked() {
    let folds = several(Origin::Real);
    let (_folder, first) = exported(&folds, Form::Folder);
    let export = export(&folds, Nature::Real);
    let form = Form::Table;
    refused(
        write(&export, form, &first.path, false, &Silent),
        &["is there already", "--overwrite"],
    );
    assert!(first.path.join("train").is_dir());
    write(&export, form, &first.path, true, &Silent).expect("replaces");
    nothing_else_in(&first.path, &[CARD, "images", "images.csv"]);
    nothing_else_in(first.path.parent().expect("above"), &["out"]);
}

#[test]
fn what_is_no_export_is_never_replaced() {
    let folds = several(Origin::Real);
    let export = export(&folds, Nature::Real);
    let home = tempfile::tempdir().expect("folder");
    let (letters, file) = (home.path().join("letters"), home.path().join("one.npz"));
    fs::create_dir(&letters).expect("folder");
    fs::write(letters.join("mother.txt"), "dear").expect("writes");
    fs::write(&file, "dear").expect("writes");
    let form = Form::Folder;
    refused(write(&export, form, &letters, true, &Silent), &["no export of msx", "never replaced"]);
    refused(write(&export, form, &file, true, &Silent), &["is no folder"]);
    refused(write(&export, Form::Npz, &letters, true, &Silent), &["is no file"]);
    for may_replace in [false, true] {
        let result = write(&export, Form::Npz, &file, may_replace, &Silent);
        refused(result, &["is not an export as msx writes it", "never replaced"]);
    }
    assert_eq!(fs::read_to_string(&file).expect("there"), "dear");
    assert_eq!(fs::read_to_string(letters.join("mother.txt")).expect("there"), "dear");
    nothing_else_in(home.path(), &["letters", "one.npz"]);
    // An empty folder is as good as none.
    let empty = home.path().join("empty");
    fs::create_dir(&empty).expect("folder");
    write(&export, form, &empty, false, &Silent).expect("exports");
}

/// Someone who wants to stop at once.
struct Impatient;

impl Monitor for Impatient {
    fn report(&self, _: &Progress) {}
    fn stop_requested(&self) -> bool {
        true
    }
}

#[test]
fn an_export_that_is_stopped_leaves_nothing() {
    let folds = vec![fold("train", 16, &[1, 0, 1, 0, 1, 0], Origin::Real)];
    let home = tempfile::tempdir().expect("folder");
    let pictures = [Form::Folder, Form::Table];
    for form in pictures.into_iter().chain([Form::Npz, Form::Dicom, Form::TfRecord]) {
        let export = export(&folds, Nature::Real);
        let stopped = write(&export, form, &home.path().join("out"), false, &Impatient);
        assert!(matches!(stopped, Err(ExportError::Stopped)), "{stopped:?}");
        nothing_else_in(home.path(), &[]);
    }
}

#[test]
fn a_finding_named_like_a_column_is_refused_by_a_table_alone() {
    let temporary = tempfile::tempdir().expect("folder");
    let info = FoldInfo {
        findings: vec!["fold".to_owned()],
        side: 2,
        depth: Depth::Eight,
        channels: Channels::One,
        count: 1,
        origin: Origin::Real,
        patients: vec!["1".to_owned()],
        sources: vec!["1".to_owned()],
    };
    write_fold(temporary.path(), &info, &[1, 2, 3, 4], &[1]).expect("writes");
    let folds = vec![("images".to_owned(), Fold::open(temporary.path()).expect("opens"))];
    let export = export(&folds, Nature::Real);
    let home = tempfile::tempdir().expect("folder");
    let out = home.path().join("out");
    let table = Form::Table;
    refused(write(&export, table, &out, false, &Silent), &["`fold`", "column", "--to folder"]);
    write(&export, Form::Folder, &out, false, &Silent).expect("exports");
    nothing_else_in(&out, &[CARD, "fold"]);
}
