//! Archives from strangers: unpacked whole into their folder, or refused without a trace.

use msx::relative_path::RelativePath;
use msx::share::archive::{Archive, ArchiveError, Content, write};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use walkdir::WalkDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const LIMIT: u64 = 1 << 20;

/// A folder with an archive in it, and beside it a folder to unpack into.
struct Place {
    folder: TempDir,
    archive: PathBuf,
    into: PathBuf,
}

impl Place {
    fn with(bytes: &[u8]) -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let archive = folder.path().join("inner/x.msxb");
        fs::create_dir(folder.path().join("inner")).expect("writable");
        fs::write(&archive, bytes).expect("writable");
        let into = folder.path().join("inner/x");
        Place { folder, archive, into }
    }

    fn unpack(&self) -> Result<(), ArchiveError> {
        Archive::open(&self.archive, LIMIT)?.unpack(&self.into, |_| true, |_, content| content)
    }

    /// Everything below the folder but the archive itself, files only.
    fn written(&self) -> Vec<PathBuf> {
        let entries =
            WalkDir::new(self.folder.path()).into_iter().map(|entry| entry.expect("readable"));
        let files = entries.filter(|entry| !entry.file_type().is_dir());
        files.map(walkdir::DirEntry::into_path).filter(|path| *path != self.archive).collect()
    }

    /// Fails unless it is refused for this reason and leaves no trace.
    fn is_refused(&self, reason: &str) {
        let error = self.unpack().expect_err("it is refused").to_string();
        assert!(error.contains(reason), "{error}");
        assert!(!self.into.exists() && self.written().is_empty(), "{:?}", self.written());
    }
}

fn archive(names: &[&str]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for name in names {
        writer.start_file(*name, SimpleFileOptions::default()).expect("a file");
        writer.write_all(b"content").expect("written");
    }
    writer.finish().expect("an archive").into_inner()
}

/// Replaces every occurrence of a part by one of the same length.
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "nothing to replace");
}

#[test]
fn what_is_written_comes_back_and_is_the_same_each_time() {
    let place = Place::with(b"");
    let big = place.folder.path().join("big");
    fs::write(&big, vec![7; 100_000]).expect("writable");
    let digest = blake3::hash(&[7; 100_000]).into();
    let files = BTreeMap::from([
        (name("a/b.txt"), Content::Bytes(b"text".to_vec())),
        (name("c"), Content::Stored { path: big.clone(), digest }),
    ]);
    let write = || {
        let mut file = fs::File::create(&place.archive).expect("writable");
        write(&mut file, &place.archive, &files).expect("written");
    };
    write();
    let first = fs::read(&place.archive).expect("readable");
    fs::write(&big, vec![7; 100_000]).expect("writable");
    write();
    assert_eq!(first, fs::read(&place.archive).expect("readable"));
    place.unpack().expect("unpacked");
    assert_eq!(fs::read(place.into.join("a/b.txt")).expect("there"), b"text");
    assert_eq!(fs::read(place.into.join("c")).expect("there"), vec![7; 100_000]);
}

fn name(text: &str) -> RelativePath {
    text.parse().expect("a plain name")
}

#[test]
fn a_stored_file_that_is_not_what_it_was_is_not_packed() {
    let place = Place::with(b"");
    let stored = place.folder.path().join("stored");
    fs::write(&stored, b"rotten").expect("writable");
    let digest = blake3::hash(b"sound!").into();
    let files = BTreeMap::from([(name("c"), Content::Stored { path: stored, digest })]);
    let mut file = fs::File::create(&place.archive).expect("writable");
    let error = write(&mut file, &place.archive, &files).expect_err("it is damaged").to_string();
    assert!(error.contains("stored is damaged"), "{error}");
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    for name in
        ["../evil", "a/../../evil", "/evil", "a/./b", "a//b", "C:evil", "a\\..\\evil", "a\u{7}"]
    {
        Place::with(&archive(&["good", name])).is_refused("it has a file");
    }
}

#[test]
fn two_files_of_one_name_are_refused() {
    let mut bytes = archive(&["one", "two"]);
    replace(&mut bytes, b"two", b"one");
    Place::with(&bytes).is_refused("two of its files have one name");
    Place::with(&archive(&["one", "ONE"])).is_refused("two of its files have the name");
    Place::with(&archive(&["one", "one/two"])).is_refused("is a file and a folder");
}

#[test]
fn links_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).expect("a link");
    let bytes = writer.finish().expect("an archive").into_inner();
    Place::with(&bytes).is_refused("`link` is a link");
}

#[test]
fn more_than_allowed_is_refused_by_what_it_says_and_by_what_it_is() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("zeros", SimpleFileOptions::default()).expect("a file");
    writer.write_all(&vec![0; 2 << 20]).expect("written");
    let mut bytes = writer.finish().expect("an archive").into_inner();
    Place::with(&bytes).is_refused("allow more with --limit");
    // The same that claims to be small.
    replace(&mut bytes, &(2_u32 << 20).to_le_bytes(), &16_u32.to_le_bytes());
    let place = Place::with(&bytes);
    assert!(place.unpack().is_err());
    assert!(!place.into.exists() && place.written().is_empty());
    let names: Vec<String> = (0..10_001).map(|number| number.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Place::with(&archive(&names)).is_refused("at most 10000 are unpacked");
}

#[test]
fn what_is_no_archive_or_is_cut_short_is_refused() {
    Place::with(b"no archive at all").is_refused("no whole zip archive");
    let bytes = archive(&["a", "b"]);
    for length in 0..bytes.len() {
        let place = Place::with(&bytes[..length]);
        assert!(place.unpack().is_err(), "{length} bytes were enough");
        assert!(place.written().is_empty());
    }
    let mut stored = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    stored.start_file("a", options).expect("a file");
    stored.write_all(b"content").expect("written");
    let mut stored = stored.finish().expect("an archive").into_inner();
    replace(&mut stored, b"content", b"CONTENT");
    Place::with(&stored).is_refused("no whole zip archive");
}

#[test]
fn what_is_there_stays_as_it_is() {
    let place = Place::with(&archive(&["a"]));
    fs::create_dir(&place.into).expect("writable");
    fs::write(place.into.join("mine"), "mine").expect("writable");
    let error = place.unpack().expect_err("it is occupied").to_string();
    assert!(error.contains("--into"), "{error}");
    assert_eq!(place.written(), [place.into.join("mine")]);
}

fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just(String::new()),
        Just("c:".to_owned()),
        Just("a\\b".to_owned()),
        "[a-zA-Z0-9_ .-]{1,8}",
        "\\PC{1,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// A name is either refused or its parts are all plain ones.
    #[test]
    fn safe_names_have_plain_parts_only(parts in prop::collection::vec(part(), 1..6)) {
        let name = parts.join("/");
        if name.parse::<RelativePath>().is_ok() {
            let plain = |part: std::path::Component<'_>| {
                matches!(part, std::path::Component::Normal(_))
            };
            prop_assert!(Path::new(&name).components().all(plain), "{name:?}");
            prop_assert!(!name.contains('\\') && !name.contains(':'));
        }
    }

    /// Whatever an archive's files are called, nothing appears outside of its folder.
    #[test]
    fn nothing_is_written_outside(
        names in prop::collection::btree_set(prop::collection::vec(part(), 1..5), 1..5)
    ) {
        let names: Vec<String> = names.iter().map(|parts| parts.join("/")).collect();
        let mut unique: Vec<&str> = names.iter().map(String::as_str).collect();
        unique.sort_unstable();
        unique.dedup();
        let place = Place::with(&archive(&unique));
        let outcome = place.unpack();
        let written = place.written();
        prop_assert!(written.iter().all(|path| path.starts_with(&place.into)), "{written:?}");
        let files = unique.iter().filter(|name| !name.ends_with('/')).count();
        prop_assert_eq!(written.len(), if outcome.is_ok() { files } else { 0 });
    }
}
