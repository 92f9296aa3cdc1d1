//! DeLong's variance of AUROCs on the same cases (DeLong, DeLong and Clarke-Pearson 1988), in the
//! fast form by midranks (Sun and Xu 2014).
//!
//! An AUROC is a mean over positives and a mean over negatives; what each case contributes to it
//! is its structural component. The centred components, divided by the number of cases of their
//! kind, are here called the influence of a case. Sums of products of influences over cases give
//! variances and covariances: of two models on one finding, and of two findings on one set of
//! images, where a case may be positive for one and negative for the other.

use super::auroc::{midranks, not_numbers};

/// An AUROC with the influence of every case on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Influences {
    /// The AUROC.
    pub auroc: f64,
    /// One number a case; they sum to zero.
    pub values: Vec<f64>,
    positives: Vec<bool>,
    /// The width of the range that the component of a single case lies in.
    range: f64,
}

/// The AUROC and its influences, `None` where one kind of case is missing or a score is not a
/// number.
pub fn influences(scores: &[f32], labels: &[u8]) -> Option<Influences> {
    let positives: Vec<bool> = labels.iter().map(|&label| label != 0).collect();
    let count = positives.iter().filter(|&&positive| positive).count();
    let others = labels.len() - count;
    if count == 0 || others == 0 || not_numbers(scores) > 0 {
        return None;
    }
    let of_kind = |kind: bool| -> Vec<f32> {
        scores.iter().zip(&positives).filter(|(_, p)| **p == kind).map(|(s, _)| *s).collect()
    };
    let among_all = midranks(scores);
    let (among_positives, among_negatives) = (midranks(&of_kind(true)), midranks(&of_kind(false)));
    let mut within = [among_negatives.iter(), among_positives.iter()];
    // The rank among all less the rank among one's own kind counts the cases of the other kind
    // that score lower.
    let components: Vec<f64> = among_all
        .iter()
        .zip(&positives)
        .map(|(all, &positive)| {
            let own = within[usize::from(positive)].next().copied().unwrap_or(0.0);
            let below = all - own;
            if positive { below / others as f64 } else { 1.0 - below / count as f64 }
        })
        .collect();
    let auroc = components
        .iter()
        .zip(&positives)
        .filter(|(_, positive)| **positive)
        .map(|(component, _)| component)
        .sum::<f64>()
        / count as f64;
    let values = components
        .iter()
        .zip(&positives)
        .map(|(component, &positive)| {
            (component - auroc) / if positive { count as f64 } else { others as f64 }
        })
        .collect();
    Some(Influences { auroc, values, positives, range: 1.0 })
}

/// The variance of an AUROC, as DeLong's estimator has it (unbiased within each kind). A kind
/// with a single case shows nothing of its variance; the most that it can be stands in.
pub fn variance(influences: &Influences) -> f64 {
    let positives = influences.positives.iter().filter(|&&positive| positive).count();
    let kinds = [positives, influences.positives.len() - positives];
    let single = kinds.iter().filter(|&&count| count == 1).count() as f64;
    covariance(influences, influences) + single * (influences.range / 2.0).powi(2)
}

/// The covariance of two AUROCs on the same cases. Each sum over cases of one joint kind is
/// scaled by `n / (n − 1)`, the unbiased factor of the smaller of the two groups it belongs to.
pub fn covariance(one: &Influences, other: &Influences) -> f64 {
    let mut sum = 0.0;
    for kind in [true, false] {
        for other_kind in [true, false] {
            let mut part = 0.0;
            for index in 0..one.values.len() {
                if one.positives[index] == kind && other.positives[index] == other_kind {
                    part += one.values[index] * other.values[index];
                }
            }
            let size = |influences: &Influences, kind: bool| {
                influences.positives.iter().filter(|&&positive| positive == kind).count() as f64
            };
            let count = size(one, kind).min(size(other, other_kind));
            if count > 1.0 {
                sum += part * count / (count - 1.0);
            }
        }
    }
    sum
}

/// The variance of the mean of several AUROCs on the same cases.
pub fn variance_of_mean(all: &[Influences]) -> f64 {
    let mut sum = 0.0;
    for (position, one) in all.iter().enumerate() {
        sum += variance(one);
        for other in &all[..position] {
            sum += 2.0 * covariance(one, other);
        }
    }
    sum / (all.len() * all.len()).max(1) as f64
}

impl Influences {
    /// The influences of `a · self + b · other`, two models on the same labels.
    pub fn combined(&self, a: f64, other: &Influences, b: f64) -> Influences {
        let values =
            self.values.iter().zip(&other.values).map(|(one, two)| a * one + b * two).collect();
        Influences {
            auroc: a * self.auroc + b * other.auroc,
            values,
            positives: self.positives.clone(),
            range: a.abs() * self.range + b.abs() * other.range,
        }
    }
}
