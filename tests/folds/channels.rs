//! Several windows of CT slices as channels, from the files through trainings to other programs.

use crate::decoded::changed;
use crate::dicom_file::Picture;
use crate::project::{Project, Said};
use crate::{object, shorten_table, write_table};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use image::DynamicImage;
use msx::data::{Channels, Fold};
use serde_json::Value;
use std::collections::BTreeSet;

const IMAGES: u16 = 60;

const TEXT: &str = r#"
experiment windows { seed: 1 }

dataset chest: dicom {
    path: "scans", table: "table.csv", patients: column("patient"), size: 32px, depth: 16
    window: [brain, subdural, bone]
}
subset fold: chest { per_class: { train: 16, valid: 1, test: 1 }, size: 16px }
gan g: cpd {
    train: fold.train, length: 64 img, batch: 8, latent: 8, widths: [8, 8, 8]
    augment: [contrast, translation]
}
gan growing: prog {
    train: fold.train, length: 64 img, batch: 8, latent: 8, widths: [8, 8, 8]
    phase: 16 img, fade: 24 img
}
synth fake: g { like: fold }
synth grown: growing { like: fold }
classifier real: cnn {
    train: fold.train, valid: fold.valid, epochs: 1, widths: [4]
    augment: { shift: 10%, rotation: 10 deg, brightness: 10%, mixup: 0.2 }
}
classifier made: cnn { train: fake.train, valid: fake.valid, epochs: 1, widths: [4] }
evaluate auc_real: real { test: fold.test }
evaluate auc_made: made { test: fold.test }
neighbours near: real { of: fake.test, among: fold.train, count: 2 }
report page { show: [auc_real, auc_made, near, grown] }
"#;

/// Slices from air to bone of patients with two each, in two classes.
fn head() -> Project {
    let project = Project::new(TEXT);
    write_table(&project, IMAGES.into(), "dcm");
    for image in 0..IMAGES {
        let sample = |place: u16| match place % 7 {
            // Soft tissue, which windows tell apart, and some bone.
            0 => 1024 + (place * 13 + image * 29) % 1500,
            _ => 1000 + (place * 3 + image * 17 + place / 32 * image) % 180,
        };
        Picture::grey(32, 32, &(0..32 * 32).map(sample).collect::<Vec<u16>>())
            .text(tags::RESCALE_SLOPE, VR::DS, "1")
            .text(tags::RESCALE_INTERCEPT, VR::DS, "-1024")
            .write(&project.folder().join(format!("scans/{image}.dcm")));
    }
    project
}

#[track_caller]
fn failed(said: &Said, parts: &[&str]) {
    assert_eq!(said.code, Some(1), "{}", said.out);
    for part in parts {
        assert!(said.err.contains(part) || said.out.contains(part), "{} {}", said.out, said.err);
    }
}

/// The message of the one stage that fails.
#[track_caller]
fn fails(project: &Project, stage: &str, parts: &[&str]) {
    let ran = project.run(&[stage]);
    assert_eq!(ran.code, Some(1), "{:?}", ran.executed);
    let [(label, message)] = ran.failed.as_slice() else { panic!("{:?}", ran.failed) };
    assert_eq!(label, stage);
    for part in parts {
        assert!(message.contains(part), "{message}");
    }
}

/// The same bytes for any number of threads, from the files to the page.
#[test]
fn three_windows_go_from_scans_to_a_report() {
    let projects = ["1", "2"].map(|threads| {
        let project = head();
        let ran = project.run(&["--threads", threads]);
        assert_eq!(ran.code, Some(0), "{:?}", ran.failed);
        project
    });
    assert_eq!(projects[0].results(), projects[1].results());
    let [project, _] = projects;
    project.is_whole();
    let mut kinds = BTreeSet::new();
    for outputs in project.results().into_values() {
        let Some(train) = outputs.get("train") else { continue };
        let place = |file: &str| {
            let digest = train[file]["digest"].as_str()?;
            Some(project.cache.join("objects").join(&digest[..2]).join(digest))
        };
        let fold = Fold::open_files(place).expect("a fold");
        assert_eq!((fold.info().channels, fold.info().side), (Channels::Three, 16));
        kinds.insert(format!("{:?}", fold.info().origin));
    }
    assert_eq!(kinds.len(), 2, "real and synthetic folds");
    // Galleries and neighbours are shown in colours.
    let (_, page) = project.pages().pop_first().expect("a page");
    let pictures: Vec<DynamicImage> = page
        .split("src=\"data:image/png;base64,")
        .skip(1)
        .map(|text| STANDARD.decode(text.split('"').next().expect("an end")).expect("base64"))
        .map(|bytes| image::load_from_memory(&bytes).expect("a picture"))
        .collect();
    assert!(pictures.len() > 4, "{} pictures", pictures.len());
    for picture in pictures {
        let DynamicImage::ImageRgba8(picture) = picture else { panic!("{:?}", picture.color()) };
        let mut painted = picture.pixels().filter(|pixel| pixel[3] == 255);
        assert!(painted.any(|pixel| pixel[0] != pixel[1] && pixel[1] != pixel[2]), "grey");
    }
}

/// What was decoded for one list of windows is not taken for another.
#[test]
fn each_list_of_windows_is_decoded_once() {
    let project = head();
    let all = u64::from(IMAGES);
    let three = changed(&project, |_| {}, all, 0);
    changed(&project, shorten_table, 0, all - 10);
    let windows = |from: &'static str, to: &'static str| {
        move |project: &Project| project.edit(from, &format!("window: {to}"))
    };
    let two = windows("window: [brain, subdural, bone]", "[brain, bone]");
    let two = changed(&project, two, all - 10, 0);
    let one = changed(&project, windows("window: [brain, bone]", "[brain]"), all - 10, 0);
    // A list of one is its value.
    project.edit("window: [brain]", "window: brain");
    project.run(&["chest"]).executed(&[]);
    let size = 32 * 32 * 2;
    for image in 0..usize::from(IMAGES - 10) {
        let brain = &one.pixels[image * size..][..size];
        assert!(brain == &two.pixels[2 * image * size..][..size], "another first of two");
        assert!(brain == &three.pixels[3 * image * size..][..size], "another first of three");
    }
}

#[test]
fn folds_of_several_channels_are_looked_at_in_colours() {
    let project = head();
    project.run(&["fold"]).executed(&["chest", "fold"]);
    let said = project.msx(&["data", "experiment.msx", "fold", "--json", "--grid", "a.png"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(told["folds"][0]["channels"], 3, "{}", said.out);
    let grid = image::open(project.folder().join("a.png")).expect("a picture");
    let DynamicImage::ImageRgb8(grid) = grid else { panic!("{:?}", grid.color()) };
    // An image of the fold stands there, each pixel four times as large.
    let fold = Fold::open_files(|file| object(&project, "train", file)).expect("a fold");
    let level = |image: usize, channel: usize, x: u32, y: u32| {
        let plane = fold.info().raster().planes(fold.image(image)).nth(channel).expect("three");
        let at = 2 * (y * 16 + x) as usize;
        let level = u16::from_le_bytes([plane[at], plane[at + 1]]);
        (f64::from(level) / 257.0).round() as u8
    };
    let is_at = |top: u32, image: usize| {
        (0..16 * 16).all(|place| {
            let (x, y) = (place % 16, place / 16);
            let pixel = grid.get_pixel(16 + 4 * x, top + 4 * y);
            (0..3).all(|channel| pixel[channel] == level(image, channel, x, y))
        })
    };
    let mut places =
        (0..grid.height() - 64).flat_map(|top| (0..fold.len()).map(move |image| (top, image)));
    assert!(places.any(|(top, image)| is_at(top, image)), "no image is where it should be");
    let text = project.msx(&["data", "experiment.msx", "fold"]).out;
    assert!(text.contains("channels"), "{text}");
    let shown = |colours: &str| {
        let mut command = project.command(&["data", "experiment.msx", "fold", "--show"]);
        let command = command.env("CLICOLOR_FORCE", "1").env("COLORTERM", colours);
        Said::of(&command.output().expect("starts")).out
    };
    let is_coloured = |colour: &str| {
        let numbers: Vec<&str> = colour.split(['m', ';']).take(3).collect();
        numbers.len() == 3 && (numbers[0] != numbers[1] || numbers[1] != numbers[2])
    };
    assert!(shown("truecolor").split("38;2;").skip(1).any(is_coloured));
    let numbers: BTreeSet<u8> = shown("")
        .split("38;5;")
        .skip(1)
        .map(|text| text.split(['m', ';']).next().expect("one").parse().expect("a number"))
        .collect();
    // Beyond the corners of the cube and below the greys lie colours.
    assert!(numbers.iter().any(|number| (17..231).contains(number)), "{numbers:?}");
}

#[test]
fn folds_of_other_channels_are_refused_where_they_would_be_used() {
    let project = head();
    let narrow = "dataset flat: dicom {\n\
                  path: \"scans\", table: \"table.csv\", patients: column(\"patient\"), size: 32px\n\
                  window: brain\n}\n\
                  subset part: flat { per_class: { train: 16, valid: 1, test: 1 }, size: 16px }\n\
                  synth other: g { like: part }\n\
                  evaluate elsewhere: real { test: part.test }\n\
                  neighbours far: real { of: fake.test, among: part.train, count: 2 }\n\
                  dataset pair: dicom {\n\
                  path: \"scans\", table: \"table.csv\", patients: column(\"patient\"), size: 32px\n\
                  window: [brain, bone]\n}\n\
                  subset two: pair { per_class: { train: 16, valid: 1, test: 1 } }\n\
                  classifier deep: densenet121 {\n\
                  train: two.train, valid: two.valid, epochs: 1, input: 32px\n}\n";
    project.write(&format!("{TEXT}{narrow}"));
    let ran = project.run(&["fake", "part", "two", "real"]);
    assert_eq!(ran.code, Some(0), "{:?}", ran.failed);
    fails(
        &project,
        "other",
        &["16 px images in 3 channels of A, B", "`like` has 16 px images of A, B"],
    );
    fails(
        &project,
        "elsewhere",
        &["trained on images of 3 channels, these have 1 channel", "as many windows"],
    );
    fails(&project, "far", &["`of` has images of 3 channels, `among` of 1 channel"]);
    fails(&project, "deep", &["1 or 3 channels", "these have 2", "one `window` or three"]);
}

#[test]
fn windows_that_make_no_channels_are_refused_where_they_stand() {
    let project = head();
    let written = "window: [brain, subdural, bone]";
    for (list, part) in [
        ("[brain, subdural, bone, file]", "`window` takes at most 3 values, these are 4"),
        ("[]", "`window` needs at least one value"),
        ("[brain, bone, brain]", "`window` has brain twice"),
        ("[brain, skin]", "`window` has no choice `skin`"),
    ] {
        project.write(&TEXT.replace(written, &format!("window: {list}")));
        failed(&project.msx(&["check", "experiment.msx"]), &[part, "experiment.msx:6"]);
    }
    project.write(&TEXT.replace(written, "window: [brain, window(centre: 40, width: 80)]"));
    fails(&project, "chest", &["show the same values", "leave one out"]);
}
