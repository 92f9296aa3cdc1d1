//! Folds on disk: they come back as they went, and broken ones are refused by name.

use crate::support::{assert_says, info};
use msx::data::{Fold, FoldInfo, FoldWriter, Raster, write_fold, write_part};
use npyz::WriterBuilder;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FINDINGS: [&str; 3] = ["Edema", "Fracture", "Pneumonia"];

/// Three images of eight pixels.
fn written() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("fold");
    let pixels: Vec<u8> = (0..3 * 64).map(|number| number as u8).collect();
    write_fold(&path, &info(3, 8, &FINDINGS), &pixels, &[1, 0, 1, 0, 0, 0, 0, 1, 0]).expect("fold");
    (folder, path)
}

#[test]
fn a_fold_comes_back_as_it_went() {
    let (_folder, path) = written();
    let fold = Fold::open(&path).expect("opens");
    assert_eq!(fold.info(), &info(3, 8, &FINDINGS));
    assert_eq!((fold.len(), fold.is_empty()), (3, false));
    assert_eq!(fold.pixels().slice(0..3), (0..192).collect::<Vec<u8>>());
    assert_eq!(fold.image(1), (64..128).collect::<Vec<u8>>());
    assert_eq!(fold.digest(1), blake3::hash(fold.image(1)).as_bytes());
    assert_eq!(fold.labels(2), [0, 1, 0]);
    assert_eq!(fold.label_set(0).name(&fold.info().findings), "Edema + Pneumonia");
    assert_eq!(fold.label_set(1).name(&fold.info().findings), "no finding");
}

/// Folds are shared with NumPy: the header is its own, and says bytes in C order.
#[test]
fn arrays_are_numpys() {
    let (_folder, path) = written();
    let shapes =
        [("images.npy", "(3, 8, 8, )"), ("labels.npy", "(3, 3, )"), ("digests.npy", "(3, 32, )")];
    for (name, shape) in shapes {
        let bytes = fs::read(path.join(name)).expect("read");
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let header = String::from_utf8_lossy(&bytes[10..]).into_owned();
        let expected = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}");
        assert!(header.starts_with(&expected), "{header}");
    }
}

#[test]
fn an_empty_fold_is_a_fold() {
    let folder = tempfile::tempdir().expect("folder");
    write_fold(folder.path(), &info(0, 8, &FINDINGS), &[], &[]).expect("writes");
    assert!(Fold::open(folder.path()).expect("opens").is_empty());
}

fn cut(path: &Path, bytes: usize) {
    let whole = fs::read(path).expect("read");
    fs::write(path, &whole[..whole.len() - bytes]).expect("write");
}

#[test]
fn files_cut_short_are_named() {
    for name in ["images.npy", "labels.npy", "digests.npy"] {
        let (_folder, path) = written();
        cut(&path.join(name), 1);
        assert_says(Fold::open(&path), &[name, "bytes where its header promises", "run again"]);
        fs::write(path.join(name), b"").expect("write");
        assert_says(Fold::open(&path), &[name, "no header", "delete the cache entry"]);
        fs::write(path.join(name), b"this is not an array of NumPy's").expect("write");
        assert_says(Fold::open(&path), &[name, "no header"]);
        fs::remove_file(path.join(name)).expect("remove");
        assert_says(Fold::open(&path), &[name, "No such file"]);
    }
    let (_folder, path) = written();
    cut(&path.join("fold.json"), 4);
    assert_says(Fold::open(&path), &["fold.json", "EOF", "run again"]);
}

fn array<T: npyz::AutoSerialize>(path: &Path, order: npyz::Order, shape: &[u64], values: Vec<T>) {
    let mut bytes = Vec::new();
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .order(order)
        .shape(shape)
        .writer(&mut bytes)
        .begin_nd()
        .expect("header");
    writer.extend(values).expect("values");
    writer.finish().expect("whole");
    fs::write(path, bytes).expect("write");
}

#[test]
fn arrays_of_another_kind_are_refused() {
    use npyz::Order::{C, Fortran};
    let (_folder, path) = written();
    let images = path.join("images.npy");
    let stored = fs::read(&images).expect("readable");
    array(&images, C, &[3, 64], vec![0_u8; 192]);
    assert_says(Fold::open(&path), &["images.npy", "shape is [3, 64]", "[3, 8, 8]"]);
    array(&images, C, &[3, 8, 8], vec![0_f32; 192]);
    assert_says(Fold::open(&path), &["images.npy", "f4", "not bytes"]);
    array(&images, C, &[3, 8, 8], vec![0_i8; 192]);
    assert_says(Fold::open(&path), &["images.npy", "i1", "not bytes"]);
    array(&images, Fortran, &[3, 8, 8], vec![0_u8; 192]);
    assert_says(Fold::open(&path), &["images.npy", "C order"]);
    fs::write(&images, stored).expect("write");
    Fold::open(&path).expect("an array as announced is read");
}

/// A bit that the disk lost is found before a pixel is used.
#[test]
fn pixels_that_are_not_what_was_stored_are_refused() {
    let (_folder, path) = written();
    let images = path.join("images.npy");
    let mut stored = fs::read(&images).expect("readable");
    *stored.last_mut().expect("pixels") ^= 1;
    fs::write(&images, stored).expect("write");
    assert_says(Fold::open(&path), &["images.npy", "damaged", "msx cache verify"]);
    let unread = Fold::open_unread(&path).expect("its form is right");
    unread.check(&[0, 1]).expect("two images are whole");
    assert!(unread.check(&[0, 1, 2]).is_err());
}

/// Without this a subset would stumble over the missing patient.
#[test]
fn every_image_needs_its_patient() {
    let (_folder, path) = written();
    let mut short = info(3, 8, &FINDINGS);
    short.patients.pop();
    fs::write(path.join("fold.json"), serde_json::to_vec(&short).expect("JSON")).expect("write");
    assert_says(Fold::open(&path), &["fold.json", "2 patients for 3 images"]);
    short.patients.clear();
    fs::write(path.join("fold.json"), serde_json::to_vec(&short).expect("JSON")).expect("write");
    Fold::open(&path).expect("synthetic folds have no patients at all");
}

#[test]
fn a_fold_holds_what_its_description_says() {
    let folder = tempfile::tempdir().expect("folder");
    let create = || FoldWriter::create(folder.path(), Raster::eight(8), 3).expect("creates");
    assert_says(create().append(&[0; 129]), &["images.npy", "in part"]);
    for (pixels, labels, reason) in [
        (64, 6, "1 images were written for 2"),
        (192, 6, "3 images were written for 2"),
        (128, 5, "not one label"),
    ] {
        let mut writer = create();
        writer.append(&vec![0; pixels]).expect("whole images");
        assert_says(writer.finish(&info(2, 8, &FINDINGS), &vec![0; labels]), &[reason]);
    }
}

fn part(target: &Path, whole: &Fold, indices: &[usize]) -> Fold {
    let all = whole.info();
    let pick = |list: &[String]| indices.iter().map(|&index| list[index].clone()).collect();
    let (patients, sources) = (pick(&all.patients), pick(&all.sources));
    let info = FoldInfo { count: indices.len(), patients, sources, ..all.clone() };
    let labels: Vec<u8> = indices.iter().flat_map(|&index| whole.labels(index)).copied().collect();
    write_part(target, whole, indices, &info, &labels).expect("writes");
    Fold::open(target).expect("opens")
}

/// Also a part of a part, whose rows are those of the first file.
#[test]
fn a_part_of_a_fold_shares_its_pixels() {
    let (folder, path) = written();
    let whole = Fold::open(&path).expect("opens");
    let inode = |path: &Path| fs::metadata(path.join("images.npy")).expect("there").ino();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let two = part(&first, &whole, &[2, 1]);
    let one = part(&second, &two, &[0]);
    assert_eq!((inode(&first), inode(&second)), (inode(&path), inode(&path)));
    assert_eq!(two.pixels().slice(0..2), [whole.image(2), whole.image(1)].concat());
    assert_eq!((one.len(), one.image(0), one.digest(0)), (1, whole.image(2), whole.digest(2)));
    assert_eq!(
        (one.labels(0), &one.info().sources[0]),
        (whole.labels(2), &whole.info().sources[2])
    );
    let rows = fs::read(first.join("rows.npy")).expect("it says where they are");
    assert!(rows.ends_with(&[2, 0, 0, 0, 1, 0, 0, 0]), "NumPy's <u4");
    part(&folder.path().join("all"), &whole, &[0, 1, 2]);
    assert!(!folder.path().join("all/rows.npy").exists(), "these are all of the file");
}

#[test]
fn rows_that_are_not_there_are_refused() {
    use npyz::Order::C;
    let (folder, path) = written();
    let target = folder.path().join("part");
    let whole = Fold::open(&path).expect("opens");
    part(&target, &whole, &[2, 1]);
    let rows = target.join("rows.npy");
    array(&rows, C, &[2], vec![0_u32, 3]);
    assert_says(Fold::open(&target), &["rows.npy", "names row 3 of 3 images", "run again"]);
    array(&rows, C, &[1], vec![0_u32]);
    assert_says(Fold::open(&target), &["rows.npy", "1 rows for 2 images"]);
    array(&rows, C, &[2], vec![0_u8, 1]);
    assert_says(Fold::open(&target), &["rows.npy", "cannot be read"]);
    fs::remove_file(&rows).expect("removed");
    assert_says(Fold::open(&target), &["images.npy", "[3, 8, 8]", "[2, 8, 8]"]);
}

/// Linux' full device takes nothing. Few pixels stay in the buffer until the end, so this fails
/// where the last flush is forgotten.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_with_a_remedy() {
    for (name, side) in
        [("images.npy", 8), ("images.npy", 256), ("digests.npy", 8), ("labels.npy", 8)]
    {
        let folder = tempfile::tempdir().expect("folder");
        std::os::unix::fs::symlink("/dev/full", folder.path().join(name)).expect("link");
        let pixels = vec![7; side * side];
        let result = write_fold(folder.path(), &info(1, side, &FINDINGS), &pixels, &[1, 0, 0]);
        assert_says(result, &[name, "No space left", "free some space", "--cache"]);
    }
}
