//! AUROC and ROC curves against scikit-learn, and against their definition.

use crate::support::{assert_near, golden, labels, list, names, number, numbers};
use msx::measure::auroc::{auroc, macro_auroc};
use msx::measure::evaluate;
use msx::measure::roc::roc;
use proptest::prelude::*;

#[test]
fn auroc_is_scikit_learns() {
    for case in list(&golden("measure.json")["curves"]) {
        let ours = auroc(&numbers(&case["scores"]), &labels(&case["labels"])).expect("defined");
        assert_near(ours, number(&case["auroc"]), 1e-12, &case["name"].to_string());
    }
}

#[test]
fn an_auroc_below_one_half_stays_there() {
    let ours = auroc(&[0.9, 0.8, 0.2, 0.1], &[0, 0, 1, 1]);
    assert_eq!(ours, Some(0.0), "worse than chance must show, not be turned around");
}

#[test]
fn macro_and_micro_means_are_scikit_learns() {
    let several = &golden("measure.json")["several"];
    let (scores, labels) = (numbers(&several["scores"]), labels(&several["labels"]));
    let evaluation = evaluate(&scores, &labels, &names(4), 0.95).expect("numbers");
    let mean = evaluation.macro_auroc.expect("defined").value;
    assert_near(mean, number(&several["macro"]), 1e-12, "macro");
    assert_near(macro_auroc(&scores, &labels, 4).expect("defined"), mean, 1e-12, "validation");
    assert_near(evaluation.micro_auroc.expect("defined"), number(&several["micro"]), 1e-12, "mi");
    assert_eq!(evaluation.count, 120);
}

/// The golden points are those of `roc_curve` without the ones on a straight line.
#[test]
fn curves_are_scikit_learns_where_they_bend() {
    for case in list(&golden("measure.json")["curves"]) {
        let ours = roc(&numbers(&case["scores"]), &labels(&case["labels"]));
        let theirs = list(&case["roc"]);
        assert_eq!(ours.len(), theirs.len(), "{}", case["name"]);
        for (point, expected) in ours.iter().zip(theirs) {
            assert_near(point.false_positive_rate, number(&expected[0]), 1e-12, "across");
            assert_near(point.true_positive_rate, number(&expected[1]), 1e-12, "up");
            assert_eq!(point.threshold, expected[2].as_f64().map(|value| value as f32));
        }
    }
}

/// Scores with ties, labels of both kinds.
fn cases() -> impl Strategy<Value = (Vec<f32>, Vec<u8>)> {
    let case = (-20_i32..20, 0_u8..2);
    let both = |cases: &Vec<(i32, u8)>| {
        cases.iter().any(|case| case.1 == 0) && cases.iter().any(|case| case.1 == 1)
    };
    prop::collection::vec(case, 2..60)
        .prop_filter("one kind alone", both)
        .prop_map(|cases| cases.into_iter().map(|(score, label)| (score as f32, label)).unzip())
}

/// The share of pairs that stand the right way round, ties one half, by counting every pair.
fn by_pairs(scores: &[f32], labels: &[u8]) -> f64 {
    let (mut right, mut pairs) = (0.0, 0.0);
    for (positive, _) in scores.iter().zip(labels).filter(|(_, label)| **label == 1) {
        for (negative, _) in scores.iter().zip(labels).filter(|(_, label)| **label == 0) {
            pairs += 1.0;
            right += if positive > negative {
                1.0
            } else if positive == negative {
                0.5
            } else {
                0.0
            };
        }
    }
    right / pairs
}

proptest! {
    #[test]
    fn auroc_is_its_definition((scores, labels) in cases()) {
        let fast = auroc(&scores, &labels).expect("both kinds");
        prop_assert!((fast - by_pairs(&scores, &labels)).abs() < 1e-12);
    }

    #[test]
    fn auroc_looks_at_the_order_of_scores_alone((scores, labels) in cases()) {
        let bent: Vec<f32> = scores.iter().map(|score| (score / 8.0).exp() - 3.0).collect();
        prop_assert_eq!(auroc(&scores, &labels), auroc(&bent, &labels));
    }

    #[test]
    fn swapping_the_kinds_gives_the_complement((scores, labels) in cases()) {
        let swapped: Vec<u8> = labels.iter().map(|label| 1 - label).collect();
        let sum = auroc(&scores, &labels).expect("both") + auroc(&scores, &swapped).expect("both");
        prop_assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_order_of_the_cases_does_not_matter((scores, labels) in cases()) {
        let backwards: Vec<f32> = scores.iter().rev().copied().collect();
        let their_labels: Vec<u8> = labels.iter().rev().copied().collect();
        prop_assert_eq!(auroc(&scores, &labels), auroc(&backwards, &their_labels));
        prop_assert_eq!(roc(&scores, &labels), roc(&backwards, &their_labels));
    }

    #[test]
    fn the_area_under_the_curve_is_the_auroc((scores, labels) in cases()) {
        let points = roc(&scores, &labels);
        let area: f64 = points
            .windows(2)
            .map(|pair| {
                (pair[1].false_positive_rate - pair[0].false_positive_rate)
                    * (pair[1].true_positive_rate + pair[0].true_positive_rate) / 2.0
            })
            .sum();
        prop_assert!((area - auroc(&scores, &labels).expect("both kinds")).abs() < 1e-9);
    }
}
