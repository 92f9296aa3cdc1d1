//! Random streams: named, independent, and the same in every version.

use msx::data::random::{permutation, rank, stream};
use rand::Rng;
use std::collections::BTreeSet;

/// Every result that anyone has depends on these numbers. A change here is a change of the
/// generator: raise the revisions of all stages that draw, and say so in the change log.
#[test]
fn the_first_numbers_are_these_for_ever() {
    let mut random = stream(1, "gan/latents");
    let first: Vec<u64> = (0..3).map(|_| random.random()).collect();
    let expected =
        [3_615_917_354_550_550_638, 11_800_371_286_145_166_001, 15_428_959_418_386_660_388];
    assert_eq!(first, expected);
    assert_eq!(permutation(10, 1, "test/order"), [8, 2, 3, 6, 7, 5, 4, 0, 1, 9]);
    assert_eq!(rank(1, "subset/patients", "patient00001"), 14_624_838_274_853_030_846);
}

#[test]
fn streams_differ_by_seed_and_by_purpose() {
    let first = |seed: u64, purpose: &str| -> u64 { stream(seed, purpose).random() };
    assert_eq!(first(1, "a"), first(1, "a"));
    let draws = [first(1, "a"), first(1, "b"), first(2, "a"), first(2, "b"), first(1, "")];
    assert_eq!(draws.iter().collect::<BTreeSet<_>>().len(), draws.len());
}

/// Two purposes of one seed must not be shifted copies of each other, nor go together.
#[test]
fn two_purposes_do_not_go_together() {
    let draws = |purpose: &str| -> Vec<f64> {
        let mut random = stream(5, purpose);
        (0..20_000).map(|_| random.random::<f64>() - 0.5).collect()
    };
    let (one, other) = (draws("classifier/weights"), draws("classifier/order"));
    for shift in [0, 1, 2, 7] {
        let product: f64 = one[shift..].iter().zip(&other).map(|(a, b)| a * b).sum();
        let correlation = product / one.len() as f64 * 12.0;
        assert!(correlation.abs() < 0.03, "{correlation} at a shift of {shift}");
    }
}

#[test]
fn a_permutation_holds_every_number_once() {
    let order = permutation(1000, 3, "test/order");
    assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), (0..1000).collect());
    assert_ne!(order, permutation(1000, 4, "test/order"));
    assert!(permutation(0, 3, "test/order").is_empty());
}

#[test]
fn a_rank_keeps_purpose_and_item_apart() {
    let ranks = [rank(1, "ab", "c"), rank(1, "a", "bc"), rank(2, "ab", "c"), rank(1, "ab", "d")];
    assert_eq!(ranks.iter().collect::<BTreeSet<_>>().len(), 4);
}
