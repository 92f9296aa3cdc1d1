//! One pass of the losses of both GANs, with the gradient of the gradient.

use super::data::{BATCH, Data, FINDINGS, LATENT, LOSS, Numbers, SIDE, WIDTHS, numbers};
use burn::backend::Autodiff;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use msx::data::random;
use msx::learn::device::Device;
use msx::learn::gan::{
    CpdNetwork, Network, Phase, ProgNetwork, Shape, discriminator_loss, gradient_penalty,
};
use msx::learn::kernels::Kernels;
use msx::learn::parameters::Parameters;
use msx::learn::with_backend;
use std::sync::Arc;

/// The losses of a fresh `cpd` discriminator and their gradients in every weight.
pub fn cpd(device: &Device) -> Vec<Numbers> {
    let network = CpdNetwork::new(shape());
    with_backend!(device, |B, handle| losses::<B, _>(&network, 1.0, &handle))
}

/// The same of `prog` while its last level fades in.
pub fn prog(device: &Device) -> Vec<Numbers> {
    let network = ProgNetwork::new(shape());
    with_backend!(device, |B, handle| losses::<B, _>(&network, 0.4, &handle))
}

fn shape() -> Shape {
    Shape::new(SIDE, FINDINGS, LATENT, Some(WIDTHS.to_vec())).expect("a shape")
}

fn losses<B: Kernels, N: Network>(network: &N, fade: f32, device: &B::Device) -> Vec<Numbers> {
    let _alone = msx::learn::alone();
    let data = Data::new(SIDE);
    let phase = Phase { level: 2, fade };
    let pixels = |first: usize| {
        let images = &data.images[first * SIDE * SIDE..][..BATCH * SIDE * SIDE];
        let values: Vec<f32> = images.iter().map(|byte| f32::from(*byte) / 127.5 - 1.0).collect();
        Tensor::<B, 4>::from_data(TensorData::new(values, [BATCH, 1, SIDE, SIDE]), device)
    };
    let labels = data.labels[..BATCH * FINDINGS].iter().map(|&label| f32::from(label)).collect();
    let labels =
        Tensor::<B, 2>::from_data(TensorData::new::<f32, _>(labels, [BATCH, FINDINGS]), device);
    let layout = Arc::new(network.discriminator_layout());
    let start = layout.draw(&mut random::stream(3, "test/weights"));
    let weights = Parameters::<B>::new(layout, &start, device).lift::<Autodiff<B>>(true);
    let lifted = Tensor::from_inner(labels.clone());
    let judge = |images: Tensor<B, 4>| {
        network.judge(&weights, Tensor::from_inner(images), lifted.clone(), phase)
    };
    let loss = discriminator_loss(judge(pixels(0)), judge(pixels(BATCH)), &lifted, LOSS);
    let penalty = gradient_penalty(
        network,
        &weights,
        pixels(2 * BATCH),
        &labels,
        phase,
        LOSS.gradient_penalty,
    );
    let mut found = Vec::new();
    for (name, value) in [("pass/loss", loss), ("pass/penalty", penalty)] {
        let gradients = weights.gradients(&value.backward());
        let gradients = gradients.into_iter().flat_map(host).collect();
        found.push(numbers(format!("{name}/gradients"), gradients));
        found.push(numbers(name, host(value.inner())));
    }
    found
}

fn host<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().to_vec().expect("32-bit floats")
}
