//! The embedded dataset: chest-like phantoms, drawn from a seed.

use crate::data::phantom::{PhantomConfig, generate};
use crate::language::schema::{Field, Header, MethodSchema};
use crate::language::value::Value;
use crate::stages::fields::{at_least, dataset_outputs, side};
use crate::stages::{Context, LITTLE_MEMORY, Method, Parameters, StageError};

/// What an image takes in memory beside its pixels, which go to the disk: labels, names, digest.
const BYTES_PER_IMAGE: u64 = 256;

/// `dataset NAME: phantom`
pub(in crate::stages) struct Phantom;

impl Method for Phantom {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "dataset",
            method: "phantom",
            summary: "chest-like images drawn from a seed; needs no data",
            docs: "Every image shows a body, lungs, ribs, a spine and a heart, with findings of \
                   varying severity that overlap in one image. Patients have one to four images \
                   that share their anatomy; pose, exposure and noise vary from image to image. \
                   The phantoms are for learning the language and for testing; they are no \
                   substitute for real radiographs.",
            example: "dataset phantoms: phantom { count: 2000, size: 32px }",
            revision: 3,
            header: Header::Method,
            fields: vec![
                Field::default("count", at_least(1), Value::Int(2000), "How many images."),
                Field::default("size", side(), Value::pixels(64.0), "Side of the images."),
                Field::seed(),
            ],
            outputs: dataset_outputs(),
        }
    }

    fn shows_data(&self, output: &str) -> bool {
        output == "images"
    }

    fn memory(&self, parameters: Parameters<'_>) -> u64 {
        let count = parameters.count("count").unwrap_or(0) as u64;
        (LITTLE_MEMORY / 2 + count.saturating_mul(BYTES_PER_IMAGE)).max(LITTLE_MEMORY)
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let config = PhantomConfig {
            count: context.parameters.count("count")?,
            side: context.parameters.size("size")?,
            seed: context.parameters.seed()?,
        };
        let summary = generate(&config, &context.output("images")?, context.monitor)?;
        context.write_json("summary", "summary.json", &summary)
    }
}
