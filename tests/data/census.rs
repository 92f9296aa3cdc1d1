//! What folds hold, in numbers.

use crate::support::{assert_says, info};
use msx::data::census::{Census, NamedFold, spread};
use msx::data::{Fold, Origin, write_fold};

/// A fold of blank images with these labels, of patients `patient0` and `patient1` in turn.
fn fold(name: &str, findings: &[&str], labels: &[u8]) -> NamedFold {
    let folder = tempfile::tempdir().expect("folder");
    let count = labels.len() / findings.len();
    write_fold(folder.path(), &info(count, 2, findings), &vec![0; 4 * count], labels)
        .expect("writes");
    (name.to_owned(), Fold::open(folder.path()).expect("opens"))
}

#[test]
fn images_are_counted_by_fold_finding_label_set_and_pair() {
    let findings = ["Edema", "Fracture"];
    let train = fold("train", &findings, &[1, 0, 1, 1, 0, 0, 1, 1]);
    let test = fold("test", &findings, &[0, 1]);
    let census = Census::take(&[train, test]).expect("counts");
    let images: Vec<(usize, usize)> =
        census.folds.iter().map(|fold| (fold.images, fold.label_sets)).collect();
    assert_eq!(images, [(4, 3), (1, 1)]);
    assert_eq!(census.images(), 5);
    assert_eq!(census.folds[0].patients, Some(2));
    let findings: Vec<&[usize]> = census.findings.iter().map(|one| one.images.as_slice()).collect();
    assert_eq!(findings, [&[3, 0][..], &[2, 1]]);
    let sets: Vec<(&str, &[usize])> =
        census.label_sets.iter().map(|set| (set.name.as_str(), set.images.as_slice())).collect();
    let expected: [(&str, &[usize]); 4] = [
        ("Edema + Fracture", &[2, 0]),
        ("no finding", &[1, 0]),
        ("Edema", &[1, 0]),
        ("Fracture", &[0, 1]),
    ];
    assert_eq!(sets, expected);
    assert_eq!(census.together, [[3, 2], [2, 3]]);
    // `patient0` is in both.
    assert_eq!(census.patients_in_several_folds, 1);
}

#[test]
fn synthetic_images_have_no_patients() {
    let folder = tempfile::tempdir().expect("folder");
    let mut synthetic = info(1, 2, &["Edema"]);
    synthetic.origin = Origin::Synthetic;
    synthetic.patients.clear();
    synthetic.sources.clear();
    write_fold(folder.path(), &synthetic, &[0; 4], &[1]).expect("writes");
    let fold = ("train".to_owned(), Fold::open(folder.path()).expect("opens"));
    let census = Census::take(&[fold]).expect("counts");
    assert_eq!(census.folds[0].patients, None);
}

#[test]
fn folds_of_different_findings_are_not_counted_together() {
    let folds = [fold("train", &["Edema"], &[1]), fold("test", &["Fracture"], &[1])];
    assert_says(Census::take(&folds), &["fold `test`", "other findings", "one fold at a time"]);
}

#[test]
fn a_choice_is_spread_over_all_there_are() {
    assert_eq!(spread(10, 4), [0, 2, 5, 7]);
    assert_eq!(spread(2, 4), [0, 1]);
    assert!(spread(0, 4).is_empty());
}
