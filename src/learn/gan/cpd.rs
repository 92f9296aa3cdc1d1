//! `cpd`: no growth; conditional pixel norm in the generator, residual blocks in the
//! discriminator, and a score that is an inner product with the label vector.

use super::{Description, FIRST_SIDE, Network, Phase, Shape, Verdict};
use crate::learn::kernels::Kernels;
use crate::learn::layers::{
    Conv, Dense, Maps, RECTIFIER_GAIN, leaky_relu, minibatch_deviation, pixel_norm, upsample,
    vector_norm,
};
use crate::learn::parameters::{Layout, Parameters};
use burn::tensor::Tensor;

/// Both networks.
#[derive(Debug, Clone)]
pub struct CpdNetwork {
    shape: Shape,
    generator: Generator,
    discriminator: Discriminator,
}

#[derive(Debug, Clone)]
struct Generator {
    first: Dense,
    first_norm: ConditionalNorm,
    levels: Vec<GeneratorLevel>,
}

#[derive(Debug, Clone)]
struct GeneratorLevel {
    /// Doubles the side; absent at 4 px.
    up: Option<(Conv, ConditionalNorm)>,
    conv: Conv,
    norm: ConditionalNorm,
    to_image: Conv,
}

/// Pixel norm whose scale and shift are affine functions of latent and labels.
///
/// It starts as a plain pixel norm. With random scales and shifts most of what a layer passes on is
/// the same at every pixel, and after a few layers nothing is left of what the first ones drew.
#[derive(Debug, Clone)]
struct ConditionalNorm {
    channels: usize,
    scale: Dense,
    shift: Dense,
}

impl ConditionalNorm {
    fn new(name: &str, condition: usize, channels: usize) -> ConditionalNorm {
        let dense = |part: &str| Dense::new(&format!("{name}/{part}"), condition, channels, 1.0);
        ConditionalNorm {
            channels,
            scale: dense("scale").starting_constant(1.0),
            shift: dense("shift").starting_constant(0.0),
        }
    }

    fn declare(&self, layout: &mut Layout) {
        self.scale.declare(layout);
        self.shift.declare(layout);
    }

    /// `condition` is `[batch, latent + findings]`.
    fn apply<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        x: Maps<B>,
        condition: &Tensor<B, 2>,
    ) -> Maps<B> {
        let rows = self.channels * x.batch;
        let pixels = x.side * x.side;
        let spread = |vector: Tensor<B, 2>| vector.swap_dims(0, 1).reshape([rows, 1]);
        let scale = spread(self.scale.apply(weights, condition.clone()));
        let shift = spread(self.shift.apply(weights, condition.clone()));
        pixel_norm(x).map(|values| {
            let [channels, columns] = values.dims();
            (values.reshape([rows, pixels]) * scale + shift).reshape([channels, columns])
        })
    }
}

#[derive(Debug, Clone)]
struct Discriminator {
    from_image: Conv,
    /// From the full side down to 8 px.
    blocks: Vec<ResidualBlock>,
    last_conv: Conv,
    dense: Dense,
    score: Dense,
}

#[derive(Debug, Clone)]
struct ResidualBlock {
    conv: Conv,
    down: Conv,
    skip: Conv,
}

impl ResidualBlock {
    fn new(name: &str, inputs: usize, outputs: usize) -> ResidualBlock {
        ResidualBlock {
            conv: Conv::new(&format!("{name}/conv"), inputs, inputs, 3, RECTIFIER_GAIN),
            down: Conv::new(&format!("{name}/down"), inputs, outputs, 3, RECTIFIER_GAIN),
            skip: Conv::new(&format!("{name}/skip"), inputs, outputs, 1, 1.0),
        }
    }

    fn apply<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        let skip = self.skip.stride(weights, x.clone());
        let x = self.conv.keep(weights, x).map(leaky_relu);
        let x = self.down.down(weights, x).map(leaky_relu);
        x.map(|values| (values + skip.values) * std::f32::consts::FRAC_1_SQRT_2)
    }
}

impl CpdNetwork {
    /// Networks of a shape.
    pub fn new(shape: Shape) -> CpdNetwork {
        let generator = Generator::new(&shape);
        let discriminator = Discriminator::new(&shape);
        CpdNetwork { shape, generator, discriminator }
    }
}

impl Generator {
    fn new(shape: &Shape) -> Generator {
        let condition = shape.latent + shape.findings;
        let (first_width, channels) = (shape.widths[0], shape.channels.count());
        let levels = (0..shape.levels())
            .map(|level| {
                let width = shape.widths[level];
                let name = format!("level{level}");
                let up = (level > 0).then(|| {
                    let below = shape.widths[level - 1];
                    (
                        Conv::new(&format!("{name}/up"), below, width, 3, RECTIFIER_GAIN),
                        ConditionalNorm::new(&format!("{name}/up_norm"), condition, width),
                    )
                });
                GeneratorLevel {
                    up,
                    conv: Conv::new(&format!("{name}/conv"), width, width, 3, RECTIFIER_GAIN),
                    norm: ConditionalNorm::new(&format!("{name}/norm"), condition, width),
                    to_image: Conv::new(&format!("{name}/to_image"), width, channels, 1, 1.0),
                }
            })
            .collect();
        let outputs = first_width * FIRST_SIDE * FIRST_SIDE;
        Generator {
            // A quarter of the rectifier's gain, as in the progressive GAN's first layer.
            first: Dense::new("first", condition, outputs, RECTIFIER_GAIN / 4.0),
            first_norm: ConditionalNorm::new("first_norm", condition, first_width),
            levels,
        }
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        self.first.declare(&mut layout);
        self.first_norm.declare(&mut layout);
        for level in &self.levels {
            if let Some((up, norm)) = &level.up {
                up.declare(&mut layout);
                norm.declare(&mut layout);
            }
            level.conv.declare(&mut layout);
            level.norm.declare(&mut layout);
            level.to_image.declare(&mut layout);
        }
        layout
    }

    fn apply<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        condition: Tensor<B, 2>,
        first_width: usize,
    ) -> Tensor<B, 4> {
        let x = leaky_relu(self.first.apply(weights, condition.clone()));
        let x = Maps::of_vectors(x, first_width, FIRST_SIDE);
        let mut x = self.first_norm.apply(weights, x, &condition);
        let mut image: Option<Maps<B>> = None;
        for level in &self.levels {
            if let Some((up, norm)) = &level.up {
                x = norm.apply(weights, up.up(weights, x).map(leaky_relu), &condition);
            }
            x = level.conv.keep(weights, x).map(leaky_relu);
            x = level.norm.apply(weights, x, &condition);
            let detail = level.to_image.keep(weights, x.clone());
            image = Some(match image {
                Some(coarse) => upsample(coarse).map(|values| values + detail.values),
                None => detail,
            });
        }
        image.expect("a shape has at least one level").into_images()
    }
}

impl Discriminator {
    fn new(shape: &Shape) -> Discriminator {
        let top = shape.levels() - 1;
        let blocks = (1..=top)
            .rev()
            .map(|level| {
                let (inputs, outputs) = (shape.widths[level], shape.widths[level - 1]);
                ResidualBlock::new(&format!("block{level}"), inputs, outputs)
            })
            .collect();
        let width = shape.widths[0];
        let flat = width * FIRST_SIDE * FIRST_SIDE;
        let channels = shape.channels.count();
        Discriminator {
            from_image: Conv::new("from_image", channels, shape.widths[top], 1, RECTIFIER_GAIN),
            blocks,
            last_conv: Conv::new("last_conv", width + 1, width, 3, RECTIFIER_GAIN),
            dense: Dense::new("dense", flat, width, RECTIFIER_GAIN),
            score: Dense::new("score", width, shape.findings, 1.0),
        }
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout::default();
        self.from_image.declare(&mut layout);
        for block in &self.blocks {
            block.conv.declare(&mut layout);
            block.down.declare(&mut layout);
            block.skip.declare(&mut layout);
        }
        self.last_conv.declare(&mut layout);
        self.dense.declare(&mut layout);
        self.score.declare(&mut layout);
        layout
    }

    /// One number a finding, `[batch, findings]`.
    fn apply<B: Kernels>(&self, weights: &Parameters<B>, images: Tensor<B, 4>) -> Tensor<B, 2> {
        let x = Maps::of_images(images);
        let mut x = self.from_image.keep(weights, x).map(leaky_relu);
        for block in &self.blocks {
            x = block.apply(weights, x);
        }
        let x = self.last_conv.keep(weights, minibatch_deviation(x)).map(leaky_relu);
        let x = leaky_relu(self.dense.apply(weights, x.into_vectors()));
        self.score.apply(weights, x)
    }
}

impl Network for CpdNetwork {
    fn generator_layout(&self) -> Layout {
        self.generator.layout()
    }

    fn discriminator_layout(&self) -> Layout {
        self.discriminator.layout()
    }

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn generate<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        latents: Tensor<B, 2>,
        labels: Tensor<B, 2>,
        _: Phase,
    ) -> Tensor<B, 4> {
        let condition = vector_norm(Tensor::cat(vec![latents, labels], 1));
        self.generator.apply(weights, condition, self.shape.widths[0])
    }

    fn judge<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        images: Tensor<B, 4>,
        labels: Tensor<B, 2>,
        _: Phase,
    ) -> Verdict<B> {
        let per_finding = self.discriminator.apply(weights, images);
        let [batch, _] = per_finding.dims();
        let score = (per_finding * labels).sum_dim(1).reshape([batch]);
        Verdict { score, classes: None }
    }

    fn describe(&self) -> Description {
        Description { method: "cpd".to_owned(), shape: self.shape.clone() }
    }
}
