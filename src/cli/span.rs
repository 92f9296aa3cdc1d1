//! Lengths of time on the command line.

use std::time::Duration;

/// `30d`, `12h`, `1w 2d`, `45s`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let words = || format!("`{text}` is no length of time; write it like 30d, 12h or 45s");
    let span: jiff::Span = text.parse().map_err(|_| words())?;
    let days_are_days = jiff::SpanRelativeTo::days_are_24_hours();
    let duration = span.to_duration(days_are_days).map_err(|_| words())?;
    Duration::try_from(duration).map_err(|_| words())
}
