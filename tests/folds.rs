//! Folds in the cache: subsets share the pixels of their dataset, and what is the same stays so.

#[path = "folds/channels.rs"]
mod channels;
#[path = "folds/decoded.rs"]
mod decoded;
#[path = "folds/deep.rs"]
mod deep;
#[path = "data/dicom_file.rs"]
mod dicom_file;
#[path = "folds/kinds.rs"]
mod kinds;
#[path = "support/project.rs"]
mod project;

use image::{GrayImage, Luma};
use project::Project;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

/// Side of the images, such that pixels outweigh everything else.
const SIDE: u32 = 64;

const TEXT: &str = r#"
experiment shared { seed: 1 }

dataset chest: csv { table: "table.csv", patients: column("patient"), size: 64px }
subset fold: chest { classes: top(2), per_class: { train: 12, valid: 2, test: 2 } }
classifier model: cnn { train: fold.train, valid: fold.valid, epochs: 1, widths: [4] }
"#;

/// A row: file, patient, two findings.
fn row(image: u32, patient: u32, a: u8, b: u8) -> String {
    format!("{image}.png,p{patient},{a},{b}\n")
}

/// A table of images of patients with two each, in two classes that exclude each other.
fn write_table(project: &Project, images: u32, ending: &str) {
    let row =
        |image: u32| format!("{image}.{ending},p{},{},{}\n", image / 2, image % 2, 1 - image % 2);
    let rows: String = (0..images).map(row).collect();
    fs::write(project.folder().join("table.csv"), format!("path,patient,A,B\n{rows}"))
        .expect("table");
}

/// Takes the last ten images out of the table.
fn shorten_table(project: &Project) {
    let path = project.folder().join("table.csv");
    let table = fs::read_to_string(&path).expect("table");
    let rows: Vec<&str> = table.lines().collect();
    fs::write(path, format!("{}\n", rows[..rows.len() - 10].join("\n"))).expect("table");
}

/// A table of 80 images of 40 patients, and the images.
fn chest() -> Project {
    let project = Project::new(TEXT);
    let rows: String =
        (0..80).map(|image| row(image, image / 2, 1, u8::from(image % 3 == 0))).collect();
    fs::write(project.folder().join("table.csv"), format!("path,patient,A,B\n{rows}"))
        .expect("table");
    (0..80).for_each(|image| draw(&project, image));
    project
}

fn draw(project: &Project, image: u32) {
    let shade = |x: u32, y: u32| Luma([((x * 3 + y * 5 + image * x) % 251) as u8]);
    let picture = GrayImage::from_fn(SIDE, SIDE, shade);
    picture.save(project.folder().join(format!("{image}.png"))).expect("picture");
}

/// An image that no class wants, of a patient that is there, in front of all others.
fn add_unrelated(project: &Project) {
    draw(project, 99);
    let path = project.folder().join("table.csv");
    let table = fs::read_to_string(&path).expect("table");
    let (header, rows) = table.split_once('\n').expect("a header");
    fs::write(path, format!("{header}\n{}{rows}", row(99, 7, 0, 0))).expect("table");
}

fn object_bytes(project: &Project) -> u64 {
    let sizes = project.files_of("objects").into_iter();
    sizes.map(|path| fs::metadata(path).expect("there").len()).sum()
}

/// The object behind a file of an output, of the one stage that has it.
fn object(project: &Project, output: &str, file: &str) -> Option<PathBuf> {
    let outputs = project.results().into_values().find(|one| one[output][file].is_object())?;
    let digest = outputs[output][file]["digest"].as_str()?.to_owned();
    Some(project.cache.join("objects").join(&digest[..2]).join(digest))
}

#[test]
fn an_unrelated_image_reaches_no_training() {
    let project = chest();
    project.run(&[]).executed(&["chest", "fold", "model"]);
    let rows = fs::read(object(&project, "train", "rows.npy").expect("rows")).expect("readable");
    add_unrelated(&project);
    // All images stand at other places now, and those of the folds are the same.
    project.run(&[]).executed(&["chest", "fold"]);
    let all = project.results();
    let trains: Vec<&Value> =
        all.values().map(|one| &one["train"]).filter(|one| one.is_object()).collect();
    let [one, other] = trains.as_slice() else { panic!("{} subsets", trains.len()) };
    assert_ne!(one["rows.npy"], other["rows.npy"]);
    assert_ne!(one["images.npy"], other["images.npy"]);
    assert_eq!(one["digests.npy"], other["digests.npy"]);
    assert!(!rows.is_empty());
    project.run(&[]).executed(&[]);
}

/// A change of one pixel of a chosen image does reach it.
#[test]
fn a_changed_image_reaches_a_training() {
    let project = chest();
    project.edit("top(2), per_class: { train: 12, valid: 2, test: 2 }", "all");
    project.run(&[]).executed(&["chest", "fold", "model"]);
    let path = project.folder().join("0.png");
    let mut picture = image::open(&path).expect("picture").into_luma8();
    picture.put_pixel(5, 5, Luma([255]));
    picture.save(&path).expect("picture");
    project.run(&[]).executed(&["chest", "fold", "model"]);
}

#[test]
fn subsets_of_one_dataset_store_its_pixels_once() {
    let project = chest();
    project.run(&["fold"]).executed(&["chest", "fold"]);
    let pixels = 80 * u64::from(SIDE * SIDE);
    let before = object_bytes(&project);
    assert!((pixels..2 * pixels).contains(&before), "{before} bytes for {pixels} of pixels");
    project.edit("train: 12", "train: 16");
    project.run(&["fold"]).executed(&["fold"]);
    let after = object_bytes(&project);
    assert!(after - before < pixels / 8, "{} bytes more", after - before);
    project.is_whole();
    // A smaller side is stored on its own, once an image.
    project.edit("train: 16, valid: 2, test: 2 }", "train: 16, valid: 2, test: 2 }, size: 32px");
    project.run(&["fold"]).executed(&["fold"]);
    let small = (2 * 20) * u64::from(SIDE * SIDE / 4);
    let more = object_bytes(&project) - after;
    assert!((small..small + pixels / 8).contains(&more), "{more} bytes more, {small} of pixels");
    let verified = project.msx(&["cache", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    project.is_tidy_after_collecting();
    project.run(&[]).executed(&["model"]);
}

#[test]
fn threads_do_not_show_in_folds() {
    let outputs = ["1", "2"].map(|threads| {
        let project = chest();
        project.run(&["fold", "--threads", threads]).executed(&["chest", "fold"]);
        project.results()
    });
    assert_eq!(outputs[0], outputs[1]);
}

/// Exports, pictures and counts see the fold's images, wherever they stand.
#[test]
fn what_looks_at_a_fold_sees_its_images() {
    let project = chest();
    project.run(&["fold"]).executed(&["chest", "fold"]);
    let said = project.msx(&["export", "experiment.msx", "fold", "out", "--to", "csv"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let info = fs::read(object(&project, "train", "fold.json").expect("a fold")).expect("readable");
    let info: Value = serde_json::from_slice(&info).expect("JSON");
    for (position, source) in info["sources"].as_array().expect("sources").iter().enumerate() {
        let exported = format!("out/images/train/{:06}.png", position + 1);
        let exported = image::open(project.folder().join(exported)).expect("exported").into_luma8();
        let original = project.folder().join(source.as_str().expect("a name"));
        let original = image::open(original).expect("picture").into_luma8();
        let largest = f32::from(*original.iter().max().expect("pixels"));
        let scaled =
            original.iter().map(|&pixel| (f32::from(pixel) / largest * 255.0).round() as u8);
        assert!(exported.iter().copied().eq(scaled), "{source}");
    }
    let said = project.msx(&["data", "experiment.msx", "fold", "--json"]);
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((said.code, &told["folds"][0]["images"]), (Some(0), &24.into()), "{}", said.out);
}
