//! DenseNet-121, the predictive model of the seed system.

use super::{figures, outputs, protocol_fields, run};
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::language::value::{Dimension, Value};
use crate::learn::classifier::Architecture;
use crate::stages::{Context, Figure, Method, Parameters, ResultFiles, Source, StageError};
use std::fs;
use std::path::Path;

/// `classifier NAME: densenet121`
pub(in crate::stages) struct DenseNet121;

/// Memory for weights, their gradients and the optimiser.
const BASE_MEMORY: u64 = 512 << 20;
/// Memory that one image of 224 px takes in a step; measured on the CPU with a batch of 48.
const MEMORY_PER_IMAGE: u64 = 310 << 20;

impl Method for DenseNet121 {
    fn schema(&self) -> MethodSchema {
        let mut fields = protocol_fields(1e-4);
        fields.extend([
            Field::default(
                "input",
                FieldType::Quantity { dimension: Dimension::Pixels, min: 32.0, max: 1024.0 },
                Value::pixels(224.0),
                "Side that images are resized to.",
            ),
            Field::optional(
                "weights",
                FieldType::Path,
                "Weights to begin with: safetensors under torchvision's names. Without it they \
                 are drawn from the seed.",
            ),
        ]);
        MethodSchema {
            kind: "classifier",
            method: "densenet121",
            summary: "DenseNet-121 at 224 px, the seed system's predictive model",
            docs: "Huang et al. 2017. Images are resized to `input`. One channel is repeated over \
                   three, three go in as they are, and all are normalised with ImageNet's means \
                   and standard deviations; images of two channels are refused. The \
                   protocol is that of `cnn`, at a learning rate of 1e-4. Published ImageNet \
                   weights can be given as a file; a head for other classes is left out.",
            example: "classifier c: densenet121 { train: fold.train, valid: fold.valid }",
            revision: 1,
            header: Header::Method,
            fields,
            outputs: outputs(),
        }
    }

    fn uses_device(&self) -> bool {
        true
    }

    fn memory(&self, parameters: Parameters<'_>) -> u64 {
        let batch = parameters.count("batch").unwrap_or_default() as u64;
        BASE_MEMORY + batch.saturating_mul(MEMORY_PER_IMAGE)
    }

    fn sources(&self, parameters: Parameters<'_>, base: &Path) -> Result<Vec<Source>, StageError> {
        if parameters.get("weights").is_none() {
            return Ok(Vec::new());
        }
        let path = base.join(parameters.text("weights")?);
        Ok(vec![Source { role: "weights", base: path.clone(), files: vec![path] }])
    }

    fn figures(&self, result: &ResultFiles<'_>) -> Vec<Figure> {
        figures(result)
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let start = match context.parameters.get("weights") {
            None => None,
            Some(_) => {
                let path = context.base.join(context.parameters.text("weights")?);
                Some(fs::read(&path).map_err(StageError::io(&path))?)
            }
        };
        let input = context.parameters.size("input")?;
        run(context, Architecture::DenseNet121 { input }, start)
    }
}
