//! All that is said of a classifier's scores on one fold.

use super::auroc::{auroc, column, not_numbers};
use super::delong::{Influences, influences, variance, variance_of_mean};
use super::estimate::Estimate;
use super::roc::{RocPoint, roc};
use serde::{Deserialize, Serialize};

const METHOD: &str = "DeLong";

/// One finding's AUROC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FindingAuroc {
    /// The finding.
    pub finding: String,
    /// The AUROC, where it exists.
    pub auroc: Option<Estimate>,
    /// Why it does not exist.
    pub undefined: Option<String>,
    /// Images with the finding.
    pub positives: usize,
    /// Images without it.
    pub negatives: usize,
    /// The ROC curve; empty where there is none.
    pub roc: Vec<RocPoint>,
}

/// The evaluation of a fold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Images.
    pub count: usize,
    /// Each finding, in the fold's order.
    pub findings: Vec<FindingAuroc>,
    /// Mean over the findings whose AUROC exists. Its interval takes into account that they are
    /// measured on the same images.
    pub macro_auroc: Option<Estimate>,
    /// AUROC over all pairs of image and finding; a point without interval, because the pairs are
    /// not independent.
    pub micro_auroc: Option<f64>,
}

/// Scores that are not numbers, by which nothing can be ranked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{count} of {total} scores are not numbers, so the classifier's training has diverged; lower \
     its learning rate"
)]
pub struct NotNumbers {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub total: usize,
}

/// Evaluates scores and labels, both row-major `[count, findings]`.
///
/// # Errors
/// A score is not a number.
pub fn evaluate(
    scores: &[f32],
    labels: &[u8],
    findings: &[String],
    confidence: f64,
) -> Result<Evaluation, NotNumbers> {
    let broken = not_numbers(scores);
    if broken > 0 {
        return Err(NotNumbers { count: broken, total: scores.len() });
    }
    let width = findings.len();
    let count = labels.len() / width.max(1);
    let mut defined = Vec::new();
    let mut results = Vec::with_capacity(width);
    for (position, finding) in findings.iter().enumerate() {
        let scores = column(scores, position, width);
        let labels = column(labels, position, width);
        let influences = influences(&scores, &labels);
        results.push(of_finding(finding, &scores, &labels, influences.as_ref(), confidence));
        defined.extend(influences);
    }
    Ok(Evaluation {
        count,
        findings: results,
        macro_auroc: mean_estimate(&defined, count, confidence),
        micro_auroc: auroc(scores, labels),
    })
}

fn of_finding(
    finding: &str,
    scores: &[f32],
    labels: &[u8],
    influences: Option<&Influences>,
    confidence: f64,
) -> FindingAuroc {
    let positives = labels.iter().filter(|&&label| label != 0).count();
    let negatives = labels.len() - positives;
    let undefined = influences.is_none().then(|| {
        let missing = if positives == 0 { "no image has" } else { "every image has" };
        format!("{missing} the finding")
    });
    let estimate = influences.map(|influences| {
        let variance = variance(influences);
        let count = labels.len();
        Estimate::normal(influences.auroc, variance, confidence, (0.0, 1.0), METHOD, count)
    });
    FindingAuroc {
        finding: finding.to_owned(),
        auroc: estimate,
        undefined,
        positives,
        negatives,
        roc: roc(scores, labels),
    }
}

fn mean_estimate(defined: &[Influences], count: usize, confidence: f64) -> Option<Estimate> {
    if defined.is_empty() {
        return None;
    }
    let mean = defined.iter().map(|one| one.auroc).sum::<f64>() / defined.len() as f64;
    let variance = variance_of_mean(defined);
    Some(Estimate::normal(mean, variance, confidence, (0.0, 1.0), METHOD, count))
}
