//! Input that is broken in the ways in which it breaks, and a disk that is full.

use crate::project::Project;
use image::{GrayImage, ImageFormat, Luma};
use std::fs;
use std::path::Path;
use std::process::Command;

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

/// A small file system of its own, unmounted in the end.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn new(path: &'a Path, size: &str) -> Result<Mounted<'a>, String> {
        fs::create_dir_all(path).map_err(|error| error.to_string())?;
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(path)
            .output();
        match mount {
            Ok(output) if output.status.success() => Ok(Mounted(path)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_disk() {
    let project = Project::new(
        "experiment full { title: \"Full\", seed: 1 }\n\
         dataset small: phantom { count: 60, size: 16px }\n\
         dataset large: phantom { count: 6000, size: 64px }\n",
    );
    let mounted = match Mounted::new(&project.cache, "2m") {
        Ok(mounted) => mounted,
        Err(reason) => {
            use std::io::Write;
            writeln!(std::io::stderr(), "\nSKIPPED, no disk is filled: {reason}").expect("stderr");
            return;
        }
    };
    let full = project.run(&["--keep-going", "--threads", "1"]);
    assert_eq!(full.code, Some(1), "{:?}", full.failed);
    assert_eq!(full.executed, ["small"]);
    assert_eq!(full.failed[0].0, "large");
    assert!(full.failed[0].1.contains("free some space"), "{}", full.failed[0].1);
    project.is_whole();
    assert!(project.files_of("scratch").is_empty(), "what did not fit is left");
    // With room, only what is missing runs.
    let bigger = Command::new("mount")
        .args(["-o", "remount,size=64m"])
        .arg(&project.cache)
        .status()
        .expect("mount starts");
    assert!(bigger.success());
    project.run(&[]).executed(&["large"]);
    drop(mounted);
}
