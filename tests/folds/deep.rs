//! A data set of sixteen bits, from its files through trainings to other programs.

use crate::decoded::changed;
use crate::project::Project;
use crate::{object, object_bytes, shorten_table, write_table};
use image::{ImageBuffer, Luma};
use msx::data::Fold;
use msx::data::depth::{Deep, Pixel};
use npyz::NpyFile;
use serde_json::Value;
use std::fs::{self, File};
use zip::ZipArchive;

const SIDE: u32 = 16;
const IMAGES: u32 = 60;

const TEXT: &str = r#"
experiment deep { seed: 1 }

dataset chest: csv { table: "table.csv", patients: column("patient"), size: 16px, depth: 16 }
subset fold: chest { per_class: { train: 16, valid: 1, test: 1 } }
gan g: cpd { train: fold.train, length: 64 img, batch: 8, latent: 8, widths: [8, 8, 8] }
synth fake: g { like: fold }
classifier real: cnn {
    train: fold.train, valid: fold.valid, epochs: 1, widths: [4]
    augment: { shift: 10%, rotation: 10 deg, brightness: 10% }
}
classifier made: cnn { train: fake.train, valid: fake.valid, epochs: 1, widths: [4] }
evaluate auc_real: real { test: fold.test }
evaluate auc_made: made { test: fold.test }
neighbours near: real { of: fake.test, among: fold.train, count: 2 }
"#;

/// Levels of one picture, white among them.
fn levels(image: u32) -> Vec<u16> {
    let level = |place: u32| match place {
        7 => u16::MAX,
        place => (place * place * 31 + place * (image + 3) * 97 + image * 1009) as u16,
    };
    (0..SIDE * SIDE).map(level).collect()
}

/// A table of images of patients with two each, in two classes.
fn chest() -> Project {
    let project = Project::new(TEXT);
    write_table(&project, IMAGES, "png");
    for image in 0..IMAGES {
        let picture: ImageBuffer<Luma<u16>, _> =
            ImageBuffer::from_raw(SIDE, SIDE, levels(image)).expect("fits");
        picture.save(project.folder().join(format!("{image}.png"))).expect("picture");
    }
    project
}

/// The fold of an output, of the one stage that has it so deep.
fn fold(project: &Project, output: &str) -> Fold {
    Fold::open_files(|file| object(project, output, file)).expect("a fold")
}

#[track_caller]
fn succeed(project: &Project, arguments: &[&str]) -> String {
    let said = project.msx(arguments);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    said.out
}

fn sources(fold: &Fold) -> Vec<u32> {
    let number = |source: &String| source.trim_end_matches(".png").parse().expect("a number");
    fold.info().sources.iter().map(number).collect()
}

fn seen(image: &[u8]) -> Vec<u16> {
    Deep::of_bytes(image).iter().map(|pixel| pixel.level()).collect()
}

#[test]
fn subsets_are_as_deep_and_share_the_pixels() {
    let project = chest();
    project.run(&["fold"]).executed(&["chest", "fold"]);
    let train = fold(&project, "train");
    for (position, image) in sources(&train).into_iter().enumerate() {
        assert_eq!(seen(train.image(position)), levels(image), "{image}.png");
    }
    let pixels = 2 * u64::from(IMAGES * SIDE * SIDE);
    let before = object_bytes(&project);
    assert!((pixels..2 * pixels).contains(&before), "{before} bytes for {pixels} of pixels");
    project.edit("train: 16", "train: 12");
    project.run(&["fold"]).executed(&["fold"]);
    let more = object_bytes(&project) - before;
    assert!(more < pixels / 2, "{more} bytes more for {pixels} of pixels");
    project.is_whole();
}

/// What was decoded at one depth is remembered, and is not taken for the other.
#[test]
fn each_depth_is_decoded_once() {
    let project = chest();
    let all = u64::from(IMAGES);
    changed(&project, |_| {}, all, 0);
    changed(&project, shorten_table, 0, all - 10);
    changed(&project, |project| project.edit(", depth: 16", ""), all - 10, 0);
    changed(&project, shorten_table, 0, all - 20);
    changed(&project, |project| project.edit("size: 16px", "size: 16px, depth: 16"), 0, all - 20);
    // Eight bits are what is not written.
    project.edit("depth: 16", "depth: 8");
    project.run(&["chest"]).executed(&[]);
}

/// The same bytes for any number of threads, and no more than eight bits are lost on the way.
#[test]
fn trainings_go_from_deep_folds_to_results() {
    let outputs = ["1", "2"].map(|threads| {
        let project = chest();
        let ran = project.run(&["--threads", threads]);
        assert_eq!(ran.code, Some(0));
        project.results()
    });
    assert_eq!(outputs[0], outputs[1]);
    let project = chest();
    project.run(&["fake"]).executed(&["chest", "fake", "fold", "g"]);
    let out = project.folder().join("fake");
    succeed(&project, &["export", "experiment.msx", "fake", "fake", "--to", "csv"]);
    let picture = image::open(out.join("images/train/000001.png")).expect("a picture");
    let image::DynamicImage::ImageLuma16(picture) = picture else {
        panic!("{:?}", picture.color())
    };
    assert!(picture.iter().any(|level| level % 257 != 0), "synthetic images have eight bits");
    // An experiment of eight bits has other results.
    project.edit(", depth: 16", "");
    project.run(&["fake"]).executed(&["chest", "fake", "fold", "g"]);
}

#[test]
fn deep_folds_leave_as_they_are() {
    let project = chest();
    project.run(&["fold"]).executed(&["chest", "fold"]);
    let train = fold(&project, "train");
    let images = sources(&train);
    let export = |to: &str, out: &str, depth: &[&str]| {
        let arguments = ["export", "experiment.msx", "fold", out, "--to", to, "--fold", "train"];
        succeed(&project, &[&arguments[..], depth].concat());
        project.folder().join(out)
    };
    let table = export("csv", "table", &[]);
    let archive = export("npz", "all.npz", &[]);
    let narrow = export("csv", "narrow", &["--depth", "8"]);
    export("tfrecord", "records", &["--depth", "8"]);
    let mut archive = ZipArchive::new(File::open(archive).expect("there")).expect("an archive");
    let array = NpyFile::new(archive.by_name("train_images.npy").expect("images")).expect("npy");
    assert_eq!(array.dtype().descr(), "'<u2'");
    assert_eq!(array.shape(), [images.len() as u64, SIDE.into(), SIDE.into()]);
    let numbers: Vec<u16> = array.into_vec().expect("numbers");
    assert_eq!(numbers, images.iter().flat_map(|&image| levels(image)).collect::<Vec<_>>());
    for (position, &image) in images.iter().enumerate() {
        let name = format!("images/train/{:06}.png", position + 1);
        let picture = image::open(table.join(&name)).expect("a picture");
        let image::DynamicImage::ImageLuma16(picture) = picture else { panic!("{name} is narrow") };
        assert_eq!(picture.into_raw(), levels(image), "{name}");
        let picture = image::open(narrow.join(&name)).expect("a picture");
        let image::DynamicImage::ImageLuma8(picture) = picture else { panic!("{name} is deep") };
        let nearest = levels(image).into_iter().map(|level| (f64::from(level) / 257.0).round());
        assert!(picture.iter().map(|&level| f64::from(level)).eq(nearest), "{name}");
    }
    let refused = project.msx(&["export", "experiment.msx", "fold", "x", "--to", "tfrecord"]);
    assert_eq!(refused.code, Some(1));
    for part in ["8 bits, these have 16", "--depth 8"] {
        assert!(refused.err.contains(part), "{}", refused.err);
    }
}

/// Archives of sixteen bits, our own among them, are read as such.
#[test]
fn an_archive_of_sixteen_bits_comes_back() {
    let project = chest();
    project.run(&["fold"]).executed(&["chest", "fold"]);
    let images = sources(&fold(&project, "train"));
    succeed(&project, &["export", "experiment.msx", "fold", "all.npz", "--to", "npz"]);
    let text = "experiment again { seed: 1 }\n\
                dataset again: medmnist { path: \"all.npz\", size: 16px, depth: 16 }\n\
                subset back: again { folds: published }\n";
    fs::write(project.folder().join("experiment.msx"), text).expect("writes");
    project.run(&["again"]).executed(&["again"]);
    let all = project.results();
    let deep: Vec<&Value> = all.values().filter(|one| one["images"].is_object()).collect();
    assert_eq!(deep.len(), 2);
    succeed(&project, &["export", "experiment.msx", "again", "again", "--to", "csv"]);
    for (position, image) in images.into_iter().enumerate() {
        let name = format!("again/images/images/{:06}.png", position + 1);
        let picture = image::open(project.folder().join(&name)).expect("a picture").into_luma16();
        assert_eq!(picture.into_raw(), levels(image), "{name}");
    }
}

#[test]
fn deep_folds_are_looked_at_like_others() {
    let project = chest();
    project.run(&["fold"]).executed(&["chest", "fold"]);
    let train = fold(&project, "train");
    let out = succeed(&project, &["data", "experiment.msx", "fold", "--json", "--grid", "a.png"]);
    let told: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(told["folds"][0]["depth"], 16, "{out}");
    let grid = image::open(project.folder().join("a.png")).expect("a picture");
    let image::DynamicImage::ImageLuma8(grid) = grid else { panic!("{:?}", grid.color()) };
    // The first image of the first row, each pixel four times as large.
    let nearest = |level: u16| (f64::from(level) / 257.0).round() as u8;
    let shown = |top: u32, image: u32| {
        let levels = levels(image).into_iter().enumerate();
        levels.into_iter().all(|(place, level)| {
            let (x, y) = (place as u32 % SIDE, place as u32 / SIDE);
            grid.get_pixel(16 + 4 * x, top + 4 * y)[0] == nearest(level)
        })
    };
    let tops = 0..grid.height() - 4 * SIDE;
    let first = tops.flat_map(|top| sources(&train).into_iter().map(move |image| (top, image)));
    assert!({ first }.any(|(top, image)| shown(top, image)), "no image is where it should be");
    assert!(succeed(&project, &["data", "experiment.msx", "fold"]).contains("16 bits"));
}

#[test]
fn other_depths_are_refused_where_they_stand() {
    let project = chest();
    project.edit("depth: 16", "depth: 12");
    let said = project.msx(&["check", "experiment.msx"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    for part in ["`depth` must be 8 or 16, this is 12", "experiment.msx:4"] {
        assert!(said.err.contains(part) || said.out.contains(part), "{} {}", said.out, said.err);
    }
}
