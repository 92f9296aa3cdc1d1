//! The experiment's stages as a drawing: layers from left to right, every stage right of all that
//! it takes from.

use super::html::escape;
use super::publish::ProvenanceStage;
use std::collections::BTreeMap;

const WIDTH: f64 = 168.0;
const HEIGHT: f64 = 42.0;
const GAP_X: f64 = 54.0;
const GAP_Y: f64 = 14.0;
const MARGIN: f64 = 6.0;

/// The drawing, wide ones in a box that scrolls.
pub(super) fn drawing(stages: &[ProvenanceStage]) -> String {
    let places = layout(stages);
    let width = places.iter().map(|place| place.0).fold(0.0, f64::max) + WIDTH + MARGIN;
    let height = places.iter().map(|place| place.1).fold(0.0, f64::max) + HEIGHT + MARGIN;
    let mut svg = format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"graph of the stages\">"
    );
    for (to, stage) in stages.iter().enumerate() {
        for &from in &stage.inputs {
            svg.push_str(&edge(places[from], places[to]));
        }
    }
    for (stage, place) in stages.iter().zip(&places) {
        svg.push_str(&node(stage, *place));
    }
    svg.push_str("</svg>");
    format!("<div class=\"graph scroll\">{svg}</div>")
}

/// The left upper corner of each box.
fn layout(stages: &[ProvenanceStage]) -> Vec<(f64, f64)> {
    let mut layers = vec![0_usize; stages.len()];
    // Inputs may stand behind their takers in the file; as many rounds as stages settle any order.
    for _ in 0..stages.len() {
        let mut changed = false;
        for (index, stage) in stages.iter().enumerate() {
            let layer = stage.inputs.iter().map(|&input| layers[input] + 1).max().unwrap_or(0);
            if layer > layers[index] {
                layers[index] = layer;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut filled: BTreeMap<usize, usize> = BTreeMap::new();
    layers
        .iter()
        .map(|&layer| {
            let row = filled.entry(layer).or_default();
            let place =
                (MARGIN + layer as f64 * (WIDTH + GAP_X), MARGIN + *row as f64 * (HEIGHT + GAP_Y));
            *row += 1;
            place
        })
        .collect()
}

fn edge(from: (f64, f64), to: (f64, f64)) -> String {
    let (x0, y0) = (from.0 + WIDTH, from.1 + HEIGHT / 2.0);
    let (x1, y1) = (to.0, to.1 + HEIGHT / 2.0);
    let bend = GAP_X * 0.7;
    format!(
        "<path d=\"M{x0:.0} {y0:.0} C{:.0} {y0:.0} {:.0} {y1:.0} {x1:.0} {y1:.0}\"/>",
        x0 + bend,
        x1 - bend
    )
}

fn node(stage: &ProvenanceStage, (x, y): (f64, f64)) -> String {
    let what = format!("{} {}", stage.kind, stage.method);
    format!(
        "<g><title>{}</title><rect class=\"c{}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\"/><text class=\"node\" x=\"{:.0}\" y=\"{:.0}\">{}</text>\
         <text class=\"what\" x=\"{:.0}\" y=\"{:.0}\">{}</text></g>",
        escape(&stage.name),
        colour(&stage.kind),
        x + 9.0,
        y + 18.0,
        escape(&shortened(&stage.name)),
        x + 9.0,
        y + 33.0,
        escape(what.trim())
    )
}

/// One colour for each family of kinds.
fn colour(kind: &str) -> usize {
    match kind {
        "dataset" | "subset" => 2,
        "gan" => 1,
        "synth" => 4,
        "classifier" => 0,
        "evaluate" | "compare" => 3,
        "neighbours" => 5,
        _ => 6,
    }
}

fn shortened(name: &str) -> String {
    const MOST: usize = 23;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let start: String = name.chars().take(MOST - 1).collect();
    format!("{start}…")
}
