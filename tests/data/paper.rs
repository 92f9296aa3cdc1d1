//! The published subset tables (npj Digital Medicine 2021, arXiv 2012.03769), planned from label
//! tables of CheXpert's size and of the haemorrhage challenge's. Labels are made up; numbers of rows,
//! views and patients are those of the published tables, and the label sets as frequent as the
//! subsets need them.

use msx::data::chexpert::{self, Policy, Uncertain, View};
use msx::data::random::permutation;
use msx::data::rsna_ich::{self, Challenge, TYPES};
use msx::data::subset::{Classes, Filter, SubsetConfig, SubsetPlan, plan};
use msx::data::{FoldInfo, LabelSet, Raster};
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::hash::Hash;
use std::path::PathBuf;
use tempfile::TempDir;

const SEED: u64 = 1000;

/// Images of each class in train, valid and test, or of all together in the last two.
enum Counts {
    PerClass(usize, usize, usize),
    Total(usize),
}

use Counts::{PerClass, Total};

/// A dataset's labels.
struct Labelled {
    info: FoldInfo,
    labels: Vec<u8>,
    /// The label sets that there are, and each image's among them.
    sets: Vec<LabelSet>,
    set_of: Vec<usize>,
    /// Each image's patient, by number.
    patient_of: Vec<usize>,
}

/// A number for each distinct item.
fn numbered<'a, T: Hash + Eq + ?Sized + 'a>(items: impl Iterator<Item = &'a T>) -> Vec<usize> {
    let mut numbers: HashMap<&T, usize> = HashMap::new();
    items
        .map(|item| {
            let next = numbers.len();
            *numbers.entry(item).or_insert(next)
        })
        .collect()
}

impl Labelled {
    fn new((info, labels): (FoldInfo, Vec<u8>)) -> Labelled {
        let rows = || labels.chunks(info.findings.len());
        let set_of = numbered(rows());
        let mut sets = Vec::new();
        for (row, &set) in rows().zip(&set_of) {
            if set == sets.len() {
                sets.push(LabelSet::from_row(row));
            }
        }
        let patient_of = numbered(info.patients.iter());
        Labelled { info, labels, sets, set_of, patient_of }
    }

    /// Images of each label set.
    fn counts(&self, images: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut counts = vec![0; self.sets.len()];
        images.for_each(|image| counts[self.set_of[image]] += 1);
        counts
    }

    /// A plan whose counts are those that were asked for, in folds that share no patient.
    fn plan(&self, classes: Classes, counts: &Counts) -> SubsetPlan {
        let (per_class, total) = match *counts {
            PerClass(train, valid, test) => ([Some(train), Some(valid), Some(test)], [None; 3]),
            Total(each) => ([None; 3], [None, Some(each), Some(each)]),
        };
        let config = SubsetConfig {
            filter: Filter::default(),
            classes,
            per_class,
            total,
            split: [0.8, 0.1, 0.1],
            side: 32,
            seed: SEED,
        };
        let plan = plan(&self.info, &self.labels, &config).expect("enough of everything");
        // The fold of each patient that has one.
        let mut fold_of = vec![None; self.info.count];
        for (fold, images) in plan.folds.iter().enumerate() {
            for &image in images {
                let fold_of = fold_of[self.patient_of[image]].get_or_insert(fold);
                assert_eq!(*fold_of, fold, "{} is in two", self.info.patients[image]);
            }
            let counts = self.counts(images.iter().copied());
            for (set, &count) in self.sets.iter().zip(&counts) {
                match per_class[fold] {
                    _ if !plan.classes.contains(set) => assert_eq!(count, 0, "{set:?}"),
                    Some(each) => assert_eq!(count, each, "fold {fold}: {set:?}"),
                    None => assert!(count > 0, "fold {fold}: {set:?}"),
                }
            }
            assert!(total[fold].is_none_or(|total| images.len() == total), "{}", images.len());
        }
        let dropped: usize = plan.dropped.iter().map(|one| one.count).sum();
        let kept: usize = plan.folds.iter().map(Vec::len).sum();
        assert_eq!(kept + dropped, self.info.count);
        let used: HashSet<usize> = plan.classes.iter().flat_map(|set| set.0.clone()).collect();
        assert_eq!(HashSet::from_iter(plan.findings.iter().copied()), used);
        plan
    }

    /// Fewer classes are the more frequent ones, and take no image that more classes with at least
    /// as many images of each do not.
    fn by_classes(&self, table: &[(usize, usize)], valid: usize, test: usize) {
        let plans: Vec<SubsetPlan> = table
            .iter()
            .map(|&(count, train)| self.plan(Classes::Top(count), &PerClass(train, valid, test)))
            .collect();
        for ((more, fewer), (count, _)) in plans.iter().zip(&plans[1..]).zip(&table[1..]) {
            assert_eq!(fewer.classes, more.classes[..*count]);
            for fold in 0..3 {
                let of_both = |at: &&usize| fewer.classes.contains(&self.sets[self.set_of[**at]]);
                let both: Vec<usize> = more.folds[fold].iter().filter(of_both).copied().collect();
                // Train has more of each where there are fewer classes.
                assert!(contains(&fewer.folds[fold], &both), "fold {fold} of {count}");
            }
        }
    }

    /// Fewer images are among more, and are validated and tested on the same.
    fn by_samples(&self, classes: &Classes, table: &[usize], each: usize) {
        let plans: Vec<SubsetPlan> = table
            .iter()
            .map(|&train| self.plan(classes.clone(), &PerClass(train, each, each)))
            .collect();
        for pair in plans.windows(2) {
            assert!(contains(&pair[0].folds[0], &pair[1].folds[0]));
            assert_eq!(pair[0].folds[1..], pair[1].folds[1..]);
        }
    }

    /// Every label set with more images than a number, and all of its training images.
    fn by_resolution(&self, above: usize) {
        let plan = self.plan(Classes::MinCount(above + 1), &Total(4000));
        for (set, count) in self.sets.iter().zip(self.counts(0..self.info.count)) {
            assert_eq!(plan.classes.contains(set), count > above, "{count} images");
        }
        assert!(plan.folds[0].len() > self.info.count * 7 / 10, "{}", plan.folds[0].len());
    }
}

/// Whether all of some images are among others; both ascending.
fn contains(many: &[usize], few: &[usize]) -> bool {
    few.iter().all(|image| many.binary_search(image).is_ok())
}

/// Sizes of label sets that sum to `total`: given ones, then ever smaller ones.
fn sizes(head: &[usize], next: f64, ratio: f64, total: usize) -> Vec<usize> {
    let (mut sizes, mut next) = (head.to_vec(), next);
    let mut left = total - head.iter().sum::<usize>();
    while left > 0 {
        sizes.push((next as usize).clamp(1, left));
        left -= sizes[sizes.len() - 1];
        next *= ratio;
    }
    sizes
}

/// A label set of `width` bits for each row, shuffled; the first size is that of the empty set.
fn sets(sizes: &[usize], width: u32) -> Vec<u32> {
    let all = 1_u32 << width;
    assert!(sizes.len() <= all as usize, "{} label sets of {width} findings", sizes.len());
    // An odd factor reaches every set once.
    let masks = (0..all).map(|number| number.wrapping_mul(2_654_435_761) % all);
    let rows: Vec<u32> =
        masks.zip(sizes).flat_map(|(mask, &size)| std::iter::repeat_n(mask, size)).collect();
    permutation(rows.len(), SEED, "test/paper").into_iter().map(|at| rows[at]).collect()
}

/// A file in a folder that goes with it.
fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(name);
    fs::write(&path, text).expect("writes");
    (folder, path)
}

const CHEST_ROWS: usize = 223_414;
const CHEST_PATIENTS: usize = 64_540;
const LATERAL: usize = 32_387;
const FRONTAL: usize = CHEST_ROWS - LATERAL;
const FINDINGS: usize = 14;
const HEADER: &str = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,\
                      Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,\
                      Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support \
                      Devices";

/// Rows whose cells are 1, -1, 0 and blank; lateral views show everything.
fn chest_table() -> String {
    // Rows without a finding first, then the label sets.
    let head = [
        4000, 17_000, 9800, 8700, 5600, 5500, 3600, 3500, 3100, 3000, 2900, 2800, 2750, 2700, 2650,
        2600, 2550, 2500, 2480, 2450, 2420,
    ];
    let mut masks = sets(&sizes(&head, 2000.0, 0.98, FRONTAL), FINDINGS as u32).into_iter();
    let mut text = format!("{HEADER}\n");
    for row in 0..CHEST_ROWS {
        let is_lateral = row * LATERAL / CHEST_ROWS != (row + 1) * LATERAL / CHEST_ROWS;
        let patient = row * CHEST_PATIENTS / CHEST_ROWS + 1;
        let (view, word) = if is_lateral { ("Lateral", "lateral") } else { ("Frontal", "frontal") };
        let mask = if is_lateral { u32::MAX } else { masks.next().expect("a set a row") };
        write!(
            text,
            "CheXpert-v1.0-small/train/patient{patient:05}/study{row}/view1_{word}.jpg,Male,50,{view},AP"
        )
        .expect("a string");
        for finding in 0..FINDINGS {
            let cells = if mask >> finding & 1 == 1 { ["1.0", "-1.0"] } else { ["", "0.0"] };
            text.push(',');
            text.push_str(cells[(row + finding) % 2]);
        }
        text.push('\n');
    }
    assert_eq!(masks.next(), None);
    text
}

#[test]
fn the_chest_subsets_are_those_of_the_paper() {
    let (_folder, csv) = file("train.csv", &chest_table());
    let policy =
        Policy { uncertain: Uncertain::Positive, view: View::Frontal, drop_unlabelled: true };
    let chest = Labelled::new(chexpert::labels(&csv, policy, Raster::eight(256)).expect("reads"));
    assert_eq!((chest.info.count, chest.info.findings.len()), (FRONTAL - 4000, FINDINGS));
    let classes = [(20, 1450), (15, 1600), (10, 2000), (6, 2300), (4, 3900), (2, 6300)];
    chest.by_classes(&classes, 190, 170);
    let samples = [5950, 4500, 3000, 1500, 1000, 500, 400, 200];
    chest.by_samples(&Classes::MinCount(7401), &samples, 750);
    chest.by_resolution(256);
}

const BRAIN_IMAGES: usize = 752_803;
const BRAIN_PATIENTS: usize = 18_938;
const WITH_HAEMORRHAGE: usize = 107_933;
/// To how many the paper cuts images without a haemorrhage.
const WITHOUT: usize = 107_365;

fn brain_table() -> String {
    let without = BRAIN_IMAGES - WITH_HAEMORRHAGE;
    let head = [without, 30_000, 20_000, 14_000, 9000, 7500, 5500, 5000, 4500, 4000];
    let masks = sets(&sizes(&head, 1500.0, 0.83, BRAIN_IMAGES), 5);
    let mut text = format!("image,patient,{}\n", TYPES.join(","));
    for (image, mask) in masks.into_iter().enumerate() {
        let patient = image * BRAIN_PATIENTS / BRAIN_IMAGES;
        write!(text, "ID_{image:06},ID_{patient:05}").expect("a string");
        for finding in 0..TYPES.len() {
            text.push_str(if mask >> finding & 1 == 1 { ",1" } else { ",0" });
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_brain_subsets_are_those_of_the_paper() {
    let (folder, csv) = file("train.csv", &brain_table());
    let images = folder.path().join("images");
    let challenge = Challenge { csv, images, most_without: Some(WITHOUT), seed: SEED };
    let brain =
        Labelled::new(rsna_ich::labels(&challenge, "key", Raster::eight(256)).expect("reads"));
    assert_eq!((brain.info.count, brain.info.findings.len()), (WITH_HAEMORRHAGE + WITHOUT, 6));
    let classes = [(10, 2500), (8, 3120), (6, 4170), (4, 6250), (2, 12_500)];
    brain.by_classes(&classes, 300, 200);
    let samples = [5400, 4500, 3000, 1500, 1000, 500, 300, 100];
    brain.by_samples(&Classes::Top(6), &samples, 500);
    brain.by_resolution(110);
}
