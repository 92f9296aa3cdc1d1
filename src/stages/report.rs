//! `report`: one page that shows results.

use super::compare::Compared;
use super::evaluate::Evaluated;
use super::neighbours::Pairs;
use super::synth::Gallery;
use super::{Context, Method, StageError, StageInput};
use crate::data::{Depth, Dropped, Origin, Raster, Summary};
use crate::language::schema::{
    Default, Field, FieldType, Header, MethodSchema, Output, OutputType,
};
use crate::learn::Curves;
use crate::measure::neighbours::Metric;
use crate::measure::{Estimate, FEW_CASES, FindingAuroc};
use crate::report::render;
use crate::report::view::{
    ComparisonPoint, ComparisonView, CurvesView, DataView, EvaluationView, FindingView,
    GalleryClassView, GalleryView, Interval, NeighboursView, PairView, ReportView,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// `report NAME { … }`
pub(crate) struct Report;

/// The stage kind whose output is published.
pub(crate) const KIND: &str = "report";
/// Where the template lies.
pub(crate) const OUTPUT: &str = "page";
/// Its file.
pub(crate) const FILE: &str = "template.html";

impl Method for Report {
    fn schema(&self) -> MethodSchema {
        MethodSchema {
            kind: KIND,
            method: "",
            summary: "one self-contained HTML page with images, tables and curves",
            docs: "Shows what the named stages found, with everything that they were made from: \
                   mean AUROC at a glance, comparisons, AUROC tables and ROC curves, real and \
                   synthetic images side by side, nearest neighbours, training curves, counts, \
                   the graph of stages, and settings, keys and versions. The page needs no \
                   network and no other file.",
            example: "report page { show: [real, auc[*], fig] }",
            revision: 4,
            header: Header::Nothing,
            fields: vec![
                Field::new(
                    "show",
                    FieldType::Stages { kinds: &[], with_ancestors: true },
                    Default::EveryStage,
                    "The stages to show; all that they were made from comes along.",
                ),
                Field::optional(
                    "title",
                    FieldType::Text,
                    "The heading of the page. Without it the experiment's title.",
                ),
            ],
            outputs: vec![Output {
                name: OUTPUT,
                kind: OutputType::Page,
                doc: "The page, before names and settings are filled in.",
            }],
        }
    }

    /// Galleries and neighbours show real images.
    fn shows_data(&self, _: &str) -> bool {
        true
    }

    fn run(&self, context: &Context<'_>) -> Result<(), StageError> {
        let title = match context.parameters.get("title") {
            Some(_) => Some(context.parameters.text("title")?.to_owned()),
            None => None,
        };
        let mut view = ReportView { title, ..ReportView::default() };
        for (stage, input) in context.inputs.iter().enumerate() {
            add(&mut view, stage, input)?;
        }
        // Real baselines first, so that what follows is read against them.
        view.evaluations.sort_by_key(|evaluation| evaluation.trained_on != "real");
        context.write(OUTPUT, FILE, render(&view).as_bytes())
    }
}

fn add(view: &mut ReportView, stage: usize, input: &StageInput) -> Result<(), StageError> {
    match input.kind.as_str() {
        "dataset" => view.data.push(dataset(stage, input)?),
        "subset" => view.data.push(subset(stage, input)?),
        "synth" => view.galleries.push(gallery(stage, input)?),
        "neighbours" => view.neighbours.push(neighbours(stage, input)?),
        "evaluate" => {
            let evaluated: Evaluated = input.read_json("result", "evaluation.json")?;
            if let Some(mean) = &evaluated.evaluation.macro_auroc
                && !view.confidences.contains(&mean.confidence)
            {
                view.confidences.push(mean.confidence);
            }
            view.evaluations.push(evaluation(stage, &evaluated));
        }
        "compare" => {
            let compared: Compared = input.read_json("result", "result.json")?;
            view.comparisons.push(comparison(stage, compared));
        }
        "gan" | "classifier" => {
            let curves: Curves = input.read_json("curves", "curves.json")?;
            view.curves.push(CurvesView { stage, columns: curves.columns, rows: curves.rows });
        }
        _ => {}
    }
    Ok(())
}

fn dataset(stage: usize, input: &StageInput) -> Result<DataView, StageError> {
    let summary: Summary = input.read_json("summary", "summary.json")?;
    let mut rows = vec![
        ("rows or files read".to_owned(), vec![summary.read.to_string()]),
        ("images kept".to_owned(), vec![summary.kept.to_string()]),
    ];
    if summary.patients > 0 {
        rows.push(("patients".to_owned(), vec![summary.patients.to_string()]));
    }
    let findings = summary.findings.into_iter();
    rows.extend(findings.map(|(name, count)| (name, vec![count.to_string()])));
    Ok(DataView {
        stage,
        columns: vec!["images".to_owned()],
        rows,
        dropped: reasons(summary.dropped),
    })
}

/// The subset's summary as this page reads it.
#[derive(Deserialize)]
struct SubsetSummary {
    classes: Vec<String>,
    dropped: Vec<Dropped>,
    folds: BTreeMap<String, Summary>,
}

fn subset(stage: usize, input: &StageInput) -> Result<DataView, StageError> {
    let summary: SubsetSummary = input.read_json("summary", "summary.json")?;
    let columns = ["train", "valid", "test"].map(str::to_owned);
    let counts = |count: &dyn Fn(&Summary) -> usize| -> Vec<String> {
        let of = |name: &String| summary.folds.get(name).map_or(0, count).to_string();
        columns.iter().map(of).collect()
    };
    let mut rows: Vec<(String, Vec<String>)> = summary
        .classes
        .iter()
        .map(|class| {
            let of_class = |fold: &Summary| {
                let found = fold.label_sets.iter().find(|(name, _)| name == class);
                found.map_or(0, |(_, count)| *count)
            };
            (class.clone(), counts(&of_class))
        })
        .collect();
    rows.push(("all images".to_owned(), counts(&|fold| fold.kept)));
    rows.push(("patients".to_owned(), counts(&|fold| fold.patients)));
    Ok(DataView { stage, columns: columns.to_vec(), rows, dropped: reasons(summary.dropped) })
}

fn reasons(dropped: Vec<Dropped>) -> Vec<(String, usize)> {
    let counted = dropped.into_iter().filter(|dropped| dropped.count > 0);
    counted.map(|dropped| (dropped.reason, dropped.count)).collect()
}

fn gallery(stage: usize, input: &StageInput) -> Result<GalleryView, StageError> {
    let gallery: Gallery = input.read_json("gallery", "gallery.json")?;
    let pixels = input.read("gallery", "gallery.bin")?;
    let Gallery { side, channels, .. } = gallery;
    let raster = Raster { side, depth: Depth::Eight, channels };
    let mut rest = pixels.as_slice();
    let mut classes = Vec::with_capacity(gallery.classes.len());
    for class in gallery.classes {
        let size = class.count * raster.bytes();
        let mut take = || {
            let (row, behind) = rest.split_at_checked(size).ok_or_else(|| {
                StageError::Defect("a gallery holds fewer images than it says".to_owned())
            })?;
            rest = behind;
            Ok::<_, StageError>(row.to_vec())
        };
        let (real, synthetic) = (take()?, take()?);
        classes.push(GalleryClassView { name: class.name, real, synthetic });
    }
    Ok(GalleryView { stage, raster, classes })
}

fn neighbours(stage: usize, input: &StageInput) -> Result<NeighboursView, StageError> {
    let found: Pairs = input.read_json("pairs", "pairs.json")?;
    let pixels = input.read("pairs", "pairs.bin")?;
    let raster = Raster { side: found.side, depth: Depth::Eight, channels: found.channels };
    let size = raster.bytes().max(1);
    let pairs = found
        .pairs
        .into_iter()
        .zip(pixels.chunks_exact(2 * size))
        .map(|(pair, images)| PairView {
            synthetic: images[..size].to_vec(),
            real: images[size..].to_vec(),
            distance: pair.distance,
            labels: pair.labels,
            real_labels: pair.real_labels,
        })
        .collect();
    let metric = match found.metric {
        Metric::Cosine => "Cosine",
        Metric::Euclidean => "Euclidean",
    };
    Ok(NeighboursView { stage, raster, metric: metric.to_owned(), searched: found.searched, pairs })
}

fn evaluation(stage: usize, evaluated: &Evaluated) -> EvaluationView {
    EvaluationView {
        stage,
        trained_on: origin(evaluated.trained_on),
        tested_on: origin(evaluated.tested_on),
        count: evaluated.evaluation.count,
        mean: evaluated.evaluation.macro_auroc.as_ref().map(interval),
        findings: evaluated.evaluation.findings.iter().map(finding).collect(),
    }
}

fn origin(origin: Origin) -> String {
    match origin {
        Origin::Real => "real",
        Origin::Synthetic => "synthetic",
    }
    .to_owned()
}

fn finding(finding: &FindingAuroc) -> FindingView {
    FindingView {
        name: finding.finding.clone(),
        auroc: finding.auroc.as_ref().map(interval),
        undefined: finding.undefined.clone(),
        positives: finding.positives,
        negatives: finding.negatives,
        few: finding.positives.min(finding.negatives) < FEW_CASES,
        roc: finding
            .roc
            .iter()
            .map(|point| (point.false_positive_rate, point.true_positive_rate))
            .collect(),
    }
}

fn comparison(stage: usize, compared: Compared) -> ComparisonView {
    let points = compared
        .points
        .into_iter()
        .map(|point| ComparisonPoint {
            axis_value: point.axis_value,
            axis_number: point.axis_number,
            series: point.series,
            candidate: interval(&point.comparison.candidate),
            baseline: interval(&point.comparison.baseline),
            difference: interval(&point.comparison.difference),
            relative: interval(&point.comparison.relative),
            p_value: point.comparison.p_value,
        })
        .collect();
    ComparisonView { stage, axis: compared.axis, points }
}

fn interval(estimate: &Estimate) -> Interval {
    Interval { value: estimate.value, low: estimate.low, high: estimate.high }
}
