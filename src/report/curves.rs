//! Training curves, one small chart a column.

use super::chart::{Chart, Line};
use super::html::stage;
use super::view::CurvesView;

/// Most points of a line; more cannot be seen.
const MOST_POINTS: usize = 400;

/// All columns of a training over its first.
pub(super) fn curves(view: &CurvesView) -> String {
    let mut body = format!("<h3>{}</h3><div class=\"charts\">", stage(view.stage));
    let x_name = view.columns.first().cloned().unwrap_or_default();
    let step = view.rows.len().div_ceil(MOST_POINTS).max(1);
    for (column, name) in view.columns.iter().enumerate().skip(1) {
        let points: Vec<(f64, f64)> = view
            .rows
            .iter()
            .step_by(step)
            .filter_map(|row| Some((*row.first()?, *row.get(column)?)))
            .collect();
        // A column that never changes has nothing to show.
        if points.windows(2).all(|pair| pair[0].1 == pair[1].1) && points.len() > 1 {
            continue;
        }
        let dots = points.len() < 30;
        let line = Line { name: name.clone(), points, band: None, colour: 0, dots, joined: true };
        let title = name.replace('_', " ");
        body.push_str(
            &Chart {
                title: title.clone(),
                x_name: x_name.clone(),
                y_name: title,
                x_words: Vec::new(),
                y_range: None,
                x_range: None,
                lines: vec![line],
                diagonal: false,
                size: (320.0, 200.0),
            }
            .figure(),
        );
    }
    body.push_str("</div>");
    body
}
