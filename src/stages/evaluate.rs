//! `evaluate`: a classifier's scores on a test fold, and what they are worth.

use super::classifier::ClassifierInfo;
use super::fields::confidence;
use super::{Context, Figure, Method, ResultFiles, StageError};
use crate::data::{Fold, Origin};
use crate::graph::Digest;
use crate::language::schema::{Field, FieldType, Header, MethodSchema, Output, OutputType};
use crate::learn::classifier::predict;
use crate::learn::with_backend;
use crate::measure::{self, Evaluation};
use serde::{Deserialize, Serialize};

const IMAGES_DOMAIN: &str = "msx 2026 test images";

/// `evaluate NAME: CLASSIFIER`
pub(super) struct Evaluate;

/// What `compare` and `report` read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Evaluated {
    /// Whether the classifier learned from real or synthetic images.
    pub(super) trained_on: Origin,
    /// Whether it was tested on real or synthetic images.
    pub(super) tested_on: Origin,
    /// The content of the test images; only evaluations on the same ones can be compared.
    pub(super) test_images: Digest,
    /// Names of the findings, in the order of the columns of `scores.npy`.
    pub(super) findings: Vec<String>,
    /// AUROC, intervals and ROC points.
    pub(super) evaluation: Evaluation,
}

impl Method for Evaluate {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: "evaluate",
            method: "",
            summary: "scores on a test fold: AUROC with intervals, ROC curves",
            docs: "Scores every image of the test fold. `scores.npy` and `labels.npy` hold one \
                   row an image and one column a finding, `evaluation.json` the AUROC of each \
                   finding (Mann–Whitney, ties one half) with DeLong's interval, their mean with \
                   an interval that knows that the findings share images, and the points of the \
                   ROC curves. A finding that all or none of the images show has no AUROC, and \
                   is reported as such.",
            example: "evaluate auc: on_fake { test: fold.test }",
            revision: 4,
            header: Header::Stage { role: "of", kinds: &["classifier"] },
            fields: vec![
                Field::required("test", FieldType::Output(OutputType::Fold), "The fold to score."),
                confidence(),
            ],
            outputs: vec![Output {
                name: "result",
                kind: OutputType::Evaluation,
                doc: "Scores, labels and their statistics.",
            }],
        }
    }

    fn uses_device(&self) -> bool {
        true
    }

    fn figures(&self, result: &ResultFiles<'_>) -> Vec<Figure> {
        let Some(evaluated) = result.json::<Evaluated>("result", "evaluation.json") else {
            return Vec::new();
        };
        let evaluation = evaluated.evaluation;
        let mean = evaluation.macro_auroc.iter().map(|mean| Figure::estimate("mean AUROC", mean));
        let findings = evaluation.findings.iter().filter_map(|found| {
            let auroc = found.auroc.as_ref()?;
            Some(Figure::estimate(format!("AUROC of {}", found.finding), auroc))
        });
        mean.chain(findings).collect()
    }

    /// `labels.npy` holds the label vector of every test image.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let classifier = context.input("of")?;
        let info: ClassifierInfo = classifier.read_json("weights", "classifier.json")?;
        let weights = classifier.read("weights", "weights.safetensors")?;
        let fold = Fold::open(&context.input("test")?.output("test"))?;
        if fold.info().findings != info.findings {
            return Err(StageError::message(format!(
                "the classifier scores {}, the test fold has {}; test on a fold of the subset \
                 that the classifier was trained on",
                info.findings.join(", "),
                fold.info().findings.join(", ")
            )));
        }
        let scores = with_backend!(context.device, |B, device| {
            predict::<B>(&weights, fold.pixels(), &device, context.monitor)
        })?;
        let confidence = context.parameters.float("confidence")?;
        let evaluation = measure::evaluate(&scores, fold.all_labels(), &info.findings, confidence)
            .map_err(StageError::other)?;
        let width = info.findings.len();
        context.write("result", "scores.npy", &npy(&scores, width)?)?;
        context.write("result", "labels.npy", &npy(fold.all_labels(), width)?)?;
        let evaluated = Evaluated {
            trained_on: info.trained_on,
            tested_on: fold.info().origin,
            test_images: Digest::derive(IMAGES_DOMAIN, fold.digests()),
            findings: info.findings,
            evaluation,
        };
        context.write_json("result", "evaluation.json", &evaluated)
    }
}

/// A matrix in NumPy's format.
fn npy<T: npyz::AutoSerialize + Copy>(values: &[T], width: usize) -> Result<Vec<u8>, StageError> {
    let mut bytes = Vec::new();
    crate::data::npy::write(
        &mut bytes,
        values.iter().copied(),
        &[values.len() / width.max(1), width],
    )
    .map_err(StageError::other)?;
    Ok(bytes)
}

/// The values of a matrix that [`npy`] wrote.
pub(super) fn read_npy<T: npyz::Deserialize>(bytes: &[u8]) -> Result<Vec<T>, StageError> {
    crate::data::npy::numbers(bytes).map_err(StageError::other)
}
