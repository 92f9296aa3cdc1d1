//! Names that are not text: Linux allows any bytes in the name of a folder.

use crate::project::{Ran, Said, TINY, TINY_STAGES};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Output};

fn msx(folder: &Path, cache: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_msx"));
    command.args(arguments).current_dir(folder).env("MSX_CACHE", cache).env("MSX_DEVICE", "cpu");
    command.env_remove("MSX_PROJECT").output().expect("the program starts")
}

/// `café` as Latin-1 has it.
fn latin(name: &str) -> std::path::PathBuf {
    OsStr::from_bytes(&[name.as_bytes(), b"-caf\xE9"].concat()).into()
}

#[test]
fn experiments_and_caches_in_folders_whose_names_are_not_utf_8_run_and_are_found() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let (folder, cache) = (root.path().join(latin("work")), root.path().join(latin("cache")));
    fs::create_dir_all(&folder).expect("writable");
    fs::write(folder.join("experiment.msx"), TINY).expect("writable");
    let run = |set: &str| {
        Ran::of(&msx(&folder, &cache, &["run", "experiment.msx", "--json", "--set", set]))
    };
    let first = run("epochs=2");
    assert_eq!((first.code, first.executed.len()), (Some(0), TINY_STAGES), "{:?}", first.failed);
    assert!(run("epochs=2").executed.is_empty(), "a second run finds everything");
    assert!(run("epochs=3").executed.contains(&"auc[s: 1]".to_owned()));
    for (arguments, expected) in [
        (&["runs"] as &[&str], "tiny"),
        (&["show", "last"], "AUROC"),
        (&["why", "auc[s: 1]"], "cached"),
        (&["log", "auc[s: 1]"], "auc[s: 1]"),
        (&["cache", "ls"], "auc[s: 1]"),
        (&["cache", "verify"], "whole"),
        (&["cache", "gc", "--yes", "--grace", "0s"], "removed"),
        (&["plan", "experiment.msx"], "cached"),
        (&["data", "experiment.msx", "fold"], "train"),
        (&["bundle", "experiment.msx", "-o", "x.msxb"], "x.msxb"),
        (&["reproduce", "x.msxb"], "identical"),
    ] {
        let said = Said::of(&msx(&folder, &cache, arguments));
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.err);
        assert!(said.out.contains(expected), "{arguments:?}: {} {}", said.out, said.err);
    }
    // What the files had last is a root for as long as they are there.
    assert!(run("epochs=3").executed.is_empty(), "a collection took results of a file that exists");
}

/// Imports of imports are found, and data that is named on the command line.
#[test]
fn imports_and_data_below_such_folders_are_found() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let (folder, cache) = (root.path().join(latin("work")), root.path().join("cache"));
    fs::create_dir_all(folder.join("lib")).expect("writable");
    let text = "use \"lib/one.msx\" { count }\n\nexperiment e { seed: 1 }\n\nparam table: path = \"none.csv\"\n\n\
        dataset d: csv { table: table, root: \"lib\", size: 8px }\n\
        subset fold: d { classes: top(count), per_class: { train: 1 } }\n";
    fs::write(folder.join("experiment.msx"), text).expect("writable");
    fs::write(folder.join("lib/one.msx"), "use \"two.msx\" { number }\n\nlet count = number\n")
        .expect("writable");
    fs::write(folder.join("lib/two.msx"), "let number = 1\n").expect("writable");
    fs::write(folder.join("lib/t.csv"), "path,A\na.png,1\n").expect("writable");
    image::GrayImage::from_pixel(8, 8, image::Luma([9]))
        .save(folder.join("lib/a.png"))
        .expect("writable");
    // From outside, so that names cannot be shortened to what is text.
    let file = folder.join("experiment.msx");
    let mut command = Command::new(env!("CARGO_BIN_EXE_msx"));
    command.arg("plan").arg(&file).args(["--set", "table=lib/t.csv"]);
    command
        .current_dir(root.path().join(latin("work")))
        .env("MSX_CACHE", &cache)
        .env_remove("MSX_PROJECT");
    let said = Said::of(&command.output().expect("the program starts"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.out.contains("blocked"), "{}", said.out);
    let said = Said::of(&command.current_dir(root.path()).output().expect("the program starts"));
    assert_eq!(said.code, Some(0), "{}", said.err);
}
