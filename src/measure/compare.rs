//! Two classifiers on the same test fold.

use super::auroc::{column, not_numbers};
use super::delong::{Influences, influences, variance_of_mean};
use super::estimate::{Estimate, standard_normal};
use serde::{Deserialize, Serialize};
use statrs::distribution::ContinuousCDF;

const METHOD: &str = "paired DeLong";
const RATIO_METHOD: &str = "paired DeLong, delta method";
const CHANCE: f64 = 0.5;

/// How a candidate stands against a baseline, by the mean AUROC over findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The candidate's mean AUROC.
    pub candidate: Estimate,
    /// The baseline's mean AUROC.
    pub baseline: Estimate,
    /// Candidate less baseline.
    pub difference: Estimate,
    /// Two-sided p-value of no difference; `None` where the variance is zero.
    pub p_value: Option<f64>,
    /// Candidate divided by baseline.
    pub relative: Estimate,
    /// The same of what both have above chance; `None` where the baseline is at chance or below.
    pub relative_above_chance: Option<Estimate>,
}

/// Compares scores `[count, findings]` of two classifiers on the same labels. Findings whose
/// AUROC does not exist are left out; `None` where none exists, or where a score is not a number.
pub fn compare(
    candidate: &[f32],
    baseline: &[f32],
    labels: &[u8],
    findings: usize,
    confidence: f64,
) -> Option<Comparison> {
    if not_numbers(candidate) + not_numbers(baseline) > 0 {
        return None;
    }
    let count = labels.len() / findings.max(1);
    let pair = Pair {
        candidate: all_influences(candidate, labels, findings),
        baseline: all_influences(baseline, labels, findings),
        confidence,
        count,
    };
    if pair.candidate.is_empty() {
        return None;
    }
    let (above, below) = (mean(&pair.candidate), mean(&pair.baseline));
    let difference = pair.estimate(above - below, 1.0, 1.0, (-1.0, 1.0), METHOD);
    let deviation = pair.variance(1.0, 1.0).sqrt();
    let p_value = (deviation > 0.0)
        .then(|| 2.0 * (1.0 - standard_normal().cdf(((above - below) / deviation).abs())));
    Some(Comparison {
        candidate: pair.estimate(above, 1.0, 0.0, (0.0, 1.0), METHOD),
        baseline: pair.estimate(below, 0.0, 1.0, (0.0, 1.0), METHOD),
        difference,
        p_value,
        relative: pair.ratio(above, below),
        relative_above_chance: (below > CHANCE).then(|| pair.ratio(above - CHANCE, below - CHANCE)),
    })
}

/// Influences of two models on the same cases.
struct Pair {
    candidate: Vec<Influences>,
    baseline: Vec<Influences>,
    confidence: f64,
    count: usize,
}

impl Pair {
    /// Variance of `a · candidate − b · baseline`, from the influences of the combination.
    fn variance(&self, a: f64, b: f64) -> f64 {
        let combined: Vec<Influences> = self
            .candidate
            .iter()
            .zip(&self.baseline)
            .map(|(candidate, baseline)| candidate.combined(a, baseline, -b))
            .collect();
        variance_of_mean(&combined)
    }

    fn estimate(&self, value: f64, a: f64, b: f64, range: (f64, f64), method: &str) -> Estimate {
        let variance = self.variance(a, b);
        Estimate::normal(value, variance, self.confidence, range, method, self.count)
    }

    /// The ratio of two quantities that move one to one with the two AUROCs, by the delta method.
    fn ratio(&self, above: f64, below: f64) -> Estimate {
        let range = (f64::NEG_INFINITY, f64::INFINITY);
        let (a, b) = (1.0 / below, above / (below * below));
        self.estimate(above / below, a, b, range, RATIO_METHOD)
    }
}

fn all_influences(scores: &[f32], labels: &[u8], findings: usize) -> Vec<Influences> {
    (0..findings)
        .filter_map(|finding| {
            let scores = column(scores, finding, findings);
            influences(&scores, &column(labels, finding, findings))
        })
        .collect()
}

fn mean(all: &[Influences]) -> f64 {
    all.iter().map(|one| one.auroc).sum::<f64>() / all.len() as f64
}
