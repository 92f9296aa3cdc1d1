//! Flipped bits, files that are gone, and clocks that were set back.

use crate::project::{Project, TINY, TINY_STAGES};
use crate::table::{Table, points};
use msx::data::random;
use rand::Rng;
use serde_json::Value;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use walkdir::WalkDir;

fn finished() -> Project {
    let project = Project::new(TINY);
    assert_eq!(project.run(&[]).executed.len(), TINY_STAGES);
    project
}

fn flip(path: &Path, moments: &mut impl Rng) {
    let mut bytes = fs::read(path).expect("readable");
    let place = moments.random_range(0..bytes.len());
    bytes[place] ^= 1 << moments.random_range(0..8);
    fs::set_permissions(path, Permissions::from_mode(0o644)).expect("ours");
    fs::write(path, bytes).expect("writable");
}

fn any(mut files: Vec<PathBuf>, moments: &mut impl Rng) -> PathBuf {
    files.retain(|path| fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0));
    files.sort();
    files.swap_remove(moments.random_range(0..files.len()))
}

/// The labels that a verification says are lost, and its exit code.
fn verify(project: &Project) -> (Option<i32>, Vec<String>) {
    let said = project.msx(&["cache", "verify", "--json"]);
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    let stages = report["stages"].as_array().expect("a list").iter();
    // Before the label stands the experiment's name, or the file's where no run is kept.
    let labels = stages.map(|stage| stage.as_str().expect("text").split_once(' ').expect("two").1);
    (said.code, labels.map(str::to_owned).collect())
}

#[test]
fn a_flipped_bit_in_a_result_costs_the_stages_that_it_belongs_to() {
    let project = finished();
    let expected = project.results();
    let mut moments = random::stream(10, "test/flips");
    let mut table = Table::new("a flipped bit in an object or a record");
    for number in 0..points(8) {
        let part = if number % 2 == 0 { "objects" } else { "records" };
        let path = any(project.files_of(part), &mut moments);
        flip(&path, &mut moments);
        let (code, labels) = verify(&project);
        let ran = project.run(&[]);
        assert_eq!(ran.code, Some(0), "{:?}", ran.failed);
        assert_eq!(ran.executed, labels, "after a flip in {}", path.display());
        assert_eq!(code, Some(i32::from(!labels.is_empty())));
        // A bit of the words around a record's checksum changes nothing that counts.
        assert!(!labels.is_empty() || part == "records", "{} was not noticed", path.display());
        table.point(!labels.is_empty(), TINY_STAGES, labels.len());
        assert_eq!(project.results(), expected);
        project.is_whole();
        assert_eq!(verify(&project), (Some(0), vec![]));
    }
    table.print();
}

/// Whoever mistrusts a result forgets it, and gets what his stages give and not what lay there.
#[test]
fn flipped_bits_go_when_the_stages_that_they_belong_to_run_again() {
    let project = finished();
    let expected = project.results();
    let mut moments = random::stream(13, "test/flips");
    let mut objects = project.files_of("objects");
    objects.retain(|path| fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0));
    objects.iter().for_each(|path| flip(path, &mut moments));
    let stages = ["phantoms", "fold", "model", "auc", "g", "fake", "page"];
    let forget = [&["cache", "rm", "experiment.msx"], &stages[..]].concat();
    assert_eq!(project.msx(&forget).code, Some(0));
    let ran = project.run(&[]);
    assert_eq!((ran.code, ran.executed.len()), (Some(0), TINY_STAGES), "{:?}", ran.failed);
    assert_eq!(project.results(), expected);
    project.is_whole();
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_removed() {
    let project = finished();
    let expected = project.results();
    let mut moments = random::stream(11, "test/flips");
    for path in project.files_of("checkpoints") {
        flip(&path, &mut moments);
    }
    let forget = ["cache", "rm", "experiment.msx", "model", "g", "--keep-checkpoints"];
    assert_eq!(project.msx(&forget).code, Some(0));
    project.run(&[]).executed(&["g", "model[s: 1]", "model[s: 2]"]);
    assert_eq!(project.results(), expected);
    // Now the damaged ones lie beside whole ones, or were replaced.
    flip(&any(project.files_of("checkpoints"), &mut moments), &mut moments);
    assert_eq!(verify(&project), (Some(1), vec![]));
    assert_eq!(verify(&project), (Some(0), vec![]));
    assert!(project.run(&[]).executed.is_empty());
}

/// Bits that the disk lost never become part of a result that is filed under an honest key: the stage
/// that made the damaged file runs again before anything is computed from it.
#[test]
fn damaged_inputs_are_made_again_before_they_are_used() {
    let undisturbed = finished();
    assert_eq!(undisturbed.run(&["--set", "epochs=3"]).code, Some(0));
    let expected = undisturbed.results();
    // Pixels of folds, which are shared; labels and digests of folds; weights.
    let damaged: [(&str, &[&str], &str); 4] = [
        ("images.npy", &["fold", "phantoms"], "epochs=3"),
        ("labels.npy", &["fold"], "epochs=3"),
        ("digests.npy", &["fold"], "epochs=3"),
        ("weights.safetensors", &["model[s: 1]", "model[s: 2]"], ""),
    ];
    for (file, again, set) in damaged {
        let project = finished();
        for path in objects_called(&project, file) {
            rot(&path);
        }
        if set.is_empty() {
            // Evaluations run again on weights that are there.
            assert_eq!(project.msx(&["cache", "rm", "experiment.msx", "auc"]).code, Some(0));
        }
        let ran = project.run(&["--set", set][if set.is_empty() { 2 } else { 0 }..]);
        assert_eq!(ran.code, Some(0), "{file}: {:?}", ran.failed);
        for stage in again {
            assert!(ran.executed.contains(&(*stage).to_owned()), "{file}: {:?}", ran.executed);
        }
        let found = project.results();
        let is_same = |(key, outputs): (&String, &Value)| expected.get(key) == Some(outputs);
        assert!(found.iter().all(is_same), "{file}: damaged bytes became a result");
        // What nothing read is still as it was.
        verify(&project);
        assert_eq!(project.run(&[]).code, Some(0), "{file}");
        assert_eq!(verify(&project), (Some(0), vec![]), "{file}");
    }
}

/// The stored files of this name, whatever stage they belong to.
fn objects_called(project: &Project, file: &str) -> Vec<PathBuf> {
    let results = project.results();
    let outputs =
        results.values().flat_map(|outputs| outputs.as_object().expect("outputs").values());
    let named = outputs.filter_map(|files| files.get(file)?["digest"].as_str());
    let mut paths: Vec<PathBuf> =
        named.map(|hex| project.cache.join("objects").join(&hex[..2]).join(hex)).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Changes the second half of a file, which is pixels, labels or weights and no header, at equal size.
fn rot(path: &Path) {
    let mut bytes = fs::read(path).expect("readable");
    let begin = (bytes.len() / 2).max(128.min(bytes.len() - 1));
    bytes[begin..].iter_mut().for_each(|byte| *byte ^= 1);
    fs::set_permissions(path, Permissions::from_mode(0o644)).expect("ours");
    fs::write(path, bytes).expect("writable");
}

#[test]
fn the_index_is_never_the_truth() {
    let project = finished();
    // Only a settled index is believed at all.
    std::thread::sleep(Duration::from_millis(2100));
    assert!(project.run(&[]).executed.is_empty());
    let index = project.cache.join("index");
    let mut moments = random::stream(12, "test/flips");
    for _ in 0..points(4) {
        flip(&index, &mut moments);
        assert!(project.run(&[]).executed.is_empty());
    }
    // Neither is the receipt, which spares looking at the index where nothing changed.
    let mut receipts = project.files_of("history");
    receipts.retain(|path| path.extension().is_some_and(|end| end == "receipt"));
    for _ in 0..points(4) {
        flip(&receipts[0], &mut moments);
        assert!(project.run(&[]).executed.is_empty());
    }
    fs::remove_file(&receipts[0]).expect("it is there");
    fs::remove_file(&index).expect("it is there");
    assert!(project.run(&[]).executed.is_empty());
    assert!(index.exists() && receipts[0].exists(), "they are made again");
}

/// Times of the future are seen after a clock was set back.
#[test]
fn times_of_the_future_hide_no_change() {
    let project = finished();
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    for entry in WalkDir::new(&project.cache).into_iter().filter_map(Result::ok) {
        let set = File::open(entry.path()).and_then(|file| file.set_modified(tomorrow));
        set.expect("ours");
    }
    assert!(project.run(&[]).executed.is_empty());
    assert!(project.run(&[]).executed.is_empty());
    // What is of the future is young.
    let said = project.msx(&["cache", "gc", "--yes", "--keep-runs", "0"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(project.run(&[]).executed.is_empty());
    let folder = project.files_of("objects")[0].parent().expect("a shard").to_owned();
    for path in fs::read_dir(&folder).expect("there").flatten().map(|entry| entry.path()) {
        fs::remove_file(path).expect("ours");
    }
    File::open(&folder).and_then(|file| file.set_modified(tomorrow)).expect("ours");
    let (_, lost) = verify(&project);
    assert!(!lost.is_empty());
    assert_eq!(project.run(&[]).executed, lost);
}
