//! The haemorrhage challenge's layout: both forms of its table, and what is wrong with them.

use crate::dicom_file::Picture;
use crate::support::{assert_says, shown, write, write_png};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use msx::data::dicom::{Window, pseudonym};
use msx::data::memory::Forgetful;
use msx::data::rsna_ich::{Challenge, NO_FINDING, TYPES, list};
use msx::data::scans::{Frames, Keeping, Reading, ScanSummary, write as write_fold};
use msx::data::{DataError, Fold, Raster};
use msx::progress::Silent;
use std::path::Path;
use tempfile::TempDir;

const ALL: [&str; 6] =
    ["epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural", "any"];

struct Pack {
    folder: TempDir,
}

impl Pack {
    /// DICOM files of ten images by five patients, `ID_0` to `ID_9`.
    fn new() -> Pack {
        let folder = tempfile::tempdir().expect("folder");
        for image in 0..10 {
            let samples: Vec<u16> = (0..64).map(|place| 1024 + image * 4 + place).collect();
            Picture::grey(8, 8, &samples)
                .text(tags::RESCALE_INTERCEPT, VR::DS, "-1024")
                .text(tags::RESCALE_SLOPE, VR::DS, "1")
                .text(tags::PATIENT_ID, VR::LO, &format!("ID_patient{}", image / 2))
                .write(&folder.path().join(format!("images/ID_{image}.dcm")));
        }
        Pack { folder }
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn challenge(&self, table: &[u8]) -> Challenge {
        let csv = self.at("table.csv");
        write(&csv, table);
        Challenge { csv, images: self.at("images"), most_without: None, seed: 7 }
    }

    fn read(&self, challenge: &Challenge) -> Result<(ScanSummary, Fold), DataError> {
        let target = self.at("fold");
        let summary = write_fold(&list(challenge)?, &reading(), &target, &Silent, &Forgetful)?;
        Ok((summary, Fold::open(&target)?))
    }

    #[track_caller]
    fn refuses(&self, lines: &[String], parts: &[&str]) {
        let challenge = self.challenge(lines.join("\n").as_bytes());
        assert_says(list(&challenge), &[&["table.csv"], parts].concat());
    }
}

fn reading() -> Reading {
    Reading {
        keeping: Keeping {
            square: Raster::eight(8).into(),
            skip_unreadable: false,
            patient_key: "msx".to_owned(),
        },
        windows: vec![Window::Fixed { centre: 40.0, width: 80.0 }],
        frames: Frames::Every,
    }
}

/// The six rows of an image; `any` is set where one of the five is.
fn rows(image: usize, present: &[&str]) -> Vec<String> {
    let label = |name: &&str| {
        let is_set = present.contains(name) || (*name == "any" && !present.is_empty());
        format!("ID_{image}_{name},{}", u8::from(is_set))
    };
    ALL.iter().map(label).collect()
}

fn long(images: &[&[&str]]) -> Vec<String> {
    let all = images.iter().enumerate().flat_map(|(image, present)| rows(image, present));
    std::iter::once("ID,Label".to_owned()).chain(all).collect()
}

const WIDE: &str =
    "image,patient,epidural,intraparenchymal,intraventricular,subarachnoid,subdural,any";

#[test]
fn six_rows_are_one_image() {
    let pack = Pack::new();
    let lines = long(&[&["epidural", "subdural"], &[], &["subarachnoid"]]);
    let (summary, fold) = pack.read(&pack.challenge(lines.join("\n").as_bytes())).expect("reads");
    assert_eq!(fold.info().findings, [&TYPES[..], &[NO_FINDING]].concat());
    assert_eq!(shown(&fold, 0), ["epidural", "subdural"]);
    assert_eq!(shown(&fold, 1), ["no finding"]);
    assert_eq!(shown(&fold, 2), ["subarachnoid"]);
    assert_eq!(fold.info().sources, ["ID_0.dcm", "ID_1.dcm", "ID_2.dcm"]);
    let patients = [0, 0, 1].map(|number| pseudonym("msx", &format!("ID_patient{number}")));
    assert_eq!(fold.info().patients, patients);
    let summary = summary.summary;
    assert_eq!((summary.read, summary.kept, summary.patients), (3, 3, 2));
    // The brain window shows 40 Hounsfield units as 129.1 and the brightest of the image, 63, as
    // 203.4, which becomes 255.
    assert_eq!([0, 40, 63].map(|place| fold.image(0)[place]), [0, 162, 255]);
}

#[test]
fn both_forms_of_the_table_say_the_same() {
    let pack = Pack::new();
    let lines = long(&[&["epidural"], &[], &["subarachnoid", "intraventricular"]]);
    let (_, fold) = pack.read(&pack.challenge(lines.join("\n").as_bytes())).expect("reads");
    let (info, labels) = (fold.info().clone(), fold.all_labels().to_vec());
    let wide = [
        WIDE.to_owned(),
        "ID_0,ID_patient0,1,0,0,0,0,1".to_owned(),
        "ID_1.dcm,ID_patient0,0,0,0,0,0,0".to_owned(),
        "ID_2,ID_patient1,0,,1.0,1,0,1".to_owned(),
    ];
    let without_any: Vec<String> =
        wide.iter().map(|line| line.rsplit_once(',').expect("cells").0.to_owned()).collect();
    for lines in [wide.to_vec(), without_any] {
        let (_, fold) = pack.read(&pack.challenge(lines.join("\n").as_bytes())).expect("reads");
        assert_eq!(fold.info(), &info);
        assert_eq!(fold.all_labels(), labels);
    }
}

#[test]
fn pictures_are_read_with_patients_from_the_table() {
    let pack = Pack::new();
    write_png(&pack.at("images/one.png"));
    let lines = format!("{WIDE}\none,somebody,1,0,0,0,0,1\n");
    let (_, fold) = pack.read(&pack.challenge(lines.as_bytes())).expect("reads");
    assert_eq!((fold.len(), &fold.info().sources[0]), (1, &"one.png".to_owned()));
    let bare = lines.replace("patient,", "").replace("somebody,", "");
    let lines: Vec<String> = bare.lines().map(str::to_owned).collect();
    pack.refuses(&lines, &["nothing says whose image one.png is", "add a column `patient`"]);
}

#[test]
fn what_spreadsheets_make_of_the_table_is_read() {
    let pack = Pack::new();
    let plain = long(&[&["epidural"], &[]]);
    let expected = list(&pack.challenge(plain.join("\n").as_bytes())).expect("reads");
    for text in [
        plain.join("\r\n") + "\r\n",
        format!("\u{feff}{}\n", plain.join("\n")),
        plain.join("\n").replace(',', " , "),
    ] {
        assert_eq!(list(&pack.challenge(text.as_bytes())).expect("reads"), expected);
    }
}

#[test]
fn rows_that_come_twice_count_once_unless_they_contradict() {
    let pack = Pack::new();
    let mut lines = long(&[&["epidural"], &[]]);
    let once = list(&pack.challenge(lines.join("\n").as_bytes())).expect("reads");
    lines.extend(rows(0, &["epidural"]));
    let twice = list(&pack.challenge(lines.join("\n").as_bytes())).expect("reads");
    assert_eq!((twice.scans, twice.read, twice.repeated_rows), (once.scans, 2, 6));
    lines.push("ID_0_subdural,1".to_owned());
    pack.refuses(&lines, &["line 20", "contradicts a row above, which says 0", "that is right"]);
    let wide = [WIDE, "ID_0,a,1,0,0,0,0,1", "ID_0,a,1,0,0,0,0,1", "ID_0,b,1,0,0,0,0,1"];
    let wide = wide.map(str::to_owned);
    let listing = list(&pack.challenge(wide[..3].join("\n").as_bytes())).expect("reads");
    assert_eq!((listing.scans.len(), listing.repeated_rows), (1, 1));
    pack.refuses(&wide, &["line 4", "contradicts a row above of the image ID_0"]);
}

#[test]
fn images_without_a_finding_are_cut_to_a_number() {
    let pack = Pack::new();
    let images: Vec<&[&str]> =
        (0..10).map(|i| if i < 2 { &["epidural"][..] } else { &[] }).collect();
    let lines = long(&images).join("\n");
    let kept = |most, seed| {
        let challenge = pack.challenge(lines.as_bytes());
        let listing = list(&Challenge { most_without: most, seed, ..challenge }).expect("reads");
        assert_eq!(listing.scans.len() + listing.dropped[0].count, 10);
        listing.scans.into_iter().map(|scan| scan.source).collect::<Vec<_>>()
    };
    assert_eq!(kept(None, 1).len(), 10);
    assert_eq!(kept(Some(0), 1), ["ID_0.dcm", "ID_1.dcm"]);
    let (three, five) = (kept(Some(3), 1), kept(Some(5), 1));
    assert_eq!((three.len(), five.len()), (5, 7));
    assert!(three.iter().all(|image| five.contains(image)), "{three:?} {five:?}");
    assert_eq!(three, kept(Some(3), 1));
    assert!((2..9).any(|seed| kept(Some(3), seed) != three), "the seed decides nothing");
}

#[test]
fn what_is_wrong_with_the_table_is_named() {
    let pack = Pack::new();
    let with = |line: &str| [long(&[&["epidural"]]), vec![line.to_owned()]].concat();
    pack.refuses(&with("ID_1_thalamic,0"), &["line 8", "`ID_1_thalamic` is no ID_<image>_<type>"]);
    pack.refuses(&with("ID_1_any,maybe"), &["line 8", "the label is `maybe`", "write 0 or 1"]);
    pack.refuses(&with("ID_1_any,0"), &["ID_1 has no row for epidural, intraparenchymal"]);
    pack.refuses(&with("ID_1_any"), &["line 8", "1 cells", "the header 2"]);
    let mut lines = long(&[&["epidural"]]);
    lines[6] = "ID_0_any,0".to_owned();
    pack.refuses(&lines, &["`any` of ID_0 is 0, which its five types contradict"]);
    pack.refuses(&["ID,Label".to_owned()], &["it has no rows"]);
    pack.refuses(&["Image,Label".to_owned()], &["line 1", "`ID` is missing among Image, Label"]);
    let header = WIDE.replace("epidural,", "").replace("subdural", "sub");
    pack.refuses(&[header], &["line 1", "`epidural` is missing", "one column a type"]);
    let wide = |row: &str| [WIDE.to_owned(), row.to_owned()];
    pack.refuses(&wide("ID_0,,1,0,0,0,0,1"), &["line 2", "patient is blank", "out of two folds"]);
    pack.refuses(&wide("ID_0,a,1,0,0,0,2,1"), &["line 2", "`subdural` holds `2`"]);
    pack.refuses(&wide("ID_0,a,1,0,0,0,0,0"), &["line 2", "`any` of ID_0 is 0"]);
}

#[test]
fn missing_images_and_paths_that_lead_out_are_named() {
    let pack = Pack::new();
    let lines = long(&[&[][..]; 11]);
    pack.refuses(&lines, &["images has no file ID_10 (.dcm, .png", "in `images`"]);
    write_png(&pack.at("secret.png"));
    for image in ["../secret.png", "/etc/passwd", "a/../../secret.png"] {
        let lines = [WIDE.to_owned(), format!("{image},a,1,0,0,0,0,1")];
        pack.refuses(&lines, &[&format!("the image `{image}` leads out of")]);
    }
    let missing = Challenge { csv: pack.at("none.csv"), ..pack.challenge(b"") };
    assert_says(list(&missing), &["none.csv", "No such file", "check the path"]);
}

/// One file of the published training images is cut short.
#[test]
fn a_file_that_is_cut_short_is_an_error_or_skipped_and_listed() {
    let pack = Pack::new();
    let path = pack.at("images/ID_1.dcm");
    let whole = std::fs::read(&path).expect("reads");
    std::fs::write(&path, &whole[..whole.len() - 30]).expect("writes");
    let lines = long(&[&["epidural"], &[], &["subdural"]]).join("\n");
    let challenge = pack.challenge(lines.as_bytes());
    assert_says(pack.read(&challenge).map(|_| ()), &["ID_1.dcm", "it ends too early", "copy it"]);
    let mut skip = reading();
    skip.keeping.skip_unreadable = true;
    let target = pack.at("fold");
    let summary =
        write_fold(&list(&challenge).expect("lists"), &skip, &target, &Silent, &Forgetful)
            .expect("reads");
    assert_eq!(summary.skipped.len(), 1);
    assert_eq!(summary.skipped[0].file, "ID_1.dcm");
    assert_eq!(summary.skipped[0].reason, "it ends too early");
    assert_eq!((summary.summary.read, summary.summary.kept), (3, 2));
    assert_eq!(Fold::open(&target).expect("opens").info().sources, ["ID_0.dcm", "ID_2.dcm"]);
    only_broken(&pack, &path, &skip);
}

fn only_broken(pack: &Pack, path: &Path, skip: &Reading) {
    std::fs::copy(path, pack.at("images/ID_0.dcm")).expect("copies");
    let challenge = pack.challenge(long(&[&[]]).join("\n").as_bytes());
    let listing = list(&challenge).expect("lists");
    let nothing = write_fold(&listing, skip, &pack.at("empty"), &Silent, &Forgetful);
    assert_says(nothing, &["none of 1 files can be read", "ID_0.dcm: it ends too early"]);
}
