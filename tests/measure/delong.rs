//! Intervals of AUROCs and of their differences against pROC.

use crate::support::{assert_near, golden, labels, list, names, number, numbers};
use msx::data::random::stream;
use msx::measure::auroc::macro_auroc;
use msx::measure::delong::{influences, variance};
use msx::measure::{Evaluation, compare, evaluate};
use rand::Rng;

#[test]
fn intervals_are_procs() {
    for case in list(&golden("delong.json")["single"]) {
        let (scores, labels) = (numbers(&case["scores"]), labels(&case["labels"]));
        let confidence = number(&case["confidence"]);
        let name = case["name"].to_string();
        let found = influences(&scores, &labels).expect("both kinds");
        assert_near(variance(&found), number(&case["variance"]), 1e-10, &name);
        let evaluation = evaluate(&scores, &labels, &names(1), confidence).expect("numbers");
        let estimate = evaluation.findings[0].auroc.clone().expect("defined");
        assert_near(estimate.value, number(&case["auroc"]), 1e-10, &name);
        assert_near(estimate.low, number(&case["low"]), 1e-8, &name);
        assert_near(estimate.high, number(&case["high"]), 1e-8, &name);
        assert_eq!((estimate.method.as_str(), estimate.count), ("DeLong", labels.len()));
        assert_near(estimate.confidence, confidence, 0.0, &name);
    }
}

#[test]
fn paired_differences_are_procs() {
    for case in list(&golden("delong.json")["paired"]) {
        let name = case["name"].to_string();
        let (candidate, baseline) = (numbers(&case["candidate"]), numbers(&case["baseline"]));
        let found =
            compare(&candidate, &baseline, &labels(&case["labels"]), 1, 0.95).expect("defined");
        let difference = &found.difference;
        assert_near(difference.low, number(&case["low"]), 1e-8, &name);
        assert_near(difference.high, number(&case["high"]), 1e-8, &name);
        assert_near(found.p_value.expect("defined"), number(&case["p_value"]), 1e-8, &name);
        // The interval is 1.96 standard deviations to each side, which gives the statistic back.
        let deviation = (difference.high - difference.low) / (2.0 * 1.959_963_984_540_054);
        assert_near(difference.value / deviation, number(&case["statistic"]), 1e-7, &name);
        let expected = found.candidate.value / found.baseline.value;
        assert_near(found.relative.value, expected, 1e-12, &name);
    }
}

#[test]
fn a_model_compared_with_itself_differs_by_nothing() {
    let case = &golden("delong.json")["single"][0];
    let scores = numbers(&case["scores"]);
    let found = compare(&scores, &scores, &labels(&case["labels"]), 1, 0.95).expect("defined");
    let difference = (found.difference.low, found.difference.value, found.difference.high);
    assert_eq!(difference, (0.0, 0.0, 0.0));
    assert_eq!(found.p_value, None, "without variance there is no test");
    assert_near(found.relative.value, 1.0, 1e-12, "relative");
}

#[test]
fn relative_above_chance_needs_a_baseline_above_chance() {
    let case = &golden("delong.json")["single"][0];
    let (scores, labels) = (numbers(&case["scores"]), labels(&case["labels"]));
    let turned: Vec<f32> = scores.iter().map(|score| -score).collect();
    let found = compare(&turned, &scores, &labels, 1, 0.95).expect("defined");
    let relative = found.relative_above_chance.expect("the baseline is good");
    assert_near(relative.value, -1.0, 1e-9, "as far below chance as the baseline is above");
    let found = compare(&scores, &turned, &labels, 1, 0.95).expect("defined");
    assert_eq!(found.relative_above_chance, None);
}

/// 240 images with three findings that go together, and scores that err together.
fn correlated() -> (Vec<f32>, Vec<u8>) {
    let mut random = stream(3, "test/correlated");
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..240 {
        let (sick, error): (f32, f32) = (random.random(), random.random());
        for _ in 0..3 {
            let present = random.random::<f32>() < 0.2 + 0.4 * sick;
            labels.push(u8::from(present));
            let own: f32 = random.random();
            scores.push(0.4 * f32::from(u8::from(present)) + 0.8 * error + 0.4 * own);
        }
    }
    (scores, labels)
}

fn mean_interval(evaluation: &Evaluation) -> (f64, f64) {
    let mean = evaluation.macro_auroc.as_ref().expect("defined");
    (mean.low, mean.high)
}

#[test]
fn the_interval_of_the_mean_agrees_with_leaving_one_image_out() {
    let (scores, labels) = correlated();
    let evaluation = evaluate(&scores, &labels, &names(3), 0.95).expect("numbers");
    let (low, high) = mean_interval(&evaluation);
    let deviation = (high - low) / (2.0 * 1.959_963_984_540_054);
    let count = labels.len() / 3;
    let left_out: Vec<f64> = (0..count)
        .map(|image| {
            let (mut fewer, mut their_labels) = (scores.clone(), labels.clone());
            fewer.drain(3 * image..3 * image + 3);
            their_labels.drain(3 * image..3 * image + 3);
            macro_auroc(&fewer, &their_labels, 3).expect("defined")
        })
        .collect();
    let mean = left_out.iter().sum::<f64>() / count as f64;
    let squares: f64 = left_out.iter().map(|value| (value - mean) * (value - mean)).sum();
    let jackknife = (squares * (count as f64 - 1.0) / count as f64).sqrt();
    assert_near(deviation / jackknife, 1.0, 0.03, "DeLong against jackknife");
}

#[test]
fn one_finding_said_three_times_is_no_more_certain() {
    let (scores, labels) = correlated();
    let (one, its_labels): (Vec<f32>, Vec<u8>) =
        scores.iter().zip(&labels).step_by(3).map(|(score, label)| (*score, *label)).unzip();
    let (thrice, their_labels): (Vec<f32>, Vec<u8>) =
        one.iter().zip(&its_labels).flat_map(|(score, label)| [(*score, *label); 3]).unzip();
    let once = evaluate(&one, &its_labels, &names(1), 0.95).expect("numbers");
    let repeated = evaluate(&thrice, &their_labels, &names(3), 0.95).expect("numbers");
    let ((low, high), (their_low, their_high)) = (mean_interval(&once), mean_interval(&repeated));
    assert_near(low, their_low, 1e-12, "low");
    assert_near(high, their_high, 1e-12, "high");
}
