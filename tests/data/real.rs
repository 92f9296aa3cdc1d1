//! The readers on real data, where it is: `$MSX_TEST_DATA`, or `shared/data` beside the project.

use msx::data::chexpert::{self, Policy, Uncertain, View};
use msx::data::memory::Forgetful;
use msx::data::{Fold, Raster, folder};
use msx::progress::Silent;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The pack, or a loud word that it is not there.
pub fn pack(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let root = std::env::var_os("MSX_TEST_DATA").map_or_else(beside, PathBuf::from);
    let pack = root.join(name);
    if pack.is_dir() {
        return Some(pack);
    }
    // Straight to the stream: what a passing test prints by `eprintln!` is thrown away.
    let message = "does not exist; set MSX_TEST_DATA to check the readers on real data";
    writeln!(std::io::stderr(), "SKIPPED: {} {message}", pack.display()).expect("standard error");
    None
}

/// Counts from the pack's README and by hand from its table.
#[test]
fn nih_chest_is_read_whole() {
    let Some(pack) = pack("nih-chest-256") else { return };
    let policy =
        Policy { uncertain: Uncertain::Positive, view: View::Frontal, drop_unlabelled: true };
    let target = tempfile::tempdir().expect("folder");
    let csv = pack.join("train.csv");
    let summary =
        chexpert::read(&csv, policy, Raster::eight(64), target.path(), &Silent, &Forgetful)
            .expect("reads");
    let fold = Fold::open(target.path()).expect("opens");
    let dropped: usize = summary.dropped.iter().map(|one| one.count).sum();
    assert_eq!((summary.read, summary.kept + dropped, summary.findings.len()), (822, 822, 14));
    assert_eq!(summary.kept, fold.len());
    assert_eq!((summary.kept, summary.patients, summary.label_sets.len()), (822, 557, 55));
    let found = |name: &str| summary.findings.iter().find(|(finding, _)| finding == name);
    assert_eq!(found("No Finding").map(|one| one.1), Some(420));
    assert_eq!(found("Pneumonia").map(|one| one.1), Some(402));
    assert_eq!(fold.info().patients.iter().collect::<BTreeSet<_>>().len(), summary.patients);
    for index in 0..fold.len() {
        assert!(fold.image(index).iter().any(|&byte| byte > 200), "image {index} is dark");
    }
}

#[test]
fn mednist_is_read_whole() {
    let Some(pack) = pack("mednist-64") else { return };
    let target = tempfile::tempdir().expect("folder");
    let summary =
        folder::read(&pack, Raster::eight(64), target.path(), &Silent, &Forgetful).expect("reads");
    let fold = Fold::open(target.path()).expect("opens");
    assert_eq!((summary.read, summary.kept, fold.len()), (6000, 6000, 6000));
    let classes = ["AbdomenCT", "BreastMRI", "CXR", "ChestCT", "Hand", "HeadCT"];
    assert_eq!(fold.info().findings, classes);
    assert!(summary.findings.iter().all(|(_, count)| *count == 1000), "{:?}", summary.findings);
}
