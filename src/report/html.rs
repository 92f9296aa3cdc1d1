//! Small helpers for HTML text.

use super::view::Interval;

/// Text safe inside elements and attributes, and free of places to be filled in.
pub(super) fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('⟦', "&#x27e6;")
}

/// The place of a stage's name, filled in by publishing.
pub(super) fn stage(index: usize) -> String {
    format!("⟦stage:{index}⟧")
}

/// Begins what shows images, before the word for whose they are.
pub(super) const IMAGES: &str = "⟦images:";

/// Ends the word.
pub(super) const IMAGES_OF: &str = "⟧";

/// Ends what shows images.
pub(super) const IMAGES_END: &str = "⟦end⟧";

/// What shows images, to be kept or left out by publishing: those of a stage's making, or for `None`
/// those of the data.
pub(super) fn images(maker: Option<usize>, body: &str) -> String {
    let maker = maker.map_or_else(|| "data".to_owned(), |stage| stage.to_string());
    format!("{IMAGES}{maker}{IMAGES_OF}{body}{IMAGES_END}")
}

/// The place of the experiment's title, filled in by publishing.
pub(super) const TITLE: &str = "⟦title⟧";

/// Where the graph and the settings go.
pub(super) const PROVENANCE: &str = "⟦provenance⟧";

/// `0.912 (0.884–0.940)`, and `−0.110 (−0.145 to −0.074)` where a dash would be read as a minus.
pub(super) fn interval(interval: &Interval) -> String {
    let Interval { value, low, high } = interval;
    let between = if *low < 0.0 { " to " } else { "–" };
    format!(
        "<span class=\"point\">{}</span> <span class=\"range\">({}{between}{})</span>",
        signed(*value),
        signed(*low),
        signed(*high)
    )
}

/// Three decimals with a minus sign of its own width, not a hyphen.
fn signed(value: f64) -> String {
    format!("{value:.3}").replace('-', "−")
}

/// A section with a heading and an explanation.
pub(super) fn section(id: &str, heading: &str, explanation: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\"><h2>{}</h2><p class=\"about\">{}</p>{body}</section>\n",
        escape(heading),
        escape(explanation)
    )
}
