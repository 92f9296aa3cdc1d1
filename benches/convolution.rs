//! Our convolution on the CPU against burn's own: forward and backward, as in a GAN's step.
//!
//! `cargo bench --bench convolution`; the ratio of the two figures is what counts.

use burn::backend::{Autodiff, Flex};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Distribution, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use msx::learn::layers::{Conv, Maps};
use msx::learn::parameters::{Layout, Parameters};
use std::hint::black_box;
use std::sync::Arc;

type Backend = Autodiff<Flex>;

const BATCH: usize = 16;

fn ours(bencher: &mut Criterion, channels: usize, side: usize) {
    let device = Default::default();
    let conv = Conv::new("conv", channels, channels, 3, 1.0);
    let mut layout = Layout::default();
    conv.declare(&mut layout);
    let values = vec![0.1; layout.count()];
    let weights = Parameters::<Flex>::new(Arc::new(layout), &values, &device);
    let images = Tensor::<Flex, 2>::random(
        [channels, BATCH * side * side],
        Distribution::Uniform(-1.0, 1.0),
        &device,
    );
    bencher.bench_function(&format!("convolution/msx/{channels}x{side}"), |bencher| {
        bencher.iter(|| {
            let weights = weights.lift::<Backend>(true);
            let input = Tensor::<Backend, 2>::from_inner(images.clone()).require_grad();
            let maps = Maps { values: input, batch: BATCH, side };
            let gradients = conv.keep(&weights, maps).values.sum().backward();
            black_box(weights.gradients(&gradients))
        });
    });
}

fn burn_s_own(bencher: &mut Criterion, channels: usize, side: usize) {
    let device = Default::default();
    let uniform = Distribution::Uniform(-1.0, 1.0);
    let images = Tensor::<Flex, 4>::random([BATCH, channels, side, side], uniform, &device);
    let kernel = Tensor::<Flex, 4>::random([channels, channels, 3, 3], uniform, &device);
    let bias = Tensor::<Flex, 1>::zeros([channels], &device);
    bencher.bench_function(&format!("convolution/burn/{channels}x{side}"), |bencher| {
        bencher.iter(|| {
            let input = Tensor::<Backend, 4>::from_inner(images.clone()).require_grad();
            let kernel = Tensor::<Backend, 4>::from_inner(kernel.clone()).require_grad();
            let bias = Tensor::<Backend, 1>::from_inner(bias.clone()).require_grad();
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
            let output = conv2d(input, kernel.clone(), Some(bias), options);
            let gradients = output.sum().backward();
            black_box(kernel.grad(&gradients))
        });
    });
}

fn convolutions(bencher: &mut Criterion) {
    for (channels, side) in [(8, 32), (16, 16), (32, 8)] {
        ours(bencher, channels, side);
        burn_s_own(bencher, channels, side);
    }
}

criterion_group!(benches, convolutions);
criterion_main!(benches);
