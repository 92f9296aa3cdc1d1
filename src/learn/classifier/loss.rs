//! Binary cross entropy with weights from label frequency.

use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};

/// Weights of positive and negative cases of each finding: the share of the other kind
/// (Rajpurkar et al. 2017), so that both weigh the same in sum.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassWeights {
    /// Weight of a positive case, one a finding.
    pub positive: Vec<f32>,
    /// Weight of a negative case, one a finding.
    pub negative: Vec<f32>,
}

impl ClassWeights {
    /// From labels `[count, findings]`.
    pub fn of(labels: &[u8], findings: usize) -> ClassWeights {
        let count = (labels.len() / findings.max(1)).max(1) as f32;
        let mut positives = vec![0.0_f32; findings];
        for row in labels.chunks(findings.max(1)) {
            for (sum, label) in positives.iter_mut().zip(row) {
                *sum += f32::from(*label);
            }
        }
        let negative: Vec<f32> = positives.iter().map(|sum| sum / count).collect();
        let positive = negative.iter().map(|share| 1.0 - share).collect();
        ClassWeights { positive, negative }
    }

    fn column<B: Backend>(values: &[f32], device: &B::Device) -> Tensor<B, 2> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len(), 1]), device)
    }
}

/// The mean over images and findings of `w⁺ y softplus(−z) + w⁻ (1 − y) softplus(z)`, which is
/// the cross entropy of `sigmoid(z)` without its overflow. Logits and labels are
/// `[findings, batch]`.
pub fn weighted_cross_entropy<B: Backend>(
    logits: Tensor<B, 2>,
    labels: Tensor<B, 2>,
    weights: &ClassWeights,
) -> Tensor<B, 1> {
    let device = logits.device();
    let positive = ClassWeights::column::<B>(&weights.positive, &device) * labels.clone();
    let negative = (labels.neg() + 1.0) * ClassWeights::column::<B>(&weights.negative, &device);
    (softplus(logits.clone().neg()) * positive + softplus(logits) * negative).mean()
}

/// `log(1 + exp(x))`, written so that nothing overflows.
fn softplus<B: Backend>(x: Tensor<B, 2>) -> Tensor<B, 2> {
    relu(x.clone()) + (x.abs().neg().exp() + 1.0).log()
}
