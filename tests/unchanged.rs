//! A run in which nothing changed is told by the receipt of an earlier one; any change sends it the
//! long way, to the same results.

#[path = "support/project.rs"]
mod project;

use project::Project;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIBRARY: &str = "let counts = { train: 4, valid: 1, test: 1 }\n";

const EXPERIMENT: &str = r#"
use "lib/counts.msx" { counts }

experiment mine { title: "My images", seed: 1 }

param salt: int = 1

dataset pictures: folder { path: "images", size: 16px }
subset  fold: pictures { per_class: counts, seed: salt }
subset  other: pictures { per_class: counts, seed: 7 }
report  page { }
"#;

const ALL: [&str; 4] = ["fold", "other", "page", "pictures"];

fn draw(folder: &Path, name: &str, level: u8) {
    let picture =
        image::GrayImage::from_fn(16, 16, |x, y| image::Luma([level.wrapping_add((x * y) as u8)]));
    picture.save(folder.join(name)).expect("writable");
}

/// An experiment on files of the user's with an import and a page, run until it has a receipt.
fn settled() -> Project {
    let project = Project::new(EXPERIMENT);
    fs::create_dir_all(project.folder().join("lib")).expect("writable");
    fs::write(project.folder().join("lib/counts.msx"), LIBRARY).expect("writable");
    for (class, name) in ["dark", "light"].iter().enumerate() {
        let folder = project.folder().join("images").join(name);
        fs::create_dir_all(&folder).expect("writable");
        for number in 0..24_u8 {
            draw(&folder, &format!("{number}.png"), 90 * class as u8 + number);
        }
    }
    project.run(&[]).executed(&ALL);
    settle(&project);
    assert!(is_short(&project, &[]), "nothing changed");
    project
}

/// Time stamps are believed once they are two seconds old.
fn settle(project: &Project) {
    std::thread::sleep(Duration::from_millis(2100));
    project.run(&[]).executed(&[]);
}

fn receipt(project: &Project) -> PathBuf {
    let receipts = project.files_of("history").into_iter();
    let mut receipts = receipts.filter(|path| path.extension().is_some_and(|end| end == "receipt"));
    receipts.next().expect("a receipt")
}

/// Whether a run with nothing to do looks at nothing but the receipt. The long way finds the index
/// damaged and makes it again.
fn is_short(project: &Project, arguments: &[&str]) -> bool {
    let index = project.cache.join("index");
    fs::write(&index, "no index").expect("writable");
    let ran = project.run(arguments);
    assert_eq!((ran.code, ran.executed.len()), (Some(0), 0), "{:?}", ran.failed);
    assert_eq!(ran.cached, ALL.len() as u64);
    fs::read(&index).expect("readable") == b"no index"
}

#[test]
fn a_short_run_tells_what_a_long_one_does() {
    let project = settled();
    let run = |arguments: &[&str]| {
        let said = project.msx(&[&["run", "experiment.msx"], arguments].concat());
        let (err, _) = said.err.rsplit_once(" in ").expect("a time");
        (said.code, said.out, err.to_owned())
    };
    let (short, short_json) = (run(&[]), project.run(&[]));
    fs::remove_file(receipt(&project)).expect("it is there");
    let long = run(&[]);
    assert_eq!(short, long);
    assert!(short.1.contains("report: reports/mine/page.html"), "{}", short.1);
    assert_eq!(short_json.cached, ALL.len() as u64);
    // `msx log` and `msx why` take the last file for theirs where none is named.
    let said = project.msx(&["why", "fold"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn a_change_of_what_was_asked_or_read_goes_the_long_way() {
    let project = settled();
    let file = |name: &str| project.folder().join(name);
    project.run(&["--set", "salt=2"]).executed(&["fold", "page"]);
    settle(&project);
    assert!(is_short(&project, &[]));

    project.edit("seed: 7", "seed: 8");
    project.run(&[]).executed(&["other", "page"]);
    settle(&project);
    fs::write(file("lib/counts.msx"), LIBRARY.replace("train: 4", "train: 5")).expect("writable");
    project.run(&[]).executed(&["fold", "other", "page"]);
    settle(&project);

    // The same length and name, another content.
    let pixels = fs::metadata(file("images/dark/3.png")).expect("there").len();
    draw(&file("images/dark"), "3.png", 4);
    let again = fs::metadata(file("images/dark/3.png")).expect("there").len();
    assert!(project.run(&[]).executed.contains(&"pictures".to_owned()), "{pixels} {again} bytes");
    settle(&project);
    fs::remove_file(file("images/light/7.png")).expect("there");
    assert!(project.run(&[]).executed.contains(&"pictures".to_owned()));
    settle(&project);

    fs::remove_file(file("lib/counts.msx")).expect("there");
    let said = project.msx(&["run", "experiment.msx"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("there is no such file"), "{}", said.err);
}

#[test]
fn what_is_gone_or_damaged_is_made_again() {
    let project = settled();
    let page = project.folder().join("reports/mine/page.html");
    let text = fs::read(&page).expect("a page");
    fs::write(&page, "edited").expect("writable");
    project.run(&[]).executed(&[]);
    assert_eq!(fs::read(&page).expect("a page"), text);
    fs::remove_file(&page).expect("there");
    project.run(&[]).executed(&[]);
    assert_eq!(fs::read(&page).expect("a page"), text);
    assert!(is_short(&project, &[]));

    let mut bytes = fs::read(receipt(&project)).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(receipt(&project), bytes).expect("writable");
    assert!(!is_short(&project, &[]), "a damaged receipt is believed");
    assert!(is_short(&project, &[]), "and replaced");

    let history = receipt(&project).with_extension("json");
    fs::remove_file(&history).expect("there");
    assert!(!is_short(&project, &[]));
    assert!(history.exists());

    for part in ["records", "objects"] {
        settle(&project);
        let gone = project.files_of(part).remove(0);
        fs::remove_file(&gone).expect("there");
        assert!(!project.run(&[]).executed.is_empty(), "{} is not missed", gone.display());
        project.is_whole();
    }
}

#[test]
fn another_part_another_place_and_a_warning_have_no_short_way() {
    let project = settled();
    let part = project.run(&["fold"]);
    assert_eq!((part.executed.len(), part.cached), (0, 2));
    assert_eq!(project.run(&[]).cached, ALL.len() as u64);
    let elsewhere = project.run(&["--reports", "elsewhere"]);
    assert_eq!(elsewhere.code, Some(0));
    assert!(project.folder().join("elsewhere/mine/page.html").exists());

    project.edit("param salt", "let idle = 3\nparam salt");
    settle(&project);
    for _ in 0..2 {
        let said = project.msx(&["run", "experiment.msx"]);
        assert!(said.err.contains("nothing uses `idle`"), "{}", said.err);
    }
}
