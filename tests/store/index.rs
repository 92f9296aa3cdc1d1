//! The summary of the store: always as true as the folders, whatever happens to it.

use super::{commit, fingerprint, open};
use msx::store::{Index, Store};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A store with three results and a written index whose shards are all trusted.
fn indexed(folder: &Path) -> Store {
    let store = open(folder);
    for number in 1..=3 {
        commit(&store, number, &[("out/a.txt", format!("text {number}").as_bytes())]);
    }
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    for part in ["objects", "records"] {
        for shard in fs::read_dir(folder.join(part)).expect("shards").flatten() {
            let shard = File::open(shard.path()).expect("opens");
            shard.set_modified(long_ago).expect("its time is set");
        }
    }
    // The time of the last change of an inode cannot be set back, only waited for.
    std::thread::sleep(Duration::from_millis(2100));
    let index = store.index();
    assert!(finds(&index, 1) && finds(&index, 2) && finds(&index, 3));
    index.save().expect("it is written");
    store
}

fn finds(index: &Index, number: i64) -> bool {
    index.find(&fingerprint(number).key()).is_some()
}

fn object_of(store: &Store, number: i64) -> PathBuf {
    let record = store.record(&fingerprint(number).key()).expect("readable").expect("there");
    store.object_path(&record.outputs["out"].0["a.txt"].digest)
}

#[test]
fn what_changed_in_the_folders_shows() {
    let folder = tempfile::tempdir().expect("folder");
    let store = indexed(folder.path());
    assert!(finds(&store.index(), 1));
    fs::remove_file(object_of(&store, 1)).expect("removed");
    store.remove_record(&fingerprint(2).key()).expect("removed");
    commit(&store, 4, &[("out/a.txt", b"text 4")]);
    let index = store.index();
    assert!(!finds(&index, 1), "its object is gone");
    assert!(!finds(&index, 2), "its record is gone");
    assert!(finds(&index, 3) && finds(&index, 4));
    assert!(!finds(&index, 5), "it never was");
}

#[test]
fn a_trusted_shard_is_not_read_again() {
    let folder = tempfile::tempdir().expect("folder");
    let store = indexed(folder.path());
    // A change inside a file leaves its folder's stamp: found when the object is used, not before.
    let object = object_of(&store, 1);
    let file = File::options().write(true).open(&object);
    match file {
        Ok(file) => file.set_len(1).expect("shortened"),
        Err(error) => panic!("{error}"),
    }
    assert!(finds(&store.index(), 1));
    assert!(store.lookup(&fingerprint(1).key()).expect("readable").is_none());
}

#[test]
fn a_lost_or_damaged_index_costs_nothing_but_time() {
    let folder = tempfile::tempdir().expect("folder");
    let store = indexed(folder.path());
    let path = folder.path().join("index");
    let whole = fs::read(&path).expect("it was written");
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let damages = [Vec::new(), whole[..whole.len() / 2].to_vec(), flipped, b"nonsense".to_vec()];
    for damage in damages {
        fs::write(&path, damage).expect("written");
        assert!((1..=3).all(|number| finds(&store.index(), number)));
    }
    fs::remove_file(&path).expect("removed");
    assert!((1..=3).all(|number| finds(&store.index(), number)));
}

#[test]
fn what_this_process_filed_is_found_by_the_next() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let mut index = store.index();
    let record = commit(&store, 1, &[("out/a.txt", b"text")]);
    index.note(&fingerprint(1).key(), &record);
    assert!(finds(&index, 1));
    index.save().expect("written");
    assert!(finds(&store.index(), 1));
    index.forget(&fingerprint(1).key());
    assert!(!finds(&index, 1));
}

#[test]
fn times_of_the_future_are_never_trusted() {
    let folder = tempfile::tempdir().expect("folder");
    let store = indexed(folder.path());
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    let shard = object_of(&store, 1).parent().expect("a shard").to_owned();
    File::open(&shard).expect("opens").set_modified(tomorrow).expect("its time is set");
    let index = store.index();
    assert!(finds(&index, 1));
    index.save().expect("written");
    fs::remove_file(object_of(&store, 1)).expect("removed");
    File::open(&shard).expect("opens").set_modified(tomorrow).expect("its time is set");
    assert!(!finds(&store.index(), 1));
}

#[test]
fn an_index_that_was_read_ahead_answers_for_the_folders_as_they_are() {
    let folder = tempfile::tempdir().expect("folder");
    let store = indexed(folder.path());
    let index = store.index_ahead(|| ()).wait();
    store.remove_record(&fingerprint(1).key()).expect("removed");
    fs::remove_file(object_of(&store, 2)).expect("removed");
    commit(&store, 4, &[("out/a.txt", b"text 4")]);
    assert!(!finds(&index, 1), "its record is gone");
    assert!(!finds(&index, 2), "its object is gone");
    assert!(finds(&index, 3) && finds(&index, 4));
}

#[test]
fn an_index_of_which_little_changed_is_not_written_again() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    for number in 1..=200 {
        commit(&store, number, &[("out/a.txt", format!("text {number}").as_bytes())]);
    }
    // Until the folders are old enough to be trusted.
    std::thread::sleep(Duration::from_millis(2100));
    let index = store.index();
    assert!((1..=200).all(|number| finds(&index, number)));
    index.save().expect("written");
    let path = folder.path().join("index");
    let written = fs::read(&path).expect("it is there");

    let mut index = store.index();
    let record = commit(&store, 201, &[("out/a.txt", b"one more")]);
    index.note(&fingerprint(201).key(), &record);
    index.save().expect("left as it is");
    assert!(fs::read(&path).expect("it is there") == written, "it was written");
    assert!((1..=201).all(|number| finds(&store.index(), number)), "what changed is found");

    for number in 202..=240 {
        let text = format!("text {number}");
        let record = commit(&store, number, &[("out/a.txt", text.as_bytes())]);
        index.note(&fingerprint(number).key(), &record);
    }
    index.save().expect("written");
    assert!(fs::read(&path).expect("it is there") != written, "much of it changed");
}
