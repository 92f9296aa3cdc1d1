//! Small helpers for HTML text.

use super::view::Interval;

/// Text safe inside elements and attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The place of a stage's name, filled in by publishing.
pub(super) fn stage(index: usize) -> String {
    format!("⟦stage:{index}⟧")
}

/// The place of the experiment's title, filled in by publishing.
pub(super) const TITLE: &str = "⟦title⟧";

/// Where the graph and the settings go.
pub(super) const PROVENANCE: &str = "⟦provenance⟧";

/// `0.912 (0.884–0.940)`
pub(super) fn interval(interval: &Interval) -> String {
    let Interval { value, low, high } = interval;
    format!(
        "<span class=\"point\">{value:.3}</span> <span class=\"range\">({low:.3}–{high:.3})</span>"
    )
}

/// A section with a heading and an explanation.
pub(super) fn section(id: &str, heading: &str, explanation: &str, body: &str) -> String {
    format!(
        "<section id=\"{id}\"><h2>{}</h2><p class=\"about\">{}</p>{body}</section>\n",
        escape(heading),
        escape(explanation)
    )
}
