//! What the cache remembers of runs, and what older caches remembered.

use super::open;
use msx::graph::Digest;
use msx::store::{History, Run, RunName, Store};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

fn run() -> Run {
    Run {
        number: 0,
        began: jiff::Timestamp::UNIX_EPOCH,
        file: PathBuf::from("/study/experiment.msx"),
        experiment: "study".to_owned(),
        set: Vec::new(),
        msx: "0".to_owned(),
        device: "cpu".to_owned(),
        platform: "test".to_owned(),
        threads: 1,
        stages: Vec::new(),
        ended: None,
    }
}

#[test]
fn runs_are_numbered_and_found_by_name() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let (mut first, described) = store.begin_run(run()).expect("begins");
    assert_eq!(described.number, 1);
    first.append("{\"at\":0.5}").expect("written");
    store.begin_run(run()).expect("begins");
    assert_eq!(store.run_numbers(), [1, 2]);
    assert_eq!(store.find_run(RunName::Last).expect("there").number, 2);
    assert_eq!(store.find_run("#1".parse().expect("a name")).expect("there"), described);
    assert_eq!(store.run_events(1).expect("readable"), ["{\"at\":0.5}"]);
    let unknown = store.find_run(RunName::Number(7)).expect_err("there is none").to_string();
    assert!(unknown.contains("1 to 2"), "{unknown}");
    store.remove_run(1).expect("removed");
    assert_eq!(store.run_numbers(), [2]);
    assert_eq!(store.begin_run(run()).expect("begins").1.number, 3, "numbers are not used again");
}

fn remembered(keys: &[(&str, Digest)]) -> History {
    History { keys: keys.iter().map(|(label, key)| ((*label).to_owned(), *key)).collect() }
}

#[test]
fn a_cache_of_format_1_is_brought_up_to_date() {
    let folder = tempfile::tempdir().expect("folder");
    let experiment = Path::new("/study/experiment.msx");
    let keys = [("g", super::fingerprint(1).key())];
    let history = remembered(&keys);
    open(folder.path()).save_history(experiment, &keys).expect("written");
    fs::rename(folder.path().join("history"), folder.path().join("runs")).expect("as it was");
    fs::write(folder.path().join("format"), "1\n").expect("written");
    let store = Store::open(folder.path()).expect("it is migrated");
    assert_eq!(store.history(experiment), history);
    assert!(store.run_numbers().is_empty());
    assert_eq!(fs::read_to_string(folder.path().join("format")).expect("readable"), "2\n");
}

#[test]
fn a_history_is_written_again_only_where_it_says_something_else_or_is_damaged() {
    let folder = tempfile::tempdir().expect("folder");
    let (store, experiment) = (open(folder.path()), Path::new("/study/experiment.msx"));
    let key = |number| super::fingerprint(number).key();
    let keys = [("b", key(1)), ("a[k: 2]", key(2))];
    let save = |keys: &[_]| store.save_history(experiment, keys).expect("written");
    save(&keys);
    let path = fs::read_dir(folder.path().join("history"))
        .and_then(|mut files| files.next().expect("one file"))
        .map(|entry| entry.path())
        .expect("listing");
    let identity = || fs::metadata(&path).expect("there").ino();
    let first = identity();
    save(&keys);
    assert_eq!(identity(), first, "it was written again");
    let text = fs::read_to_string(&path).expect("text");
    fs::write(&path, text.replace("a[k: 2]", "a[k: 3]")).expect("writable");
    let damaged = identity();
    save(&keys);
    assert_ne!(identity(), damaged, "the damage stays");
    assert_eq!(store.history(experiment), remembered(&keys));
    assert_eq!(store.past_run(experiment).history(), &store.history(experiment));
    save(&keys[..1]);
    assert_eq!(store.history(experiment).keys.len(), 1);
}
