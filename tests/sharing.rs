//! Shown, compared, locked, bundled and reproduced: what one person sends and another checks.

#[path = "data/dicom_file.rs"]
mod dicom_file;
#[path = "support/project.rs"]
mod project;
#[path = "sharing/withheld.rs"]
mod withheld;

use project::{Project, SMALL, SMALL_STAGES};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// A classifier on a folder of images that only this test has.
const MINE: &str = r#"
experiment mine { title: "My images", seed: 1 }

param images: path = "images"

dataset    pictures: folder { path: images, size: 16px }
subset     fold: pictures { per_class: { train: 8, valid: 2, test: 2 } }
classifier c: cnn { train: fold.train, valid: fold.valid, epochs: 1, widths: [4] }
evaluate   real: c { test: fold.test }
gan        g: cpd { train: fold.train, length: 8 img, batch: 4, latent: 2, widths: [2, 2, 2] }
synth      fake: g { like: fold }
neighbours nn: c { of: fake.test, among: fold.train, count: 2 }
report     page { }
"#;

/// The files of a bundle.
fn files(bundle: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = ZipArchive::new(File::open(bundle).expect("a bundle")).expect("an archive");
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let mut content = |name: &String| {
        let mut bytes = Vec::new();
        archive.by_name(name).expect("listed").read_to_end(&mut bytes).expect("whole");
        bytes
    };
    names.iter().map(|name| (name.clone(), content(name))).collect()
}

fn write(bundle: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("a file");
        writer.write_all(bytes).expect("written");
    }
    fs::write(bundle, writer.finish().expect("an archive").into_inner()).expect("writable");
}

fn replace(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(bytes.clone()).expect("text");
    assert!(text.contains(from), "no `{from}`");
    *bytes = text.replace(from, to).into_bytes();
}

/// Two classes of small pictures below a folder.
fn draw(folder: &Path, shade: u8) {
    for (class, name) in ["dark", "light"].iter().enumerate() {
        fs::create_dir_all(folder.join(name)).expect("writable");
        for number in 0..24_u8 {
            let level = shade + 90 * class as u8 + number;
            let picture = image::GrayImage::from_fn(16, 16, |x, y| {
                image::Luma([level.wrapping_add((x * y) as u8)])
            });
            picture.save(folder.join(name).join(format!("secret{number}.png"))).expect("writable");
        }
    }
}

#[test]
fn a_run_is_shown_compared_locked_bundled_and_reproduced() {
    let mine = Project::new(SMALL);
    assert_eq!(mine.run(&[]).code, Some(0));
    show_tells_what_was_found(&mine);
    differences_are_those_of_meaning(&mine);
    a_lock_holds_until_the_meaning_changes(&mine);

    let said = mine.msx(&["bundle", "experiment.msx", "-o", "small.msxb", "--with", "g.generator"]);
    assert_eq!(said.code, Some(1), "there is no stage g");
    let with = ["--with", "small_cpd.generator", "--with", "fake[*].train"];
    let bundle = [&["bundle", "experiment.msx", "-o", "small.msxb"], &with[..]].concat();
    let said = mine.msx(&bundle);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let path = mine.folder().join("small.msxb");
    let first = fs::read(&path).expect("a bundle");
    assert_eq!(mine.msx(&bundle).code, Some(0));
    assert!(first == fs::read(&path).expect("a bundle"), "two bundles of one run differ");
    let content = files(&path);
    for name in [
        "experiment/experiment.msx",
        "experiment.lock",
        "results/stages.json",
        "results/auc_arch_cpd/result/evaluation.json",
        "results/summary/result/result.json",
        "artefacts/small_cpd/generator/generator.safetensors",
        "reports/page.html",
        "ro-crate-metadata.json",
    ] {
        assert!(content.contains_key(name), "{name} is missing: {:?}", content.keys());
    }

    // A colleague has nothing but the bundle.
    let theirs = Project::new("");
    fs::copy(&path, theirs.folder().join("small.msxb")).expect("copied");
    let said = theirs.msx(&["reproduce", "small.msxb"]);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    assert!(said.out.contains(&format!("identical: all {SMALL_STAGES} stages")), "{}", said.out);
    assert!(!theirs.cache.exists(), "a cache of the colleague's was used");

    altered_bundles_are_told(&theirs, &content);
}

fn show_tells_what_was_found(project: &Project) {
    let said = project.msx(&["show", "last", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let shown: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(shown["number"], 1);
    assert_eq!(shown["results"].as_array().expect("a list").len(), SMALL_STAGES);
    let real = shown["results"].as_array().expect("a list").iter();
    let real = real.clone().find(|result| result["stage"] == "real").expect("it ran");
    let figure = &real["figures"][0];
    assert_eq!(figure["name"], "mean AUROC");
    let (low, value, high) = (&figure["interval"][0], &figure["value"], &figure["interval"][1]);
    assert!(low.as_f64() <= value.as_f64() && value.as_f64() <= high.as_f64());
    let said = project.msx(&["show", "1"]);
    assert!(said.out.contains("mean AUROC"), "{}", said.out);
    let said = project.msx(&["show", "7"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("no such run"), "{}", said.err);
}

fn differences_are_those_of_meaning(project: &Project) {
    let said = project.msx(&["diff", "experiment.msx", "last"]);
    assert_eq!((said.code, said.out.lines().next()), (Some(0), Some("no difference in meaning")));
    let other = project.folder().join("other.msx");
    fs::write(&other, format!("# A comment.\n{SMALL}")).expect("writable");
    assert_eq!(project.msx(&["diff", "1", "other.msx"]).code, Some(0));
    let text = SMALL.replace("widths: [4, 8]", "widths: [6, 8]");
    fs::write(
        &other,
        text.replace("evaluate   real:", "evaluate   baseline:").replace("real,", "baseline,"),
    )
    .expect("writable");
    let said = project.msx(&["diff", "#1", "other.msx"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("on_fake[*] (2 stages)  widths: [4, 8] → [6, 8]"), "{}", said.out);
    assert!(said.out.contains("renamed  real → baseline"), "{}", said.out);
    assert_eq!(project.msx(&["run", "other.msx"]).code, Some(0));
    let said = project.msx(&["diff", "1", "2", "--json"]);
    assert_eq!(said.code, Some(1));
    let told: Value = serde_json::from_str(&said.out).expect("JSON");
    let results = told["results"].as_array().expect("a list");
    let of = |stage: &str| results.iter().find(|result| result["stage"] == stage).expect(stage);
    assert_eq!(of("fold")["equal"], true);
    assert_eq!(of("on_real")["equal"], false);
    assert_eq!(of("on_real")["figures"][0]["name"], "best validation AUROC");
    let said = project.msx(&["diff", "experiment.msx", "nothing.msx"]);
    assert_eq!(said.code, Some(2), "{}", said.out);
}

fn a_lock_holds_until_the_meaning_changes(project: &Project) {
    let said = project.msx(&["lock", "experiment.msx"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let path = project.folder().join("experiment.msx.lock");
    let lock = fs::read_to_string(&path).expect("a lock");
    assert!(!lock.contains(&*project.folder().to_string_lossy()), "{lock}");
    assert_eq!(lock.matches("[[stage]]").count(), SMALL_STAGES);
    project.edit("experiment small", "# A comment.\nexperiment small");
    let said = project.msx(&["lock", "experiment.msx", "--check"]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(said.out.contains("note: experiment.msx has another text"), "{}", said.out);
    project.edit("count: 500", "count: 501");
    let said = project.msx(&["lock", "experiment.msx", "--check"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("phantoms: count: 500 → 501"), "{}", said.out);
    assert!(said.out.contains("15 further stages"), "{}", said.out);
    let said = project.msx(&["lock", "experiment.msx"]);
    assert_eq!(said.code, Some(1), "what has no result cannot be locked");
    assert!(said.err.contains("run them"), "{}", said.err);
    project.write(SMALL);
    assert_eq!(lock, fs::read_to_string(&path).expect("a lock"));
}

fn altered_bundles_are_told(theirs: &Project, content: &BTreeMap<String, Vec<u8>>) {
    let bundle = theirs.folder().join("altered.msxb");
    let mut altered = content.clone();
    let text = altered.get_mut("experiment/experiment.msx").expect("there");
    replace(text, "epochs: int = 2", "epochs: int = 1");
    write(&bundle, &altered);
    let said = theirs.msx(&["reproduce", "altered.msxb"]);
    assert_eq!(said.code, Some(3), "{} {}", said.out, said.err);
    assert!(said.err.contains("experiment.msx has another text"), "{}", said.err);
    assert!(said.out.contains("on_real: epochs: 2 → 1"), "{}", said.out);

    // Results that nobody got: the lock and the digests claim another classifier.
    let mut altered = content.clone();
    let kept: Value = serde_json::from_slice(&altered["results/stages.json"]).expect("JSON");
    let kept = kept.as_array().expect("a list");
    let of = |stage: &str| kept.iter().find(|kept| kept["name"] == stage).expect(stage);
    let weights = of("on_real")["outputs"]["weights"].as_str().expect("a digest").to_owned();
    let other = "0".repeat(weights.len());
    replace(altered.get_mut("results/stages.json").expect("there"), &weights, &other);
    write(&bundle, &altered);
    let cache = theirs.folder().join("small/cache");
    let cache = cache.to_str().expect("text");
    let said = theirs.msx(&["reproduce", "altered.msxb", "--into", "again", "--cache", cache]);
    assert_eq!(said.code, Some(3), "{} {}", said.out, said.err);
    assert!(said.out.contains("different: on_real is the first stage"), "{}", said.out);

    // The same claims from another family of processors are within tolerance.
    let platform = of("on_real")["provenance"]["platform"].as_str().expect("a word").to_owned();
    assert_eq!(platform, msx::run::platform());
    replace(altered.get_mut("results/stages.json").expect("there"), &platform, "other-machine");
    write(&bundle, &altered);
    let again = ["reproduce", "altered.msxb", "--into", "more", "--cache", cache];
    let said = theirs.msx(&again);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    assert!(said.out.contains("within tolerance: on_real"), "{}", said.out);
    fs::remove_dir_all(theirs.folder().join("more")).expect("there");
    assert_eq!(theirs.msx(&[&again[..], &["--exact"]].concat()).code, Some(3));

    let mut evil = content.clone();
    evil.insert("../evil".to_owned(), b"evil".to_vec());
    write(&theirs.folder().join("evil.msxb"), &evil);
    let said = theirs.msx(&["reproduce", "evil.msxb", "--into", "deep/inside"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("../evil") && said.err.contains("nothing was written"),
        "{}",
        said.err
    );
    assert!(!theirs.folder().join("deep/evil").exists());
    assert!(!theirs.folder().join("deep/inside").exists());
}

/// The published page and the one in the bundle, without and with leave to show synthetic images.
fn pages_show_no_image_of_the_data(mine: &Project, bundle: &[&str], said: &str) {
    assert!(said.contains("`page` goes in without images of your data"), "{said}");
    assert!(said.contains("without the images of `fake`"), "{said}");
    let path = mine.folder().join("mine.msxb");
    let page = || String::from_utf8(files(&path)["reports/page.html"].clone()).expect("text");
    let published = mine.pages().into_values().next().expect("a page");
    let images = |text: &str, of: &str| -> Vec<String> {
        let found = text.split("<img ").skip(1).map(|rest| rest.split('>').next().expect("an end"));
        found.filter(|image| image.contains(of)).map(str::to_owned).collect()
    };
    let real =
        [images(&published, " real images: "), images(&published, "nearest real: ")].concat();
    let synthetic = images(&published, " synthetic images: ");
    assert_eq!((real.len(), synthetic.len()), (4, 2), "two classes and two pairs");
    assert!(!published.contains("not shown") && !published.contains('⟦'));

    let without = page();
    assert_eq!(images(&without, "").len(), 0);
    assert_eq!(without.matches(">not shown<").count(), 6, "two rows a class, two pairs");
    assert!(without.contains("mean AUROC on") && without.contains("distance"));
    let said = mine.msx(&[bundle, &["--with", "fake.train"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("without the images of `fake`"), "{}", said.err);
    let with = page();
    assert_eq!(images(&with, ""), synthetic);
    assert!(real.iter().all(|image| !with.contains(image.rsplit("base64,").next().expect("PNG"))));
    let said = mine.msx(&[bundle, &["--with", "c.weights"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn the_users_data_stays_where_it_is() {
    let mine = Project::new(MINE);
    let images = mine.folder().join("private-pictures");
    draw(&images, 20);
    let place = images.to_str().expect("text").to_owned();
    let set = format!("images={place}");
    let ran = mine.run(&["--set", &set]);
    assert_eq!(ran.code, Some(0), "{:?}", ran.failed);
    let bundle = ["bundle", "experiment.msx", "-o", "mine.msxb", "--set", &set];
    for refused in ["fold", "fold.train", "pictures.images", "pictures.summary", "real.result"] {
        let said = mine.msx(&[&bundle[..], &["--with", refused]].concat());
        if refused == "fold" {
            assert_eq!(said.code, Some(0), "its counts may be given away: {}", said.err);
        } else {
            assert_eq!(said.code, Some(1), "{refused} was given away");
            assert!(said.err.contains("never put into a bundle"), "{}", said.err);
        }
    }
    let said = mine.msx(&[&bundle[..], &["--with", "c.weights"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
    let path = mine.folder().join("mine.msxb");
    pages_show_no_image_of_the_data(&mine, &bundle, &said.err);
    let folder = mine.folder().to_string_lossy().into_owned();
    for (name, bytes) in files(&path) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("secret"), "{name} names a picture");
        assert!(!text.contains(&folder), "{name} names a place on this machine");
        assert!(!name.ends_with(".npy"), "{name}");
    }

    let theirs = Project::new("");
    fs::copy(&path, theirs.folder().join("mine.msxb")).expect("copied");
    let said = theirs.msx(&["reproduce", "mine.msxb", "--into", "a"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("--set images="), "{}", said.err);
    draw(&theirs.folder().join("other"), 25);
    let said = theirs.msx(&["reproduce", "mine.msxb", "--into", "b", "--set", "images=other"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("the files at `path` are not those of the lock"), "{}", said.err);
    draw(&theirs.folder().join("same"), 20);
    let said = theirs.msx(&["reproduce", "mine.msxb", "--into", "c", "--set", "images=same"]);
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    assert!(said.out.contains("identical"), "{}", said.out);
}

/// Permissions that the user's mask leaves of a new file and a new folder.
fn usual(project: &Project) -> (u32, u32) {
    let (file, folder) = (project.folder().join("usual"), project.folder().join("usual.d"));
    fs::write(&file, "").expect("writable");
    fs::create_dir(&folder).expect("writable");
    (mode(&file), mode(&folder))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

const LITTLE: &str = r#"
use "lib.msx" as lib

experiment little { title: "Little", seed: 1 }

dataset phantoms: phantom { count: lib.count, size: 16px }
dataset numbers: csv { table: "numbers.csv", size: 16px, patients: file }
"#;

/// A bundle or a lock takes the place of an earlier one, and of nothing else.
#[test]
fn outputs_replace_only_what_msx_wrote() {
    let project = Project::new(LITTLE);
    let at = |name: &str| project.folder().join(name);
    let put = |name: &str, text: &str| fs::write(at(name), text).expect("writable");
    put("lib.msx", "let count = 300\n");
    put("numbers.csv", "path,a\none.png,1\ntwo.png,0\n");
    for name in ["one.png", "two.png"] {
        image::GrayImage::from_fn(16, 16, |x, y| image::Luma([(x * y) as u8]))
            .save(at(name))
            .expect("writable");
    }
    assert_eq!(project.run(&[]).code, Some(0));
    put("thesis.pdf", "years of work");
    put("notes.zip", "no archive");
    fs::create_dir(at("results")).expect("writable");
    symlink("thesis.pdf", at("link.pdf")).expect("writable");
    fs::hard_link(at("numbers.csv"), at("same.csv")).expect("writable");
    let _socket = UnixListener::bind(at("socket")).expect("writable");

    let outputs = |name: &str| -> [Vec<String>; 2] {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        [
            words(&["bundle", "experiment.msx", "-o", name]),
            words(&["lock", "experiment.msx", "-o", name]),
        ]
    };
    let msx = |arguments: &[String]| {
        project.msx(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let content = |name: &str| fs::read(at(name)).expect("it is there");
    for (name, reason) in [
        ("experiment.msx", "the experiment is read from it"),
        ("./cache/../lib.msx", "the experiment is read from it"),
        ("numbers.csv", "the experiment is read from it"),
        ("same.csv", "the experiment is read from it"),
        ("thesis.pdf", "as msx writes it, and is never replaced"),
        ("notes.zip", "as msx writes it, and is never replaced"),
        ("link.pdf", "is a symbolic link"),
        ("results", "it is no file"),
        ("socket", "it is no file"),
    ] {
        let before = fs::read(at(name)).ok();
        for arguments in outputs(name) {
            let said = msx(&arguments);
            assert_eq!(said.code, Some(1), "{arguments:?}: {}", said.out);
            assert!(
                said.err.contains(reason) && said.err.contains("is there already"),
                "{}",
                said.err
            );
        }
        assert!(before == fs::read(at(name)).ok(), "{name} was changed");
    }
    let socket = fs::symlink_metadata(at("socket")).expect("there").file_type();
    assert!(socket.is_socket() && at("link.pdf").is_symlink());
    assert_eq!(fs::read_dir(at("results")).expect("there").count(), 0);

    // Each takes the place of an earlier one of its kind, but not of the other kind.
    let [bundle, lock] = outputs("mine");
    for (first, second) in [(&bundle, &lock), (&lock, &bundle)] {
        assert_eq!(msx(first).code, Some(0));
        let whole = content("mine");
        assert_eq!(mode(&at("mine")), mode(&at("thesis.pdf")));
        assert_eq!(msx(first).code, Some(0));
        assert!(whole == content("mine"));
        assert_eq!(msx(second).code, Some(1));
        assert!(whole == content("mine"));
        fs::remove_file(at("mine")).expect("ours");
    }
    // Somebody put a file of theirs into a bundle, or wrote a lock of their own.
    assert_eq!(msx(&bundle).code, Some(0));
    let mut altered = files(&at("mine"));
    altered.insert("README.md".to_owned(), b"mine".to_vec());
    write(&at("mine"), &altered);
    let said = msx(&bundle);
    assert!(said.code == Some(1) && said.err.contains("it is not a bundle"), "{}", said.err);
    assert_eq!(files(&at("mine")), altered);
    put("mine", "format = 1\n<<<<<<< HEAD\n");
    let said = msx(&lock);
    assert!(said.code == Some(1) && said.err.contains("it is not a lock"), "{}", said.err);
}

#[test]
fn what_is_sent_and_unpacked_can_be_read_by_others() {
    let project = Project::new(&LITTLE[..LITTLE.find("dataset numbers").expect("there")]);
    fs::write(project.folder().join("lib.msx"), "let count = 300\n").expect("writable");
    let (file, folder) = usual(&project);
    assert_eq!(project.run(&[]).code, Some(0));
    for arguments in [
        &["bundle", "experiment.msx", "-o", "new/little.msxb"][..],
        &["lock", "experiment.msx"],
        &["reproduce", "new/little.msxb"],
    ] {
        let said = project.msx(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.err);
    }
    for name in ["new/little.msxb", "experiment.msx.lock", "little/experiment/lib.msx"] {
        assert_eq!(mode(&project.folder().join(name)), file, "{name}");
    }
    for name in ["new", "little", "little/experiment", "little/cache"] {
        assert_eq!(mode(&project.folder().join(name)), folder, "{name}");
    }
    // A folder that was made for it stays as private as it is.
    let private = project.folder().join("private");
    fs::create_dir(&private).expect("writable");
    fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).expect("ours");
    let said = project.msx(&["reproduce", "new/little.msxb", "--into", "private"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(mode(&private), 0o700);
}
