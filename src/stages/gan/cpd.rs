//! The conditional GAN without growth.

use super::{
    common_fields, config, outputs, step_memory, training_fold, training_images, widths, write,
};
use crate::language::schema::{Field, Header, MethodSchema};
use crate::language::value::Value;
use crate::learn::gan::train_cpd;
use crate::learn::with_backend;
use crate::stages::fields::at_least;
use crate::stages::{Context, Method, Parameters, StageError};

/// `gan NAME: cpd`
pub(in crate::stages) struct Cpd;

impl Method for Cpd {
    fn schema(&self) -> MethodSchema {
        let mut fields = common_fields(0.005);
        fields.push(Field::default(
            "batch",
            at_least(4),
            Value::Int(256),
            "Images a step, a multiple of 4.",
        ));
        MethodSchema {
            kind: "gan",
            method: "cpd",
            summary: "conditional GAN at full size: skip generator, residual discriminator",
            docs: "Every pixel norm of the generator is conditional: its scale and shift are \
                   affine functions of the latent joined with the label vector. Each level adds \
                   its own image, and the images are enlarged and summed. The discriminator has \
                   residual blocks and a minibatch standard deviation, and scores an image by the \
                   inner product of its output with the label vector, so every image needs at \
                   least one finding. Trained with the Wasserstein loss, an exact gradient \
                   penalty and drift; all weights have an equalised learning rate, and a running \
                   average of the generator makes the images. The defaults are the values of npj \
                   Digital Medicine 2021 (arXiv 2012.03769). For a CPU give small `widths`, \
                   `latent` and `batch`.",
            example: "gan g: cpd { train: fold.train, length: 12_000 kimg }",
            revision: 3,
            header: Header::Method,
            fields,
            outputs: outputs(),
        }
    }

    fn uses_device(&self) -> bool {
        true
    }

    fn memory(&self, parameters: Parameters<'_>) -> u64 {
        let batches = vec![parameters.count("batch").unwrap_or(1)];
        step_memory(&batches, widths(parameters).unwrap_or_default().as_deref())
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let fold = training_fold(context)?;
        let data = training_images(&fold);
        let config = config(context.parameters)?;
        let batch = context.parameters.count("batch")?;
        let trained = with_backend!(context.device, |B, device| {
            train_cpd::<B>(&config, batch, &data, &device, context.monitor, context.checkpoints)
        })?;
        write(context, &fold, data.side, &trained)
    }
}
