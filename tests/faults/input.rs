//! Input that is broken in the ways in which it breaks.

use crate::project::Project;
use image::{GrayImage, ImageFormat, Luma};
use std::fs;
use std::path::Path;

const FOLDER: &str = r#"
experiment broken { title: "Broken", seed: 1 }
dataset before: phantom { count: 60, size: 16px }
dataset pictures: folder { path: "pictures", size: 16px }
subset fold: pictures { per_class: { train: 4, valid: 1, test: 1 } }
"#;

const TABLE: &str = r#"
experiment broken { title: "Broken", seed: 1 }
dataset before: phantom { count: 60, size: 16px }
dataset chest: chexpert { csv: "chest/train.csv", size: 16px }
"#;

const HEADER: &str = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Edema";

fn picture(path: &Path, shade: u8) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    let image = GrayImage::from_fn(24, 24, |x, y| Luma([shade.wrapping_add((x * y) as u8)]));
    image.save_with_format(path, ImageFormat::Jpeg).expect("writable");
}

/// Two classes of twenty images.
fn folder_project() -> Project {
    let project = Project::new(FOLDER);
    for (class, shade) in [("dark", 10), ("light", 120)] {
        for number in 0..20 {
            let name = format!("pictures/{class}/{number:02}.jpg");
            picture(&project.folder().join(name), shade + number);
        }
    }
    project
}

fn table_project(rows: &[&str]) -> Project {
    let project = Project::new(TABLE);
    for patient in 1..=3 {
        picture(&project.folder().join(image_of(patient)), 50);
    }
    fs::write(project.folder().join("chest/train.csv"), rows.join("\n")).expect("writable");
    project
}

fn image_of(patient: u32) -> String {
    format!("chest/train/patient{patient:05}/study1/view1_frontal.jpg")
}

fn row(patient: u32, labels: &str) -> String {
    format!("{},Male,50,Frontal,AP,{labels}", image_of(patient))
}

/// The run fails with one stage that says all these words; what was finished stays.
fn refuses(project: &Project, words: &[&str]) {
    let ran = project.run(&["--keep-going", "--threads", "1"]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(ran.failed.len(), 1, "{:?}", ran.failed);
    for word in words {
        assert!(ran.failed[0].1.contains(word), "no `{word}` in: {}", ran.failed[0].1);
    }
    project.is_whole();
    assert!(!project.results().is_empty(), "the stage before was not kept");
    let people = project.msx(&["run", "experiment.msx"]);
    assert_eq!(people.code, Some(1));
    assert!(people.err.contains(words[0]), "{}", people.err);
}

#[test]
fn a_truncated_jpeg() {
    let project = folder_project();
    let path = project.folder().join("pictures/dark/07.jpg");
    let whole = fs::read(&path).expect("a picture");
    fs::write(&path, &whole[..whole.len() / 2]).expect("writable");
    refuses(&project, &["07.jpg", "replace the file or remove it"]);
    // What the remedy says helps.
    fs::write(&path, whole).expect("writable");
    assert_eq!(project.run(&[]).code, Some(0));
}

#[test]
fn a_table_without_a_column() {
    let project = table_project(&[&HEADER.replace("Path,", "File,"), &row(1, "1.0,")]);
    refuses(&project, &["train.csv", "line 1", "Path"]);
}

#[test]
fn a_label_that_is_neither_number_nor_blank() {
    let rows = [HEADER.to_owned(), row(1, "1.0,"), row(2, ",yes"), row(3, ",1.0")];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    refuses(&table_project(&rows), &["train.csv", "line 3", "Edema", "yes"]);
}

#[test]
fn a_path_that_leads_nowhere() {
    let project = folder_project();
    project.edit("\"pictures\"", "\"picturs\"");
    refuses(&project, &["picturs", "check the path"]);
}

#[test]
fn an_empty_class() {
    let project = folder_project();
    fs::create_dir(project.folder().join("pictures/empty")).expect("writable");
    refuses(&project, &["empty"]);
}

#[test]
fn a_class_with_too_few_images() {
    let project = folder_project();
    project.edit("train: 4", "train: 40");
    refuses(&project, &["too few images", "dark: train", "ask for fewer"]);
}
