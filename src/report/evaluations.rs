//! AUROC tables, ROC curves, comparisons.

use super::chart::{Chart, Line, legend};
use super::html::{escape, interval, stage};
use super::view::{ComparisonPoint, ComparisonView, EvaluationView, FindingView, Interval};

/// One row a finding, one column an evaluation.
pub(super) fn table(evaluations: &[EvaluationView]) -> String {
    let mut head = String::from("<tr><th>Finding</th>");
    for evaluation in evaluations {
        head.push_str(&format!(
            "<th>{}<small>trained on {} images, tested on {} {} ones</small></th>",
            stage(evaluation.stage),
            escape(&evaluation.trained_on),
            evaluation.count,
            escape(&evaluation.tested_on)
        ));
    }
    head.push_str("</tr>");
    let mut rows = String::new();
    for name in finding_names(evaluations) {
        rows.push_str(&format!("<tr><th>{}</th>", escape(&name)));
        for evaluation in evaluations {
            let finding = evaluation.findings.iter().find(|finding| finding.name == name);
            rows.push_str(&format!("<td>{}</td>", finding.map_or_else(String::new, cell)));
        }
        rows.push_str("</tr>");
    }
    rows.push_str("<tr class=\"mean\"><th>Mean</th>");
    for evaluation in evaluations {
        let mean = evaluation.mean.as_ref();
        let text =
            mean.map_or_else(|| "undefined".to_owned(), |mean| whisker(mean) + &interval(mean));
        rows.push_str(&format!("<td>{text}</td>"));
    }
    rows.push_str("</tr>");
    format!("<div class=\"scroll\"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>")
}

fn finding_names(evaluations: &[EvaluationView]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for finding in evaluations.iter().flat_map(|evaluation| &evaluation.findings) {
        if !names.contains(&finding.name) {
            names.push(finding.name.clone());
        }
    }
    names
}

/// With few cases the interval stands alone.
fn cell(finding: &FindingView) -> String {
    let counts =
        format!("<small>{} with, {} without</small>", finding.positives, finding.negatives);
    match (&finding.auroc, finding.few) {
        (None, _) => {
            let reason = finding.undefined.as_deref().unwrap_or("unknown");
            format!("<span class=\"undefined\">undefined: {}</span>{counts}", escape(reason))
        }
        (Some(auroc), true) => format!(
            "<span class=\"range\">{:.3}–{:.3}</span><small>few cases: {} with, {} without</small>",
            auroc.low, auroc.high, finding.positives, finding.negatives
        ),
        (Some(auroc), false) => format!("{}{}{counts}", whisker(auroc), interval(auroc)),
    }
}

/// A point with its interval on the line from 0.4 to 1.
fn whisker(interval: &Interval) -> String {
    let place = |value: f64| (value.clamp(0.4, 1.0) - 0.4) / 0.6 * 100.0;
    format!(
        "<svg class=\"whiskers\" viewBox=\"-3 0 106 10\" aria-hidden=\"true\">\
         <line class=\"grid\" x1=\"{chance:.1}\" x2=\"{chance:.1}\" y1=\"0\" y2=\"10\"/>\
         <line class=\"whisker c0\" x1=\"{:.1}\" x2=\"{:.1}\" y1=\"5\" y2=\"5\"/>\
         <circle class=\"dot c0\" cx=\"{:.1}\" cy=\"5\" r=\"3\"/></svg>",
        place(interval.low),
        place(interval.high),
        place(interval.value),
        chance = place(0.5)
    )
}

/// One small chart a finding with a curve for each evaluation.
pub(super) fn roc_curves(evaluations: &[EvaluationView]) -> String {
    let names: Vec<String> = evaluations.iter().map(|one| stage(one.stage)).collect();
    let mut body = legend(names.iter().enumerate().map(|(i, name)| (name.as_str(), i)));
    body.push_str("<div class=\"charts\">");
    for finding in finding_names(evaluations) {
        let lines = evaluations
            .iter()
            .enumerate()
            .filter_map(|(colour, evaluation)| {
                let found = evaluation.findings.iter().find(|one| one.name == finding)?;
                (!found.roc.is_empty()).then(|| Line {
                    name: names[colour].clone(),
                    points: found.roc.clone(),
                    band: None,
                    colour,
                    dots: false,
                    joined: true,
                })
            })
            .collect();
        let chart = Chart {
            title: finding,
            x_name: "false positive rate".to_owned(),
            y_name: "true positive rate".to_owned(),
            x_words: Vec::new(),
            y_range: Some((0.0, 1.0)),
            x_range: Some((0.0, 1.0)),
            lines,
            diagonal: true,
            size: (270.0, 250.0),
        };
        body.push_str(&chart.figure());
    }
    body.push_str("</div>");
    body
}

/// The curve of a comparison and its numbers.
pub(super) fn comparison(view: &ComparisonView) -> String {
    let mut series: Vec<&str> = Vec::new();
    for point in &view.points {
        if !series.contains(&point.series.as_str()) {
            series.push(&point.series);
        }
    }
    let numeric = view.points.iter().all(|point| point.axis_number.is_some());
    let mut words: Vec<String> = Vec::new();
    if !numeric {
        for point in &view.points {
            if !words.contains(&point.axis_value) {
                words.push(point.axis_value.clone());
            }
        }
    }
    let place = |point: &ComparisonPoint| match point.axis_number {
        Some(number) if numeric => number,
        _ => words.iter().position(|word| *word == point.axis_value).unwrap_or(0) as f64,
    };
    let charts = [
        panel(view, &series, &words, &place, "Mean AUROC", &|point| point.candidate),
        panel(view, &series, &words, &place, "Relative to the baseline", &|point| point.relative),
    ];
    let named = series.iter().enumerate().filter(|(_, name)| !name.is_empty());
    format!(
        "<h3>{}</h3>{}<div class=\"charts\">{}</div>{}",
        stage(view.stage),
        legend(named.map(|(colour, name)| (*name, colour))),
        charts.concat(),
        comparison_table(view)
    )
}

fn panel(
    view: &ComparisonView,
    series: &[&str],
    words: &[String],
    place: &dyn Fn(&ComparisonPoint) -> f64,
    title: &str,
    value: &dyn Fn(&ComparisonPoint) -> Interval,
) -> String {
    let lines = series
        .iter()
        .enumerate()
        .map(|(colour, name)| {
            let points: Vec<&ComparisonPoint> =
                view.points.iter().filter(|point| point.series == *name).collect();
            Line {
                name: (*name).to_owned(),
                points: points.iter().map(|point| (place(point), value(point).value)).collect(),
                band: Some(points.iter().map(|p| (value(p).low, value(p).high)).collect()),
                colour,
                dots: true,
                joined: words.is_empty(),
            }
        })
        .collect();
    Chart {
        title: title.to_owned(),
        x_name: view.axis.clone(),
        y_name: title.to_owned(),
        x_words: words.to_vec(),
        y_range: None,
        x_range: None,
        lines,
        diagonal: false,
        size: (440.0, 280.0),
    }
    .figure()
}

fn comparison_table(view: &ComparisonView) -> String {
    let mut rows = String::new();
    for point in &view.points {
        let p_value = point.p_value.map_or_else(|| "–".to_owned(), p_text);
        rows.push_str(&format!(
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{p_value}</td></tr>",
            escape(&point.axis_value),
            escape(&point.series),
            interval(&point.candidate),
            interval(&point.baseline),
            interval(&point.difference),
            interval(&point.relative)
        ));
    }
    format!(
        "<div class=\"scroll\"><table><thead><tr><th>{}</th><th></th><th>candidate</th>\
         <th>baseline</th><th>difference</th><th>ratio</th><th>p</th></tr></thead>\
         <tbody>{rows}</tbody></table></div>",
        escape(&view.axis)
    )
}

fn p_text(p: f64) -> String {
    if p < 0.001 { "&lt; 0.001".to_owned() } else { format!("{p:.3}") }
}
