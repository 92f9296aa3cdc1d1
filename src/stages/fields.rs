//! Fields and outputs that several methods share, described once.

use super::{Parameters, StageError};
use crate::data::{BACKING_FILES, Channels, Depth, Raster};
use crate::language::schema::{Field, FieldType, Output, OutputType};
use crate::language::value::{Dimension, Value};

/// The largest side that images are kept at.
pub(super) const LARGEST_SIDE: f64 = 1024.0;

/// A side length between 8 px and [`LARGEST_SIDE`].
pub(super) fn side() -> FieldType {
    FieldType::Quantity { dimension: Dimension::Pixels, min: 8.0, max: LARGEST_SIDE }
}

/// The side that a data set of the user's is kept at.
pub(super) fn kept_side() -> Field {
    Field::default(
        "size",
        side(),
        Value::pixels(256.0),
        "Side that images are kept at; subsets halve it.",
    )
}

/// How deep the pixels of a data set of the user's are kept.
pub(super) fn depth() -> Field {
    Field::default(
        "depth",
        FieldType::OneOf(&Depth::BITS),
        Value::Int(8),
        "Bits of a pixel that are kept; white is 255 or 65535. With 16, what files of more than 8 \
         bits tell apart stays apart, in twice the space. Subsets and synthetic folds are as deep.",
    )
}

/// Side and depth that a data set of the user's is kept at, in one channel.
pub(super) fn kept_raster(parameters: Parameters<'_>) -> Result<Raster, StageError> {
    let bits = u8::try_from(parameters.count("depth")?).map_err(StageError::other)?;
    let depth = Depth::try_from(bits).map_err(StageError::message)?;
    Ok(Raster { side: parameters.size("size")?, depth, channels: Channels::One })
}

/// A length of training, in images.
pub(super) fn images(min: f64) -> FieldType {
    FieldType::Quantity { dimension: Dimension::Images, min, max: 1e9 }
}

/// A whole number of at least `min`.
pub(super) fn at_least(min: i64) -> FieldType {
    FieldType::Int { min, max: 1_000_000_000 }
}

/// A learning rate with its default.
pub(super) fn learning_rate(default: f64) -> Field {
    Field::default(
        "learning_rate",
        FieldType::Float { min: 1e-8, max: 1.0 },
        Value::Float(default),
        "Step size of the Adam optimiser.",
    )
}

/// The confidence level of every interval of a stage.
pub(super) fn confidence() -> Field {
    Field::default(
        "confidence",
        FieldType::Quantity { dimension: Dimension::Fraction, min: 0.5, max: 0.999 },
        Value::fraction(0.95),
        "Confidence level of the intervals.",
    )
}

/// The one output of every dataset.
pub(super) fn dataset_outputs() -> Vec<Output> {
    vec![
        Output {
            name: "images",
            kind: OutputType::Dataset,
            doc: "All images with their labels and patient ids.",
        },
        Output {
            name: "summary",
            kind: OutputType::Table,
            doc: "What was read and what was dropped, with reasons, in numbers.",
        },
    ]
}

/// The three folds that subsets and synthetic folds give.
pub(super) fn fold_outputs() -> Vec<Output> {
    let fold = |name, doc| Output { name, kind: OutputType::Fold, doc };
    vec![
        fold("train", "The fold that models are trained on."),
        fold("valid", "The fold that decides when to stop."),
        fold("test", "The fold that results are taken on."),
    ]
}

/// Files of an output that stand behind its other ones: what of them belongs to the output is said
/// there by digest, so that they themselves do not tell two outputs apart.
pub fn backing_files(kind: OutputType) -> &'static [&'static str] {
    match kind {
        OutputType::Dataset | OutputType::Fold => &BACKING_FILES,
        _ => &[],
    }
}

/// Training curves.
pub(super) fn curves_output() -> Output {
    Output {
        name: "curves",
        kind: OutputType::Curves,
        doc: "Losses and figures over the course of training.",
    }
}
