//! Folders of DICOM files, with a table of labels or a sub-folder a class.

use crate::dicom_file::Picture;
use crate::support::{assert_says, shown, write};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use msx::data::dicom::collection::{Collection, list};
use msx::data::dicom::{Window, pseudonym};
use msx::data::labels::LabelTable;
use msx::data::memory::Forgetful;
use msx::data::scans::{Frames, Keeping, Patients, Reading, ScanSummary, write as write_fold};
use msx::data::{DataError, Fold, Raster};
use msx::progress::Silent;
use std::path::PathBuf;
use tempfile::TempDir;

struct Pack {
    folder: TempDir,
}

fn picture(patient: &str) -> Picture {
    Picture::grey(8, 8, &(0..64).collect::<Vec<u16>>()).text(tags::PATIENT_ID, VR::LO, patient)
}

impl Pack {
    /// Two classes; one file without an ending, one in a folder of its own, one of three frames.
    fn new() -> Pack {
        let pack = Pack { folder: tempfile::tempdir().expect("folder") };
        picture("anna").write(&pack.at("scans/healthy/1.dcm"));
        picture("anna").write(&pack.at("scans/healthy/series/IM0001"));
        picture("otto").write(&pack.at("scans/stroke/3.dcm"));
        let frames: Vec<u16> = (0..3 * 64).collect();
        Picture::grey(8, 8, &frames)
            .text(tags::NUMBER_OF_FRAMES, VR::IS, "3")
            .text(tags::PATIENT_ID, VR::LO, "otto")
            .write(&pack.at("scans/stroke/4.dcm"));
        pack
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn folders(&self) -> Collection {
        Collection { folder: self.at("scans"), labels: None, patients: Patients::Tag }
    }

    fn table(&self, text: &str) -> Collection {
        let csv = self.at("labels.csv");
        write(&csv, text.as_bytes());
        Collection { labels: Some(LabelTable::new(csv, "path")), ..self.folders() }
    }

    fn read(
        &self,
        collection: &Collection,
        frames: Frames,
    ) -> Result<(ScanSummary, Fold), DataError> {
        let reading = Reading {
            keeping: Keeping {
                square: Raster::eight(8).into(),
                skip_unreadable: false,
                patient_key: "msx".to_owned(),
            },
            windows: vec![Window::File],
            frames,
        };
        let target = self.at("fold");
        let summary = write_fold(&list(collection)?, &reading, &target, &Silent, &Forgetful)?;
        Ok((summary, Fold::open(&target)?))
    }
}

#[test]
fn sub_folders_are_classes() {
    let pack = Pack::new();
    write(&pack.at("scans/healthy/notes.txt"), b"not an image");
    write(&pack.at("scans/.hidden/x.dcm"), b"passed over");
    picture("x").write(&pack.at("scans/DICOMDIR"));
    let (summary, fold) = pack.read(&pack.folders(), Frames::Every).expect("reads");
    assert_eq!(fold.info().findings, ["healthy", "stroke"]);
    let sources = &fold.info().sources;
    let expected = ["healthy/1.dcm", "healthy/series/IM0001", "stroke/3.dcm"];
    assert_eq!(sources[..3], expected);
    assert_eq!(sources[3..], ["stroke/4.dcm#1", "stroke/4.dcm#2", "stroke/4.dcm#3"]);
    assert_eq!((shown(&fold, 0), shown(&fold, 5)), (vec!["healthy"], vec!["stroke"]));
    let anna = pseudonym("msx", "anna");
    assert_eq!(fold.info().patients[..2], [anna.clone(), anna]);
    let summary = summary.summary;
    assert_eq!((summary.read, summary.kept, summary.patients), (6, 6, 2));
    assert_eq!((summary.dropped[0].count, summary.dropped.len()), (2, 1));
}

#[test]
fn of_many_frames_one_may_be_taken() {
    let pack = Pack::new();
    for (frames, number) in [(Frames::First, 1), (Frames::Middle, 2)] {
        let (summary, fold) = pack.read(&pack.folders(), frames).expect("reads");
        assert_eq!(fold.info().sources[3..], [format!("stroke/4.dcm#{number}")]);
        let dropped = &summary.summary.dropped[0];
        assert_eq!((dropped.reason.as_str(), dropped.count), ("other frames of a file", 2));
    }
}

#[test]
fn a_table_says_what_files_show() {
    let pack = Pack::new();
    let text = "\u{feff}path,Edema,Stroke,who\r\nhealthy/1.dcm,1,,a\r\nstroke/3.dcm,0,1,b\r\n";
    let mut collection = pack.table(text);
    collection.patients = Patients::Column("who".to_owned());
    let (_, fold) = pack.read(&collection, Frames::Every).expect("reads");
    assert_eq!(fold.info().findings, ["Edema", "Stroke"]);
    assert_eq!((shown(&fold, 0), shown(&fold, 1)), (vec!["Edema"], vec!["Stroke"]));
    assert_eq!(fold.info().patients, [pseudonym("msx", "a"), pseudonym("msx", "b")]);
    collection.labels.as_mut().expect("a table").findings = Some(vec!["Stroke".to_owned()]);
    collection.patients = Patients::File;
    let (_, fold) = pack.read(&collection, Frames::Every).expect("reads");
    assert_eq!(fold.info().findings, ["Stroke"]);
    assert_eq!(fold.info().patients, ["healthy/1.dcm", "stroke/3.dcm"]);
}

#[test]
fn what_is_wrong_with_the_table_is_named() {
    let pack = Pack::new();
    let refuses = |text: &str, parts: &[&str]| {
        assert_says(list(&pack.table(text)), &[&["labels.csv"], parts].concat());
    };
    refuses("file,Edema\n", &["line 1", "`path` is missing among file, Edema", "`file_column`"]);
    refuses("path\nhealthy/1.dcm\n", &["line 1", "no column holds a finding"]);
    refuses("path,A,A\n", &["line 1", "`A` stands there twice"]);
    refuses("path,A\n", &["it has no rows"]);
    refuses("path,A\nhealthy/9.dcm,1\n", &["line 2", "healthy/9.dcm does not exist"]);
    refuses("path,A\nhealthy/1.dcm,x\n", &["line 2", "`A` holds `x`", "write 1, 0"]);
    let twice = "path,A\nhealthy/1.dcm,1\nhealthy/1.dcm,1\n";
    refuses(twice, &["line 3", "healthy/1.dcm stands on line 2 already"]);
    picture("x").write(&pack.at("outside.dcm"));
    for path in ["../outside.dcm", "healthy/../../outside.dcm", "/etc/passwd"] {
        refuses(&format!("path,A\n{path},1\n"), &["line 2", path, "leads out of", "without `..`"]);
    }
    let mut unknown = pack.table("path,A\nhealthy/1.dcm,1\n");
    unknown.patients = Patients::Column("who".to_owned());
    assert_says(list(&unknown), &["`who` is missing among path, A", "in `patients`"]);
    unknown.labels = None;
    assert_says(list(&unknown), &["`patients` names a column", "in `table`"]);
}

#[test]
fn a_file_without_patient_is_refused() {
    let pack = Pack::new();
    picture("").write(&pack.at("scans/stroke/5.dcm"));
    let result = pack.read(&pack.folders(), Frames::Every).map(|_| ());
    assert_says(result, &["stroke/5.dcm names no patient (0010,0020)", "column of a table"]);
    let each = Collection { patients: Patients::File, ..pack.folders() };
    assert_eq!(pack.read(&each, Frames::First).expect("reads").0.summary.patients, 5);
}

#[test]
fn a_folder_without_classes_is_refused() {
    let pack = Pack::new();
    let alone = Collection { folder: pack.at("scans/stroke"), ..pack.folders() };
    assert_says(list(&alone), &["stroke has no sub-folders with DICOM files", "in `table`"]);
    let missing = Collection { folder: pack.at("none"), ..pack.folders() };
    assert_says(list(&missing), &["none", "No such file", "check the path"]);
}
