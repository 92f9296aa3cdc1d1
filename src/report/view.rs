//! What a report shows, as plain data.
//!
//! `stage` is always a position in the report's canonical list of inputs; the page says which
//! stage that is.

use crate::data::Raster;

/// A number with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The point.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Everything on a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReportView {
    /// The heading; the experiment's title without one.
    pub title: Option<String>,
    /// Confidence levels of the intervals, each once.
    pub confidences: Vec<f64>,
    /// Folds and what was left out.
    pub data: Vec<DataView>,
    /// Real and synthetic images side by side.
    pub galleries: Vec<GalleryView>,
    /// Synthetic images with their nearest real ones.
    pub neighbours: Vec<NeighboursView>,
    /// AUROCs and ROC curves.
    pub evaluations: Vec<EvaluationView>,
    /// Candidates against baselines.
    pub comparisons: Vec<ComparisonView>,
    /// Training curves.
    pub curves: Vec<CurvesView>,
}

/// Counts of a dataset or subset.
#[derive(Debug, Clone, PartialEq)]
pub struct DataView {
    /// Whose.
    pub stage: usize,
    /// Columns after the first, e.g. folds.
    pub columns: Vec<String>,
    /// One row a label set or figure.
    pub rows: Vec<(String, Vec<String>)>,
    /// Reasons for leaving images out, with counts.
    pub dropped: Vec<(String, usize)>,
}

/// Real and synthetic images by class.
#[derive(Debug, Clone, PartialEq)]
pub struct GalleryView {
    /// Whose.
    pub stage: usize,
    /// What the images are, eight bits deep.
    pub raster: Raster,
    /// The classes.
    pub classes: Vec<GalleryClassView>,
}

/// One class of a gallery.
#[derive(Debug, Clone, PartialEq)]
pub struct GalleryClassView {
    /// Its name.
    pub name: String,
    /// Real images, bytes one after another.
    pub real: Vec<u8>,
    /// As many synthetic ones.
    pub synthetic: Vec<u8>,
}

/// Synthetic images over their nearest real ones.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighboursView {
    /// Whose.
    pub stage: usize,
    /// What the images are, eight bits deep.
    pub raster: Raster,
    /// Name of the distance.
    pub metric: String,
    /// How many real images were searched.
    pub searched: usize,
    /// The pairs.
    pub pairs: Vec<PairView>,
}

/// One pair.
#[derive(Debug, Clone, PartialEq)]
pub struct PairView {
    /// Bytes of the synthetic image.
    pub synthetic: Vec<u8>,
    /// Bytes of the real one.
    pub real: Vec<u8>,
    /// Their distance.
    pub distance: f64,
    /// Label set of the synthetic image.
    pub labels: String,
    /// Label set of the real image.
    pub real_labels: String,
}

/// One evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationView {
    /// Whose.
    pub stage: usize,
    /// `real` or `synthetic`.
    pub trained_on: String,
    /// `real` or `synthetic`.
    pub tested_on: String,
    /// Images scored.
    pub count: usize,
    /// Mean over findings.
    pub mean: Option<Interval>,
    /// Each finding.
    pub findings: Vec<FindingView>,
}

/// One finding of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingView {
    /// The finding.
    pub name: String,
    /// Its AUROC, where it exists.
    pub auroc: Option<Interval>,
    /// Why it does not.
    pub undefined: Option<String>,
    /// Images with the finding.
    pub positives: usize,
    /// Images without.
    pub negatives: usize,
    /// Whether there are too few of either for a point to mean much.
    pub few: bool,
    /// Points (false positive rate, true positive rate).
    pub roc: Vec<(f64, f64)>,
}

/// A comparison along an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonView {
    /// Whose.
    pub stage: usize,
    /// Name of the axis.
    pub axis: String,
    /// The points.
    pub points: Vec<ComparisonPoint>,
}

/// One point of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonPoint {
    /// Value of the axis as written.
    pub axis_value: String,
    /// As a number.
    pub axis_number: Option<f64>,
    /// The curve it belongs to; empty for the only one.
    pub series: String,
    /// The candidate's mean AUROC.
    pub candidate: Interval,
    /// The baseline's.
    pub baseline: Interval,
    /// Candidate less baseline.
    pub difference: Interval,
    /// Candidate divided by baseline.
    pub relative: Interval,
    /// p-value of no difference.
    pub p_value: Option<f64>,
}

/// Training curves: the first column is the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvesView {
    /// Whose.
    pub stage: usize,
    /// Column names.
    pub columns: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<f64>>,
}
