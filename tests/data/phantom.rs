//! Phantoms: the same for a seed, overlapping, varied, and with findings that can be seen.

use crate::support::Impatient;
use msx::data::phantom::{FINDINGS, PhantomConfig, generate};
use msx::data::{DataError, Fold, Summary};
use msx::progress::Silent;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn config(count: usize, side: usize, seed: u64) -> PhantomConfig {
    PhantomConfig { count, side, seed }
}

fn drawn(config: PhantomConfig) -> (Summary, Fold) {
    let folder = tempfile::tempdir().expect("folder");
    let summary = generate(&config, folder.path(), &Silent).expect("draws");
    let fold = Fold::open(folder.path()).expect("opens");
    (summary, fold)
}

/// Every file of a dataset that is drawn with so many threads.
fn bytes(config: PhantomConfig, threads: usize) -> BTreeMap<String, Vec<u8>> {
    let folder: TempDir = tempfile::tempdir().expect("folder");
    let target: &Path = folder.path();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| generate(&config, target, &Silent)).expect("draws");
    fs::read_dir(target)
        .expect("folder")
        .map(|entry| entry.expect("entry").path())
        .map(|path| {
            let name = path.file_name().expect("name").to_string_lossy().into_owned();
            (name, fs::read(path).expect("read"))
        })
        .collect()
}

#[test]
fn a_seed_gives_the_same_bytes_for_any_number_of_threads() {
    let one = bytes(config(300, 16, 5), 1);
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        ["digests.npy", "fold.json", "images.npy", "labels.npy"]
    );
    assert!(one == bytes(config(300, 16, 5), 2), "two threads give other bytes");
    assert!(one["images.npy"] != bytes(config(300, 16, 6), 2)["images.npy"], "seeds are alike");
}

/// An image depends on its number and not on how many there are, so more data extends less.
#[test]
fn fewer_images_are_the_beginning_of_more() {
    let (_, few) = drawn(config(50, 16, 5));
    let (_, many) = drawn(config(80, 16, 5));
    assert_eq!(few.pixels().slice(0..50), many.pixels().slice(0..50));
    assert_eq!(few.all_labels(), &many.all_labels()[..few.all_labels().len()]);
    assert_eq!(few.info().patients, many.info().patients[..50]);
}

#[test]
fn every_finding_is_neither_rare_nor_common() {
    let (summary, fold) = drawn(config(3000, 8, 1));
    assert_eq!(fold.info().findings, FINDINGS);
    for (name, count) in &summary.findings {
        let share = *count as f64 / 3000.0;
        assert!((0.03..0.60).contains(&share), "{name}: {share}");
    }
    assert!(summary.label_sets.len() >= 15, "{:?}", summary.label_sets);
    let rarest = summary.label_sets.last().expect("sets").1;
    assert!(summary.label_sets[5].1 >= 100, "six sets are common enough to learn from");
    assert!(rarest < 20, "and some are rare");
}

#[test]
fn findings_overlap_and_no_finding_excludes_them() {
    let (_, fold) = drawn(config(2000, 8, 2));
    let mut several = 0;
    for index in 0..fold.len() {
        let (none, others) = fold.labels(index).split_first().expect("six findings");
        let shown: u8 = others.iter().sum();
        assert_eq!(*none == 1, shown == 0, "image {index}: {:?}", fold.labels(index));
        several += usize::from(shown >= 2);
    }
    let share = several as f64 / 2000.0;
    assert!((0.10..0.50).contains(&share), "{share} of the images show several findings");
}

#[test]
fn patients_have_one_to_four_images() {
    let (summary, fold) = drawn(config(500, 8, 3));
    let mut images: BTreeMap<&String, usize> = BTreeMap::new();
    fold.info().patients.iter().for_each(|patient| *images.entry(patient).or_default() += 1);
    assert_eq!(images.len(), summary.patients);
    let with = |count: usize| images.values().filter(|&&found| found == count).count();
    assert!((1..=4).all(|count| with(count) > 20), "{images:?}");
    assert_eq!(with(1) + with(2) + with(3) + with(4), images.len());
}

fn mean(image: &[u8]) -> f64 {
    image.iter().map(|&byte| f64::from(byte)).sum::<f64>() / image.len() as f64
}

#[test]
fn images_use_the_range_of_grey_and_differ() {
    let (_, fold) = drawn(config(200, 32, 4));
    for index in 0..fold.len() {
        let image = fold.image(index);
        let brightness = mean(image);
        let squares = image.iter().map(|&byte| (f64::from(byte) - brightness).powi(2)).sum::<f64>();
        let contrast = (squares / image.len() as f64).sqrt();
        assert!((50.0..160.0).contains(&brightness), "image {index}: brightness {brightness}");
        assert!((30.0..100.0).contains(&contrast), "image {index}: contrast {contrast}");
        let same = (0..index).any(|other| fold.image(other) == image);
        assert!(!same, "image {index} is a copy");
    }
}

/// The mean of the images with a finding less that of the images without it.
fn difference(fold: &Fold, finding: usize) -> Vec<f64> {
    let size = fold.image(0).len();
    let mut sums = [vec![0.0; size], vec![0.0; size]];
    let mut counts = [0.0; 2];
    for index in 0..fold.len() {
        let shown = usize::from(fold.labels(index)[finding]);
        counts[shown] += 1.0;
        let pixels = fold.image(index).iter();
        sums[shown].iter_mut().zip(pixels).for_each(|(sum, &byte)| *sum += f64::from(byte));
    }
    let [without, with] = sums;
    with.iter().zip(without).map(|(one, other)| one / counts[1] - other / counts[0]).collect()
}

/// At 32 pixels a finding must leave its mark in the mean, well above the noise of a mean.
#[test]
fn every_finding_can_be_seen_where_it_belongs() {
    let (_, fold) = drawn(config(2000, 32, 6));
    for (finding, least) in [(1, 12.0), (2, 4.0), (3, 12.0), (4, 4.0), (5, 6.0)] {
        let marks = difference(&fold, finding);
        let strongest = marks.iter().fold(0.0_f64, |most, mark| most.max(mark.abs()));
        assert!(strongest > least, "{}: {strongest} grey levels", FINDINGS[finding]);
    }
    // Air is darker than lung, everything else is brighter; a tube runs in the upper middle.
    let sum = |finding: usize| difference(&fold, finding).iter().sum::<f64>();
    assert!(sum(4) < 0.0 && sum(3) > 0.0, "air {} and fluid {}", sum(4), sum(3));
    let device = difference(&fold, 5);
    let upper_middle = mean_of(&device, 2..16, 13..19);
    let lower_corners = mean_of(&device, 24..32, 0..8);
    assert!(upper_middle > lower_corners.abs() + 2.0, "{upper_middle} against {lower_corners}");
}

fn mean_of(marks: &[f64], rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> f64 {
    let count = (rows.len() * columns.len()) as f64;
    rows.flat_map(|row| columns.clone().map(move |column| marks[row * 32 + column])).sum::<f64>()
        / count
}

#[test]
fn drawing_stops_on_request() {
    let folder = tempfile::tempdir().expect("folder");
    let result = generate(&config(10, 8, 1), folder.path(), &Impatient);
    assert!(matches!(result, Err(DataError::Stopped)), "{result:?}");
}
