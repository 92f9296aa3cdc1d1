//! The gradient penalty of a smooth network against central differences.
//!
//! The network is written twice: with the layers of the GANs, and as loops in double precision
//! that know no derivative. Differences are taken of the loops.

use crate::support::{Cpu, assert_close, differences, double, numbers, single, tensor, uniform};
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use msx::data::Channels;
use msx::learn::gan::{Description, Network, Phase, Shape, Verdict, gradient_penalty};
use msx::learn::kernels::Kernels;
use msx::learn::layers::{Conv, Dense, Maps};
use msx::learn::parameters::{Layout, Parameters};
use std::sync::Arc;

const SIDE: usize = 8;
const HALF: usize = SIDE / 2;
const WIDTH: usize = 2;
const BATCH: usize = 3;
const FINDINGS: usize = 2;
const LAMBDA: f32 = 10.0;
/// Numbers of one convolution from `WIDTH` maps to `WIDTH` maps.
const DOWN: usize = WIDTH * WIDTH * 9;
/// Numbers behind the first convolution.
const REST: usize = WIDTH + DOWN + WIDTH + WIDTH * HALF * HALF * FINDINGS + FINDINGS;
/// Channels of the images: the gradient goes to each.
const CHANNELS: [Channels; 2] = [Channels::One, Channels::Three];

/// Numbers of the first convolution.
fn first(channels: usize) -> usize {
    WIDTH * channels * 9
}

/// Convolution, tanh, fused downsampling convolution, softplus, dense layer, inner product with
/// the labels.
#[derive(Debug, Clone)]
struct Smooth {
    shape: Shape,
    conv: Conv,
    down: Conv,
    dense: Dense,
}

impl Smooth {
    fn new(channels: Channels) -> Smooth {
        let shape = Shape::new(SIDE, FINDINGS, 1, None).expect("a shape");
        Smooth {
            shape: shape.with_channels(channels),
            conv: Conv::new("conv", channels.count(), WIDTH, 3, 1.0),
            down: Conv::new("down", WIDTH, WIDTH, 3, 1.0),
            dense: Dense::new("dense", WIDTH * HALF * HALF, FINDINGS, 1.0),
        }
    }
}

impl Network for Smooth {
    fn generator_layout(&self) -> Layout {
        Layout::default()
    }

    fn discriminator_layout(&self) -> Layout {
        let mut layout = Layout::default();
        self.conv.declare(&mut layout);
        self.down.declare(&mut layout);
        self.dense.declare(&mut layout);
        layout
    }

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn generate<B: Kernels>(
        &self,
        _: &Parameters<B>,
        _: Tensor<B, 2>,
        _: Tensor<B, 2>,
        _: Phase,
    ) -> Tensor<B, 4> {
        unreachable!("only the discriminator is asked")
    }

    fn judge<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        images: Tensor<B, 4>,
        labels: Tensor<B, 2>,
        _: Phase,
    ) -> Verdict<B> {
        let x = self.conv.keep(weights, Maps::of_images(images)).map(Tensor::tanh);
        let x = self.down.down(weights, x).map(|x| (x.exp() + 1.0).log());
        let score = (self.dense.apply(weights, x.into_vectors()) * labels).sum_dim(1);
        let [batch, _] = score.dims();
        Verdict { score: score.reshape([batch]), classes: None }
    }

    fn describe(&self) -> Description {
        Description { method: "smooth".to_owned(), shape: self.shape.clone() }
    }
}

/// A convolution of one image with zeros around it, then the bias.
fn convolve(x: &[f64], inputs: usize, kernel: &[f64], bias: &[f64]) -> Vec<f64> {
    let scale = 1.0 / ((inputs * 9) as f64).sqrt();
    let at = |map: usize, y: usize, x_: usize| {
        let inside = (1..=SIDE).contains(&y) && (1..=SIDE).contains(&x_);
        if inside { x[(map * SIDE + y - 1) * SIDE + x_ - 1] } else { 0.0 }
    };
    let mut values = Vec::with_capacity(bias.len() * SIDE * SIDE);
    for (output, bias) in bias.iter().enumerate() {
        for place in 0..SIDE * SIDE {
            let mut sum = 0.0;
            for tap in 0..inputs * 9 {
                let (map, down, right) = (tap / 9, tap / 3 % 3, tap % 3);
                let value = at(map, place / SIDE + down, place % SIDE + right);
                sum += value * kernel[output * inputs * 9 + tap];
            }
            values.push(sum * scale + bias);
        }
    }
    values
}

fn halve(x: &[f64], maps: usize) -> Vec<f64> {
    let box_at = |map: usize, y: usize, x_: usize| {
        let corner = (map * SIDE + 2 * y) * SIDE + 2 * x_;
        (x[corner] + x[corner + 1] + x[corner + SIDE] + x[corner + SIDE + 1]) / 4.0
    };
    (0..maps * HALF * HALF)
        .map(|place| box_at(place / (HALF * HALF), place / HALF % HALF, place % HALF))
        .collect()
}

/// The network's score of one image, by loops.
fn score(w: &[f64], image: &[f64], labels: &[f64]) -> f64 {
    let channels = image.len() / (SIDE * SIDE);
    let (kernel, w) = w.split_at(first(channels));
    let (bias, w) = w.split_at(WIDTH);
    let x: Vec<f64> = convolve(image, channels, kernel, bias).iter().map(|x| x.tanh()).collect();
    let (kernel, w) = w.split_at(DOWN);
    let (bias, w) = w.split_at(WIDTH);
    let x = halve(&convolve(&x, WIDTH, kernel, bias), WIDTH);
    let x: Vec<f64> = x.iter().map(|x| x.exp().ln_1p()).collect();
    let (matrix, bias) = w.split_at(x.len() * FINDINGS);
    let scale = 1.0 / (x.len() as f64).sqrt();
    (0..FINDINGS)
        .map(|finding| {
            let sum: f64 =
                x.iter().enumerate().map(|(row, x)| x * matrix[row * FINDINGS + finding]).sum();
            (sum * scale + bias[finding]) * labels[finding]
        })
        .sum()
}

struct Material {
    channels: Channels,
    weights: Vec<f32>,
    images: Vec<f32>,
    labels: Vec<f32>,
}

impl Material {
    fn new(channels: Channels) -> Material {
        let count = first(channels.count()) + REST;
        Material {
            channels,
            weights: uniform(3, count).iter().map(|value| value * 2.0).collect(),
            images: uniform(4, BATCH * channels.count() * SIDE * SIDE),
            labels: vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0],
        }
    }

    /// Each image with its labels, in double precision.
    fn rows(&self) -> Vec<(Vec<f64>, Vec<f64>)> {
        let images = self.images.chunks(self.channels.count() * SIDE * SIDE).map(double);
        images.zip(self.labels.chunks(FINDINGS).map(double)).collect()
    }

    /// The penalty by its definition, with the inner gradient from differences.
    fn penalty(&self, weights: &[f64]) -> f64 {
        let terms = self.rows().into_iter().map(|(image, labels)| {
            let slope = differences(&image, 1e-4, |image| score(weights, image, &labels));
            let norm = slope.iter().map(|value| value * value).sum::<f64>().sqrt();
            (norm - 1.0).powi(2)
        });
        f64::from(LAMBDA) * terms.sum::<f64>() / BATCH as f64
    }

    fn weights(&self) -> Parameters<Cpu> {
        let layout = Arc::new(Smooth::new(self.channels).discriminator_layout());
        assert_eq!(layout.count(), self.weights.len());
        Parameters::new(layout, &self.weights, &Default::default())
    }
}

#[test]
fn the_penalty_and_its_gradient_are_those_of_central_differences() {
    let _alone = msx::learn::alone();
    for material in CHANNELS.map(Material::new) {
        let weights = material.weights().lift::<Autodiff<Cpu>>(true);
        let penalty = gradient_penalty::<Cpu, _>(
            &Smooth::new(material.channels),
            &weights,
            tensor(&material.images, [BATCH, material.channels.count(), SIDE, SIDE]),
            &tensor(&material.labels, [BATCH, FINDINGS]),
            Phase::complete(2),
            LAMBDA,
        );
        let found: Vec<f32> =
            weights.gradients(&penalty.backward()).into_iter().flat_map(numbers).collect();
        let at = double(&material.weights);
        assert_close("penalty", &numbers(penalty), &[material.penalty(&at) as f32], 1e-4);
        let expected = differences(&at, 1e-3, |weights| material.penalty(weights));
        assert_close("gradient of the penalty", &found, &single(&expected), 1e-3);
    }
}

#[test]
fn the_gradient_by_the_images_is_that_of_central_differences() {
    let _alone = msx::learn::alone();
    for material in CHANNELS.map(Material::new) {
        let weights = material.weights().lift::<Autodiff<Cpu>>(false);
        let images = tensor(&material.images, [BATCH, material.channels.count(), SIDE, SIDE]);
        let images = Tensor::<Autodiff<Cpu>, 4>::from_inner(images).require_grad();
        let labels = Tensor::from_inner(tensor(&material.labels, [BATCH, FINDINGS]));
        let verdict = Smooth::new(material.channels).judge(
            &weights,
            images.clone(),
            labels,
            Phase::complete(2),
        );
        let found = images.grad(&verdict.score.sum().backward()).expect("the images were judged");
        let at = double(&material.weights);
        let expected: Vec<f64> = material
            .rows()
            .iter()
            .flat_map(|(image, labels)| differences(image, 1e-4, |image| score(&at, image, labels)))
            .collect();
        assert_close("gradient by the images", &numbers(found), &single(&expected), 1e-4);
    }
}
