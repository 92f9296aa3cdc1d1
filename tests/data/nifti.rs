//! NIfTI volumes: values and directions as nibabel has them, labels by file, patient and folder.

use crate::support::{assert_says, shown, write};
use msx::data::dicom::pseudonym;
use msx::data::image::Grey;
use msx::data::labels::LabelTable;
use msx::data::memory::Forgetful;
use msx::data::nifti::{Axis, Collection, Range, Rows, Slicing, Table, Which, list, values};
use msx::data::scans::{Format, Keeping, Patients, ScanSummary, write_as};
use msx::data::{DataError, Fold, Raster};
use msx::progress::Silent;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/nifti").join(name)
}

fn expected() -> serde_json::Map<String, Value> {
    let text = fs::read_to_string(golden("expected.json")).expect("golden values");
    serde_json::from_str(&text).expect("JSON")
}

fn flat(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().expect("a number") as f32],
    }
}

#[track_caller]
fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (one, other) in found.iter().zip(expected) {
        assert!((one - other).abs() <= 1e-3 * other.abs().max(1.0), "{what}: {one} for {other}");
    }
}

/// The slices that are taken, of one channel each.
fn slices_of(slicing: &Slicing, path: &Path) -> Result<Vec<Grey>, DataError> {
    Ok(slicing.read(path)?.into_iter().flatten().collect())
}

#[test]
fn values_are_those_of_nibabel() {
    for (name, expected) in expected() {
        let (shape, found) = values(&golden(&name)).expect(&name);
        assert_eq!(shape.map(|side| side as f32).to_vec(), flat(&expected["shape"]), "{name}");
        assert_near(&found, &flat(&expected["values"]), &name);
    }
}

/// A window of 255 about its middle shows values as they are, less where it begins.
#[test]
fn slices_lie_as_nibabel_turns_them() {
    let range = Range::Fixed { centre: 77.5, width: 255.0 };
    for (name, expected) in expected() {
        for (axis, word) in
            [(Axis::Axial, "axial"), (Axis::Coronal, "coronal"), (Axis::Sagittal, "sagittal")]
        {
            let slicing = Slicing { axis, which: Which::All, range };
            let slices = slices_of(&slicing, &golden(&name)).expect(&name);
            let all = expected[word].as_array().expect("slices");
            assert_eq!(slices.len(), all.len(), "{name} {word}");
            assert_eq!(slicing.inspect(&golden(&name)).expect("reads").frames, all.len());
            for (slice, expected) in slices.iter().zip(all) {
                let rows = expected.as_array().expect("rows").len();
                assert_eq!(slice.height, rows, "{name} {word}");
                let wanted: Vec<f32> =
                    flat(expected).iter().map(|value| (value + 50.0).clamp(0.0, 255.0)).collect();
                assert_near(&slice.pixels, &wanted, &format!("{name} {word}"));
            }
        }
    }
}

#[test]
fn stored_axes_are_left_as_they_are() {
    let (_, values) = values(&golden("lps_u8.nii.gz")).expect("reads");
    let range = Range::Fixed { centre: 127.5, width: 255.0 };
    let of = |axis, which| Slicing { axis: Axis::Stored(axis), which, range };
    let slices = slices_of(&of(2, Which::Middle), &golden("lps_u8.nii.gz")).expect("reads");
    assert_eq!((slices.len(), slices[0].width, slices[0].height), (1, 5, 4));
    let wanted: Vec<f32> = values[20..40].iter().map(|value| value.clamp(0.0, 255.0)).collect();
    assert_near(&slices[0].pixels, &wanted, "third");
    let slices = slices_of(&of(0, Which::All), &golden("lps_u8.nii.gz")).expect("reads");
    assert_eq!((slices.len(), slices[0].width, slices[0].height), (5, 4, 3));
}

#[test]
fn slices_are_chosen_by_the_part_of_the_way() {
    let taken =
        |which: Which, count| Slicing { axis: Axis::Axial, which, range: Range::Full }.taken(count);
    assert_eq!(taken(Which::Middle, 4), [2]);
    assert_eq!(taken(Which::Between { from: 0.3, to: 0.7, step: 1 }, 10), [3, 4, 5, 6]);
    assert_eq!(taken(Which::Between { from: 0.0, to: 1.0, step: 4 }, 10), [0, 4, 8]);
}

#[test]
fn percentiles_are_of_the_whole_volume() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("v.nii");
    // Ten slices of one value each, the last far beyond the others.
    let samples: Vec<i16> = (0..10).flat_map(|z| vec![if z == 9 { 9999 } else { z }; 4]).collect();
    write(&path, &volume([2, 2, 10], &samples));
    let of = |range| Slicing { axis: Axis::Axial, which: Which::All, range };
    let slices = slices_of(&of(Range::Percentiles { low: 0.1, high: 0.9 }), &path).expect("reads");
    let shown: Vec<f32> = slices.iter().map(|slice| slice.pixels[0]).collect();
    assert_eq!((shown[0], shown[4], shown[8], shown[9]), (0.0, 127.5, 255.0, 255.0));
    let slices = slices_of(&of(Range::Full), &path).expect("reads");
    assert!(slices[8].pixels[0] < 1.0, "the greatest value decides");
}

/// A NIfTI-1 file of sixteen bits, little endian, without any orientation.
fn volume(shape: [i16; 3], samples: &[i16]) -> Vec<u8> {
    let mut bytes = vec![0; 352];
    bytes[..4].copy_from_slice(&348_i32.to_le_bytes());
    for (place, side) in [3, shape[0], shape[1], shape[2]].into_iter().enumerate() {
        bytes[40 + 2 * place..42 + 2 * place].copy_from_slice(&side.to_le_bytes());
    }
    bytes[70..72].copy_from_slice(&4_i16.to_le_bytes());
    bytes[108..112].copy_from_slice(&352_f32.to_le_bytes());
    bytes[344..348].copy_from_slice(b"n+1\0");
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

fn gradient() -> Vec<u8> {
    volume([8, 8, 4], &(0..256).collect::<Vec<i16>>())
}

struct Pack {
    folder: TempDir,
}

impl Pack {
    fn new() -> Pack {
        let pack = Pack { folder: tempfile::tempdir().expect("folder") };
        for name in ["ill/anna/1.nii", "ill/anna/2.nii", "well/otto_T1.nii", "well/eva.nii"] {
            write(&pack.at("volumes").join(name), &gradient());
        }
        write(&pack.at("volumes/ill/notes.txt"), b"not a volume");
        pack
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn folders(&self) -> Collection {
        Collection { folder: self.at("volumes"), table: None, patients: Patients::File }
    }

    fn table(&self, file: &str, text: &str, rows: Rows) -> Collection {
        write(&self.at(file), text.as_bytes());
        let labels = LabelTable::new(self.at(file), "who");
        Collection { table: Some(Table { labels, rows }), ..self.folders() }
    }

    fn read(&self, collection: &Collection, skip: bool) -> Result<(ScanSummary, Fold), DataError> {
        let keeping = Keeping {
            square: Raster::eight(8).into(),
            skip_unreadable: skip,
            patient_key: "msx".to_owned(),
        };
        let which = Which::Between { from: 0.25, to: 0.75, step: 1 };
        let slicing = Slicing { axis: Axis::Axial, which, range: Range::Full };
        let target = self.at("fold");
        let summary =
            write_as(&list(collection)?, &slicing, &keeping, &target, &Silent, &Forgetful)?;
        Ok((summary, Fold::open(&target)?))
    }
}

#[test]
fn sub_folders_are_classes() {
    let pack = Pack::new();
    let (summary, fold) = pack.read(&pack.folders(), false).expect("reads");
    assert_eq!(fold.info().findings, ["ill", "well"]);
    assert_eq!(
        fold.info().sources[..3],
        ["ill/anna/1.nii#2", "ill/anna/1.nii#3", "ill/anna/2.nii#2"]
    );
    assert_eq!((fold.len(), shown(&fold, 0), shown(&fold, 7)), (8, vec!["ill"], vec!["well"]));
    let dropped: Vec<(&str, usize)> =
        summary.summary.dropped.iter().map(|one| (one.reason.as_str(), one.count)).collect();
    assert_eq!(dropped, [("no volume in a sub-folder", 1), ("other slices of a volume", 8)]);
    assert_eq!(summary.summary.patients, 4);
}

#[test]
fn a_table_of_patients_covers_all_their_volumes() {
    let pack = Pack::new();
    let text = "who\tDementia\nanna\t1\notto\t0\n";
    let (summary, fold) =
        pack.read(&pack.table("p.tsv", text, Rows::Patients), false).expect("reads");
    assert_eq!((fold.len(), summary.summary.patients), (6, 2));
    assert_eq!(fold.info().patients[3], pseudonym("msx", "anna"));
    assert_eq!((shown(&fold, 0), shown(&fold, 5)), (vec!["Dementia"], vec![]));
    let reason = "volume of a patient without a row";
    assert!(summary.summary.dropped.iter().any(|one| one.reason == reason && one.count == 1));
    let missing = pack.table("p.csv", "who,A\nanna,1\njohn,1\n", Rows::Patients);
    assert_says(list(&missing), &["p.csv, line 3", "is of john", "folder of that name"]);
    let twice = pack.table("p.csv", "who,A\nanna,1\nill,1\n", Rows::Patients);
    assert_says(list(&twice), &["may be of anna and of ill"]);
}

#[test]
fn a_table_of_files_names_each() {
    let pack = Pack::new();
    let text = "who,A,person\nwell/eva.nii,1,7\nill/anna/1.nii,0,8\n";
    let mut collection = pack.table("f.csv", text, Rows::Files);
    collection.patients = Patients::Column("person".to_owned());
    let (_, fold) = pack.read(&collection, false).expect("reads");
    assert_eq!(fold.info().sources[0], "well/eva.nii#2");
    assert_eq!(fold.info().patients[0], pseudonym("msx", "7"));
    let missing = pack.table("f.csv", "who,A\nwell/eva.nii.gz,1\n", Rows::Files);
    assert_says(list(&missing), &["line 2", "well/eva.nii.gz does not exist"]);
}

#[test]
fn volumes_that_cannot_be_read_are_named() {
    let pack = Pack::new();
    let path = pack.at("volumes/well/eva.nii");
    let whole = gradient();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let side = 32_767_i16.to_le_bytes();
    let cases: [(&[u8], &str); 11] = [
        (b"no volume", "it is no NIfTI file"),
        (&whole[..400], "promises 864 bytes, which 400 cannot hold"),
        (&with(344, b"ni1\0"), "voxels are in a file of their own"),
        (&with(344, b"xxx\0"), "it is no NIfTI file"),
        (&with(42, &[side, side, side].concat()), "more than a volume may"),
        (&with(42, &[side, side].concat()), "more than a volume may"),
        (&with(42, &side), "cannot hold"),
        (&with(42, &0_i16.to_le_bytes()), "its sides are 0 × 8 × 4"),
        (&with(40, &9_i16.to_le_bytes()), "it has 9 dimensions"),
        (&with(70, &128_i16.to_le_bytes()), "its voxels are colours"),
        (&with(108, &f32::NAN.to_le_bytes()), "its voxels begin at NaN"),
    ];
    for (bytes, reason) in cases {
        write(&path, bytes);
        assert_says(pack.read(&pack.folders(), false), &["eva.nii", reason, "convert it to"]);
        let (summary, fold) = pack.read(&pack.folders(), true).expect("skips");
        assert_eq!((fold.len(), summary.skipped[0].file.as_str()), (6, "well/eva.nii"));
    }
    // Deflated: a header that promises what so few bytes cannot become, and a stream cut short.
    let packed = fs::read(golden("lps_u8.nii.gz")).expect("golden");
    write(&path, &packed[..packed.len() - 40]);
    assert_says(pack.read(&pack.folders(), false), &["eva.nii", "cut short or damaged"]);
}

/// Whatever a header says, the file is read or refused.
#[test]
fn any_header_is_survived() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("v.nii");
    let slicing = Slicing { axis: Axis::Coronal, which: Which::All, range: Range::Full };
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        state >> 33
    };
    let mut read = 0;
    for original in ["ras_i16.nii", "lia_f64_two.nii"] {
        let whole = fs::read(golden(original)).expect("golden");
        for _ in 0..1500 {
            let mut bytes = whole.clone();
            for _ in 0..=next() % 3 {
                let at = (next() % 540) as usize % bytes.len();
                bytes[at] = next() as u8;
            }
            write(&path, &bytes);
            read += usize::from(slicing.read(&path).is_ok());
        }
    }
    assert!(read > 500, "only {read} of 3000 were read");
}
