//! `compare`: evaluations against a baseline along a sweep.

use super::evaluate::{Evaluated, read_npy};
use super::fields::confidence;
use super::{Context, Figure, Method, ResultFiles, StageError, StageInput};
use crate::language::schema::{Field, FieldType, Header, MethodSchema, Output, OutputType};
use crate::measure::{self, Comparison};
use serde::{Deserialize, Serialize};

/// `compare NAME: auroc`
pub(super) struct CompareAuroc;

/// The result: one point for each candidate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Compared {
    /// The loop variable along the axis.
    pub(super) axis: String,
    /// One point a candidate, in canonical order.
    pub(super) points: Vec<ComparedPoint>,
}

/// One candidate against its baseline.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ComparedPoint {
    /// Value of the axis as written.
    pub(super) axis_value: String,
    /// The same as a number, where it is one.
    pub(super) axis_number: Option<f64>,
    /// Values of the other loop variables: the name of the curve.
    pub(super) series: String,
    /// The comparison.
    pub(super) comparison: Comparison,
}

impl Method for CompareAuroc {
    fn schema(&self) -> MethodSchema {
        let evaluations = || FieldType::Stages { kinds: &["evaluate"], with_ancestors: false };
        MethodSchema {
            kind: "compare",
            method: "auroc",
            summary: "mean AUROC of candidates against a baseline along a sweep",
            docs: "Pairs each candidate with the baseline that agrees with it on every loop \
                   variable that both have. Both must be tested on the same fold. Difference, \
                   ratio and the ratio of what is above chance come with intervals from the \
                   paired DeLong covariance.",
            example: "compare fig: auroc { candidate: auc[*], baseline: real[*], over: k }",
            revision: 3,
            header: Header::Method,
            fields: vec![
                Field::required("candidate", evaluations(), "The evaluations to judge."),
                Field::required("baseline", evaluations(), "What they are compared with."),
                Field::required("over", FieldType::Axis, "The loop variable along the axis."),
                confidence(),
            ],
            outputs: vec![Output {
                name: "result",
                kind: OutputType::Comparison,
                doc: "One comparison a candidate.",
            }],
        }
    }

    fn figures(&self, result: &ResultFiles<'_>) -> Vec<Figure> {
        let Some(compared) = result.json::<Compared>("result", "result.json") else {
            return Vec::new();
        };
        let figures = compared.points.iter().flat_map(|point| {
            let place = place(&compared.axis, point);
            [
                Figure::estimate(format!("difference{place}"), &point.comparison.difference),
                Figure::estimate(format!("relative{place}"), &point.comparison.relative),
            ]
        });
        figures.collect()
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let axis = context.parameters.text("over")?;
        let confidence = context.parameters.float("confidence")?;
        let mut points = Vec::new();
        for candidate in context.inputs_of("candidate") {
            points.push(point(context, candidate, axis, confidence)?);
        }
        points.sort_by(|a, b| {
            let number = |point: &ComparedPoint| point.axis_number.unwrap_or(0.0);
            let by_axis = number(a).total_cmp(&number(b));
            a.series.cmp(&b.series).then(by_axis).then(a.axis_value.cmp(&b.axis_value))
        });
        context.write_json("result", "result.json", &Compared { axis: axis.to_owned(), points })
    }
}

/// ` at k: 6, arch: cpd`; empty for candidates outside every loop.
fn place(axis: &str, point: &ComparedPoint) -> String {
    let along = format!("{axis}: {}", point.axis_value);
    let bound = [(!point.axis_value.is_empty()).then_some(along.as_str()), Some(&*point.series)];
    let bound: Vec<&str> = bound.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    if bound.is_empty() { String::new() } else { format!(" at {}", bound.join(", ")) }
}

fn point(
    context: &Context<'_>,
    candidate: &StageInput,
    axis: &str,
    confidence: f64,
) -> Result<ComparedPoint, StageError> {
    let baseline = baseline_of(context, candidate)?;
    let evaluated: Evaluated = candidate.read_json("result", "evaluation.json")?;
    let against: Evaluated = baseline.read_json("result", "evaluation.json")?;
    let (ours, our_labels) = scores(candidate)?;
    let (theirs, their_labels) = scores(baseline)?;
    if evaluated.test_images != against.test_images || our_labels != their_labels {
        return Err(StageError::message(format!(
            "the candidate [{}] and its baseline [{}] were tested on different images; give both \
             the same `test`",
            candidate.bindings, baseline.bindings
        )));
    }
    let findings = evaluated.findings.len();
    let comparison = measure::compare(&ours, &theirs, &our_labels, findings, confidence)
        .ok_or_else(|| {
            StageError::message(
                "no finding has an AUROC on this test fold: each is shown by all or none of the \
                 images; use a larger test fold",
            )
        })?;
    let bound = candidate.bindings.get(axis);
    let others = candidate.bindings.0.iter().filter(|(name, _)| name != axis);
    let mut series: Vec<String> = others.map(|(name, value)| format!("{name}: {value}")).collect();
    // The order of the loops is not in the key.
    series.sort();
    Ok(ComparedPoint {
        axis_value: bound.map_or_else(String::new, ToString::to_string),
        axis_number: bound.and_then(crate::language::value::Value::number),
        series: series.join(", "),
        comparison,
    })
}

/// The baseline that agrees with the candidate on every loop variable that both have.
fn baseline_of<'a>(
    context: &'a Context<'_>,
    candidate: &StageInput,
) -> Result<&'a StageInput, StageError> {
    let agrees =
        |baseline: &&StageInput| {
            baseline.bindings.0.iter().all(|(name, value)| {
                candidate.bindings.get(name).is_none_or(|other| other == value)
            })
        };
    let mut fitting = context.inputs.iter().filter(|i| i.field == "baseline").filter(agrees);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(StageError::message(format!(
            "no baseline goes with the candidate [{}]",
            candidate.bindings
        ))),
        (Some(_), Some(_)) => Err(StageError::message(format!(
            "more than one baseline goes with the candidate [{}]; select one",
            candidate.bindings
        ))),
    }
}

fn scores(evaluation: &StageInput) -> Result<(Vec<f32>, Vec<u8>), StageError> {
    let scores = read_npy::<f32>(&evaluation.read("result", "scores.npy")?)?;
    let labels = read_npy::<u8>(&evaluation.read("result", "labels.npy")?)?;
    Ok((scores, labels))
}
