//! The area under the ROC curve as the Mann–Whitney statistic.

/// The share of pairs of a positive and a negative case in which the positive scores higher, ties
/// counted one half. `None` where one kind is missing, for an AUROC of one kind does not exist, or
/// where a score is not a number, for it has no rank.
pub fn auroc(scores: &[f32], labels: &[u8]) -> Option<f64> {
    let positives = labels.iter().filter(|&&label| label != 0).count();
    let negatives = labels.len() - positives;
    if positives == 0 || negatives == 0 || not_numbers(scores) > 0 {
        return None;
    }
    let ranks = midranks(scores);
    let sum: f64 =
        ranks.iter().zip(labels).filter(|(_, label)| **label != 0).map(|(rank, _)| rank).sum();
    let (positives, negatives) = (positives as f64, negatives as f64);
    Some((sum - positives * (positives + 1.0) / 2.0) / (positives * negatives))
}

/// The mean of the AUROCs that exist, for scores and labels `[count, findings]`.
pub fn macro_auroc(scores: &[f32], labels: &[u8], findings: usize) -> Option<f64> {
    let values: Vec<f64> = (0..findings)
        .filter_map(|finding| {
            let column = column(scores, finding, findings);
            auroc(&column, &self::column(labels, finding, findings))
        })
        .collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// How many scores are not numbers.
pub(super) fn not_numbers(scores: &[f32]) -> usize {
    scores.iter().filter(|score| score.is_nan()).count()
}

/// One column of a row-major matrix.
pub(super) fn column<T: Copy>(values: &[T], column: usize, width: usize) -> Vec<T> {
    values.iter().skip(column).step_by(width.max(1)).copied().collect()
}

/// Ranks from 1, tied values sharing the mean of theirs.
pub(super) fn midranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    while begin < order.len() {
        let value = values[order[begin]];
        let tied = order[begin..].iter().take_while(|&&index| values[index] == value).count();
        let end = begin + tied.max(1);
        let rank = (begin + 1 + end) as f64 / 2.0;
        for &index in &order[begin..end] {
            ranks[index] = rank;
        }
        begin = end;
    }
    ranks
}
