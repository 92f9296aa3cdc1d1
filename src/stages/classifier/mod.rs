//! `classifier`: predictive models, trained alike on real and synthetic folds.

mod cnn;
mod densenet121;

pub(super) use cnn::Cnn;
pub(super) use densenet121::DenseNet121;

use super::fields::{at_least, curves_output, learning_rate};
use super::{Context, Figure, Parameters, ResultFiles, StageError};
use crate::data::Fold;
use crate::language::schema::{Field, FieldType, Output, OutputType};
use crate::language::value::{Dimension, Quantity, Value};
use crate::learn::Curves;
use crate::learn::classifier::{
    Architecture, Augmentation, ClassifierConfig, Images, Patience, train,
};
use crate::learn::with_backend;
use crate::measure::auroc::macro_auroc;
use serde::{Deserialize, Serialize};

/// What is known of a classifier beside its weights.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ClassifierInfo {
    /// Names of the findings that it scores, in order.
    pub(super) findings: Vec<String>,
    /// Whether its training fold is real or synthetic.
    pub(super) trained_on: crate::data::Origin,
}

/// The fields of the protocol, the same for every network.
fn protocol_fields(rate: f64) -> Vec<Field> {
    let fold = || FieldType::Output(OutputType::Fold);
    vec![
        Field::required("train", fold(), "The fold to learn from."),
        Field::required("valid", fold(), "The fold that decides when to stop."),
        Field::default("epochs", at_least(1), Value::Int(100), "Most epochs.").horizon(),
        Field::default("batch", at_least(2), Value::Int(48), "Images a step."),
        learning_rate(rate),
        Field::default(
            "samples_per_epoch",
            at_least(1),
            Value::Int(5000),
            "Most images an epoch; another part of the fold each time.",
        ),
        Field::default(
            "reduce_after",
            at_least(1),
            Value::Int(2),
            "Epochs without a better validation AUROC after which the learning rate is divided by \
             ten.",
        ),
        Field::default(
            "stop_after",
            at_least(1),
            Value::Int(3),
            "Epochs without a better validation AUROC after which training stops.",
        )
        .horizon(),
        Field::default(
            "mirror",
            FieldType::Bool,
            Value::Bool(true),
            "Whether half of the training images are mirrored left to right.",
        ),
        Field::optional(
            "augment",
            FieldType::Record(augmentation_fields()),
            "How training images are changed beside that, anew in every epoch.",
        ),
        Field::seed(),
    ]
}

fn augmentation_fields() -> Vec<Field> {
    let quantity = |name, dimension, most: f64, doc| {
        let ty = FieldType::Quantity { dimension, min: 0.0, max: most };
        Field::default(name, ty, Value::Quantity(Quantity { amount: 0.0, dimension }), doc)
    };
    vec![
        quantity(
            "shift",
            Dimension::Fraction,
            0.5,
            "Most that an image is moved along each axis, as a share of its side, rounded to whole \
             pixels. Pixels at the edge go on beyond it.",
        ),
        quantity(
            "rotation",
            Dimension::Degrees,
            180.0,
            "Most that an image is turned about its centre, either way. Values between pixels are \
             interpolated linearly.",
        ),
        quantity(
            "brightness",
            Dimension::Fraction,
            1.0,
            "Most that an image is brightened or darkened: its values are multiplied by a factor \
             between 1 less this and 1 plus this.",
        ),
        Field::default(
            "mixup",
            FieldType::Float { min: 0.0, max: 100.0 },
            Value::Float(0.0),
            "α of mixup (Zhang et al. 2018): an image and its labels are mixed with those of \
             another of the epoch, in shares drawn from Beta(α, α). 0 mixes nothing.",
        ),
    ]
}

/// All of it where the field is written, and nothing where it is not.
fn augmentation(parameters: Parameters<'_>) -> Result<Augmentation, StageError> {
    if parameters.get("augment").is_none() {
        return Ok(Augmentation::default());
    }
    let fields = parameters.record("augment")?;
    Ok(Augmentation {
        shift: fields.float("shift")?,
        rotation: fields.float("rotation")?,
        brightness: fields.float("brightness")?,
        mixup: fields.float("mixup")?,
    })
}

fn outputs() -> Vec<Output> {
    vec![
        Output {
            name: "weights",
            kind: OutputType::Classifier,
            doc: "The best epoch's weights as safetensors, with the architecture.",
        },
        curves_output(),
    ]
}

/// The epoch whose weights were kept: the first of those with the best mean AUROC on the validation
/// fold.
fn figures(result: &ResultFiles<'_>) -> Vec<Figure> {
    let Some(curves) = result.json::<Curves>("curves", "curves.json") else { return Vec::new() };
    let column = |name: &str| curves.columns.iter().position(|column| column == name);
    let (Some(epoch), Some(auroc)) = (column("epoch"), column("valid_auroc")) else {
        return Vec::new();
    };
    let pairs = curves.rows.iter().filter_map(|row| Some((*row.get(epoch)?, *row.get(auroc)?)));
    let best = pairs.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or_else(Vec::new, |(epoch, auroc)| {
        vec![Figure::plain("best validation AUROC", auroc), Figure::plain("best epoch", epoch)]
    })
}

fn run(
    context: &Context<'_>,
    architecture: Architecture,
    start: Option<Vec<u8>>,
) -> Result<(), StageError> {
    let open =
        |role: &str| Fold::open(&context.input(role)?.output(role)).map_err(StageError::from);
    let (train_fold, valid_fold) = (open("train")?, open("valid")?);
    let names = |fold: &Fold| fold.info().findings.join(", ");
    if train_fold.info().findings != valid_fold.info().findings {
        return Err(StageError::message(format!(
            "the training fold has {}, the validation fold {}; take both from one stage",
            names(&train_fold),
            names(&valid_fold)
        )));
    }
    let parameters = context.parameters;
    let epochs = |name: &str| parameters.count(name).map(|count| count as u64);
    let config = ClassifierConfig {
        architecture,
        start,
        epochs: epochs("epochs")?,
        batch: parameters.count("batch")?,
        learning_rate: parameters.float("learning_rate")?,
        samples_per_epoch: parameters.count("samples_per_epoch")?,
        patience: Patience { reduce: epochs("reduce_after")?, stop: epochs("stop_after")? },
        mirror: parameters.bool("mirror")?,
        augment: augmentation(parameters)?,
        seed: parameters.seed()?,
    };
    let trained = with_backend!(context.device, |B, device| {
        train::<B>(
            &config,
            &images(&train_fold),
            &images(&valid_fold),
            &macro_auroc,
            &device,
            context.monitor,
            context.checkpoints,
        )
    })?;
    context.write("weights", "weights.safetensors", &trained.weights)?;
    let info = ClassifierInfo {
        findings: train_fold.info().findings.clone(),
        trained_on: train_fold.info().origin,
    };
    context.write_json("weights", "classifier.json", &info)?;
    context.write_json("curves", "curves.json", &trained.curves)
}

fn images(fold: &Fold) -> Images<'_> {
    Images {
        images: fold.pixels(),
        labels: fold.all_labels(),
        side: fold.info().side,
        findings: fold.info().findings.len(),
    }
}
