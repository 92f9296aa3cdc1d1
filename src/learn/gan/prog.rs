//! `prog`: progressive growing (Karras et al. 2018) with labels beside the latent and an AC-GAN
//! head on the discriminator.

use super::{Description, FIRST_SIDE, InUse, Network, Phase, Shape, Verdict};
use crate::learn::kernels::Kernels;
use crate::learn::layers::{
    Conv, Dense, Maps, RECTIFIER_GAIN, downsample, leaky_relu, minibatch_deviation, pixel_norm,
    upsample, vector_norm,
};
use crate::learn::parameters::{Layout, Parameters};
use burn::tensor::Tensor;

/// The level that growing starts from: 8 px.
pub const FIRST_LEVEL: usize = 1;

/// When the levels of a training come in.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// Images that each level is trained on once it is in.
    pub stable: u64,
    /// Images over which a level fades in.
    pub fade: u64,
    /// Batch of each level from 8 px up, multiples of four; the last holds for further levels.
    pub batches: Vec<usize>,
    /// Side in pixels that it grows to; `None` for that of the images.
    pub size: Option<usize>,
}

/// Both networks, with all levels; a phase says which are in use.
#[derive(Debug, Clone)]
pub struct ProgNetwork {
    shape: Shape,
    first: Dense,
    first_conv: Conv,
    generator: Vec<GeneratorLevel>,
    discriminator: Vec<DiscriminatorLevel>,
    last_conv: Conv,
    dense: Dense,
    score: Dense,
    classes: Dense,
}

/// From one level to the next; levels count from 1, the grid of 4 px is before them.
#[derive(Debug, Clone)]
struct GeneratorLevel {
    up: Conv,
    conv: Conv,
    to_image: Conv,
}

#[derive(Debug, Clone)]
struct DiscriminatorLevel {
    from_image: Conv,
    conv: Conv,
    down: Conv,
}

impl ProgNetwork {
    /// Networks of a shape.
    pub fn new(shape: Shape) -> ProgNetwork {
        let width = shape.widths[0];
        let grid = width * FIRST_SIDE * FIRST_SIDE;
        let condition = shape.latent + shape.findings;
        let channels = shape.channels.count();
        let pairs: Vec<(usize, usize, usize)> = (1..shape.levels())
            .map(|level| (level, shape.widths[level - 1], shape.widths[level]))
            .collect();
        let generator = pairs.iter().map(|&(level, below, here)| GeneratorLevel {
            up: Conv::new(&format!("level{level}/up"), below, here, 3, RECTIFIER_GAIN),
            conv: Conv::new(&format!("level{level}/conv"), here, here, 3, RECTIFIER_GAIN),
            to_image: Conv::new(&format!("level{level}/to_image"), here, channels, 1, 1.0),
        });
        let discriminator = pairs.iter().map(|&(level, below, here)| DiscriminatorLevel {
            from_image: Conv::new(
                &format!("level{level}/from_image"),
                channels,
                here,
                1,
                RECTIFIER_GAIN,
            ),
            conv: Conv::new(&format!("level{level}/conv"), here, here, 3, RECTIFIER_GAIN),
            down: Conv::new(&format!("level{level}/down"), here, below, 3, RECTIFIER_GAIN),
        });
        ProgNetwork {
            first: Dense::new("first", condition, grid, RECTIFIER_GAIN / 4.0),
            first_conv: Conv::new("first_conv", width, width, 3, RECTIFIER_GAIN),
            generator: generator.collect(),
            discriminator: discriminator.collect(),
            last_conv: Conv::new("last_conv", width + 1, width, 3, RECTIFIER_GAIN),
            dense: Dense::new("dense", grid, width, RECTIFIER_GAIN),
            score: Dense::new("score", width, 1, 1.0),
            classes: Dense::new("classes", width, shape.findings, 1.0),
            shape,
        }
    }

    /// The same networks without the levels above one.
    fn up_to(&self, level: usize) -> ProgNetwork {
        let mut shape = self.shape.clone();
        shape.side = FIRST_SIDE << level;
        shape.widths.truncate(level + 1);
        ProgNetwork::new(shape)
    }

    /// The discriminator's features of the level below the highest one in use.
    fn enter<B: Kernels>(&self, weights: &Parameters<B>, images: Maps<B>, phase: Phase) -> Maps<B> {
        let top = &self.discriminator[phase.level - 1];
        let x = top.from_image.keep(weights, images.clone()).map(leaky_relu);
        let x = top.apply(weights, x);
        if phase.fade >= 1.0 || phase.level == FIRST_LEVEL {
            return x;
        }
        let below = &self.discriminator[phase.level - 2];
        below.from_image.keep(weights, downsample(images)).map(leaky_relu).blend(x, phase.fade)
    }
}

impl DiscriminatorLevel {
    fn apply<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        let x = self.conv.keep(weights, x).map(leaky_relu);
        self.down.down(weights, x).map(leaky_relu)
    }
}

impl GeneratorLevel {
    fn apply<B: Kernels>(&self, weights: &Parameters<B>, x: Maps<B>) -> Maps<B> {
        let x = pixel_norm(self.up.up(weights, x).map(leaky_relu));
        pixel_norm(self.conv.keep(weights, x).map(leaky_relu))
    }
}

impl Network for ProgNetwork {
    fn generator_layout(&self) -> Layout {
        let mut layout = Layout::default();
        self.first.declare(&mut layout);
        self.first_conv.declare(&mut layout);
        for level in &self.generator {
            level.up.declare(&mut layout);
            level.conv.declare(&mut layout);
            level.to_image.declare(&mut layout);
        }
        layout
    }

    fn discriminator_layout(&self) -> Layout {
        // Levels come last, and so those in the generator: what is drawn for the lower ones does not
        // depend on how many there are.
        let mut layout = Layout::default();
        self.last_conv.declare(&mut layout);
        self.dense.declare(&mut layout);
        self.score.declare(&mut layout);
        self.classes.declare(&mut layout);
        for level in &self.discriminator {
            level.from_image.declare(&mut layout);
            level.conv.declare(&mut layout);
            level.down.declare(&mut layout);
        }
        layout
    }

    fn in_use(&self, level: usize) -> InUse {
        let network = self.up_to(level);
        InUse::all(&network.generator_layout(), &network.discriminator_layout())
    }

    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn generate<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        latents: Tensor<B, 2>,
        labels: Tensor<B, 2>,
        phase: Phase,
    ) -> Tensor<B, 4> {
        let x = vector_norm(Tensor::cat(vec![latents, labels], 1));
        let x = leaky_relu(self.first.apply(weights, x));
        let x = pixel_norm(Maps::of_vectors(x, self.shape.widths[0], FIRST_SIDE));
        let mut x = pixel_norm(self.first_conv.keep(weights, x).map(leaky_relu));
        let mut coarse = None;
        for (position, level) in self.generator[..phase.level].iter().enumerate() {
            if position > 0 && position + 1 == phase.level && phase.fade < 1.0 {
                let below = &self.generator[position - 1];
                coarse = Some(upsample(below.to_image.keep(weights, x.clone())));
            }
            x = level.apply(weights, x);
        }
        let image = self.generator[phase.level - 1].to_image.keep(weights, x);
        match coarse {
            Some(coarse) => coarse.blend(image, phase.fade).into_images(),
            None => image.into_images(),
        }
    }

    fn judge<B: Kernels>(
        &self,
        weights: &Parameters<B>,
        images: Tensor<B, 4>,
        _: Tensor<B, 2>,
        phase: Phase,
    ) -> Verdict<B> {
        let mut x = self.enter(weights, Maps::of_images(images), phase);
        for level in self.discriminator[..phase.level - 1].iter().rev() {
            x = level.apply(weights, x);
        }
        let x = self.last_conv.keep(weights, minibatch_deviation(x)).map(leaky_relu);
        let x = leaky_relu(self.dense.apply(weights, x.into_vectors()));
        let score = self.score.apply(weights, x.clone());
        let [batch, _] = score.dims();
        Verdict { score: score.reshape([batch]), classes: Some(self.classes.apply(weights, x)) }
    }

    fn describe(&self) -> Description {
        Description { method: "prog".to_owned(), shape: self.shape.clone() }
    }
}
