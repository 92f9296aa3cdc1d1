//! Exact nearest neighbours in a feature space.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How far apart two feature vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// One less the cosine of the angle; a vector of zeros is at distance 1 from everything.
    Cosine,
    /// The length of the difference.
    Euclidean,
}

/// The nearest of the candidates to one query.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Position among the candidates; of equally near ones the first.
    pub index: usize,
    /// Its distance.
    pub distance: f64,
}

/// The nearest candidate to each query. Both are row-major with vectors of length `width`.
/// `None` where there are no candidates.
pub fn nearest(
    queries: &[f32],
    candidates: &[f32],
    width: usize,
    metric: Metric,
) -> Option<Vec<Neighbour>> {
    if width == 0 || candidates.is_empty() {
        return None;
    }
    let found = queries
        .par_chunks(width)
        .map(|query| {
            let mut best = Neighbour { index: 0, distance: f64::INFINITY };
            for (index, candidate) in candidates.chunks(width).enumerate() {
                let distance = metric.distance(query, candidate);
                if distance < best.distance {
                    best = Neighbour { index, distance };
                }
            }
            best
        })
        .collect();
    Some(found)
}

impl Metric {
    /// The distance between two vectors of one length.
    pub fn distance(self, one: &[f32], other: &[f32]) -> f64 {
        let pairs = || one.iter().zip(other).map(|(a, b)| (f64::from(*a), f64::from(*b)));
        match self {
            Metric::Euclidean => pairs().map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt(),
            Metric::Cosine => {
                let dot: f64 = pairs().map(|(a, b)| a * b).sum();
                let lengths: f64 = pairs().map(|(a, _)| a * a).sum::<f64>()
                    * pairs().map(|(_, b)| b * b).sum::<f64>();
                if lengths == 0.0 { 1.0 } else { 1.0 - dot / lengths.sqrt() }
            }
        }
    }
}
