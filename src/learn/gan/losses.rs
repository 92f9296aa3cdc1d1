//! The Wasserstein loss with gradient penalty and drift, and the class loss of the AC-GAN head.

use super::{Network, Phase, Verdict};
use crate::learn::kernels::Kernels;
use crate::learn::parameters::Parameters;
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;
use burn::tensor::backend::Backend;

/// The gradient norm that the penalty pulls towards.
const TARGET: f32 = 1.0;
/// Keeps the norm's root differentiable at zero.
const EPSILON: f32 = 1e-8;

/// Weights of the parts of the discriminator's loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossWeights {
    /// λ of the gradient penalty.
    pub gradient_penalty: f32,
    /// ε of the drift term.
    pub drift: f32,
    /// Weight of the class loss, where the network has a head for it.
    pub classes: f32,
}

/// `mean(fake) − mean(real) + drift · mean(real²)` (Gulrajani et al. 2017; the drift term is of
/// Karras et al. 2018, appendix A), plus the class losses on both. The gradient penalty is apart.
pub fn discriminator_loss<B: Backend>(
    real: Verdict<B>,
    fake: Verdict<B>,
    labels: &Tensor<B, 2>,
    weights: LossWeights,
) -> Tensor<B, 1> {
    let drift = (real.score.clone() * real.score.clone()).mean() * weights.drift;
    let mut loss = fake.score.mean() - real.score.mean() + drift;
    for classes in [real.classes, fake.classes].into_iter().flatten() {
        loss = loss + class_loss(classes, labels) * weights.classes;
    }
    loss
}

/// `−mean(fake)`, plus the class loss.
pub fn generator_loss<B: Backend>(
    fake: Verdict<B>,
    labels: &Tensor<B, 2>,
    weights: LossWeights,
) -> Tensor<B, 1> {
    let loss = -fake.score.mean();
    match fake.classes {
        Some(classes) => loss + class_loss(classes, labels) * weights.classes,
        None => loss,
    }
}

/// Softmax cross entropy against the label vector normalised to sum 1; an image without findings
/// contributes nothing.
fn class_loss<B: Backend>(logits: Tensor<B, 2>, labels: &Tensor<B, 2>) -> Tensor<B, 1> {
    let share = labels.clone() / labels.clone().sum_dim(1).clamp_min(1.0);
    let [batch, _] = logits.dims();
    -(log_softmax(logits, 1) * share).sum() / batch as f32
}

/// `λ · mean((‖∇ score‖ − 1)²)` at images between real and fake, exact: the inner gradient is
/// taken on a second level of automatic differentiation and stays differentiable in `weights`.
pub fn gradient_penalty<B, N>(
    network: &N,
    weights: &Parameters<Autodiff<B>>,
    mixed: Tensor<B, 4>,
    labels: &Tensor<B, 2>,
    phase: Phase,
    lambda: f32,
) -> Tensor<Autodiff<B>, 1>
where
    B: Kernels,
    N: Network,
{
    let images =
        Tensor::<Autodiff<Autodiff<B>>, 4>::from_inner(Tensor::from_inner(mixed)).require_grad();
    let labels = Tensor::from_inner(Tensor::from_inner(labels.clone()));
    // Only the images are tracked on the upper level: gradients of the weights are not needed
    // there, and their part of the backward pass is left out.
    let lifted = weights.lift::<Autodiff<Autodiff<B>>>(false);
    let verdict = network.judge(&lifted, images.clone(), labels, phase);
    let gradients = verdict.score.sum().backward();
    let gradient = match images.grad(&gradients) {
        Some(gradient) => gradient,
        None => images.inner().zeros_like(),
    };
    let [batch, channels, height, width] = gradient.dims();
    let flat = gradient.reshape([batch, channels * height * width]);
    let norm = ((flat.clone() * flat).sum_dim(1) + EPSILON).sqrt();
    let excess = norm - TARGET;
    (excess.clone() * excess).mean() * lambda
}
