//! Data sets of medical images as a researcher runs them, and what of patients the cache keeps.

#[path = "data/dicom_file.rs"]
mod dicom_file;
#[path = "support/project.rs"]
mod project;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_file::Picture;
use dicom_object::{DefaultDicomObject, OpenFileOptions};
use project::Project;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The DICOM samples, or a loud word that they are not there.
fn samples() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let root = std::env::var_os("MSX_TEST_DATA").map_or_else(beside, PathBuf::from);
    let folder = root.join("dicom-samples");
    if folder.is_dir() {
        return Some(folder);
    }
    let message = "does not exist; set MSX_TEST_DATA to look for patients in the cache";
    writeln!(std::io::stderr(), "SKIPPED: {} {message}", folder.display()).expect("standard error");
    None
}

fn summary(project: &Project) -> serde_json::Value {
    let outputs = project.results().into_values().find(|one| one["images"].is_object());
    let outputs = outputs.expect("a data set");
    let digest = outputs["summary"]["summary.json"]["digest"].as_str().expect("a digest");
    let object = project.cache.join("objects").join(&digest[..2]).join(digest);
    serde_json::from_slice(&fs::read(object).expect("readable")).expect("JSON")
}

/// What identifies the person in a file.
fn identity(object: &DefaultDicomObject) -> BTreeSet<String> {
    let tags = [
        tags::PATIENT_NAME,
        tags::PATIENT_ID,
        tags::PATIENT_BIRTH_DATE,
        tags::OTHER_PATIENT_NAMES,
        tags::PATIENT_ADDRESS,
        tags::ACCESSION_NUMBER,
        tags::STUDY_INSTANCE_UID,
        tags::SOP_INSTANCE_UID,
    ];
    let texts = tags.iter().filter_map(|&tag| object.get(tag)?.to_str().ok().map(String::from));
    // What is short or monotonous, such as 11111111, stands in pixels by chance.
    let is_telling =
        |text: &String| text.len() >= 4 && text.bytes().collect::<BTreeSet<u8>>().len() >= 3;
    texts.map(|text| text.trim().to_owned()).filter(is_telling).collect()
}

/// Every byte below the cache, files of every kind.
fn occurs_in_cache(project: &Project, word: &str) -> Option<PathBuf> {
    project.files_of("").into_iter().find(|path| {
        let bytes = fs::read(path).expect("readable");
        bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    })
}

#[test]
fn nothing_that_identifies_a_patient_enters_the_cache() {
    let Some(folder) = samples() else { return };
    let project = Project::new(
        "experiment e { seed: 1 }\n\
         dataset all: dicom { path: \"all\", patients: file, unreadable: skip, size: 32px }\n\
         dataset named: dicom { path: \"named\", size: 32px }\n",
    );
    let mut identities = BTreeSet::new();
    let mut named = 0;
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.extension().is_none_or(|ending| ending != "dcm") {
            continue;
        }
        let name = path.file_name().expect("a name");
        let into = |class: &str| {
            let target = project.folder().join(class).join("samples").join(name);
            fs::create_dir_all(target.parent().expect("a folder")).expect("writable");
            fs::write(target, fs::read(&path).expect("readable")).expect("writable");
        };
        into("all");
        let options = OpenFileOptions::new().read_until(tags::PIXEL_DATA);
        let Ok(object) = options.open_file(&path) else { continue };
        let has_id = object
            .get(tags::PATIENT_ID)
            .is_some_and(|id| !id.to_str().is_ok_and(|id| id.trim().is_empty()));
        identities.extend(identity(&object));
        if has_id && msx::data::dicom::values(&path).is_ok() {
            into("named");
            named += 1;
        }
    }
    assert!(identities.len() > 20 && named > 10, "{} in {named} files", identities.len());
    let ran = project.run(&["--keep-going"]);
    assert_eq!(ran.code, Some(0), "{:?}", ran.failed);
    // The search finds what is there.
    assert!(occurs_in_cache(&project, "CT_small.dcm").is_some());
    for word in identities {
        assert_eq!(occurs_in_cache(&project, &word), None, "`{word}`");
    }
}

/// A long table and its files, as the challenge has them.
fn challenge(project: &Project) {
    let mut lines = vec!["ID,Label".to_owned()];
    for image in 0..60_u16 {
        let types =
            ["epidural", "intraparenchymal", "intraventricular", "subarachnoid", "subdural"];
        let present = (image % 3 != 0).then(|| types[usize::from(image % 2) * 4]);
        for name in types.into_iter().chain(["any"]) {
            let is_set = present == Some(name) || (name == "any" && present.is_some());
            lines.push(format!("ID_{image:03}_{name},{}", u8::from(is_set)));
        }
        let samples: Vec<u16> = (0..256).map(|place| 1024 + image + place % 70).collect();
        Picture::grey(16, 16, &samples)
            .text(tags::RESCALE_INTERCEPT, VR::DS, "-1024")
            .text(tags::RESCALE_SLOPE, VR::DS, "1")
            .text(tags::PATIENT_ID, VR::LO, &format!("ID_{:08x}", image / 2))
            .write(&project.folder().join(format!("rsna/train/ID_{image:03}.dcm")));
    }
    fs::write(project.folder().join("rsna/train.csv"), lines.join("\n")).expect("writable");
}

const BRAIN: &str = r#"
experiment brain { seed: 3 }

dataset brain: rsna_ich {
    csv: "rsna/train.csv", images: "rsna/train", no_finding: at_most(12), size: 16px
}

subset fold: brain { classes: top(3), split: { train: 60%, valid: 20%, test: 20% } }
"#;

#[test]
fn the_challenge_runs_and_runs_again_where_its_files_change() {
    let project = Project::new(BRAIN);
    challenge(&project);
    project.run(&[]).executed(&["brain", "fold"]);
    let found = summary(&project);
    assert_eq!((found["read"].as_u64(), found["kept"].as_u64()), (Some(60), Some(52)));
    assert_eq!(found["skipped"].as_array().map(Vec::len), Some(0));
    project.run(&[]).executed(&[]);
    // The same meaning.
    project.edit("size: 16px", "window: brain, size: 16px, unreadable: error");
    project.run(&[]).executed(&[]);
    // Another window, another table, another file.
    project.edit("window: brain", "window: window(centre: -20, width: 100.5)");
    project.run(&[]).executed(&["brain", "fold"]);
    let path = project.folder().join("rsna/train.csv");
    let table = fs::read_to_string(&path).expect("readable");
    fs::write(&path, table.replace("ID_004_epidural,1", "ID_004_epidural,0") + "\n")
        .expect("writable");
    let ran = project.run(&[]);
    assert!(ran.code != Some(0), "the table contradicts itself");
    fs::write(&path, table).expect("writable");
    let image = project.folder().join("rsna/train/ID_004.dcm");
    fs::copy(project.folder().join("rsna/train/ID_005.dcm"), &image).expect("writable");
    project.run(&[]).executed(&["brain", "fold"]);
    let whole = fs::read(&image).expect("readable");
    fs::write(&image, &whole[..900]).expect("writable");
    let ran = project.run(&[]);
    let (_, message) = ran.failed.first().expect("a file is broken");
    assert!(message.contains("ID_004.dcm") && message.contains("ends too early"), "{message}");
    project.edit("unreadable: error", "unreadable: skip");
    project.run(&[]).executed(&["brain", "fold"]);
    project.is_whole();
}

/// Where nothing is computed by chance, threads do not show.
#[test]
fn the_number_of_threads_does_not_show() {
    let results = ["1", "3"].map(|threads| {
        let project = Project::new(BRAIN);
        challenge(&project);
        assert_eq!(project.run(&["--threads", threads]).code, Some(0));
        project.results()
    });
    assert_eq!(results[0], results[1]);
}

/// What is not the user's to give away never gets into a bundle.
#[test]
fn images_of_every_data_set_are_data() {
    let methods = msx::stages::methods();
    let datasets = methods.iter().filter(|method| method.schema().kind == "dataset");
    for method in datasets {
        assert!(method.shows_data("images"), "{}", method.schema().method);
        // A summary names the files that were left out, where there are files.
        let is_drawn = method.schema().method == "phantom";
        assert_eq!(method.shows_data("summary"), !is_drawn, "{}", method.schema().method);
    }
}

/// Files that other programs wrote, see `tests/reference/`.
fn golden(project: &Project, folder: &str) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let to = project.folder().join(folder);
    fs::create_dir_all(&to).expect("writable");
    for entry in fs::read_dir(from).expect("golden files") {
        let path = entry.expect("readable").path();
        fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("writable");
    }
}

#[test]
fn a_table_with_joined_names_runs_and_runs_again_where_it_changes() {
    let project = Project::new(
        r#"
experiment tabled { seed: 3 }

dataset chest: csv {
    table: "data/labels.csv", root: "data/images", file_column: "File",
    joined: { column: "Found", none: "No Finding" },
    rename: [{ from: "Mass", to: "Lesion" }, { from: "Nodule", to: "Lesion" }],
    findings: ["Lesion", "Edema"], repeated: once, split_column: "Fold",
    patients: column("Patient ID"), unreadable: skip, size: 16px
}

subset fold: chest { folds: published }
"#,
    );
    let mut text = "File,Found,Patient ID,Fold\r\n".to_owned();
    for image in 0..12_u8 {
        let found = ["Mass", "Edema|Nodule", "No Finding"][usize::from(image) % 3];
        let fold = ["train", "train", "val", "test"][usize::from(image) / 3];
        text += &format!("{image}.png,{found},{},{fold}\r\n", image / 3);
        let picture =
            image::GrayImage::from_fn(20, 20, |x, y| image::Luma([image * 9 + (x * y % 90) as u8]));
        let path = project.folder().join(format!("data/images/{image}.png"));
        fs::create_dir_all(path.parent().expect("above")).expect("writable");
        picture.save(path).expect("writable");
    }
    let csv = project.folder().join("data/labels.csv");
    fs::write(&csv, &text).expect("writable");
    project.run(&[]).executed(&["chest", "fold"]);
    let found = summary(&project);
    assert_eq!((found["kept"].as_u64(), found["patients"].as_u64()), (Some(12), Some(4)));
    assert_eq!(found["label_sets"].as_array().map(Vec::len), Some(3));
    project.run(&[]).executed(&[]);
    fs::write(&csv, text.clone() + "0.png,Mass,0,train\r\n").expect("writable");
    project.run(&[]).executed(&["chest", "fold"]);
    fs::write(&csv, text.clone() + "0.png,Mass,7,train\r\n").expect("writable");
    let ran = project.run(&[]);
    let (_, message) = ran.failed.first().expect("a contradiction");
    assert!(message.contains("line 14") && message.contains("another patient"), "{message}");
    fs::write(&csv, text.replace("5.png,No Finding,1,train", "5.png,No Finding,0,test"))
        .expect("writable");
    let ran = project.run(&[]);
    assert!(ran.failed[0].1.contains("in train and in test"), "{:?}", ran.failed);
    project.is_whole();
}

#[test]
fn archives_volumes_and_records_run() {
    let project = Project::new(
        r#"
experiment others { seed: 3 }

dataset small: medmnist { path: "medmnist/chestmnist.npz", size: 12px }
dataset named: medmnist {
    path: "medmnist/pathmnist_12.npz", names: ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
}
dataset slices: nifti {
    path: "nifti", table: "volumes.csv", file_column: "who", axis: coronal,
    slices: between(from: 20%, to: 80%), window: percentiles(low: 1%, high: 99%), size: 8px
}
dataset records: tfrecord { path: "tfrecord", size: 16px, findings: ["x", "y", "z"] }

subset fold: small { folds: published, total: { train: 3, valid: 1, test: 1 } }
"#,
    );
    for folder in ["medmnist", "nifti", "tfrecord"] {
        golden(&project, folder);
    }
    let csv = project.folder().join("volumes.csv");
    fs::write(&csv, "who,Edema\nlps_u8.nii.gz,1\nlia_f64_two.nii,0\n").expect("writable");
    let all = ["fold", "named", "records", "slices", "small"];
    project.run(&[]).executed(&all);
    project.run(&[]).executed(&[]);
    fs::write(&csv, "who,Edema\nlps_u8.nii.gz,1\nlia_f64_two.nii,1\n").expect("writable");
    project.run(&[]).executed(&["slices"]);
    let one = project.folder().join("nifti/lps_u8.nii.gz");
    fs::copy(project.folder().join("nifti/pir_f32.nii.gz"), one).expect("writable");
    project.run(&[]).executed(&["slices"]);
    // Files that nobody reads.
    fs::write(project.folder().join("tfrecord/set-r03.tfrecords"), b"").expect("writable");
    fs::write(project.folder().join("nifti/sar_u16_two.nii.gz"), b"").expect("writable");
    project.run(&[]).executed(&[]);
    project.edit("folds: published, total", "total");
    project.run(&[]).executed(&["fold"]);
    project.edit("\"tfrecord\", size: 16px", "\"tfrecord\", size: 64px");
    let ran = project.run(&[]);
    assert!(ran.failed[0].1.contains("choose a `size` of 8px, 16px"), "{:?}", ran.failed);
    project.is_whole();
}
