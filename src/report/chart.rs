//! Line charts as inline SVG. Colours come from the page's style, so that they suit light and
//! dark.

use super::html::escape;

/// A line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// Name for the legend; may hold a stage marker.
    pub(super) name: String,
    /// Points.
    pub(super) points: Vec<(f64, f64)>,
    /// Lower and upper end at each point, where there are intervals.
    pub(super) band: Option<Vec<(f64, f64)>>,
    /// Which of the page's colours, from 0.
    pub(super) colour: usize,
    /// Whether the points are marked.
    pub(super) dots: bool,
    /// Whether a line joins the points; between words there is nothing that it could pass.
    pub(super) joined: bool,
}

/// A chart of lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    /// What stands above it.
    pub(super) title: String,
    /// Name of the horizontal axis.
    pub(super) x_name: String,
    /// Name of the vertical axis.
    pub(super) y_name: String,
    /// Words in place of numbers on the horizontal axis, for positions 0, 1, ….
    pub(super) x_words: Vec<String>,
    /// Range of the vertical axis; from the data without it.
    pub(super) y_range: Option<(f64, f64)>,
    /// Range of the horizontal axis; from the data without it.
    pub(super) x_range: Option<(f64, f64)>,
    /// The lines.
    pub(super) lines: Vec<Line>,
    /// A reference line from corner to corner.
    pub(super) diagonal: bool,
    /// Width and height in pixels.
    pub(super) size: (f64, f64),
}

const LEFT: f64 = 54.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 36.0;

/// Colours before they repeat.
pub(super) const COLOURS: usize = 8;

impl Chart {
    /// The chart as a figure.
    pub(super) fn figure(&self) -> String {
        let frame = self.frame();
        let mut svg = format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
            self.size.0,
            self.size.1,
            escape(&self.title)
        );
        svg.push_str(&self.axes(&frame));
        if self.diagonal {
            let ((x0, x1), (y0, y1)) = (frame.x, frame.y);
            svg.push_str(&frame.path("reference", &[(x0, y0), (x1, y1)]));
        }
        for line in &self.lines {
            svg.push_str(&frame.line(line));
        }
        svg.push_str("</svg>");
        format!(
            "<figure class=\"chart\" style=\"max-width:{}px\"><figcaption>{}</figcaption>{svg}</figure>",
            self.size.0,
            escape(&self.title)
        )
    }

    fn frame(&self) -> Frame {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let bands = || self.lines.iter().filter_map(|line| line.band.as_ref()).flatten();
        let xs = points().map(|(x, _)| *x);
        let ys = points().map(|(_, y)| *y).chain(bands().flat_map(|(low, high)| [*low, *high]));
        let mut x = self.x_range.unwrap_or_else(|| extent(xs));
        if !self.x_words.is_empty() {
            x = (-0.5, self.x_words.len() as f64 - 0.5);
        }
        let y = self.y_range.unwrap_or_else(|| padded(extent(ys)));
        Frame { x, y, size: self.size }
    }

    fn axes(&self, frame: &Frame) -> String {
        let mut svg = String::new();
        for tick in ticks(frame.y) {
            let y = frame.y_pixel(tick);
            svg.push_str(&format!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                frame.size.0 - RIGHT,
                LEFT - 5.0,
                y + 3.5,
                label(tick)
            ));
        }
        let base = frame.size.1 - BOTTOM;
        let mut x_tick = |value: f64, word: &str| {
            svg.push_str(&format!(
                "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                frame.x_pixel(value),
                base + 14.0,
                escape(word)
            ));
        };
        if self.x_words.is_empty() {
            ticks(frame.x).into_iter().for_each(|tick| x_tick(tick, &label(tick)));
        } else {
            let words = self.x_words.iter().enumerate();
            words.for_each(|(position, word)| x_tick(position as f64, word));
        }
        svg.push_str(&format!(
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{base}\" y2=\"{base}\"/>\
             <text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"name\" transform=\"translate(11 {:.1}) rotate(-90)\" \
             text-anchor=\"middle\">{}</text>",
            frame.size.0 - RIGHT,
            (LEFT + frame.size.0 - RIGHT) / 2.0,
            frame.size.1 - 5.0,
            escape(&self.x_name),
            (TOP + base) / 2.0,
            escape(&self.y_name)
        ));
        svg
    }
}

/// The names of lines with their colours.
pub(super) fn legend<'a>(lines: impl Iterator<Item = (&'a str, usize)>) -> String {
    let entries: String = lines
        .map(|(name, colour)| {
            format!("<li><i class=\"swatch c{}\"></i>{}</li>", colour % COLOURS, escape(name))
        })
        .collect();
    format!("<ul class=\"legend\">{entries}</ul>")
}

/// The mapping from values to pixels.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
    size: (f64, f64),
}

impl Frame {
    fn x_pixel(&self, x: f64) -> f64 {
        LEFT + (x - self.x.0) / (self.x.1 - self.x.0) * (self.size.0 - LEFT - RIGHT)
    }

    fn y_pixel(&self, y: f64) -> f64 {
        let height = self.size.1 - TOP - BOTTOM;
        TOP + (self.y.1 - y.clamp(self.y.0, self.y.1)) / (self.y.1 - self.y.0) * height
    }

    fn path(&self, class: &str, points: &[(f64, f64)]) -> String {
        let places: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{:.1},{:.1}", self.x_pixel(*x), self.y_pixel(*y)))
            .collect();
        format!("<polyline class=\"{class}\" points=\"{}\"/>", places.join(" "))
    }

    fn line(&self, line: &Line) -> String {
        let colour = line.colour % COLOURS;
        let mut svg = String::new();
        if let Some(band) = &line.band {
            for ((x, _), (low, high)) in line.points.iter().zip(band) {
                svg.push_str(&self.path(&format!("whisker c{colour}"), &[(*x, *low), (*x, *high)]));
            }
        }
        if line.joined {
            svg.push_str(&self.path(&format!("line c{colour}"), &line.points));
        }
        if line.dots {
            for (x, y) in &line.points {
                svg.push_str(&format!(
                    "<circle class=\"dot c{colour}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"/>",
                    self.x_pixel(*x),
                    self.y_pixel(*y)
                ));
            }
        }
        svg
    }
}

fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let mut range = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.filter(|value| value.is_finite()) {
        range = (range.0.min(value), range.1.max(value));
    }
    if range.0 > range.1 {
        return (0.0, 1.0);
    }
    if range.0 == range.1 { (range.0 - 0.5, range.1 + 0.5) } else { range }
}

fn padded(range: (f64, f64)) -> (f64, f64) {
    let room = (range.1 - range.0) * 0.06;
    (range.0 - room, range.1 + room)
}

/// About five round numbers within a range.
fn ticks(range: (f64, f64)) -> Vec<f64> {
    let rough = (range.1 - range.0) / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough)
        .unwrap_or(power);
    let first = (range.0 / step).ceil() as i64;
    let last = (range.1 / step + 1e-9).floor() as i64;
    (first..=last).map(|number| number as f64 * step).collect()
}

fn label(value: f64) -> String {
    if value.abs() >= 10_000.0 {
        return format!("{}k", (value / 100.0).round() / 10.0);
    }
    format!("{}", (value * 1e6).round() / 1e6)
}
