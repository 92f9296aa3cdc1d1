//! CheXpert's layout: what a table may look like, and what is wrong with it on which line.

use crate::support::{assert_says, shown, write, write_png};
use msx::data::chexpert::{Policy, Uncertain, View, images, read};
use msx::data::memory::Forgetful;
use msx::data::{DataError, Fold, Raster, Summary};
use msx::progress::Silent;
use std::path::PathBuf;
use tempfile::TempDir;

const HEADER: &str = "Path,Sex,Age,Frontal/Lateral,AP/PA,Edema,Pleural Effusion";

/// What the seed system reads.
const POLICY: Policy =
    Policy { uncertain: Uncertain::Positive, view: View::Frontal, drop_unlabelled: true };

struct Pack {
    folder: TempDir,
}

impl Pack {
    /// Frontal images of four patients, and a lateral one.
    fn new() -> Pack {
        let folder = tempfile::tempdir().expect("folder");
        for patient in 1..=4 {
            write_png(&folder.path().join(frontal(patient)));
        }
        write_png(&folder.path().join(LATERAL));
        Pack { folder }
    }

    fn csv(&self) -> PathBuf {
        self.folder.path().join("pack/train.csv")
    }

    fn read_bytes(&self, table: &[u8], policy: Policy) -> Result<(Summary, Fold), DataError> {
        write(&self.csv(), table);
        let target = self.folder.path().join("fold");
        let summary = read(&self.csv(), policy, Raster::eight(16), &target, &Silent, &Forgetful)?;
        Ok((summary, Fold::open(&target)?))
    }

    fn read(&self, lines: &[String], policy: Policy) -> Result<(Summary, Fold), DataError> {
        self.read_bytes(lines.join("\n").as_bytes(), policy)
    }

    /// The message for a table must name the table, and say each part.
    #[track_caller]
    fn refuses(&self, lines: &[String], parts: &[&str]) {
        let mut all = vec!["pack/train.csv"];
        all.extend(parts);
        assert_says(self.read(lines, POLICY), &all);
    }
}

const LATERAL: &str = "pack/train/patient00001/study1/view2_lateral.png";

fn frontal(patient: u32) -> String {
    format!("pack/train/patient{patient:05}/study1/view1_frontal.png")
}

fn row(patient: u32, labels: &str) -> String {
    format!("{},Female,60,Frontal,AP,{labels}", frontal(patient))
}

fn table(rows: &[String]) -> Vec<String> {
    [&[HEADER.to_owned()], rows].concat()
}

#[test]
fn labels_are_one_or_not() {
    let rows = [row(1, "1.0,"), row(2, "1,0"), row(3, "0.0,1.0"), row(4, ",-1.0")];
    let (summary, fold) = Pack::new().read(&table(&rows), POLICY).expect("reads");
    assert_eq!(fold.info().findings, ["Edema", "Pleural Effusion"]);
    assert_eq!(fold.all_labels(), [1, 0, 1, 0, 0, 1, 0, 1]);
    assert_eq!(fold.info().patients[1], "patient00002");
    assert_eq!(fold.info().sources[2], frontal(3));
    assert_eq!((summary.read, summary.kept, summary.patients), (4, 4, 4));
}

#[test]
fn uncertain_labels_follow_the_policy() {
    let rows = table(&[row(1, "1,-1"), row(2, "1,1"), row(3, "1,0")]);
    let pack = Pack::new();
    for (uncertain, expected, left_out) in [
        (Uncertain::Positive, &[1, 1, 1, 1, 1, 0][..], 0),
        (Uncertain::Negative, &[1, 0, 1, 1, 1, 0][..], 0),
        (Uncertain::Ignore, &[1, 1, 1, 0][..], 1),
    ] {
        let (summary, fold) = pack.read(&rows, Policy { uncertain, ..POLICY }).expect("reads");
        assert_eq!(fold.all_labels(), expected, "{uncertain:?}");
        let dropped: usize = summary.dropped.iter().map(|one| one.count).sum();
        assert_eq!(dropped, left_out, "{uncertain:?}");
    }
}

#[test]
fn rows_without_a_finding_are_left_out_if_wanted() {
    let rows = table(&[row(1, "1,"), row(2, ","), row(3, "0,0")]);
    let pack = Pack::new();
    let (summary, fold) = pack.read(&rows, POLICY).expect("reads");
    assert_eq!((fold.len(), summary.dropped[0].count), (1, 2));
    assert_eq!(summary.dropped[0].reason, "no positive finding");
    let all = Policy { drop_unlabelled: false, ..POLICY };
    let (summary, fold) = pack.read(&rows, all).expect("reads");
    assert_eq!((fold.len(), summary.dropped.len()), (3, 0));
    assert!(shown(&fold, 1).is_empty());
}

#[test]
fn views_are_taken_by_file_name_and_else_by_column() {
    let pack = Pack::new();
    let odd = "pack/train/patient00009/study1/image.png";
    write_png(&pack.folder.path().join(odd));
    let rows = table(&[
        row(1, "1,").replace("Frontal", "Lateral"),
        format!("{LATERAL},Male,50,Frontal,,1,"),
        format!("{odd},Male,50,Lateral,,1,"),
    ]);
    for (view, kept) in [
        (View::Frontal, vec![frontal(1)]),
        (View::Lateral, vec![LATERAL.to_owned(), odd.to_owned()]),
        (View::Both, vec![frontal(1), LATERAL.to_owned(), odd.to_owned()]),
    ] {
        let (summary, fold) = pack.read(&rows, Policy { view, ..POLICY }).expect("reads");
        assert_eq!(fold.info().sources, kept, "{view:?}");
        assert_eq!(summary.read, 3);
    }
    // The stage is keyed by the table and the images that it reads, and by no others.
    let listed = images(&pack.csv(), POLICY).expect("lists");
    assert_eq!(listed, [pack.folder.path().join(frontal(1))]);
}

/// What spreadsheets make of a table.
#[test]
fn tables_from_spreadsheets_are_read() {
    let pack = Pack::new();
    let plain = table(&[row(1, "1.0,"), row(2, ",1.0")]);
    let (_, expected) = pack.read(&plain, POLICY).expect("reads");
    let quoted: Vec<String> = plain
        .iter()
        .map(|line| line.split(',').map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(","))
        .collect();
    let spaced: Vec<String> = plain.iter().map(|line| line.replace(',', " , ")).collect();
    let variants = [
        ("CRLF", plain.join("\r\n") + "\r\n"),
        ("byte order mark", format!("\u{feff}{}\n", plain.join("\n"))),
        ("quotes", quoted.join("\n")),
        ("blanks around cells", spaced.join("\n")),
        ("empty lines", plain.join("\n\n") + "\n\n"),
    ];
    for (name, text) in variants {
        let (_, fold) = pack
            .read_bytes(text.as_bytes(), POLICY)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(fold.info(), expected.info(), "{name}");
        assert_eq!(fold.all_labels(), expected.all_labels(), "{name}");
    }
}

#[test]
fn a_comma_in_quotes_is_no_end_of_a_cell() {
    let header = HEADER.replace("Edema", "\"Edema, mild\"");
    let rows = vec![header, row(1, "1,").replace("Female", "\"Female, adult\"")];
    let (_, fold) = Pack::new().read(&rows, POLICY).expect("reads");
    assert_eq!(shown(&fold, 0), ["Edema, mild"]);
}

#[test]
fn a_wrong_header_is_named() {
    let pack = Pack::new();
    let with = |header: String| vec![header, row(1, "1,")];
    let missing = with(HEADER.replace("Path", "File"));
    pack.refuses(&missing, &["line 1", "column `Path` is missing", "the header must be"]);
    let missing = with(HEADER.replace("AP/PA", "Projection"));
    pack.refuses(&missing, &["line 1", "column `AP/PA` is missing"]);
    let bare = vec!["Path,Sex,Age,Frontal/Lateral,AP/PA".to_owned()];
    pack.refuses(&bare, &["line 1", "no finding behind `AP/PA`", "add one column"]);
    let twice = with(HEADER.replace("Pleural Effusion", "Edema"));
    pack.refuses(&twice, &["line 1", "`Edema` stands there twice", "name of its own"]);
    assert_says(pack.read_bytes(b"", POLICY), &["train.csv", "line 1", "`Path` is missing"]);
}

#[test]
fn a_wrong_cell_is_named_with_its_line_and_column() {
    let pack = Pack::new();
    let rows = table(&[row(1, "1,"), row(2, ",yes")]);
    pack.refuses(&rows, &["line 3", "`Pleural Effusion` holds `yes`", "neither", "or leave the"]);
    pack.refuses(&table(&[row(1, "2,")]), &["line 2", "`2`", "none of 1, 0 and -1"]);
    pack.refuses(&table(&[row(1, "NaN,")]), &["line 2", "`NaN`", "none of 1, 0 and -1"]);
    let rows = table(&[row(1, "1,"), row(2, "1")]);
    pack.refuses(&rows, &["line 3", "6 cells", "7", "one cell a column"]);
}

/// Lines are counted as an editor counts them.
#[test]
fn lines_are_the_editors() {
    let pack = Pack::new();
    let broken = table(&[row(1, "1,").replace("Female", "\"two\nlines\""), row(2, "x,")]);
    pack.refuses(&broken, &["line 4", "`x`"]);
    let text = table(&[row(1, "1,"), row(2, "x,")]).join("\r\n");
    assert_says(pack.read_bytes(text.as_bytes(), POLICY), &["train.csv, line 3", "`x`"]);
    let text = table(&[row(1, "1,"), row(2, "x,")]).join("\r\n\r\n");
    assert_says(pack.read_bytes(text.as_bytes(), POLICY), &["train.csv, line 5", "`x`"]);
    let text = format!("\u{feff}{}", table(&[row(1, "1,"), row(2, "1")]).join("\r\n"));
    assert_says(pack.read_bytes(text.as_bytes(), POLICY), &["train.csv, line 3", "6 cells"]);
    let twice = table(&[row(1, "1,"), row(1, "1,")]).join("\r\n");
    assert_says(pack.read_bytes(twice.as_bytes(), POLICY), &["line 3: the", "line 2 already"]);
}

#[test]
fn a_missing_image_is_named() {
    let rows = table(&[row(1, "1,"), row(77, "1,")]);
    let parts = ["line 3", "patient00077/study1/view1_frontal.png does not exist", "move the"];
    Pack::new().refuses(&rows, &parts);
    Pack::new()
        .refuses(&table(&[",Male,50,Frontal,AP,1,".to_owned()]), &["line 2", "no part `patient…`"]);
}

#[test]
fn an_image_on_two_lines_is_refused() {
    let rows = table(&[row(1, "1,"), row(2, "1,"), row(1, ",1")]);
    let parts = ["line 4", "patient00001", "line 2 already", "one row an image"];
    Pack::new().refuses(&rows, &parts);
}

#[test]
fn a_path_without_patient_is_refused() {
    let pack = Pack::new();
    write_png(&pack.folder.path().join("pack/other/image.png"));
    let rows = table(&["pack/other/image.png,Male,50,Frontal,AP,1,".to_owned()]);
    pack.refuses(&rows, &["line 2", "no part `patient…`", "out of two folds"]);
}

#[test]
fn a_table_that_keeps_nothing_is_refused() {
    let rows = table(&[row(1, ","), row(2, "0,0")]);
    Pack::new().refuses(&rows, &["none of its 2 rows is kept", "another `view` or policy"]);
}

#[test]
fn a_table_that_cannot_be_read_is_named() {
    let pack = Pack::new();
    let missing = images(&pack.folder.path().join("pack/valid.csv"), POLICY);
    assert_says(missing, &["pack/valid.csv", "No such file", "check the path"]);
    let folder = images(&pack.folder.path().join("pack"), POLICY);
    assert_says(folder, &["pack", "Is a directory", "give a file"]);
    let mut latin = table(&[row(1, "1,")]).join("\n").into_bytes();
    latin.extend(b"\npack/\xe9.png,Male,50,Frontal,AP,1,\n");
    assert_says(pack.read_bytes(&latin, POLICY), &["train.csv, line 3", "not UTF-8", "save it"]);
}
