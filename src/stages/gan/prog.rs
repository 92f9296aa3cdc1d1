//! The progressively growing GAN.

use super::{
    common_fields, config, outputs, step_memory, training_fold, training_images, widths, write,
};
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::language::value::{Fields, Value};
use crate::learn::gan::{FIRST_SIDE, Growth, train_prog};
use crate::learn::with_backend;
use crate::stages::fields::{LARGEST_SIDE, at_least, images, side};
use crate::stages::{Context, Method, Parameters, StageError};

/// The field that says how far it grows.
const SIZE: &str = "size";

/// The seed system's batches at 8, 16, 32, 64 and 128 px.
const BATCHES: [i64; 5] = [256, 128, 64, 32, 16];
/// The seed system's images a phase up to 32 px.
const PHASE: f64 = 1_400_000.0;

/// `gan NAME: prog`
pub(in crate::stages) struct Prog;

impl Method for Prog {
    fn schema(&self) -> MethodSchema {
        let mut fields = common_fields(0.001);
        let batches = Value::List(BATCHES.into_iter().map(Value::Int).collect());
        fields.extend([
            Field::default(
                "phase",
                images(1.0),
                Value::images(PHASE),
                "Images that each size is trained on once it is in.",
            ),
            Field::default(
                "fade",
                images(0.0),
                Value::images(PHASE),
                "Images over which a size fades in.",
            ),
            Field::default(
                "batch",
                FieldType::List(Box::new(at_least(4))),
                batches,
                "Images a step at 8, 16, 32, … px, multiples of 4; the last holds for all further \
                 sizes.",
            ),
            Field::optional(
                SIZE,
                side(),
                "Side that it grows to, a power of two; without it the side of the fold's images.",
            ),
        ]);
        MethodSchema {
            kind: "gan",
            method: "prog",
            summary: "conditional GAN that grows from 8 px to the full size",
            docs: "Progressive growing (Karras et al. 2018): training starts at 8 px, and each \
                   further size fades in over `fade` images and is then trained on for `phase` \
                   images. Pixel norm in the generator, minibatch standard deviation in the \
                   discriminator, labels joined with the latent, and a second head of the \
                   discriminator that names the findings (AC-GAN). The optimiser starts anew \
                   with each size. Trainings that differ in `size` alone share the sizes that they \
                   have in common: each is trained once, whichever of them comes first. The \
                   defaults are the values of npj Digital Medicine 2021 (arXiv 2012.03769) up to \
                   32 px; for 64 and 128 px it used 1,000 kimg for `phase` and `fade`. For a CPU \
                   give small `widths`, `latent` and `batch`.",
            example: "gan g: prog { train: fold.train, length: 12_000 kimg }",
            revision: 3,
            header: Header::Method,
            fields,
            outputs: outputs(),
        }
    }

    fn uses_device(&self) -> bool {
        true
    }

    /// Trainings to each size up to its own.
    fn stretches(&self, parameters: Parameters<'_>) -> Vec<Fields> {
        (1..=highest_level(parameters)).map(|level| up_to(parameters.0, level)).collect()
    }

    fn memory(&self, parameters: Parameters<'_>) -> u64 {
        let batches = parameters.counts("batch").unwrap_or_default();
        step_memory(&batches, widths(parameters).unwrap_or_default().as_deref())
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let fold = training_fold(context)?;
        let data = training_images(&fold);
        let config = config(context.parameters)?;
        let growth = growth(context.parameters)?;
        let trained = with_backend!(context.device, |B, device| {
            train_prog::<B>(&config, &growth, &data, &device, context.monitor, context.stretches)
        })?;
        write(context, &fold, growth.size.unwrap_or(data.side), &trained)
    }
}

/// The highest level that a training may come to, where 8 px is the first. The side of the fold is not
/// known before it runs, so that without `size` and `widths` it may be any.
fn highest_level(parameters: Parameters<'_>) -> u32 {
    let side = match (parameters.amount(SIZE), widths(parameters)) {
        (Ok(size), _) => size,
        (_, Ok(Some(widths))) => (FIRST_SIDE as u64) << widths.len().clamp(1, 16).saturating_sub(1),
        _ => LARGEST_SIDE as u64,
    };
    (side / FIRST_SIDE as u64).max(1).ilog2()
}

/// The parameters of the same training to the size of a level, without what they say of others.
fn up_to(parameters: &Fields, level: u32) -> Fields {
    let mut own = parameters.clone();
    let levels = level as usize;
    own.insert(SIZE.to_owned(), Value::pixels((FIRST_SIDE << level) as f64));
    if let Some(Value::List(widths)) = own.get_mut("widths") {
        widths.truncate(levels + 1);
    }
    if let Some(Value::List(batches)) = own.get_mut("batch")
        && let Some(last) = batches.last().cloned()
    {
        batches.resize(levels, last);
    }
    own
}

fn growth(parameters: Parameters<'_>) -> Result<Growth, StageError> {
    Ok(Growth {
        stable: parameters.amount("phase")?,
        fade: parameters.amount("fade")?,
        batches: parameters.counts("batch")?,
        size: parameters.get(SIZE).map(|_| parameters.size(SIZE)).transpose()?,
    })
}
