//! A small convolutional network for small images.

use super::{figures, outputs, protocol_fields, run};
use crate::language::schema::{Field, FieldType, Header, MethodSchema};
use crate::language::value::Value;
use crate::learn::classifier::Architecture;
use crate::stages::{Context, Figure, Method, ResultFiles, StageError};

/// Feature maps of the default network.
const WIDTHS: [i64; 4] = [16, 32, 64, 64];

/// `classifier NAME: cnn`
pub(in crate::stages) struct Cnn;

impl Method for Cnn {
    fn schema(&self) -> MethodSchema {
        let mut fields = protocol_fields(1e-3);
        fields.push(Field::default(
            "widths",
            FieldType::List(Box::new(FieldType::Int { min: 1, max: 2048 })),
            Value::List(WIDTHS.into_iter().map(Value::Int).collect()),
            "Feature maps of each block; every block halves the side.",
        ));
        MethodSchema {
            kind: "classifier",
            method: "cnn",
            summary: "a small convolutional network, quick on a CPU",
            docs: "Blocks of a 3×3 convolution, batch normalisation, a rectifier and an average \
                   over 2×2 boxes; then an average over what is left and one sigmoid a finding. \
                   Trained with Adam on the binary cross entropy, weighted by label frequency; \
                   the mean AUROC on the validation fold decides which epoch's weights are kept, \
                   when the learning rate falls and when training stops.",
            example: "classifier c: cnn { train: fold.train, valid: fold.valid, epochs: 8 }",
            revision: 1,
            header: Header::Method,
            fields,
            outputs: outputs(),
        }
    }

    fn uses_device(&self) -> bool {
        true
    }

    fn figures(&self, result: &ResultFiles<'_>) -> Vec<Figure> {
        figures(result)
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let widths = context.parameters.counts("widths")?;
        run(context, Architecture::Cnn { widths }, None)
    }
}
