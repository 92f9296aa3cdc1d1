//! What a user relies on in the cache folder: whole or absent, found again, healed.

#[path = "store/index.rs"]
mod index;
#[path = "store/runs.rs"]
mod runs;

use msx::graph::{Digest, Fingerprint};
use msx::language::value::Value;
use msx::store::{Expected, Provenance, Record, Store, StoreError};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The output of every stage here.
const OUT: Expected<'static> = Expected { name: "out", backing: &["pixels", "rows"] };

fn provenance() -> Provenance {
    Provenance {
        msx: "0".to_owned(),
        device: "cpu".to_owned(),
        platform: "test".to_owned(),
        threads: 1,
        seconds: 0.0,
        peak_memory: None,
    }
}

fn fingerprint(number: i64) -> Fingerprint {
    let mut print = Fingerprint::new("test", "", 1);
    print.parameters.insert("number".to_owned(), Value::Int(number));
    print
}

fn commit(store: &Store, number: i64, files: &[(&str, &[u8])]) -> Record {
    let scratch = store.scratch().expect("scratch");
    for (name, bytes) in files {
        let path = scratch.out().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folder");
        fs::write(path, bytes).expect("write");
    }
    store.commit(&scratch, &fingerprint(number), &[OUT], provenance()).expect("commit")
}

fn open(folder: &Path) -> Store {
    Store::open(folder).expect("a fresh folder opens")
}

#[test]
fn a_committed_stage_is_found_with_its_bytes() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let record = commit(&store, 1, &[("out/a.txt", b"alpha"), ("out/deep/b.txt", b"beta")]);
    let found = store.lookup(&fingerprint(1).key()).expect("readable").expect("there");
    assert_eq!(found, record);
    let linked = folder.path().join("linked");
    let scratch = store.scratch().expect("scratch");
    store.link_output(&scratch, &found.outputs["out"], &linked).expect("links");
    assert_eq!(fs::read(linked.join("deep/b.txt")).expect("read"), b"beta");
    assert!(store.lookup(&fingerprint(2).key()).expect("readable").is_none());
}

/// Early cut-off: an output is what its own files say, wherever else the bytes behind them stand.
#[test]
fn backing_files_do_not_tell_outputs_apart() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let digests = |record: &Record| record.output_digests();
    let own = ("out/digests", b"of the image A".as_slice());
    let one = commit(&store, 1, &[own, ("out/pixels", b"A"), ("other/pixels", b"none")]);
    let other = commit(&store, 2, &[own, ("out/pixels", b"BA"), ("out/rows", b"1")]);
    let third = commit(&store, 3, &[("out/digests", b"of B"), ("out/pixels", b"BA")]);
    assert_eq!(digests(&one), digests(&other));
    assert_ne!(digests(&other), digests(&third));
    // They are kept, found and missed like any other file.
    let read = store.lookup(&fingerprint(2).key()).expect("readable").expect("there");
    assert_eq!((digests(&read), read.blobs().count()), (digests(&other), 3));
    let pixels = &read.outputs["out"].0["pixels"];
    assert!(pixels.backing && !read.outputs["out"].0["digests"].backing);
    fs::remove_file(store.object_path(&pixels.digest)).expect("removed");
    assert!(store.lookup(&fingerprint(2).key()).expect("readable").is_none());
}

/// Records that were written before there were backing files count every file.
#[test]
fn records_of_earlier_versions_mean_what_they_meant() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let record = commit(&store, 1, &[("out/pixels", b"A"), ("out/labels", b"0")]);
    let text = serde_json::to_string(&record).expect("JSON");
    let text = text.replace(",\"backing\":true", "");
    assert!(!text.contains("backing"));
    let earlier: Record = serde_json::from_str(&text).expect("a record");
    let digest = |content: &[u8]| Digest::from(blake3::hash(content));
    let lines = format!("{} labels\n{} pixels\n", digest(b"0"), digest(b"A"));
    let expected = Digest::derive("msx 2026 output", lines.as_bytes());
    assert_eq!(earlier.output_digests().get("out"), Some(expected));
    assert_ne!(record.output_digests().get("out"), Some(expected));
}

/// A stage may pass on what it was given, of any size, at the price of a link. That nobody reads it
/// shows where the bytes are changed under it.
#[test]
fn what_a_stage_links_on_is_not_read() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let given = commit(&store, 1, &[("out/pixels", b"many pixels")]);
    let blob = &given.outputs["out"].0["pixels"];
    let object = store.object_path(&blob.digest);
    let scratch = store.scratch().expect("scratch");
    store.link_output(&scratch, &given.outputs["out"], &scratch.input(0)).expect("links");
    let target = scratch.out().join("out");
    fs::create_dir_all(&target).expect("folder");
    fs::hard_link(scratch.input(0).join("pixels"), target.join("pixels")).expect("links");
    // As root everything may be written.
    let mut writable = fs::metadata(&object).expect("there").permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "in a temporary folder")]
    writable.set_readonly(false);
    fs::set_permissions(&object, writable).expect("its owner may");
    fs::write(&object, b"MANY PIXELS").expect("write");
    let taken = store.commit(&scratch, &fingerprint(2), &[OUT], provenance()).expect("commit");
    assert_eq!(&taken.outputs["out"].0["pixels"], blob);
}

#[test]
fn equal_content_is_one_object() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let first = commit(&store, 1, &[("out/a.txt", b"same")]);
    let second = commit(&store, 2, &[("out/a.txt", b"same")]);
    assert_eq!(first.output_digests(), second.output_digests());
    let objects = walkdir::WalkDir::new(folder.path().join("objects"))
        .into_iter()
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_type().is_file()))
        .count();
    assert_eq!(objects, 1);
}

#[test]
fn a_missing_or_shortened_object_means_run_again() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let record = commit(&store, 1, &[("out/a.txt", b"alpha")]);
    let object = store.object_path(&record.outputs["out"].0["a.txt"].digest);
    fs::remove_file(&object).expect("remove");
    assert!(store.lookup(&fingerprint(1).key()).expect("readable").is_none());
    fs::write(&object, b"alp").expect("write");
    assert!(store.lookup(&fingerprint(1).key()).expect("readable").is_none());
    commit(&store, 1, &[("out/a.txt", b"alpha")]);
    assert!(store.lookup(&fingerprint(1).key()).expect("readable").is_some());
    assert_eq!(fs::read(&object).expect("read"), b"alpha");
}

#[test]
fn a_damaged_record_means_run_again() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    commit(&store, 1, &[("out/a.txt", b"alpha")]);
    let key = fingerprint(1).key().hex();
    let path = folder.path().join("records").join(&key[..2]).join(format!("{key}.json"));
    let bytes = fs::read(&path).expect("the record is where the layout says");
    fs::write(&path, &bytes[..bytes.len() / 2]).expect("write");
    assert!(store.lookup(&fingerprint(1).key()).expect("no error").is_none());
}

#[test]
fn a_missing_output_records_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let scratch = store.scratch().expect("scratch");
    let result = store.commit(&scratch, &fingerprint(1), &[OUT], provenance());
    assert!(matches!(result, Err(StoreError::MissingOutput { output }) if output == "out"));
    assert!(store.lookup(&fingerprint(1).key()).expect("readable").is_none());
}

#[test]
fn scratch_of_the_living_stays_and_of_the_dead_goes() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let alive = store.scratch().expect("scratch");
    let dead = folder.path().join("scratch").join("stage-dEad01");
    fs::create_dir_all(&dead).expect("folder");
    fs::write(dead.join("alive"), b"").expect("write");
    store.sweep().expect("sweep");
    assert!(alive.out().is_dir());
    assert!(!dead.exists());
}

#[test]
fn checkpoints_give_the_furthest_whole_one_within_reach() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    let checkpoints = store.checkpoints(&Digest::derive("test", b"trajectory"));
    assert!(checkpoints.latest(u64::MAX).expect("readable").is_none());
    checkpoints.save(900, b"early").expect("save");
    checkpoints.save(1000, b"late").expect("save");
    assert_eq!(checkpoints.latest(u64::MAX).expect("readable"), Some((1000, b"late".to_vec())));
    assert_eq!(checkpoints.latest(999).expect("readable"), Some((900, b"early".to_vec())));
    assert_eq!(checkpoints.latest(899).expect("readable"), None);
    let name = fs::read_dir(folder.path().join("checkpoints"))
        .and_then(|mut folders| folders.next().expect("one trajectory"))
        .map(|entry| entry.path())
        .expect("listing");
    for entry in fs::read_dir(name).expect("listing").flatten() {
        if entry.file_name().to_string_lossy().starts_with("1000-") {
            fs::write(entry.path(), b"lat").expect("write");
        }
    }
    assert_eq!(checkpoints.latest(u64::MAX).expect("readable"), Some((900, b"early".to_vec())));
}

#[test]
fn old_checkpoints_are_dropped() {
    let folder = tempfile::tempdir().expect("folder");
    let checkpoints = open(folder.path()).checkpoints(&Digest::derive("test", b"trajectory"));
    for position in [5, 10, 20, 100] {
        checkpoints.save(position, b"state").expect("save");
    }
    assert_eq!(checkpoints.latest(99).expect("readable").map(|found| found.0), Some(20));
    assert_eq!(checkpoints.latest(19).expect("readable"), None);
}

#[test]
fn as_many_checkpoints_are_kept_as_are_asked_for() {
    for kept in [1, 3] {
        let folder = tempfile::tempdir().expect("folder");
        let trajectory = Digest::derive("test", b"trajectory");
        let kept = NonZeroUsize::new(kept).expect("not zero");
        let checkpoints = open(folder.path()).checkpoints(&trajectory).keeping(kept);
        for position in [700, 800, 900, 1000, 100, 200, 300] {
            checkpoints.save(position, b"state").expect("save");
        }
        let found = [1000, 999, 899, 300, 299, 199]
            .map(|at_most| checkpoints.latest(at_most).expect("readable").map(|found| found.0));
        let found: BTreeSet<u64> = found.into_iter().flatten().collect();
        let furthest = [1000, 900, 800].into_iter().take(kept.get());
        let mine = [300, 200, 100].into_iter().take(kept.get());
        assert_eq!(found, furthest.chain(mine).collect());
    }
}

/// A training that ends before an earlier, longer one must not lose its way back.
#[test]
fn a_shorter_training_keeps_its_own_checkpoints() {
    let folder = tempfile::tempdir().expect("folder");
    let checkpoints = open(folder.path()).checkpoints(&Digest::derive("test", b"trajectory"));
    for position in [900, 1000, 100, 200, 300] {
        checkpoints.save(position, b"state").expect("save");
    }
    let latest = |at_most| checkpoints.latest(at_most).expect("readable").map(|found| found.0);
    assert_eq!(
        [latest(5000), latest(999), latest(899), latest(299)].map(Option::unwrap_or_default),
        [1000, 900, 300, 200]
    );
    assert_eq!(latest(199), None);
}

#[test]
fn what_a_killed_process_did_not_finish_writing_goes_in_the_end() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(folder.path());
    store.checkpoints(&Digest::derive("test", b"trajectory")).save(5, b"state").expect("save");
    let trajectory = fs::read_dir(folder.path().join("checkpoints"))
        .and_then(|mut folders| folders.next().expect("one trajectory"))
        .map(|entry| entry.path())
        .expect("listing");
    let (old, new) = (trajectory.join(".msx-old123"), trajectory.join(".msx-new123"));
    let hours_ago = SystemTime::now() - Duration::from_secs(7200);
    File::create(&old).and_then(|file| file.set_modified(hours_ago)).expect("written");
    File::create(&new).expect("written");
    store.sweep().expect("sweep");
    assert!(!old.exists() && new.exists());
    assert_eq!(fs::read_dir(&trajectory).expect("listing").count(), 2);
}

#[test]
fn one_at_a_time_holds_a_key() {
    let folder = tempfile::tempdir().expect("folder");
    let key = Digest::derive("test", b"key");
    let (one, other) = (open(folder.path()), open(folder.path()));
    let held = one.try_lock(&key).expect("a lock");
    assert!(held.is_some());
    assert!(other.try_lock(&key).expect("no error").is_none());
    assert!(other.try_lock(&Digest::derive("test", b"another")).expect("a lock").is_some());
    drop(held);
    assert!(other.try_lock(&key).expect("a lock").is_some());
}

#[test]
fn a_newer_format_is_refused_with_a_remedy() {
    let folder = tempfile::tempdir().expect("folder");
    open(folder.path());
    fs::write(folder.path().join("format"), "99\n").expect("write");
    let message = Store::open(folder.path()).expect_err("refused").to_string();
    assert!(message.contains("format 99") && message.contains("--cache"), "{message}");
}

#[test]
fn user_files_are_digested_by_name_and_content() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(&folder.path().join("cache"));
    let data = folder.path().join("data");
    fs::create_dir_all(&data).expect("folder");
    let path = data.join("a.png");
    fs::write(&path, b"one").expect("write");
    let digest = |store: &Store| {
        let mut memo = store.file_memo(false);
        let digest = memo.digest(&data, std::slice::from_ref(&path)).expect("digest");
        memo.save().expect("save");
        digest
    };
    let first = digest(&store);
    assert_eq!(digest(&store), first);
    // Same size, and so soon after that the clock may not have moved.
    fs::write(&path, b"two").expect("write");
    assert_ne!(digest(&store), first);
}

#[test]
fn what_is_remembered_of_user_files_needs_no_reading() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(&folder.path().join("cache"));
    let path = folder.path().join("a.png");
    fs::write(&path, b"one").expect("write");
    let files = std::slice::from_ref(&path);
    assert_eq!(store.file_memo(false).remembered(folder.path(), files), None, "never read");
    // A file that has just changed is not remembered.
    std::thread::sleep(Duration::from_millis(2100));
    let mut memo = store.file_memo(false);
    let digest = memo.digest(folder.path(), files).expect("digest");
    memo.save().expect("save");
    assert_eq!(store.file_memo(false).remembered(folder.path(), files), Some(digest));
    fs::write(&path, b"longer").expect("write");
    assert_eq!(store.file_memo(false).remembered(folder.path(), files), None, "it changed");
}

#[test]
fn a_look_into_a_cache_leaves_no_trace() {
    let folder = tempfile::tempdir().expect("folder");
    let cache = folder.path().join("cache");
    assert!(Store::peek(&cache).is_none() && !cache.exists());
    open(&cache);
    assert!(Store::peek(&cache).is_some());
    fs::write(cache.join("format"), "999\n").expect("write");
    assert!(Store::peek(&cache).is_none(), "a newer version made it");
}

#[test]
fn a_missing_user_file_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    let store = open(&folder.path().join("cache"));
    let path = folder.path().join("absent.png");
    let error = store
        .file_memo(false)
        .digest(folder.path(), std::slice::from_ref(&path))
        .expect_err("it is not there");
    assert!(error.to_string().contains("absent.png"));
}
