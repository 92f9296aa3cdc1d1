//! Tables of any form: how findings are written in them, and what is wrong with them on which line.

use crate::real::pack;
use crate::support::{assert_says, shown, write, write_png};
use msx::data::chexpert::{self, Policy, Uncertain, View};
use msx::data::dicom::Window;
use msx::data::labels::{Joined, LabelTable, Repeated};
use msx::data::memory::Forgetful;
use msx::data::scans::{Frames, Keeping, Patients, Reading, ScanSummary, write as write_fold};
use msx::data::tabled::{Tabled, list};
use msx::data::{DataError, Fold, Raster};
use msx::progress::Silent;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tempfile::TempDir;

struct Pack {
    folder: TempDir,
}

impl Pack {
    /// Images `a.png` to `d.png`, one of them in a folder of its own.
    fn new() -> Pack {
        let pack = Pack { folder: tempfile::tempdir().expect("folder") };
        for name in ["a.png", "b.png", "c.png", "deep/d.png"] {
            write_png(&pack.at("images").join(name));
        }
        pack
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A table with one column a finding.
    fn table(&self, text: &str) -> Tabled {
        let csv = self.at("labels.csv");
        write(&csv, text.as_bytes());
        Tabled {
            table: LabelTable::new(csv, "path"),
            root: self.at("images"),
            patients: None,
            drop_unlabelled: false,
        }
    }

    /// A table whose column `found` joins names.
    fn joined(&self, text: &str, none: Option<&str>) -> Tabled {
        let mut tabled = self.table(text);
        tabled.table.joined = Some(Joined {
            column: "found".to_owned(),
            separator: "|".to_owned(),
            none: none.map(str::to_owned),
        });
        tabled
    }

    fn read(&self, tabled: &Tabled) -> Result<(ScanSummary, Fold), DataError> {
        self.read_at(tabled, 16, false)
    }

    fn read_at(
        &self,
        tabled: &Tabled,
        side: usize,
        skip_unreadable: bool,
    ) -> Result<(ScanSummary, Fold), DataError> {
        let reading = Reading {
            keeping: Keeping {
                square: Raster::eight(side).into(),
                skip_unreadable,
                patient_key: "msx".to_owned(),
            },
            windows: vec![Window::File],
            frames: Frames::Every,
        };
        let target = self.at("fold");
        let summary = write_fold(&list(tabled)?, &reading, &target, &Silent, &Forgetful)?;
        Ok((summary, Fold::open(&target)?))
    }

    #[track_caller]
    fn refuses(&self, text: &str, parts: &[&str]) {
        assert_says(list(&self.table(text)), &[&["labels.csv"], parts].concat());
    }
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_column_is_a_finding_but_those_of_files_and_patients() {
    let pack = Pack::new();
    let mut tabled = pack.table("who,path,Edema,Mass\n1,a.png,1,\n1,b.png,0,1.0\n2,deep/d.png,,\n");
    tabled.patients = Some(Patients::Column("who".to_owned()));
    let (summary, fold) = pack.read(&tabled).expect("reads");
    assert_eq!(fold.info().findings, ["Edema", "Mass"]);
    assert_eq!(fold.all_labels(), [1, 0, 0, 1, 0, 0]);
    assert_eq!(fold.info().sources, ["a.png", "b.png", "deep/d.png"]);
    assert_eq!((summary.summary.kept, summary.summary.patients), (3, 2));
    // Ids do not enter the cache.
    assert!(fold.info().patients.iter().all(|id| id.len() == 32), "{:?}", fold.info().patients);
    tabled.drop_unlabelled = true;
    let (summary, fold) = pack.read(&tabled).expect("reads");
    assert_eq!((fold.len(), summary.summary.dropped[0].count), (2, 1));
    assert_eq!(summary.summary.dropped[0].reason, "no positive finding");
}

#[test]
fn findings_are_chosen_ordered_and_renamed() {
    let pack = Pack::new();
    let mut tabled = pack.table("path,age,Mass,Nodule,Edema\na.png,60,1,,\nb.png,9,,1,1\n");
    tabled.table.rename = named(&[("Mass", "Lesion"), ("Nodule", "Lesion")]);
    tabled.table.findings = Some(texts(&["Edema", "Lesion"]));
    let (_, fold) = pack.read(&tabled).expect("reads");
    assert_eq!(fold.info().findings, ["Edema", "Lesion"]);
    assert_eq!((shown(&fold, 0), shown(&fold, 1)), (vec!["Lesion"], vec!["Edema", "Lesion"]));
    tabled.table.findings = Some(texts(&["Edma"]));
    assert_says(list(&tabled), &["line 1", "`Edma` is missing", "did you mean `Edema`?"]);
    tabled.table.findings = Some(texts(&["Edema", "Edema"]));
    assert_says(list(&tabled), &["`Edema` is missing", "each once"]);
    tabled.table.findings = None;
    tabled.table.rename = named(&[("Mas", "Lesion")]);
    assert_says(list(&tabled), &["no column `Mas` to rename", "did you mean `Mass`?"]);
}

#[test]
fn joined_names_are_findings_in_the_order_of_names() {
    let pack = Pack::new();
    let text = "path,found,age\na.png,Mass|Edema,1\nb.png, None ,2\nc.png,\"Edema | Mass\",3\n";
    let (_, fold) = pack.read(&pack.joined(text, None)).expect("reads");
    assert_eq!(fold.info().findings, ["Edema", "Mass", "None"]);
    assert_eq!(shown(&fold, 1), ["None"]);
    assert_eq!(shown(&fold, 2), ["Edema", "Mass"]);
    let (_, fold) = pack.read(&pack.joined(text, Some("None"))).expect("reads");
    assert_eq!(fold.info().findings, ["Edema", "Mass"]);
    assert_eq!(fold.all_labels(), [1, 1, 0, 0, 1, 1]);
    let mut other = pack.joined(&text.replace('|', ";"), Some("None"));
    other.table.joined.as_mut().expect("joined").separator = ";".to_owned();
    assert_eq!(pack.read(&other).expect("reads").1.all_labels(), [1, 1, 0, 0, 1, 1]);
}

#[test]
fn joined_names_are_chosen_and_renamed() {
    let pack = Pack::new();
    let mut tabled = pack.joined("path,found\na.png,Mass|Nodule\nb.png,Hernia\n", None);
    tabled.table.rename = named(&[("Mass", "Lesion"), ("Nodule", "Lesion")]);
    tabled.table.findings = Some(texts(&["Lesion"]));
    let (_, fold) = pack.read(&tabled).expect("reads");
    assert_eq!((fold.info().findings.join(""), fold.all_labels()), ("Lesion".into(), &[1, 0][..]));
    tabled.table.findings = Some(texts(&["Hernja"]));
    assert_says(list(&tabled), &["no row names `Hernja`", "did you mean `Hernia`?"]);
    tabled.table.rename = named(&[("mass", "Lesion")]);
    assert_says(list(&tabled), &["no row names `mass`", "did you mean `Mass`?"]);
}

#[test]
fn joined_cells_that_say_nothing_clear_are_refused() {
    let pack = Pack::new();
    let refuses = |text: &str, parts: &[&str]| {
        assert_says(list(&pack.joined(text, Some("None"))), &[&["labels.csv"], parts].concat());
    };
    refuses("path,found\na.png,None|Mass\n", &["line 2", "`None` and a finding"]);
    refuses("path,found\na.png,Mass\nb.png,\n", &["line 3", "`found` is blank", "write `None`"]);
    refuses("path,found\na.png,None\n", &["`found` names no finding", "in `joined`"]);
    refuses("path,Found\na.png,None\n", &["`found` is missing", "did you mean `Found`?"]);
    refuses("path,found\na.png,Mass\nb.png,mass\n", &["differ in case alone", "with `rename`"]);
    // Where no name says that there is nothing, a blank cell does.
    let (_, fold) = pack.read(&pack.joined("path,found\na.png,X\nb.png,\n", None)).expect("reads");
    assert_eq!(fold.all_labels(), [1, 0]);
}

#[test]
fn rows_for_one_file_follow_the_policy() {
    let pack = Pack::new();
    let same = "path,found\na.png,Mass\nb.png,Edema\n./a.png,Mass\n";
    let more = "path,found\na.png,Mass\nb.png,Edema\na.png,Edema\n";
    let with = |text: &str, repeated: Repeated| {
        let mut tabled = pack.joined(text, None);
        tabled.table.repeated = repeated;
        pack.read(&tabled)
    };
    for text in [same, more] {
        let parts = ["line 4", "a.png stands on line 2 already", "one row an image"];
        assert_says(with(text, Repeated::Refuse), &parts);
    }
    let (summary, fold) = with(same, Repeated::Once).expect("reads");
    assert_eq!((fold.len(), summary.repeated_rows, summary.summary.read), (2, 1, 3));
    assert_says(with(more, Repeated::Once), &["line 4", "other findings than line 2"]);
    let (_, fold) = with(more, Repeated::Join).expect("reads");
    assert_eq!((shown(&fold, 0), shown(&fold, 1)), (vec!["Edema", "Mass"], vec!["Edema"]));
    let mut whose = pack.joined("path,found,who\na.png,X,1\na.png,X,2\n", None);
    whose.table.repeated = Repeated::Join;
    whose.patients = Some(Patients::Column("who".to_owned()));
    assert_says(list(&whose), &["line 3", "another patient than line 2", "what is right"]);
}

#[test]
fn tables_from_spreadsheets_are_read() {
    let pack = Pack::new();
    let plain = "path,Edema,\"Mass, big\"\na.png,1,\nb.png,,1\n";
    let (_, expected) = pack.read(&pack.table(plain)).expect("reads");
    assert_eq!(shown(&expected, 1), ["Mass, big"]);
    for (name, text) in [
        ("CRLF", plain.replace('\n', "\r\n")),
        ("byte order mark", format!("\u{feff}{plain}")),
        ("quotes", plain.replace("a.png", "\"a.png\"").replace("path", "\"path\"")),
        ("blanks", plain.replace("a.png,1", " a.png , 1 ")),
        ("no last line end", plain.trim_end().to_owned()),
    ] {
        let read = pack.read(&pack.table(&text)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.1.info(), expected.info(), "{name}");
        assert_eq!(read.1.all_labels(), expected.all_labels(), "{name}");
    }
    pack.refuses("path;Edema\na.png;1\n", &["between semicolons; save it with commas"]);
    pack.refuses("path\tEdema\na.png\t1\n", &["between tabs"]);
    // A mark that is missing makes all that follows one cell.
    pack.refuses("path,A\na.png,\"1\nb.png,1\n", &["line 2", "`A` holds `1\nb.png,1`"]);
    let open = pack.joined("path,found\na.png,\"X\nb.png,Y\n", None);
    assert_says(list(&open), &["line 2", "more than one line", "quotation mark"]);
}

#[test]
fn what_is_wrong_with_a_table_is_named() {
    let pack = Pack::new();
    pack.refuses("Path,A\n", &["line 1", "`path` is missing among Path, A", "mean `Path`?"]);
    pack.refuses("file,A\n", &["line 1", "`path` is missing", "in `file_column`"]);
    pack.refuses("path\na.png\n", &["line 1", "no column holds a finding"]);
    pack.refuses("path,A,A\na.png,1,1\n", &["line 1", "`A` stands there twice"]);
    pack.refuses("path,A,a\na.png,1,1\n", &["`A` and `a` differ in case alone"]);
    pack.refuses("path,A\n", &["it has no rows"]);
    pack.refuses("", &["`path` is missing"]);
    pack.refuses("path,A\na.png,-1\n", &["line 2", "`A` holds `-1`", "write 1, 0"]);
    pack.refuses("path,A\n,1\n", &["line 2", "names no file"]);
    pack.refuses("path,A\na.png\n", &["line 2", "1 cells, the header 2"]);
}

#[test]
fn files_that_are_not_there_are_named_with_what_may_be_meant() {
    let pack = Pack::new();
    write_png(&pack.at("outside.png"));
    pack.refuses("path,A\na.png,1\nz.png,1\n", &["line 3", "z.png does not exist", "`root`"]);
    pack.refuses("path,A\nA.PNG,1\n", &["line 2", "A.PNG does not", "there is a.png", "letter"]);
    pack.refuses("path,A\nDEEP/d.png,1\n", &["there is deep/d.png"]);
    pack.refuses("path,A\ndeep/d.jpg,1\n", &["there is deep/d.png"]);
    pack.refuses("path,A\ndeep\\d.png,1\n", &["write `/` between"]);
    pack.refuses("path,A\ndeep,1\n", &["line 2", "deep is a folder"]);
    let absolute = pack.at("outside.png").to_string_lossy().into_owned();
    for path in ["../outside.png", "deep/../../outside.png", absolute.as_str()] {
        let text = format!("path,A\na.png,1\n{path},1\n");
        pack.refuses(&text, &["line 3", path, "leads out of", "without `..`"]);
    }
}

#[test]
fn a_column_of_patients_is_not_passed_over() {
    let pack = Pack::new();
    for name in ["Patient ID", "patient_id", "PatientID", "subject", "Patient"] {
        let mut tabled = pack.joined(&format!("path,found,{name}\na.png,X,1\n"), None);
        let parts = ["line 1", name, "`patients: column(", "`patients: file`"];
        assert_says(list(&tabled), &parts);
        tabled.patients = Some(Patients::File);
        list(&tabled).expect("was said");
    }
    let mut tabled = pack.joined("path,found,who\na.png,X,\n", None);
    tabled.patients = Some(Patients::Column("who".to_owned()));
    assert_says(list(&tabled), &["line 2", "the patient is blank", "out of two folds"]);
}

#[test]
fn unreadable_images_are_errors_or_skipped() {
    let pack = Pack::new();
    write(&pack.at("images/b.png"), b"\x89PNG\r\n\x1a\nand then nothing");
    let tabled = pack.table("path,A\na.png,1\nb.png,1\n");
    assert_says(pack.read(&tabled), &["b.png", "replace the file"]);
    let (summary, fold) = pack.read_at(&tabled, 16, true).expect("reads");
    assert_eq!((fold.len(), summary.skipped.len()), (1, 1));
    assert_eq!(summary.skipped[0].file, "b.png");
}

/// What the pack's README says of the two tables' names.
const MAPPED: [(&str, &str); 5] = [
    ("Effusion", "Pleural Effusion"),
    ("Pleural_Thickening", "Pleural Other"),
    ("Mass", "Lung Lesion"),
    ("Nodule", "Lung Lesion"),
    ("Infiltration", "Lung Opacity"),
];

#[test]
fn nih_chest_is_the_same_from_either_table() {
    let Some(nih) = pack("nih-chest-256") else { return };
    let temporary = Pack::new();
    let policy =
        Policy { uncertain: Uncertain::Positive, view: View::Frontal, drop_unlabelled: false };
    let target = temporary.at("chexpert");
    chexpert::read(&nih.join("train.csv"), policy, Raster::eight(64), &target, &Silent, &Forgetful)
        .expect("reads");
    let expected = Fold::open(&target).expect("opens");
    let every = &expected.info().findings;
    let occurs = |name: &&String| {
        let column = every.iter().position(|one| one == *name).expect("a finding");
        (0..expected.len()).any(|index| expected.labels(index)[column] == 1)
    };
    let mut table = LabelTable::new(nih.join("nih.csv"), "File");
    table.joined =
        Some(Joined { column: "Finding Labels".to_owned(), separator: "|".to_owned(), none: None });
    table.rename = named(&MAPPED);
    table.findings = Some(every.iter().filter(occurs).cloned().collect());
    let tabled = Tabled {
        table,
        root: nih,
        patients: Some(Patients::Column("Patient ID".to_owned())),
        drop_unlabelled: false,
    };
    let (summary, fold) = temporary.read_at(&tabled, 64, false).expect("reads");
    assert_eq!((fold.len(), summary.summary.patients), (822, 557));
    assert_eq!(fold.digests(), expected.digests());
    let mut patients = BTreeMap::new();
    for index in 0..fold.len() {
        assert_eq!(shown(&fold, index), shown(&expected, index), "{}", fold.info().sources[index]);
        let (here, there) = (&fold.info().patients[index], &expected.info().patients[index]);
        assert_eq!(patients.entry(here).or_insert(there), &there, "patients are not the same");
    }
    assert_eq!(patients.values().collect::<BTreeSet<_>>().len(), patients.len());
}
