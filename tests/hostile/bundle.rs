//! Bundles that claim what nobody found.

use crate::project::{Project, Said};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::sync::OnceLock;
use walkdir::WalkDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

type Files = BTreeMap<String, Vec<u8>>;

/// As little as has figures with intervals, a page and an artefact.
const TEXT: &str = r#"
experiment claims { title: "Claims", seed: 1 }

dataset    phantoms: phantom { count: 900, size: 16px }
subset     fold: phantoms { classes: top(2), per_class: { train: 8, valid: 2, test: 12 } }
classifier c: cnn { train: fold.train, valid: fold.valid, epochs: 1, widths: [4] }
evaluate   auc: c { test: fold.test }
report     page { show: [auc] }
"#;
const STAGES: usize = 5;

/// The files of an honest bundle, which every test changes in its own way.
fn honest() -> Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    let make = || {
        let mine = Project::new(TEXT);
        assert_eq!(mine.run(&[]).code, Some(0));
        let bundle = ["bundle", "experiment.msx", "-o", "x.msxb", "--with", "c.weights"];
        assert_eq!(mine.msx(&bundle).code, Some(0));
        read(&mine.folder().join("x.msxb"))
    };
    FILES.get_or_init(make).clone()
}

fn read(bundle: &Path) -> Files {
    let mut archive = ZipArchive::new(File::open(bundle).expect("a bundle")).expect("an archive");
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let mut content = |name: &String| {
        let mut bytes = Vec::new();
        archive.by_name(name).expect("listed").read_to_end(&mut bytes).expect("whole");
        bytes
    };
    names.iter().map(|name| (name.clone(), content(name))).collect()
}

/// A colleague who has nothing but a bundle of these files.
fn colleague(files: &Files) -> Project {
    let theirs = Project::new("");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("a file");
        writer.write_all(bytes).expect("written");
    }
    let bytes = writer.finish().expect("an archive").into_inner();
    fs::write(theirs.folder().join("x.msxb"), bytes).expect("writable");
    theirs
}

fn reproduce(files: &Files) -> (Project, Said) {
    let theirs = colleague(files);
    let said = theirs.msx(&["reproduce", "x.msxb"]);
    (theirs, said)
}

fn json(files: &Files, name: &str) -> Value {
    serde_json::from_slice(&files[name]).expect("JSON")
}

fn set(files: &mut Files, name: &str, value: &Value) {
    files.insert(name.to_owned(), serde_json::to_vec_pretty(value).expect("JSON"));
}

fn replace(files: &mut Files, name: &str, from: &str, to: &str) {
    let text = String::from_utf8(files[name].clone()).expect("text");
    assert!(text.contains(from), "{name} has no `{from}`");
    files.insert(name.to_owned(), text.replace(from, to).into_bytes());
}

const CLAIMS: &str = "results/stages.json";
const RESULT: &str = "results/auc/result/evaluation.json";
const PAGE: &str = "reports/page.html";

#[test]
fn an_honest_bundle_is_identical_and_only_what_was_made_here_is_looked_at() {
    let (theirs, said) = reproduce(&honest());
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    assert_eq!(
        said.out.lines().last(),
        Some(&*format!("identical: all {STAGES} stages gave the same bytes"))
    );
    let folder = theirs.folder().join("x");
    let mut parts: Vec<String> = fs::read_dir(&folder)
        .expect("there")
        .map(|entry| entry.expect("readable").file_name().into_string().expect("text"))
        .collect();
    parts.sort();
    assert_eq!(parts, ["cache", "experiment", "experiment.lock", "reproduced"]);
    let pages: Vec<_> = WalkDir::new(folder.join("reproduced")).into_iter().flatten().collect();
    assert!(pages.iter().any(|entry| entry.file_name() == "page.html"));
}

/// Whatever else an archive brings, such as results for the cache, is refused before anything is
/// written.
#[test]
fn a_bundle_brings_nothing_but_the_documented_entries() {
    let key = "ab".repeat(32);
    for name in [
        "cache/format",
        &format!("cache/records/ab/{key}.json"),
        "reproduced/claims/page.html",
        "experiment",
        "results/other.json",
        "results/auc/evaluation.json",
        "results/auc/result/run.sh",
        "reports/page.js",
        "reports/deep/page.html",
        "artefacts/c/other",
        "README.html",
        ".bashrc",
    ] {
        let mut files = honest();
        if name == "experiment" {
            files.retain(|name, _| !name.starts_with("experiment/"));
        }
        files.insert(name.to_owned(), b"2\n".to_vec());
        let (theirs, said) = reproduce(&files);
        assert_eq!(said.code, Some(1), "{name}: {}", said.out);
        assert!(said.err.contains(&format!("it has `{name}`")), "{name}: {}", said.err);
        assert!(said.err.contains("nothing was written"), "{name}: {}", said.err);
        assert!(!theirs.folder().join("x").exists(), "{name} was unpacked");
    }
}

/// Numbers, pages and files that people read are compared with those that were made again.
#[test]
fn what_a_bundle_shows_is_compared_with_what_was_found() {
    let altered = |part: &str, change: &dyn Fn(&mut Files)| {
        let mut files = honest();
        change(&mut files);
        let (_, said) = reproduce(&files);
        assert_eq!(said.code, Some(3), "{part}: {} {}", said.out, said.err);
        assert!(
            said.out.contains("altered: the stages gave the same bytes"),
            "{part}: {}",
            said.out
        );
        assert!(said.out.lines().any(|line| line == format!("  {part}")), "{part}: {}", said.out);
    };
    altered("the figures of auc", &|files| {
        let mut claims = json(files, CLAIMS);
        let stage = claims.as_array_mut().expect("a list").iter_mut();
        let stage = stage.into_iter().find(|stage| stage["name"] == "auc").expect("there");
        stage["figures"][0]["value"] = json!(0.999);
        set(files, CLAIMS, &claims);
    });
    altered("the figures of auc", &|files| {
        let mut claims = json(files, CLAIMS);
        for stage in claims.as_array_mut().expect("a list") {
            stage["figures"] = json!([]);
        }
        set(files, CLAIMS, &claims);
    });
    altered(RESULT, &|files| replace(files, RESULT, "\"value\": 0.", "\"value\": 0.9"));
    altered(RESULT, &|files| drop(files.remove(RESULT)));
    altered("results/auc/result/more.json", &|files| {
        files.insert("results/auc/result/more.json".to_owned(), b"{}".to_vec());
    });
    altered(PAGE, &|files| {
        replace(files, PAGE, "</body>", "<script>document.title = 1</script></body>")
    });
    altered("reports/other.html", &|files| {
        files.insert("reports/other.html".to_owned(), b"<html>0.999</html>".to_vec());
    });
    altered("artefacts/c/weights/weights.safetensors", &|files| {
        files.insert("artefacts/c/weights/weights.safetensors".to_owned(), b"others".to_vec());
    });
    altered("artefacts/fold/train/labels.npy", &|files| {
        files.insert("artefacts/fold/train/labels.npy".to_owned(), b"mine".to_vec());
    });
    // The page is the last stage, so that nothing is asked differently because of it.
    altered("experiment.lock", &|files| {
        let claims = json(files, CLAIMS);
        let stage = claims.as_array().expect("a list").iter().find(|stage| stage["name"] == "page");
        let digest = stage.expect("there")["outputs"]["page"].as_str().expect("a digest");
        replace(files, "experiment.lock", digest, &"0".repeat(64));
    });
}

/// A bundle that says it was made elsewhere: every claimed digest is another, as on another machine.
fn from_elsewhere(figures: impl Fn(&str, Value) -> Value) -> Files {
    let mut files = honest();
    let mut claims = json(&files, CLAIMS);
    for stage in claims.as_array_mut().expect("a list") {
        stage["provenance"]["platform"] = json!("linux-quantum-\u{1b}[31m");
        let name = stage["name"].as_str().expect("a name").to_owned();
        if name == "c" || name == "auc" || name == "page" {
            for (_, digest) in stage["outputs"].as_object_mut().expect("outputs") {
                *digest = json!("0".repeat(64));
            }
        }
        stage["figures"] = figures(&name, stage["figures"].take());
    }
    set(&mut files, CLAIMS, &claims);
    files
}

#[test]
fn figures_are_judged_where_a_bundle_claims_another_machine() {
    let (_, said) = reproduce(&from_elsewhere(|_, figures| figures));
    assert_eq!(said.code, Some(0), "{} {}", said.out, said.err);
    assert!(said.out.contains("within tolerance: c is the first stage"), "{}", said.out);
    assert!(said.out.contains("the bundle claims to be made on linux-quantum"), "{}", said.out);
    assert!(said.err.contains("were made elsewhere and were not compared"), "{}", said.err);

    // Nothing to judge is not a pass, and neither is a part of what there is to judge.
    let (_, said) = reproduce(&from_elsewhere(|_, _| json!([])));
    assert_eq!(said.code, Some(3), "{} {}", said.out, said.err);
    assert!(said.out.contains("different: c"), "{}", said.out);
    assert!(said.out.contains("auc  mean AUROC (absent) → "), "{}", said.out);
    let first = |_: &str, figures: Value| {
        json!(figures.as_array().expect("a list").iter().take(1).collect::<Vec<_>>())
    };
    let (_, said) = reproduce(&from_elsewhere(first));
    assert_eq!(said.code, Some(3), "{} {}", said.out, said.err);
}

#[test]
fn without_figures_there_is_nothing_to_compare() {
    let none = TEXT.split("evaluate").next().expect("a part");
    let mine = Project::new(none);
    assert_eq!(mine.run(&[]).code, Some(0));
    assert_eq!(mine.msx(&["bundle", "experiment.msx", "-o", "x.msxb"]).code, Some(0));
    let mut files = read(&mine.folder().join("x.msxb"));
    let mut claims = json(&files, CLAIMS);
    let stage = claims.as_array_mut().expect("a list").iter_mut();
    let stage = stage.into_iter().find(|stage| stage["name"] == "c").expect("there");
    stage["provenance"]["platform"] = json!("elsewhere");
    stage["outputs"]["weights"] = json!("0".repeat(64));
    set(&mut files, CLAIMS, &claims);
    let (_, said) = reproduce(&files);
    assert_eq!(said.code, Some(3), "{} {}", said.out, said.err);
    assert!(said.out.contains("nothing to compare: c is the first stage"), "{}", said.out);
}
