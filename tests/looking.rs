//! `msx data` and `msx export` as a researcher uses them: look at a stage, see what is wrong with it,
//! give it away.

#[path = "support/project.rs"]
mod project;

use image::GrayImage;
use project::{Project, Said};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

const TEXT: &str = r#"
experiment looking { title: "Looking", seed: 1 }

dataset hands: folder { path: "pictures", size: 32px }
subset fold: hands { split: { train: 50%, valid: 25%, test: 25% } }

dataset phantoms: phantom { count: 300, size: 16px }
for k in [1, 2] {
    subset part: phantoms { classes: top(k), per_class: { train: 8, valid: 1, test: 4 } }
}
gan   g: cpd { train: part[k: 2].train, length: 32 img, batch: 8, latent: 4, widths: [4, 4, 4] }
synth fake: g { like: part[k: 2] }
"#;

/// A smooth picture of its own for each number.
fn scene(number: u32) -> GrayImage {
    let seed = f64::from(number);
    GrayImage::from_fn(32, 32, |x, y| {
        let (x, y) = (f64::from(x) / 10.0, f64::from(y) / 10.0);
        let waves = (x * (1.0 + seed % 3.0) + seed).sin() + (y * (1.0 + seed % 4.0) - seed).cos();
        let waves = waves + (x * y * 0.4 + seed * 1.7).sin();
        image::Luma([(127.5 + 42.0 * waves) as u8])
    })
}

/// Two classes of twelve pictures; the first of both is the same, and a note lies among them.
fn project() -> Project {
    let project = Project::new(TEXT);
    for (at, class) in ["left", "right"].into_iter().enumerate() {
        let folder = project.folder().join("pictures").join(class);
        fs::create_dir_all(&folder).expect("folder");
        for number in 0..12 {
            let scene = if number == 0 { 0 } else { number + 20 * at as u32 };
            let path = folder.join(format!("smith-{number:02}.png"));
            self::scene(scene).save(path).expect("writes");
        }
    }
    fs::write(project.folder().join("pictures/left/notes.txt"), "a note").expect("writes");
    project
}

fn json(said: &Said) -> Value {
    assert_eq!(said.code, Some(0), "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

fn failed(said: &Said, parts: &[&str]) {
    assert_eq!(said.code, Some(1), "{}", said.out);
    for part in parts {
        assert!(said.err.contains(part), "no `{part}` in: {}", said.err);
    }
}

#[test]
fn a_dataset_is_told_with_what_it_left_out_and_what_is_twice() {
    let project = project();
    project.run(&["hands"]);
    let said = project.msx(&["data", "experiment.msx", "hands"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let lines = [
        "hands: dataset folder of looking",
        "images      24        24           2  32 px  8 bits         1    real",
        "left out by hands (dataset): 25 read, 24 kept",
        "1  not a PNG, JPEG or TIFF",
        "no image shows two findings",
        "1 group of images with the same pixels, 0 across folds",
        "images 0 (left/smith-00.png) = images 12 (right/smith-00.png); different labels",
    ];
    for line in lines {
        assert!(said.out.contains(line), "no `{line}` in:\n{}", said.out);
    }
    assert!(
        said.err.contains("warning: 1 group of images with the same pixels, but different labels")
    );

    let told = json(&project.msx(&["data", "experiment.msx", "hands", "--json"]));
    assert_eq!((&told["stage"], &told["kind"]), (&"hands".into(), &"dataset".into()));
    assert_eq!(told["key"].as_str().map(str::len), Some(64));
    assert_eq!(told["folds"][0]["images"], 24);
    assert_eq!(told["findings"][1]["images"], serde_json::json!([12]));
    assert_eq!(told["label_sets"][0]["findings"], serde_json::json!(["left"]));
    assert_eq!(told["together"], serde_json::json!([[12, 0], [0, 12]]));
    assert_eq!(told["left_out"][0]["dropped"][0]["count"], 1);
    assert_eq!(told["duplicates"]["exact"][0]["images"][1]["source"], "right/smith-00.png");
    assert_eq!(told["duplicates"]["is_complete"], true);
}

#[test]
fn folds_are_told_side_by_side_or_one_by_one() {
    let project = project();
    project.run(&["fold"]);
    let told = json(&project.msx(&["data", "experiment.msx", "fold", "--json"]));
    let names: Vec<&str> = told["folds"]
        .as_array()
        .expect("folds")
        .iter()
        .map(|fold| fold["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["train", "valid", "test"]);
    let left_out: Vec<&Value> =
        told["left_out"].as_array().expect("a list").iter().map(|one| &one["stage"]).collect();
    assert_eq!(left_out, ["hands", "fold"]);
    for word in ["valid", "validation"] {
        let told =
            json(&project.msx(&["data", "experiment.msx", "fold", "--fold", word, "--json"]));
        assert_eq!(told["folds"].as_array().map(Vec::len), Some(1));
        assert_eq!(told["folds"][0]["name"], "valid");
    }
}

#[test]
fn copies_in_different_folds_are_warned_of() {
    let project = project();
    // Nothing but likenesses of one picture, in whichever folds they come.
    for entry in walkdir::WalkDir::new(project.folder().join("pictures")) {
        let path = entry.expect("readable").into_path();
        if path.extension().is_some_and(|extension| extension == "png") {
            let mut scene = scene(3);
            // One pixel of each is a little brighter, mostly another one.
            let number = path
                .to_string_lossy()
                .bytes()
                .fold(0_u32, |sum, byte| sum * 31 % 997 + u32::from(byte));
            let pixel = scene.get_pixel_mut(number % 32, number / 32 % 32);
            pixel[0] = pixel[0].saturating_add(3);
            scene.save(&path).expect("writes");
        }
    }
    project.run(&["fold"]);
    let said = project.msx(&["data", "experiment.msx", "fold"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains("pairs of images that look alike"), "{}", said.err);
    assert!(said.out.contains("more with --json"), "{}", said.out);
    let strict = json(&project.msx(&["data", "experiment.msx", "fold", "--json", "--near", "0"]));
    let usual = json(&project.msx(&["data", "experiment.msx", "fold", "--json"]));
    let near = |told: &Value| told["duplicates"]["near"].as_array().map_or(0, Vec::len);
    assert!(near(&strict) <= near(&usual) && near(&usual) > 20, "{}", near(&usual));
}

#[test]
fn a_stage_without_a_result_says_what_to_run() {
    let project = project();
    let said = project.msx(&["data", "experiment.msx", "part[k: 2]"]);
    failed(&said, &["no result in the cache yet", "msx run experiment.msx 'part[k: 2]'"]);
    failed(&project.msx(&["data", "experiment.msx", "part"]), &["has 2 members", "'part[k: 1]'"]);
    failed(&project.msx(&["data", "experiment.msx", "g"]), &["kind gan", "name a dataset"]);
    failed(&project.msx(&["data", "experiment.msx", "fould"]), &["did you mean `fold`"]);
    let said = project.msx(&["data", "experiment.msx", "hands", "--fold", "test"]);
    failed(&said, &["has no fold `test`", "leave out --fold"]);
    fs::remove_dir_all(project.folder().join("pictures")).expect("removes");
    failed(&project.msx(&["data", "experiment.msx", "hands"]), &["cannot run", "pictures"]);
}

#[test]
fn images_are_shown_in_a_picture_and_in_a_terminal() {
    let project = project();
    project.run(&["part[k: 2]"]);
    let stage = "part[k: 2]";
    let said = project.msx(&["data", "experiment.msx", stage, "--grid", "grid.png"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let grid = image::open(project.folder().join("grid.png")).expect("a picture").into_luma8();
    // Three folds of six images of 64 pixels, with gaps; two rows.
    assert_eq!(grid.width(), 2 * 16 + 3 * (6 * 64 + 5 * 4) + 2 * 20);
    let row = 14 + 16 + 4 + 64;
    assert_eq!(grid.height(), 16 + 2 * 16 + 14 + 16 + 2 * row + 16);
    // The first image stands below heading and caption, each of its pixels four times as large.
    let top = 16 + 2 * 16 + 14 + 16 + 14 + 16 + 4;
    let first = image::imageops::crop_imm(&grid, 16, top, 64, 64).to_image();
    let corner = |x: u32, y: u32| first.get_pixel(x / 4 * 4, y / 4 * 4);
    assert!(first.enumerate_pixels().all(|(x, y, pixel)| pixel == corner(x, y)));
    assert!(first.pixels().any(|pixel| pixel[0] > 200), "no image is where it should be");

    let piped = project.msx(&["data", "experiment.msx", stage, "--show"]);
    failed(&piped, &["no terminal", "--grid FILE.png"]);
    let shown = |variables: &[(&str, &str)]| {
        let mut command = project.command(&["data", "experiment.msx", stage, "--show"]);
        command.envs(variables.iter().copied());
        Said::of(&command.output().expect("the program starts")).out
    };
    let greys = shown(&[("CLICOLOR_FORCE", "1"), ("COLORTERM", "")]);
    assert!(greys.contains("\u{1b}[38;5;") && greys.contains('▀'), "{greys}");
    let colours = shown(&[("CLICOLOR_FORCE", "1"), ("COLORTERM", "truecolor")]);
    assert!(colours.contains("\u{1b}[38;2;") && colours.contains('▀'), "{colours}");
}

/// Names of files with the bytes of each.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(|entry| entry.expect("readable")).filter(|e| e.file_type().is_file());
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(folder).expect("inside").to_string_lossy();
            (name.into_owned(), fs::read(entry.path()).expect("readable"))
        })
        .collect()
}

#[test]
fn what_is_exported_names_no_file_and_is_said_to_be_real_or_synthetic() {
    let project = project();
    project.run(&["fold", "fake"]);
    for form in ["folder", "csv", "npz", "dicom", "tfrecord"] {
        let out = format!("out-{form}");
        let said = project.msx(&["export", "experiment.msx", "fold", &out, "--to", form, "--json"]);
        assert_eq!(json(&said)["images"], 24);
        assert!(said.err.contains("note: these are images of your data"), "{}", said.err);
        let target = project.folder().join(&out);
        for (name, bytes) in files(target.as_path()) {
            assert!(!name.contains("smith"), "{name}");
            assert!(!bytes.windows(5).any(|window| window == b"smith"), "{name} names a file");
        }
        let again = project.msx(&["export", "experiment.msx", "fold", &out, "--to", form]);
        failed(&again, &["is there already", "--overwrite"]);
        let again =
            project.msx(&["export", "experiment.msx", "fold", &out, "--to", form, "--overwrite"]);
        assert_eq!(again.code, Some(0), "{}", again.err);
    }
    let synthetic = ["export", "experiment.msx", "fake", "fake", "--to", "dicom"];
    let said = project.msx(&[&synthetic[..], &["--fold", "test"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("8 images in 10 files: fake"), "{}", said.out);
    assert!(!said.err.contains("your data"), "{}", said.err);
    let card = fs::read_to_string(project.folder().join("fake/export.json")).expect("a card");
    assert!(card.contains(r#""nature": "synthetic""#), "{card}");
    let said = project.msx(&["export", "experiment.msx", "part[k: 2]", "drawn", "--to", "csv"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("your data"), "phantoms are nobody's: {}", said.err);
    let deep = ["export", "experiment.msx", "fold", "x", "--to", "tfrecord", "--depth", "16"];
    failed(&project.msx(&deep), &["records hold pixels of 8 bits", "--depth 8"]);
}

#[test]
fn a_picture_takes_the_place_of_an_earlier_one_alone() {
    let project = project();
    project.run(&["part[k: 2]", "hands"]);
    let at = |name: &str| project.folder().join(name);
    let grid = |name: &str| project.msx(&["data", "experiment.msx", "part[k: 2]", "--grid", name]);
    let content = |name: &str| fs::read(at(name)).expect("it is there");
    assert_eq!(grid("grid.png").code, Some(0));
    let first = content("grid.png");
    assert_eq!(mode(&at("grid.png")), mode(&at("experiment.msx")));
    assert_eq!(grid("grid.png").code, Some(0));
    assert!(first == content("grid.png"), "the same picture is another file");
    let say = |name: &str, reason: &str| {
        let before = content(name);
        failed(&grid(name), &["is there already", reason]);
        assert!(before == content(name), "{name} was changed");
    };
    say("experiment.msx", "the experiment is read from it");
    // Data of a stage that this one does not need.
    say("pictures/left/smith-00.png", "the experiment is read from it");
    fs::write(at("grid.csv"), "mine").expect("writes");
    say("grid.csv", "it is not a picture as msx writes it");
    // The picture with something drawn into it, as programs save it that keep what they do not know.
    let other = image::GrayImage::from_pixel(400, 300, image::Luma([7]));
    other.save(at("drawn.png")).expect("writes");
    say("drawn.png", "it is not a picture as msx writes it");
    let mut reader = png::Decoder::new(std::io::Cursor::new(&first)).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
    reader.next_frame(&mut pixels).expect("whole");
    pixels[1000] ^= 255;
    let mut bytes = Vec::new();
    let mut encoder =
        png::Encoder::with_info(&mut bytes, reader.info().clone()).expect("as it was");
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header().and_then(|mut w| w.write_image_data(&pixels)).expect("encodes");
    fs::write(at("annotated.png"), bytes).expect("writes");
    say("annotated.png", "it is not a picture as msx writes it");
    symlink("grid.csv", at("link.png")).expect("writable");
    say("link.png", "it is a symbolic link");
    failed(&grid("pictures"), &["it is no file"]);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

#[test]
fn an_export_leaves_the_experiment_and_files_of_the_users_alone() {
    let project = project();
    project.run(&["fold"]);
    let at = |name: &str| project.folder().join(name);
    let export = |name: &str, form: &str| {
        let words = ["export", "experiment.msx", "fold", name, "--to", form, "--overwrite"];
        project.msx(&words)
    };
    for (name, form, reasons) in [
        (".", "folder", ["it is no export of msx", "never replaced"]),
        ("pictures", "folder", ["it is no export of msx", "never replaced"]),
        ("experiment.msx", "npz", ["the experiment is read from it", "never replaced"]),
        ("pictures/left/smith-00.png", "npz", ["the experiment is read from it", "never replaced"]),
        ("experiment.msx", "csv", ["it is no folder", "choose another"]),
    ] {
        let before = files(project.folder());
        failed(&export(name, form), &reasons);
        assert!(before == files(project.folder()), "{name}");
    }
    for form in ["folder", "csv", "tfrecord"] {
        assert_eq!(export("out", form).code, Some(0));
        fs::write(at("out/mine.txt"), form).expect("writes");
        assert_eq!(export("out", form).code, Some(0));
        assert_eq!(fs::read_to_string(at("out/mine.txt")).expect("there"), form);
    }
    // The experiment reads an export of its own.
    assert_eq!(export("out", "folder").code, Some(0));
    let text = TEXT.replace("\"pictures\"", "\"out/train\"");
    fs::write(at("again.msx"), text).expect("writes");
    assert_eq!(project.msx(&["run", "again.msx", "hands"]).code, Some(0));
    let before = files(&at("out"));
    let again = ["export", "again.msx", "hands", "out", "--to", "csv", "--overwrite"];
    failed(&project.msx(&again), &["the experiment is read from it"]);
    assert!(before == files(&at("out")));
}

/// Hidden folders of exports in a folder.
fn hidden(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let is_hidden = |name: &str| name.starts_with(".msx-export-");
    let hidden = entries.filter(|entry| is_hidden(&entry.file_name().to_string_lossy()));
    hidden.map(|entry| entry.path()).collect()
}

#[test]
fn what_a_killed_export_leaves_is_removed_by_the_next_one() {
    let project = Project::new(
        "experiment e { seed: 1 }\ndataset phantoms: phantom { count: 600, size: 16px }\n",
    );
    project.run(&[]);
    let out = project.folder().join("out");
    let export = ["export", "experiment.msx", "phantoms", "out", "--to", "csv", "--overwrite"];
    // Beside the destination at first, and then inside of it.
    for place in [project.folder(), out.as_path()] {
        let mut child = project.command(&export).spawn().expect("it starts");
        let is_marked = |folder: &PathBuf| {
            fs::metadata(folder.join(".unfinished")).is_ok_and(|mark| mark.len() > 0)
        };
        while !hidden(place).iter().any(is_marked) {
            assert!(child.try_wait().expect("known").is_none(), "it ended before it was killed");
        }
        child.kill().expect("it is at work");
        child.wait().expect("it ends");
        let left = hidden(place);
        assert_eq!(left.len(), 1, "{left:?}");
        // One that is at work still, or that somebody made of it, stays.
        let mark = left[0].join(".unfinished");
        let held = fs::File::open(&mark).expect("a mark");
        held.lock().expect("it is dead");
        let copy = place.join(".msx-export-mine");
        fs::create_dir(&copy).expect("writable");
        fs::copy(&mark, copy.join(".unfinished")).expect("writable");
        let elsewhere = [&export[..3], &["elsewhere"], &export[4..]].concat();
        assert_eq!(project.msx(&elsewhere).code, Some(0));
        assert_eq!(project.msx(&export).code, Some(0));
        assert_eq!(hidden(place).len(), 2, "{:?}", hidden(place));
        drop(held);
        assert_eq!(project.msx(&elsewhere).code, Some(0));
        assert_eq!(hidden(place).len(), 2, "{:?}", hidden(place));
        assert_eq!(project.msx(&export).code, Some(0));
        assert_eq!(hidden(place), std::slice::from_ref(&copy));
        fs::remove_dir_all(copy).expect("ours");
    }
}
