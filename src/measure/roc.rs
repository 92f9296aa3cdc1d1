//! The points of a ROC curve.

use serde::{Deserialize, Serialize};

/// One point: what is found at or above a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// Share of negatives at or above the threshold.
    pub false_positive_rate: f64,
    /// Share of positives at or above the threshold.
    pub true_positive_rate: f64,
    /// The threshold; `None` above every score.
    pub threshold: Option<f32>,
}

/// The curve from (0, 0) to (1, 1), one point a distinct score, points on a straight line left
/// out. Empty where one kind of case is missing.
pub fn roc(scores: &[f32], labels: &[u8]) -> Vec<RocPoint> {
    let positives = labels.iter().filter(|&&label| label != 0).count() as f64;
    let negatives = labels.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut points =
        vec![RocPoint { false_positive_rate: 0.0, true_positive_rate: 0.0, threshold: None }];
    let (mut found, mut false_alarms) = (0.0, 0.0);
    for (position, &index) in order.iter().enumerate() {
        if labels[index] != 0 {
            found += 1.0;
        } else {
            false_alarms += 1.0;
        }
        let next = order.get(position + 1).map(|&next| scores[next]);
        if next != Some(scores[index]) {
            points.push(RocPoint {
                false_positive_rate: false_alarms / negatives,
                true_positive_rate: found / positives,
                threshold: Some(scores[index]),
            });
        }
    }
    without_collinear(&points)
}

fn without_collinear(points: &[RocPoint]) -> Vec<RocPoint> {
    let corner = |position: usize| {
        let (before, here, after) =
            (&points[position - 1], &points[position], &points[position + 1]);
        let step = |a: &RocPoint, b: &RocPoint| {
            (
                b.false_positive_rate - a.false_positive_rate,
                b.true_positive_rate - a.true_positive_rate,
            )
        };
        let (one, two) = (step(before, here), step(here, after));
        (one.0 * two.1 - one.1 * two.0).abs() > 1e-12
    };
    (0..points.len())
        .filter(|&position| position == 0 || position + 1 == points.len() || corner(position))
        .map(|position| points[position])
        .collect()
}
