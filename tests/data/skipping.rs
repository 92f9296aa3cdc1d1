//! Files that cannot be read are left out without decoding any file twice.

use crate::support::assert_says;
use msx::data::image::Grey;
use msx::data::memory::Forgetful;
use msx::data::scans::{Format, Found, Keeping, Listing, Patient, Scan, write_as};
use msx::data::{DataError, Fold, Raster};
use msx::progress::Silent;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files of two images each, of which some turn out to be broken behind their headers.
struct Counting {
    decoded: AtomicUsize,
    broken: &'static [&'static str],
}

impl Format for Counting {
    fn inspect(&self, _: &Path) -> Result<Found, DataError> {
        Ok(Found { frames: 2, patient: None })
    }

    fn taken(&self, frames: usize) -> Vec<usize> {
        (0..frames).collect()
    }

    fn read(&self, path: &Path) -> Result<Vec<Vec<Grey>>, DataError> {
        self.decoded.fetch_add(1, Ordering::Relaxed);
        let name = path.to_string_lossy();
        if self.broken.contains(&name.as_ref()) {
            return Err(DataError::Image { path: path.to_owned(), reason: "torn".to_owned() });
        }
        Ok(vec![vec![Grey { width: 1, height: 1, pixels: vec![1.0] }]; 2])
    }

    fn others(&self) -> &'static str {
        "other images"
    }

    fn recipe(&self, _: &[Scan]) -> String {
        "counting".to_owned()
    }
}

fn listing() -> Listing {
    let scan = |(name, label): (&str, u8)| Scan {
        path: name.into(),
        source: name.to_owned(),
        labels: vec![label],
        patient: Patient::Own,
        split: None,
    };
    Listing {
        findings: vec!["Edema".to_owned()],
        scans: [("a", 1), ("b", 0), ("c", 1), ("d", 0)].map(scan).to_vec(),
        read: 4,
        repeated_rows: 0,
        dropped: Vec::new(),
    }
}

fn keeping(skip_unreadable: bool) -> Keeping {
    Keeping { square: Raster::eight(8).into(), skip_unreadable, patient_key: "key".to_owned() }
}

#[test]
fn every_file_is_decoded_once() {
    let folder = tempfile::tempdir().expect("folder");
    let format = Counting { decoded: AtomicUsize::new(0), broken: &["b", "d"] };
    let summary = write_as(&listing(), &format, &keeping(true), folder.path(), &Silent, &Forgetful)
        .expect("reads");
    assert_eq!(format.decoded.into_inner(), 4);
    let fold = Fold::open(folder.path()).expect("opens");
    assert_eq!(fold.info().sources, ["a#1", "a#2", "c#1", "c#2"]);
    assert_eq!((fold.info().patients.len(), fold.all_labels()), (4, [1, 1, 1, 1].as_slice()));
    let skipped: Vec<(&str, &str)> =
        summary.skipped.iter().map(|one| (one.file.as_str(), one.reason.as_str())).collect();
    assert_eq!(skipped, [("b", "torn"), ("d", "torn")]);
    assert_eq!((summary.summary.read, summary.summary.kept), (4, 4));
    assert_eq!(summary.summary.dropped[0].count, 2);
}

#[test]
fn without_skipping_it_is_an_error_and_with_nothing_left_too() {
    let folder = tempfile::tempdir().expect("folder");
    let broken = |broken| Counting { decoded: AtomicUsize::new(0), broken };
    let write = |format: &Counting, skip| {
        write_as(&listing(), format, &keeping(skip), folder.path(), &Silent, &Forgetful)
    };
    assert_says(write(&broken(&["c"]), false), &["c: torn"]);
    let all = broken(&["a", "b", "c", "d"]);
    assert_says(write(&all, true), &["none of 4 files can be read", "a: torn"]);
}
