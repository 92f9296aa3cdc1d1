//! Images that are there twice, or nearly.

use crate::real::pack;
use crate::support::{Impatient, info};
use msx::data::census::NamedFold;
use msx::data::chexpert::{self, Policy, Uncertain, View};
use msx::data::duplicates::{DISTANCE, Duplicates, Place};
use msx::data::memory::Forgetful;
use msx::data::perceptual::{alike, correlation, distance, hash, thumbnail};
use msx::data::random::rank;
use msx::data::{Fold, Raster, write_fold};
use msx::progress::Silent;
use proptest::prelude::*;
use std::f64::consts::PI;

const SIDE: usize = 64;

/// A smooth picture of its own for each number: waves of any direction, length and height.
fn scene(number: u64) -> Vec<u8> {
    let draw =
        |what: &str, wave: u64| rank(number, what, &wave.to_string()) as f64 / 2_f64.powi(64);
    let waves: Vec<[f64; 4]> = (0..12)
        .map(|wave| ["across", "down", "phase", "height"].map(|what| draw(what, wave)))
        .collect();
    let pixel = |at: usize| {
        let (x, y) = ((at % SIDE) as f64 / SIDE as f64, (at / SIDE) as f64 / SIDE as f64);
        let terms = waves.iter().map(|[across, down, phase, height]| {
            let turns = across * 4.0 * x + (down * 8.0 - 4.0) * y + phase;
            height * (2.0 * PI * turns).sin()
        });
        (127.5 + 25.0 * terms.sum::<f64>()).clamp(0.0, 255.0) as u8
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

fn fold(name: &str, images: &[Vec<u8>], labels: &[u8]) -> NamedFold {
    let folder = tempfile::tempdir().expect("folder");
    let info = info(images.len(), SIDE, &["Edema"]);
    write_fold(folder.path(), &info, &images.concat(), labels).expect("writes");
    (name.to_owned(), Fold::open(folder.path()).expect("opens"))
}

fn place(fold: &str, image: usize) -> Place {
    Place { fold: fold.to_owned(), image, source: Some(format!("image{image}.png")) }
}

/// The transform as its formula says it, without any short cut.
fn hash_by_the_formula(thumbnail: &[f32]) -> u64 {
    let cosine =
        |place: usize, wave: usize| (PI * (2 * place + 1) as f64 * wave as f64 / 64.0).cos();
    let mut coefficients = Vec::new();
    for u in 1..=8 {
        for v in 1..=8 {
            let pixels = thumbnail.iter().enumerate();
            let terms = pixels
                .map(|(at, &pixel)| f64::from(pixel) * cosine(at / 32, u) * cosine(at % 32, v));
            coefficients.push(terms.sum::<f64>());
        }
    }
    let least = thumbnail.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / 1e6;
    coefficients.iter_mut().filter(|value| value.abs() < least).for_each(|value| *value = 0.0);
    let mut sorted = coefficients.clone();
    sorted.sort_by(f64::total_cmp);
    let median = (sorted[31] + sorted[32]) / 2.0;
    let bits = coefficients.iter().enumerate().filter(|(_, value)| **value > median);
    bits.fold(0, |hash, (bit, _)| hash | 1 << bit)
}

#[test]
fn the_hash_is_that_of_its_formula() {
    for number in 0..40 {
        let thumbnail = thumbnail(&scene(number), Raster::eight(SIDE)).expect("no blank image");
        assert_eq!(thumbnail.len(), 32 * 32);
        assert_eq!(hash(&thumbnail), hash_by_the_formula(&thumbnail), "scene {number}");
        assert_eq!(hash(&thumbnail).count_ones(), 32, "half of the coefficients are above");
    }
}

#[test]
fn a_blank_image_looks_like_nothing() {
    assert!(thumbnail(&[7; 256], Raster::eight(16)).is_none());
    assert!(thumbnail(&[], Raster::eight(0)).is_none());
}

/// Stripes have no coefficient but zeros, in which rounding may not be heard.
#[test]
fn stripes_of_any_brightness_have_one_hash() {
    let stripes =
        |height: u8| (0..SIDE * SIDE).map(|at| (at % 8) as u8 * height).collect::<Vec<u8>>();
    let hashes = [7, 20, 31].map(|height| {
        let bent = thumbnail(&stripes(height), Raster::eight(SIDE)).expect("no blank image");
        hash(&bent)
    });
    assert_eq!(hashes, [hashes[0]; 3]);
}

#[test]
fn what_the_eye_does_not_mind_moves_the_hash_little() {
    for number in 0..40 {
        let original = scene(number);
        let darker: Vec<u8> = original.iter().map(|&p| (f64::from(p) * 0.8) as u8).collect();
        let grainy: Vec<u8> =
            original.iter().enumerate().map(|(at, &p)| p.saturating_add((at % 3) as u8)).collect();
        let of = |image: &[u8]| thumbnail(image, Raster::eight(SIDE)).expect("no blank image");
        let other = of(&scene(number + 1));
        for changed in [darker, grainy] {
            let (before, after) = (of(&original), of(&changed));
            assert!(distance(hash(&before), hash(&after)) <= DISTANCE, "scene {number}");
            assert!(correlation(&before, &after) > 0.99, "scene {number}");
        }
        assert!(distance(hash(&of(&original)), hash(&other)) > DISTANCE, "scene {number}");
    }
}

proptest! {
    /// Cutting hashes into parts finds what comparing all of them finds.
    #[test]
    fn no_near_pair_is_missed(
        seeds in prop::collection::vec((0_u64..8, prop::collection::vec(0_u32..64, 0..6)), 0..60),
        most in 0_u32..=16,
    ) {
        let hash = |(seed, flips): &(u64, Vec<u32>)| {
            let base = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (*seed > 0).then(|| flips.iter().fold(base, |hash, bit| hash ^ 1 << bit))
        };
        let hashes: Vec<Option<u64>> = seeds.iter().map(hash).collect();
        let found = alike(&hashes, most, usize::MAX);
        let mut all = Vec::new();
        for one in 0..hashes.len() {
            for other in one + 1..hashes.len() {
                if let (Some(a), Some(b)) = (hashes[one], hashes[other])
                    && distance(a, b) <= most
                {
                    all.push((one, other));
                }
            }
        }
        prop_assert!(found.is_complete);
        prop_assert_eq!(found.pairs, all);
    }
}

#[test]
fn a_list_that_is_cut_short_says_so() {
    let found = alike(&[Some(1); 100], 4, 10);
    assert_eq!((found.pairs.len(), found.is_complete), (10, false));
}

#[test]
fn copies_and_near_copies_are_found_within_and_across_folds() {
    let darker = |number| scene(number).iter().map(|&pixel| pixel / 2).collect::<Vec<u8>>();
    let train = fold("train", &[scene(1), scene(2), scene(1), vec![9; SIDE * SIDE]], &[1, 0, 0, 0]);
    let test = fold("test", &[darker(2), scene(3), scene(1)], &[0, 0, 1]);
    let found = Duplicates::find(&[train, test], DISTANCE, &Silent).expect("looks");
    let [copies] = found.exact.as_slice() else { panic!("{:?}", found.exact) };
    assert_eq!(copies.images, [place("train", 0), place("train", 2), place("test", 2)]);
    assert!(!copies.same_labels);
    let [pair] = found.near.as_slice() else { panic!("{:?}", found.near) };
    assert_eq!((&pair.first, &pair.second), (&place("train", 1), &place("test", 0)));
    assert!(pair.correlation > 0.99);
    assert_eq!((found.exact_across_folds, found.near_across_folds, found.blank), (1, 1, 1));
    assert!(found.is_complete);
}

/// Images that differ in one pixel, the last, are no copies.
#[test]
fn a_single_pixel_makes_another_image() {
    let mut other = scene(1);
    let last = other.len() - 1;
    other[last] ^= 1;
    let folds = [fold("train", &[scene(1), other], &[1, 1])];
    let found = Duplicates::find(&folds, DISTANCE, &Silent).expect("looks");
    assert_eq!((found.exact.len(), found.near.len()), (0, 1));
}

#[test]
fn looking_stops_on_request() {
    let folds = [fold("train", &[scene(1)], &[1])];
    assert!(Duplicates::find(&folds, DISTANCE, &Impatient).is_err());
}

/// One radiograph is in the pack twice, as two studies of one patient.
#[test]
fn the_copy_among_real_radiographs_is_found() {
    let Some(pack) = pack("nih-chest-256") else { return };
    let policy =
        Policy { uncertain: Uncertain::Positive, view: View::Frontal, drop_unlabelled: true };
    let target = tempfile::tempdir().expect("folder");
    chexpert::read(
        &pack.join("train.csv"),
        policy,
        Raster::eight(64),
        target.path(),
        &Silent,
        &Forgetful,
    )
    .expect("reads");
    let fold = ("images".to_owned(), Fold::open(target.path()).expect("opens"));
    let found = Duplicates::find(&[fold], DISTANCE, &Silent).expect("looks");
    let [copies] = found.exact.as_slice() else { panic!("{:?}", found.exact) };
    let sources = copies.images.iter().filter_map(|image| image.source.as_deref());
    assert!(sources.clone().count() == 2 && sources.clone().all(|one| one.contains("00002658")));
    assert!(found.near.is_empty(), "{:?}", found.near);
}
