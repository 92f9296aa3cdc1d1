//! Caches that are none, that hold what is the user's, or that somebody changed by hand.

use crate::project::{Project, Said, TINY, TINY_STAGES};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Every command that opens a cache.
const COMMANDS: [&[&str]; 12] = [
    &["run", "experiment.msx"],
    &["plan", "experiment.msx"],
    &["why", "auc[s: 1]"],
    &["runs"],
    &["lock", "experiment.msx"],
    &["bundle", "experiment.msx", "-o", "x.msxb"],
    &["data", "experiment.msx", "fold"],
    &["cache", "size"],
    &["cache", "ls"],
    &["cache", "verify"],
    &["cache", "gc", "--yes", "--grace", "0s", "--keep-runs", "0"],
    &["cache", "rm", "experiment.msx", "fold"],
];

fn put(folder: &Path, file: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, "mine").expect("writable");
}

/// All files and links below a folder, with the content of the files.
fn all_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = WalkDir::new(folder).into_iter().map(|entry| entry.expect("readable"));
    let entries = entries.filter(|entry| !entry.file_type().is_dir());
    entries
        .map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap_or_default()))
        .collect()
}

fn finished() -> Project {
    let project = Project::new(TINY);
    assert_eq!(project.run(&[]).executed.len(), TINY_STAGES);
    project
}

fn collect(project: &Project) -> Said {
    project.msx(&["cache", "gc", "--yes", "--grace", "0s", "--keep-runs", "0"])
}

#[test]
fn a_folder_that_is_not_a_cache_is_refused_and_stays_as_it_is() {
    let project = Project::new(TINY);
    for file in ["scratch/thesis/final.csv", "runs/5/notes", "scratch/keep", "locks/x", "mine"] {
        put(&project.cache, file);
    }
    let before = all_below(project.folder());
    for command in COMMANDS {
        let said = project.msx(command);
        assert_eq!(said.code, Some(1), "{command:?}: {} {}", said.out, said.err);
        assert!(said.err.contains("is not a cache of msx"), "{command:?}: {}", said.err);
        assert!(said.err.contains("--cache"), "{command:?} names no remedy: {}", said.err);
        assert_eq!(all_below(project.folder()), before, "{command:?} changed something");
    }
    // A file of the user's that is called as ours makes no cache of the folder.
    put(&project.cache, "format");
    assert!(project.msx(COMMANDS[0]).err.contains("is not a cache of msx"));
}

#[test]
fn empty_folders_and_folders_with_our_tag_become_caches() {
    let project = Project::new(TINY);
    fs::create_dir(&project.cache).expect("writable");
    assert_eq!(project.run(&[]).executed.len(), TINY_STAGES);
    // As the one of the repository, in which a page and the tag are under version control.
    let tag = fs::read(project.cache.join("CACHEDIR.TAG")).expect("it has one");
    fs::remove_dir_all(&project.cache).expect("ours");
    put(&project.cache, "README.md");
    fs::write(project.cache.join("CACHEDIR.TAG"), tag).expect("writable");
    assert_eq!(project.run(&[]).executed.len(), TINY_STAGES);
    assert_eq!(collect(&project).code, Some(0));
    assert!(project.cache.join("README.md").exists());
}

#[test]
fn parts_of_a_cache_that_are_links_are_refused() {
    for part in ["scratch", "runs", "records", "objects", "checkpoints", "history", "locks"] {
        let project = finished();
        let victim = project.folder().join("victim");
        for file in ["stage-abc123/alive", "stage-abc123/out/final.csv", "5/run.json", "notes"] {
            put(&victim, file);
        }
        let before = all_below(&victim);
        fs::remove_dir_all(project.cache.join(part)).expect("ours");
        symlink("../victim", project.cache.join(part)).expect("writable");
        for command in COMMANDS {
            let said = project.msx(command);
            assert_eq!(said.code, Some(1), "{part}: {command:?}: {}", said.out);
            assert!(said.err.contains("is a link or a file"), "{part}: {}", said.err);
            assert_eq!(all_below(&victim), before, "{part}: {command:?} reached the victim");
        }
    }
}

/// Deeper links are not followed, and what msx did not make is not removed.
#[test]
fn what_is_not_ours_stays_in_a_cache() {
    let project = finished();
    let victim = project.folder().join("victim");
    let key = "ab".repeat(32);
    for file in
        ["alive", "out/final.csv", "run.json", &key, &format!("{key}.json"), "7-0123456789ab"]
    {
        put(&victim, file);
    }
    let trajectory = "cd".repeat(32);
    let links = [
        "scratch/stage-linked".to_owned(),
        "runs/77".to_owned(),
        "objects/ab".to_owned(),
        "records/ab".to_owned(),
        format!("checkpoints/{trajectory}"),
        format!("decoded/{trajectory}"),
    ];
    for link in &links {
        let path = project.cache.join(link);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.parent().expect("a part")).expect("ours");
        symlink(&victim, &path).expect("writable");
    }
    for file in [
        "scratch/thesis/final.csv",
        "scratch/stage-thesis/final.csv",
        "runs/5/notes",
        "runs/notes/run.json",
        "checkpoints/mine/state",
        "locks/run-my-dissertation",
        "locks/run-abcdef",
        ".tmpnotes",
        "notes",
    ] {
        put(&project.cache, file);
    }
    let mine = |path: &PathBuf| fs::read(path).is_ok_and(|bytes| bytes == b"mine");
    let (before, in_victim) = (all_below(&project.cache), all_below(&victim));
    let before: Vec<PathBuf> = before.into_keys().filter(mine).collect();
    assert!(before.len() >= 9);
    project.edit("int = 2", "int = 3");
    // A run sweeps. It fails if a result of its belongs behind one of the links.
    project.run(&[]);
    assert_eq!(collect(&project).code, Some(0));
    assert_eq!(project.msx(&["cache", "verify"]).code, Some(0));
    assert!(
        before.iter().all(mine),
        "{:?}",
        before.iter().filter(|path| !mine(path)).collect::<Vec<_>>()
    );
    assert_eq!(all_below(&victim), in_victim);
}

#[test]
fn a_lock_that_is_a_link_cuts_nothing_short() {
    let project = finished();
    let victim = project.folder().join("victim");
    fs::write(&victim, "mine").expect("writable");
    let key = project.results().into_keys().next().expect("a result");
    fs::remove_file(record(&project, &key)).expect("ours");
    symlink(&victim, project.cache.join("locks").join(&key)).expect("writable");
    let ran = project.run(&[]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.failed.iter().all(|(_, reason)| reason.contains("it is a link")),
        "{:?}",
        ran.failed
    );
    assert_eq!(fs::read(&victim).expect("there"), b"mine");
    for name in ["gate", "sweep"] {
        let path = project.cache.join("locks").join(name);
        let _ = fs::remove_file(&path);
        symlink(&victim, &path).expect("writable");
    }
    let said = project.msx(&["run", "experiment.msx"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("it is a link"), "{}", said.err);
    assert_eq!(fs::read(&victim).expect("there"), b"mine");
}

fn record(project: &Project, key: &str) -> PathBuf {
    project.cache.join("records").join(&key[..2]).join(format!("{key}.json"))
}

/// Writes a record as somebody would who knows how its checksum is made.
fn forge(path: &Path, record: &Value) {
    let mut text = serde_json::to_string_pretty(record).expect("JSON").into_bytes();
    text.truncate(text.len() - "\n}".len());
    text.extend_from_slice(b",\n  \"checksum\": \"");
    let place = text.len()..text.len() + 64;
    text.extend_from_slice(&[b'0'; 64]);
    text.extend_from_slice(b"\"\n}");
    let digest = blake3::Hash::from(blake3::derive_key("msx 2026 record checksum", &text));
    text[place].copy_from_slice(digest.to_hex().as_bytes());
    fs::remove_file(path).expect("ours");
    fs::write(path, text).expect("writable");
}

/// The record that made the dataset, without its checksum.
fn dataset(project: &Project) -> (PathBuf, Value) {
    let keys = project.results().into_keys();
    let mut records = keys.map(|key| {
        let path = record(project, &key);
        let text = fs::read(&path).expect("readable");
        (path, serde_json::from_slice::<Value>(&text).expect("JSON"))
    });
    let found = records.find(|(_, record)| record["fingerprint"]["kind"] == "dataset");
    let (path, mut record) = found.expect("there is one");
    record.as_object_mut().expect("fields").remove("checksum");
    (path, record)
}

#[test]
fn a_forged_record_with_the_right_checksum_writes_nothing_outside() {
    let project = finished();
    let expected = project.results();
    let evil = project.folder().join("evil");
    let (path, record) = dataset(&project);
    // Honest but for its checksum: the forgeries below fail for what they say.
    forge(&path, &record);
    assert!(project.run(&["--set", "epochs=3"]).lost.is_empty());
    let blob = record["outputs"]["summary"]["summary.json"].clone();
    let absolute = evil.to_str().expect("text");
    let deep = format!("{}{absolute}", "../".repeat(30));
    for (number, name) in
        [absolute, &deep, "../../../../evil", "a/../../b", "..", "a\\b"].into_iter().enumerate()
    {
        for place in ["file", "output"] {
            let mut forged = record.clone();
            match place {
                "file" => forged["outputs"]["images"][name] = blob.clone(),
                _ => forged["outputs"][name] = record["outputs"]["summary"].clone(),
            }
            forge(&path, &forged);
            // The subset has to run and takes everything that the record names.
            let text = TINY.replace("train: 8", &format!("train: {}", 7 - number));
            project.write(&text);
            let ran = project.run(&[]);
            assert_eq!(ran.code, Some(0), "{name}: {:?}", ran.failed);
            assert!(ran.executed.contains(&"phantoms".to_owned()), "{name} was believed");
            assert!(!evil.exists(), "{name} was written");
        }
    }
    project.write(TINY);
    assert_eq!(project.run(&[]).code, Some(0));
    let found = project.results();
    assert!(expected.iter().all(|(key, outputs)| found[key] == *outputs));
}

#[test]
fn a_record_is_believed_with_its_checksum_and_under_its_key_alone() {
    let project = finished();
    let (path, mut record) = dataset(&project);
    let honest = fs::read(&path).expect("readable");
    let is_made_again = |what: &str| {
        let ran = project.run(&[]);
        assert_eq!((ran.code, ran.executed), (Some(0), vec!["phantoms".to_owned()]), "{what}");
        let text = fs::read_to_string(&path).expect("there");
        assert!(text.contains("\"checksum\""), "{what}");
    };
    fs::remove_file(&path).expect("ours");
    fs::write(&path, serde_json::to_vec_pretty(&record).expect("JSON")).expect("writable");
    is_made_again("a record without a checksum");
    record["fingerprint"]["parameters"]["count"]["int"] = 7.into();
    forge(&path, &record);
    is_made_again("a record whose fingerprint is of another key");
    let text = String::from_utf8(honest.clone()).expect("text");
    let other = text.replace("\"threads\": ", "\"threads\": 1");
    assert_ne!(other, text);
    fs::remove_file(&path).expect("ours");
    fs::write(&path, other).expect("writable");
    is_made_again("a record whose checksum is wrong");
}
