//! The page as a template.

use super::html::{PROVENANCE, TITLE, escape, interval, section, stage};
use super::view::ReportView;
use super::{curves, data, evaluations, galleries};

const STYLE: &str = include_str!("style.css");

/// The page with markers in place of names, graph and settings.
pub fn render(view: &ReportView) -> String {
    let mut body = headline(view);
    body.push_str(&results(view));
    body.push_str(&pictures(view));
    if !view.curves.is_empty() {
        let charts: String = view.curves.iter().map(curves::curves).collect();
        body.push_str(&section(
            "training",
            "Training",
            "Losses and validation AUROC over the course of each training.",
            &charts,
        ));
    }
    if !view.data.is_empty() {
        let tables: String = view.data.iter().map(data::data).collect();
        body.push_str(&section(
            "data",
            "Data",
            "Images of each class, and what was left out. No patient is in two folds.",
            &tables,
        ));
    }
    body.push_str(PROVENANCE);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body><main>{body}</main></body></html>\n",
        title = heading(view)
    )
}

fn heading(view: &ReportView) -> String {
    view.title.as_deref().map_or_else(|| TITLE.to_owned(), escape)
}

/// The result at a glance: the mean AUROC of every evaluation.
fn headline(view: &ReportView) -> String {
    let mut body = format!("<header><h1>{}</h1>", heading(view));
    if !view.evaluations.is_empty() {
        body.push_str("<div class=\"cards\">");
        for evaluation in &view.evaluations {
            let mean = evaluation.mean.as_ref();
            body.push_str(&format!(
                "<div class=\"card {}\"><span class=\"who\">{}</span>{}<small>mean AUROC on {} \
                 {} test images, trained on {} images</small></div>",
                escape(&evaluation.trained_on),
                stage(evaluation.stage),
                mean.map_or_else(|| "undefined".to_owned(), interval),
                evaluation.count,
                escape(&evaluation.tested_on),
                escape(&evaluation.trained_on)
            ));
        }
        body.push_str("</div>");
    }
    body.push_str("</header>\n");
    body
}

fn results(view: &ReportView) -> String {
    let mut body = String::new();
    if !view.comparisons.is_empty() {
        let charts: String = view.comparisons.iter().map(evaluations::comparison).collect();
        let about = "Each candidate against its baseline on the same test images; bars are the \
                     paired DeLong intervals.";
        body.push_str(&section("compare", "Comparison", about, &charts));
    }
    if !view.evaluations.is_empty() {
        let about = format!(
            "AUROC on the test images with DeLong's {} intervals; the thin line marks chance. \
             With fewer than ten cases of a kind only the interval is shown.",
            percentages(&view.confidences)
        );
        let table = evaluations::table(&view.evaluations);
        body.push_str(&section("auroc", "AUROC", &about, &table));
        let about = "The share of images with the finding that are found, against the share of \
                     false alarms, over all thresholds.";
        let charts = evaluations::roc_curves(&view.evaluations);
        body.push_str(&section("roc", "ROC curves", about, &charts));
    }
    body
}

/// `95 %`, or `90 % and 99.9 %` where evaluations differ.
fn percentages(confidences: &[f64]) -> String {
    let written: Vec<String> = confidences
        .iter()
        .map(|confidence| format!("{} %", (confidence * 1000.0).round() / 10.0))
        .collect();
    written.join(" and ")
}

fn pictures(view: &ReportView) -> String {
    let mut body = String::new();
    if !view.galleries.is_empty() {
        let grids: String = view.galleries.iter().map(galleries::gallery).collect();
        let about = "Real training images above synthetic ones with the same findings; none of \
                     them is chosen by its looks.";
        body.push_str(&section("images", "Real and synthetic", about, &grids));
    }
    if !view.neighbours.is_empty() {
        let grids: String = view.neighbours.iter().map(galleries::neighbours).collect();
        let about = "Each synthetic image above the real training image nearest to it, with the \
                     distance. Copies would look alike at a distance near zero.";
        body.push_str(&section("neighbours", "Nearest real neighbours", about, &grids));
    }
    body
}
