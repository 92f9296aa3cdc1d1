//! What an export does with what is at its destination already: what msx wrote gives way where the user
//! says so, and everything else stays.

use super::{FINDINGS, export, fold, names_nobody, nothing_else_in, refused, several};
use msx::data::Origin;
use msx::progress::Silent;
use msx::share::export::{CARD, Destination, ExportError, Form, Nature, Written, write};
use msx::share::output::Inputs;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use walkdir::WalkDir;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// A folder with an export in it.
struct Place {
    home: TempDir,
    out: PathBuf,
}

impl Place {
    fn with(form: Form) -> Place {
        let home = tempfile::tempdir().expect("folder");
        let out = home.path().join("out");
        let place = Place { home, out };
        place.export(form, false).expect("exports");
        place
    }

    fn export(&self, form: Form, may_replace: bool) -> Result<Written, ExportError> {
        self.export_reading(form, may_replace, &Inputs::default())
    }

    fn export_reading(
        &self,
        form: Form,
        may_replace: bool,
        inputs: &Inputs,
    ) -> Result<Written, ExportError> {
        let folds = several(Origin::Real);
        let destination = Destination { path: &self.out, may_replace, inputs };
        write(&export(&folds, Nature::Real), form, &destination, &Silent)
    }

    /// Everything below the home folder: files with what is in them, links with where they lead.
    fn content(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        content(self.home.path())
    }

    /// What a fresh export of this form holds.
    fn fresh(form: Form) -> BTreeMap<PathBuf, Vec<u8>> {
        content(&Place::with(form).out)
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.out.join(name);
        fs::create_dir_all(path.parent().expect("above")).expect("folder");
        fs::write(path, text).expect("writes");
    }
}

fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = WalkDir::new(folder).into_iter().map(|entry| entry.expect("readable"));
    let content = |entry: &walkdir::DirEntry| {
        let path = entry.path();
        if entry.file_type().is_symlink() {
            fs::read_link(path).expect("a link").to_string_lossy().into_owned().into_bytes()
        } else if entry.file_type().is_dir() {
            Vec::new()
        } else {
            fs::read(path).expect("readable")
        }
    };
    entries
        .map(|entry| {
            (entry.path().strip_prefix(folder).expect("inside").to_owned(), content(&entry))
        })
        .collect()
}

#[test]
fn the_card_lists_every_file_with_its_digest() {
    for form in [Form::Folder, Form::Table, Form::Dicom] {
        let place = Place::with(form);
        let card = fs::read(place.out.join(CARD)).expect("a card");
        let card: Value = serde_json::from_slice(&card).expect("JSON");
        let listed: BTreeMap<PathBuf, (u64, String)> = card["files"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|file| {
                let text = |name: &str| file[name].as_str().expect("a text").to_owned();
                let bytes = file["bytes"].as_u64().expect("a number");
                (text("path").into(), (bytes, text("digest")))
            })
            .collect();
        let files = WalkDir::new(&place.out).into_iter().map(|entry| entry.expect("readable"));
        let files = files.filter(|entry| entry.file_type().is_file() && entry.file_name() != CARD);
        let found: BTreeMap<PathBuf, (u64, String)> = files
            .map(|entry| {
                let bytes = fs::read(entry.path()).expect("readable");
                let name = entry.path().strip_prefix(&place.out).expect("inside").to_owned();
                (name, (bytes.len() as u64, blake3::hash(&bytes).to_string()))
            })
            .collect();
        assert_eq!(listed, found);
    }
}

#[test]
fn an_export_takes_the_place_of_its_files_alone() {
    let place = Place::with(Form::Folder);
    place.put("notes/reading.md", "mine");
    place.put("train/Edema + ß 漢/my-own.png", "mine");
    place.put("thesis.csv", "mine");
    fs::create_dir(place.out.join("empty")).expect("folder");
    symlink("/etc/hostname", place.out.join("link")).expect("a link");
    refused(place.export(Form::Table, false), &["is there already", "--overwrite"]);
    place.export(Form::Table, true).expect("replaces");
    names_nobody(place.home.path());
    nothing_else_in(place.home.path(), &["out"]);
    nothing_else_in(
        &place.out,
        &["empty", CARD, "images", "images.csv", "link", "notes", "thesis.csv", "train"],
    );
    nothing_else_in(&place.out.join("train"), &["Edema + ß 漢"]);
    nothing_else_in(&place.out.join("train/Edema + ß 漢"), &["my-own.png"]);
    let now = content(&place.out);
    for (path, bytes) in Place::fresh(Form::Table) {
        assert!(now[&path] == bytes, "{}", path.display());
    }
    // And back again, over and over.
    for form in [Form::Folder, Form::Folder, Form::Dicom, Form::Folder] {
        place.export(form, true).expect("replaces");
        let now = content(&place.out);
        assert!(Place::fresh(form).iter().all(|(path, bytes)| now[path] == *bytes));
    }
    assert_eq!(fs::read_to_string(place.out.join("thesis.csv")).expect("there"), "mine");
}

#[test]
fn what_was_changed_since_is_the_users() {
    let place = Place::with(Form::Table);
    let table = place.out.join("images.csv");
    let whole = fs::read_to_string(&table).expect("a table");
    for other in [whole.replace("train", "trian"), format!("{whole}mine,1\n"), String::new()] {
        fs::write(&table, other).expect("writes");
        let before = place.content();
        refused(place.export(Form::Table, true), &["`images.csv` changed since", "nothing was"]);
        refused(place.export(Form::Folder, true), &["`images.csv` changed since", "nothing was"]);
        assert!(place.content() == before);
    }
    // What is gone is no reason to refuse.
    fs::remove_file(&table).expect("removes");
    fs::remove_dir_all(place.out.join("images/valid")).expect("removes");
    place.export(Form::Table, true).expect("replaces");
    assert_eq!(fs::read_to_string(&table).expect("a table"), whole);
    fs::write(place.out.join("images/test/000001.png"), "annotated").expect("writes");
    fs::write(place.out.join("images/test/000002.png"), "annotated").expect("writes");
    refused(place.export(Form::Table, true), &["000001.png` and 1 more changed since"]);
}

#[test]
fn a_file_of_the_users_in_the_way_stays() {
    for (name, in_the_way) in [
        ("images.csv", "images.csv"),
        ("images", "images"),
        ("images/train/000001.png", "000001.png"),
        ("images/train/000001.png/deep", "000001.png"),
    ] {
        let place = Place::with(Form::Folder);
        place.put(name, "mine");
        let before = place.content();
        let result = place.export(Form::Table, true);
        refused(result, &[in_the_way, "msx did not write what has it", "move it away"]);
        assert!(place.content() == before, "{name}");
    }
}

#[test]
fn a_folder_is_no_export_because_of_a_file_of_that_name() {
    let place = Place::with(Form::Folder);
    let card = fs::read_to_string(place.out.join(CARD)).expect("a card");
    let mut without: Value = serde_json::from_str(&card).expect("JSON");
    without.as_object_mut().expect("an object").remove("files").expect("a list");
    let without = without.to_string();
    let outside = card.replacen("\"path\": \"", "\"path\": \"../../", 1);
    let absolute = card.replacen("\"path\": \"", "\"path\": \"/", 1);
    for text in ["{}", "dear", "{\"files\": []}", &without, &outside, &absolute] {
        place.put(CARD, text);
        let before = place.content();
        refused(
            place.export(Form::Folder, true),
            &["does not list the files of an export", "never replaced"],
        );
        assert!(place.content() == before, "{text}");
    }
}

/// A card that somebody wrote to have files removed that are elsewhere.
#[test]
fn no_link_leads_an_export_out_of_its_folder() {
    let place = Place::with(Form::Table);
    let elsewhere = place.home.path().join("elsewhere");
    fs::rename(place.out.join("images"), &elsewhere).expect("moves");
    symlink(&elsewhere, place.out.join("images")).expect("a link");
    let before = place.content();
    refused(place.export(Form::Table, true), &["changed since", "move what you changed away"]);
    refused(place.export(Form::Folder, true), &["changed since", "move what you changed away"]);
    assert!(place.content() == before);
    // The same where the new files would go.
    let place = Place::with(Form::Folder);
    fs::create_dir(place.home.path().join("elsewhere")).expect("folder");
    symlink("../elsewhere", place.out.join("images")).expect("a link");
    let before = place.content();
    refused(place.export(Form::Table, true), &["images is there already", "move it away"]);
    assert!(place.content() == before);
    // A destination that is a link itself.
    let link = Place { out: place.home.path().join("link"), home: place.home };
    symlink("out", &link.out).expect("a link");
    let before = link.content();
    refused(link.export(Form::Table, true), &["is a symbolic link", "name the folder"]);
    assert!(link.content() == before);
}

#[test]
fn what_the_experiment_reads_is_not_replaced() {
    let place = Place::with(Form::Table);
    for input in [place.out.clone(), place.out.join("images.csv"), place.out.join("images/train")] {
        let inputs = Inputs::new([input]);
        let before = place.content();
        let result = place.export_reading(Form::Folder, true, &inputs);
        refused(result, &["the experiment is read from it", "never replaced"]);
        assert!(place.content() == before);
    }
    let file = place.home.path().join("experiment.msx");
    place.export_reading(Form::Folder, true, &Inputs::new([file])).expect("replaces");
}

/// An export that is killed anywhere on the way from one to the other: every state is known for one, and
/// the next export that may replace it leaves a whole one and nothing of the others.
#[test]
fn an_exchange_that_was_cut_short_is_mended() {
    let card = |place: &Place| fs::read(place.out.join(CARD)).expect("a card");
    let paths = |place: &Place| {
        let card: Value = serde_json::from_slice(&card(place)).expect("JSON");
        let files = card["files"].as_array().expect("a list").clone();
        files
            .iter()
            .map(|file| file["path"].as_str().expect("a path").to_owned())
            .collect::<Vec<_>>()
    };
    let new = Place::with(Form::Table);
    let (old_files, new_files) = (paths(&Place::with(Form::Folder)), paths(&new));
    let steps = old_files.len() + new_files.len() + 2;
    for step in 0..=steps {
        let place = Place::with(Form::Folder);
        place.put("mine.txt", "mine");
        let hidden = place.out.join(".msx-export-abc123");
        copy(&new.out, &hidden);
        // One that was killed before it was whole; nothing says what of it is whose.
        place.put(".msx-export-unknown/images/000001.png", "half");
        // What the program does, one step after the other, up to the kill.
        let removed = step.min(old_files.len());
        old_files[..removed].iter().for_each(|name| {
            fs::remove_file(place.out.join(name)).expect("removes");
        });
        if step > old_files.len() {
            for fold in ["train", "valid", "test"] {
                fs::remove_dir_all(place.out.join(fold)).expect("ours");
            }
        }
        let moved = step.saturating_sub(old_files.len()).min(new_files.len());
        for name in &new_files[..moved] {
            let to = place.out.join(name);
            fs::create_dir_all(to.parent().expect("above")).expect("folder");
            fs::rename(hidden.join(name), to).expect("moves");
        }
        if step > old_files.len() + new_files.len() {
            fs::rename(hidden.join(CARD), place.out.join(CARD)).expect("moves");
        }
        if step < steps - 1 {
            refused(place.export(Form::Dicom, false), &["--overwrite to mend it"]);
        }
        place.export(Form::Dicom, true).unwrap_or_else(|error| panic!("step {step}: {error}"));
        let mut now = content(&place.out);
        assert_eq!(now.remove(Path::new("mine.txt")), Some(b"mine".to_vec()));
        let unknown = [".msx-export-unknown", "images", "000001.png"];
        for depth in 1..=unknown.len() {
            let path: PathBuf = unknown[..depth].iter().collect();
            assert!(now.remove(&path).is_some());
        }
        let whole = Place::fresh(Form::Dicom);
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&now), names(&whole), "step {step}");
        assert!(now == whole, "step {step}");
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in WalkDir::new(from).into_iter().map(|entry| entry.expect("readable")) {
        let target = to.join(entry.path().strip_prefix(from).expect("inside"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).expect("folder");
        } else {
            fs::copy(entry.path(), target).expect("copies");
        }
    }
}

#[test]
fn two_exports_into_one_folder_do_not_meet() {
    let place = Place::with(Form::Folder);
    let held = File::open(&place.out).expect("a folder");
    held.lock().expect("nobody else has it");
    let before = place.content();
    refused(place.export(Form::Table, true), &["another msx exports into it just now"]);
    assert!(place.content() == before);
    drop(held);
    place.export(Form::Table, true).expect("replaces");
}

#[test]
fn one_file_gives_way_only_to_what_msx_wrote_itself() {
    let home = tempfile::tempdir().expect("folder");
    let out = home.path().join("out.npz");
    let place = Place { home, out };
    let exported = |may_replace| place.export(Form::Npz, may_replace);
    exported(false).expect("exports");
    let whole = fs::read(&place.out).expect("there");
    refused(exported(false), &["is there already", "--overwrite to replace it"]);
    exported(true).expect("replaces");
    assert!(fs::read(&place.out).expect("there") == whole);
    let changed = [
        b"dear".to_vec(),
        rewritten(&whole, |_, _| ()),
        [&whole[..], b" "].concat(),
        flipped(&whole),
    ];
    for other in changed {
        fs::write(&place.out, &other).expect("writes");
        refused(exported(true), &["is not an export as msx writes it", "never replaced"]);
        refused(exported(false), &["is not an export as msx writes it", "never replaced"]);
        assert!(fs::read(&place.out).expect("there") == other);
    }
    // One that the user added an array to keeps the seal, which no longer fits.
    let kept = appended(&whole);
    fs::write(&place.out, &kept).expect("writes");
    refused(exported(true), &["is not an export as msx writes it"]);
    fs::write(&place.out, &whole).expect("writes");
    let inputs = Inputs::new([place.out.clone()]);
    let result = place.export_reading(Form::Npz, true, &inputs);
    refused(result, &["the experiment is read from it"]);
    let link = Place { out: place.home.path().join("link.npz"), home: place.home };
    symlink("out.npz", &link.out).expect("a link");
    refused(link.export(Form::Npz, true), &["is a symbolic link"]);
    nothing_else_in(link.home.path(), &["link.npz", "out.npz"]);
}

/// The archive as another program writes it.
fn rewritten(archive: &[u8], also: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
    let mut read = ZipArchive::new(std::io::Cursor::new(archive)).expect("an archive");
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..read.len() {
        let mut entry = read.by_index(index).expect("listed");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("whole");
        also(entry.name(), &mut bytes);
        writer.start_file(entry.name(), SimpleFileOptions::default()).expect("a file");
        writer.write_all(&bytes).expect("writes");
    }
    writer.finish().expect("an archive").into_inner()
}

fn appended(archive: &[u8]) -> Vec<u8> {
    let file = std::io::Cursor::new(archive.to_vec());
    let mut writer = ZipWriter::new_append(file).expect("an archive");
    writer.start_file("mine.npy", SimpleFileOptions::default()).expect("a file");
    writer.write_all(b"mine").expect("writes");
    writer.finish().expect("an archive").into_inner()
}

/// One pixel is another, and the seal is that of before.
fn flipped(archive: &[u8]) -> Vec<u8> {
    let read = ZipArchive::new(std::io::Cursor::new(archive)).expect("an archive");
    let seal = read.comment().to_vec();
    let changed = rewritten(archive, |name, bytes| {
        if name == "train_images.npy"
            && let Some(last) = bytes.last_mut()
        {
            *last ^= 1;
        }
    });
    let mut writer = ZipWriter::new_append(std::io::Cursor::new(changed)).expect("an archive");
    writer.set_raw_comment(seal.into_boxed_slice());
    writer.finish().expect("an archive").into_inner()
}

#[test]
fn what_is_written_has_the_permissions_of_other_new_files() {
    let home = tempfile::tempdir().expect("folder");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o7777;
    fs::write(home.path().join("file"), "").expect("writes");
    fs::create_dir(home.path().join("folder")).expect("folder");
    let (usual_file, usual_folder) =
        (mode(&home.path().join("file")), mode(&home.path().join("folder")));
    let folds = vec![fold("train", 16, &[1; FINDINGS.len()], Origin::Real)];
    for form in [Form::Folder, Form::Table, Form::Dicom, Form::TfRecord, Form::Npz] {
        let out = home.path().join(format!("{form:?}"));
        let inputs = Inputs::default();
        for may_replace in [false, true] {
            let destination = Destination { path: &out, may_replace, inputs: &inputs };
            write(&export(&folds, Nature::Real), form, &destination, &Silent).expect("exports");
        }
        for entry in WalkDir::new(&out).into_iter().map(|entry| entry.expect("readable")) {
            let usual = if entry.file_type().is_dir() { usual_folder } else { usual_file };
            assert_eq!(mode(entry.path()), usual, "{}", entry.path().display());
        }
    }
    // A folder that the user made for it keeps what they gave it.
    let private = home.path().join("private");
    fs::create_dir(&private).expect("folder");
    fs::set_permissions(&private, fs::Permissions::from_mode(0o2710)).expect("ours");
    let inputs = Inputs::default();
    let destination = Destination { path: &private, may_replace: false, inputs: &inputs };
    write(&export(&folds, Nature::Real), Form::Table, &destination, &Silent).expect("exports");
    assert_eq!(mode(&private), 0o2710);
}
