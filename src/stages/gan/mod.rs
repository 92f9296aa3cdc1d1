//! `gan`: conditional generators of images.

mod cpd;
mod prog;

pub(super) use cpd::Cpd;
pub(super) use prog::Prog;

use super::fields::{at_least, curves_output, images, learning_rate};
use super::{Context, Parameters, StageError};
use crate::data::{Channels, Fold};
use crate::language::schema::{Field, FieldType, Output, OutputType, Variant};
use crate::language::value::Value;
use crate::learn::gan::{Augmentation, GanConfig, LossWeights, TrainedGan, TrainingImages};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a generator makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MadeFor {
    /// Names of the findings that it takes, in order.
    pub(super) findings: Vec<String>,
    /// Side of its images in pixels.
    pub(super) side: usize,
    /// Channels of its images; one is not written down.
    #[serde(default, skip_serializing_if = "Channels::is_one")]
    pub(super) channels: Channels,
}

/// `32 px images of Edema, Fracture`, `32 px images in 3 channels of Edema, Fracture`
impl fmt::Display for MadeFor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} px images", self.side)?;
        if !self.channels.is_one() {
            write!(formatter, " in {}", self.channels)?;
        }
        write!(formatter, " of {}", self.findings.join(", "))
    }
}

/// Length of the seed system's trainings at 32 px.
const PAPER_LENGTH: f64 = 12_000_000.0;

/// The fields that both methods have: what to train on and for how long, and the numbers of the
/// loss.
fn common_fields(rate: f64) -> Vec<Field> {
    vec![
        Field::required("train", FieldType::Output(OutputType::Fold), "The fold to learn from."),
        Field::default(
            "length",
            images(1.0),
            Value::images(PAPER_LENGTH),
            "How many real images the discriminator sees.",
        )
        .horizon(),
        Field::default("latent", at_least(1), Value::Int(512), "Numbers in a latent vector."),
        Field::optional(
            "widths",
            FieldType::List(Box::new(FieldType::Int { min: 1, max: 4096 })),
            "Feature maps of each level, from 4 px up. Without it min(16384 / 2^stage, 512).",
        ),
        learning_rate(rate),
        weight("gradient_penalty", 10.0, "Weight of the gradient penalty."),
        weight("drift", 0.001, "Weight of the penalty on the size of real scores."),
        Field::default(
            "generator_average",
            FieldType::Float { min: 0.0, max: 0.99999 },
            Value::Float(0.999),
            "Decay a step of the running average of the generator's weights, which makes the \
             images in the end.",
        ),
        Field::optional(
            "augment",
            FieldType::List(Box::new(FieldType::Choice(augmentations()))),
            "How real and generated images are changed, anew in every step, before the discriminator \
             sees them (Zhao et al. 2020); gradients go through the changes. It helps where training \
             images are few.",
        ),
        Field::seed(),
    ]
}

fn augmentations() -> Vec<Variant> {
    let variant = |name, doc| Variant { name, doc, parameters: Vec::new() };
    vec![
        variant(
            "brightness",
            "Up to a quarter of the range from black to white is added or taken.",
        ),
        variant("contrast", "Differences from the image's mean are multiplied by 0.5 to 1.5."),
        variant(
            "translation",
            "Moved by up to an eighth of the side along each axis, in whole pixels; what comes in \
             is grey.",
        ),
        variant("cutout", "A square of half the side becomes grey; part of it may lie outside."),
    ]
}

fn config(parameters: Parameters<'_>) -> Result<GanConfig, StageError> {
    Ok(GanConfig {
        length: parameters.amount("length")?,
        learning_rate: parameters.float("learning_rate")?,
        latent: parameters.count("latent")?,
        widths: widths(parameters)?,
        loss: loss(parameters)?,
        augment: augmentation(parameters)?,
        generator_average: parameters.float("generator_average")? as f32,
        seed: parameters.seed()?,
    })
}

/// None where the field is not written.
fn augmentation(parameters: Parameters<'_>) -> Result<Augmentation, StageError> {
    let words = parameters.get("augment").map(|_| parameters.texts("augment")).transpose()?;
    let words = words.unwrap_or_default();
    let has = |word: &str| words.iter().any(|found| found == word);
    Ok(Augmentation {
        brightness: has("brightness"),
        contrast: has("contrast"),
        translation: has("translation"),
        cutout: has("cutout"),
    })
}

fn weight(name: &'static str, default: f64, doc: &'static str) -> Field {
    Field::default(name, FieldType::Float { min: 0.0, max: 1e6 }, Value::Float(default), doc)
}

fn outputs() -> Vec<Output> {
    vec![
        Output {
            name: "generator",
            kind: OutputType::Generator,
            doc: "The averaged generator as safetensors, with its architecture, findings and side.",
        },
        curves_output(),
    ]
}

fn training_fold(context: &Context<'_>) -> Result<Fold, StageError> {
    Ok(Fold::open(&context.input("train")?.output("train"))?)
}

fn training_images(fold: &Fold) -> TrainingImages<'_> {
    TrainingImages {
        images: fold.pixels(),
        labels: fold.all_labels(),
        side: fold.info().side,
        findings: fold.info().findings.len(),
    }
}

fn write(
    context: &Context<'_>,
    fold: &Fold,
    side: usize,
    trained: &TrainedGan,
) -> Result<(), StageError> {
    context.write("generator", "generator.safetensors", &trained.generator)?;
    let info = fold.info();
    let made_for = MadeFor { findings: info.findings.clone(), side, channels: info.channels };
    context.write_json("generator", "made_for.json", &made_for)?;
    context.write_json("curves", "curves.json", &trained.curves)
}

fn widths(parameters: Parameters<'_>) -> Result<Option<Vec<usize>>, StageError> {
    parameters.get("widths").map(|_| parameters.counts("widths")).transpose()
}

/// Feature maps of a level where none are given, and the levels up to 32 px.
const USUAL_WIDTHS: [usize; 4] = [512; 4];
/// Memory for the first image: program, weights, buffers.
const BASE_MEMORY: u64 = 64 << 20;
/// How often a training step holds the numbers of one set of feature maps: forward, gradients of
/// both orders, both networks. Measured with `cpd` at 32 px on the CPU, batches of 8 and 32, widths
/// of 8 to 64.
const COPIES: u64 = 64;

/// Memory in bytes that a step holds at its highest level, as far as it follows from batches (one a
/// level from 8 px up, the last for all that follow) and widths.
fn step_memory(batches: &[usize], widths: Option<&[usize]>) -> u64 {
    let widths = widths.unwrap_or(&USUAL_WIDTHS);
    let mut maps = 0;
    let mut most = 0;
    for (level, width) in widths.iter().enumerate() {
        let side = 4 << level.min(10);
        maps += (width * side * side) as u64;
        let batch = batches.get(level.saturating_sub(1)).or(batches.last()).copied().unwrap_or(1);
        most = most.max(maps.saturating_mul(batch as u64));
    }
    BASE_MEMORY + most.saturating_mul(COPIES * size_of::<f32>() as u64)
}

/// The weights of the loss; both methods weigh the class loss 1, where they have one.
fn loss(parameters: Parameters<'_>) -> Result<LossWeights, StageError> {
    Ok(LossWeights {
        gradient_penalty: parameters.float("gradient_penalty")? as f32,
        drift: parameters.float("drift")? as f32,
        classes: 1.0,
    })
}
