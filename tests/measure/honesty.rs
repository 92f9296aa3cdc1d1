//! Where there is nothing to measure, or little, the results say so.

use crate::support::names;
use msx::measure::auroc::{auroc, macro_auroc};
use msx::measure::delong::influences;
use msx::measure::roc::roc;
use msx::measure::{FEW_CASES, compare, evaluate};

#[test]
fn one_kind_of_case_has_no_auroc() {
    for (label, reason) in [(0, "no image has the finding"), (1, "every image has the finding")] {
        let (scores, labels) = ([0.1, 0.7, 0.4], [label; 3]);
        assert_eq!(auroc(&scores, &labels), None);
        assert!(roc(&scores, &labels).is_empty());
        let evaluation = evaluate(&scores, &labels, &names(1), 0.95).expect("numbers");
        assert_eq!(evaluation.findings[0].auroc, None);
        assert_eq!(evaluation.findings[0].undefined.as_deref(), Some(reason));
        assert_eq!((evaluation.macro_auroc, evaluation.micro_auroc), (None, None));
        assert_eq!(compare(&scores, &scores, &labels, 1, 0.95), None);
    }
    assert_eq!(auroc(&[], &[]), None);
}

#[test]
fn a_finding_without_auroc_is_left_out_of_the_mean() {
    let scores = [0.9, 0.5, 0.8, 0.5, 0.3, 0.5, 0.1, 0.5];
    let labels = [1, 0, 0, 0, 1, 0, 0, 0];
    let evaluation = evaluate(&scores, &labels, &names(2), 0.95).expect("numbers");
    let mean = evaluation.macro_auroc.expect("one finding has an AUROC");
    assert_eq!(Some(mean.value), evaluation.findings[0].auroc.as_ref().map(|one| one.value));
    assert_eq!(evaluation.findings[1].auroc, None);
    assert_eq!(macro_auroc(&scores, &labels, 2), Some(mean.value));
}

#[test]
fn scores_that_are_not_numbers_are_refused() {
    let (scores, labels) = ([0.1, f32::NAN, 0.4, 0.8, f32::NAN, 0.2], [0, 1, 0, 1, 1, 0]);
    let error = evaluate(&scores, &labels, &names(2), 0.95).expect_err("two are not numbers");
    let message = error.to_string();
    assert!(message.contains("2 of 6 scores are not numbers"), "{message}");
    assert!(message.contains("lower its learning rate"), "{message}");
    assert_eq!(auroc(&scores, &labels), None);
    assert_eq!(influences(&scores, &labels), None);
    let sound = [0.1, 0.2, 0.4, 0.8, 0.3, 0.2];
    assert_eq!(compare(&scores, &sound, &labels, 1, 0.95), None);
    assert_eq!(compare(&sound, &scores, &labels, 1, 0.95), None);
    assert!(compare(&sound, &sound, &labels, 1, 0.95).is_some());
}

#[test]
fn infinite_scores_rank_like_others() {
    assert_eq!(auroc(&[f32::NEG_INFINITY, 0.0, f32::INFINITY], &[0, 0, 1]), Some(1.0));
}

/// A report prints the interval alone below [`FEW_CASES`]; the counts to judge by must be right.
#[test]
fn cases_are_counted_for_each_finding() {
    let labels: Vec<u8> = (0..60_u8).flat_map(|i| [u8::from(i < 9), u8::from(i >= 10)]).collect();
    let scores: Vec<f32> = (0..120_u8).map(|i| f32::from(i % 7)).collect();
    let evaluation = evaluate(&scores, &labels, &names(2), 0.95).expect("numbers");
    let counts = |i: usize| (evaluation.findings[i].positives, evaluation.findings[i].negatives);
    assert_eq!((counts(0), counts(1)), ((9, 51), (50, 10)));
    assert_eq!(FEW_CASES, 10, "nine positives are few, ten negatives are not");
}

/// DeLong's variance needs two cases of each kind; pROC answers `NA` to one. Silence about the
/// one case would make the interval narrower than with two.
#[test]
fn a_single_positive_gives_a_wide_interval() {
    let scores: Vec<f32> = (0..40_u8).map(f32::from).collect();
    let labels: Vec<u8> = (0..40_u8).map(|i| u8::from(i == 30)).collect();
    let evaluation = evaluate(&scores, &labels, &names(1), 0.95).expect("numbers");
    let estimate = evaluation.findings[0].auroc.as_ref().expect("defined");
    assert!(estimate.low <= 0.0 && estimate.high >= 1.0, "{estimate:?}");
    let turned: Vec<f32> = scores.iter().map(|score| -score).collect();
    let found = compare(&turned, &scores, &labels, 1, 0.95).expect("defined");
    assert!(found.p_value.expect("defined") > 0.5, "{found:?}");
}
