//! The seed system's TFRecord files, read as another program wrote them, and the codec both ways.

use crate::support::{assert_says, false_headers, shown, write};
use msx::data::tfrecord::{Example, Records, files, read, read_record, write_record};
use msx::data::{DataError, Fold, Summary};
use msx::progress::Silent;
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tfrecord").join(name)
}

fn records(folder: &Path, side: usize) -> Records {
    Records { folder: folder.to_owned(), name: None, side, findings: None }
}

fn ingest(records: &Records) -> Result<(Summary, Fold), DataError> {
    let target = tempfile::tempdir().expect("folder");
    let summary = read(records, target.path(), &Silent)?;
    Ok((summary, Fold::open(target.path())?))
}

fn flat(value: &Value) -> Vec<u8> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_u64().expect("a number") as u8],
    }
}

#[test]
fn images_and_labels_are_those_that_were_written() {
    let text = fs::read_to_string(golden("expected.json")).expect("golden values");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let (summary, fold) = ingest(&records(&golden(""), 16)).expect("reads");
    assert_eq!(fold.pixels().slice(0..fold.len()), flat(&expected["images"]));
    assert_eq!(fold.all_labels(), flat(&expected["labels"]));
    assert_eq!((summary.kept, fold.info().findings.join(",")), (6, "0,1,2".to_owned()));
    assert_eq!(fold.info().sources[5], "set/5");
    let small = Records {
        findings: Some(["a", "b", "c"].map(str::to_owned).to_vec()),
        ..records(&golden(""), 8)
    };
    let (_, half) = ingest(&small).expect("reads");
    assert_eq!((half.info().side, half.all_labels()), (8, fold.all_labels()));
    assert!(shown(&half, 0).iter().all(|name| ["a", "b", "c"].contains(name)));
    let names = files(&small)
        .expect("there")
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned());
    assert_eq!(names, ["set-r03.tfrecords", "set-rxx.labels"]);
}

#[test]
fn what_is_missing_is_named_with_what_there_is() {
    assert_says(ingest(&records(&golden(""), 32)), &["set has no images of 32px", "8px, 16px"]);
    let named = |name: &str| Records { name: Some(name.to_owned()), ..records(&golden(""), 16) };
    ingest(&named("set")).expect("reads");
    assert_says(ingest(&named("sit")), &["no set `sit`", "there is set"]);
    let folder = tempfile::tempdir().expect("folder");
    let here = records(folder.path(), 16);
    assert_says(ingest(&here), &["no files like chest-r05.tfrecords"]);
    fs::copy(golden("set-r04.tfrecords"), folder.path().join("a-r04.tfrecords")).expect("copy");
    assert_says(ingest(&here), &["a-rxx.labels does not exist"]);
    write(&folder.path().join("b-r04.tfrecords"), b"");
    assert_says(ingest(&here), &["the sets a, b", "by `name`"]);
    let two = Records { findings: Some(vec!["a".into(), "b".into()]), ..records(&golden(""), 16) };
    assert_says(ingest(&two), &["set-rxx.labels", "3 columns, `findings` has 2 names"]);
}

#[test]
fn damage_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let labels = fs::read(golden("set-rxx.labels")).expect("golden");
    let images = fs::read(golden("set-r04.tfrecords")).expect("golden");
    let refuses = |images: &[u8], labels: &[u8], parts: &[&str]| {
        write(&folder.path().join("set-r04.tfrecords"), images);
        write(&folder.path().join("set-rxx.labels"), labels);
        assert_says(ingest(&records(folder.path(), 16)), parts);
    };
    let record = images.len() / 6;
    let flipped = |at: usize| {
        let mut bytes = images.clone();
        bytes[at] ^= 1;
        bytes
    };
    let file = "set-r04.tfrecords";
    refuses(&flipped(record + 2), &labels, &[file, "record 1", "checksum of a record's length"]);
    refuses(&flipped(record + 100), &labels, &[file, "record 1", "the checksum of a record is"]);
    refuses(&images[..images.len() - 3], &labels, &[file, "record 5 cannot be read"]);
    refuses(&images[..5 * record], &labels, &[file, "5 images, the labels are of 6"]);
    let more = [&images[..], &images[..record]].concat();
    refuses(&more, &labels, &[file, "more images than 6"]);
    refuses(&images, b"no array", &["set-rxx.labels", "no header of NumPy's"]);
    refuses(&images, &labels[..labels.len() - 4], &["set-rxx.labels"]);
    for (labels, reason) in false_headers() {
        refuses(&images, &labels, &["set-rxx.labels: it has no header of NumPy's", reason]);
    }
    let mut odd = labels.clone();
    let end = odd.len();
    odd[end - 4..].copy_from_slice(&0.5_f32.to_le_bytes());
    refuses(&images, &odd, &["it holds 0.5, which is neither"]);
    let one = |example: Example| {
        let mut bytes = Vec::new();
        write_record(&mut bytes, &example.encode()).expect("memory");
        bytes
    };
    let wide = Example { shape: vec![1, 8, 8], data: vec![0; 64] };
    refuses(&one(wide), &labels, &["record 0", "[1, 8, 8], not that of an image of 16 pixels"]);
    let short = Example { shape: vec![1, 16, 16], data: vec![0; 64] };
    refuses(&one(short), &labels, &["record 0", "64 bytes for the shape"]);
    let mut no_message = Vec::new();
    write_record(&mut no_message, &[0xff; 9]).expect("memory");
    refuses(&no_message, &labels, &["record 0", "message is cut short"]);
}

proptest! {
    #[test]
    fn records_come_back(shape in prop::collection::vec(any::<u64>(), 0..4), data: Vec<u8>) {
        let example = Example { shape, data };
        let mut bytes = Vec::new();
        write_record(&mut bytes, &example.encode()).expect("memory");
        write_record(&mut bytes, &[]).expect("memory");
        let mut stream = bytes.as_slice();
        let record = read_record(&mut stream).expect("reads").expect("a record");
        prop_assert_eq!(Example::decode(&record).expect("decodes"), example);
        prop_assert_eq!(read_record(&mut stream).expect("reads"), Some(Vec::new()));
        prop_assert_eq!(read_record(&mut stream).expect("reads"), None);
    }

    /// Foreign bytes are refused or read, and nothing else.
    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        let _ = Example::decode(&bytes);
        let _ = read_record(&mut bytes.as_slice());
    }
}
