//! Adjacent lines of one kind stand in columns.

use crate::language::syntax::Rule;

/// A line that is laid out.
#[derive(Debug)]
pub(super) struct Row<'t> {
    /// What stands on it.
    pub(super) rule: Rule,
    /// Its parts; all but the last may be widened.
    pub(super) columns: Vec<String>,
    /// The comment at its end.
    pub(super) comment: Option<&'t str>,
    /// Nothing stands between it and the row before it.
    pub(super) is_adjacent: bool,
}

impl Row<'_> {
    /// Its width without its comment.
    fn width(&self) -> usize {
        let parts: usize = self.columns.iter().map(|column| column.chars().count() + 1).sum();
        parts.saturating_sub(1)
    }

    fn is_stage(&self) -> bool {
        self.rule == Rule::stage && self.columns.len() > 1
    }

    /// Its columns mean the same as those of another row.
    fn is_like(&self, other: &Row<'_>) -> bool {
        self.rule == other.rule
            && self.columns.len() == other.columns.len()
            && (!self.is_stage() || self.columns[0] == other.columns[0])
    }
}

/// Aligns names behind the kinds of adjacent stages, the parts of adjacent rows of one kind, and
/// comments at the ends of adjacent rows. What would grow wider than `width` stays as it is.
pub(super) fn align(rows: &mut [Row<'_>], width: usize) {
    for stages in rows.chunk_by_mut(|_, row| row.is_adjacent) {
        for run in stages.chunk_by_mut(|row, next| row.is_stage() && next.is_stage()) {
            widen(run, 0..1, width);
        }
        for run in stages.chunk_by_mut(|row, next| row.is_like(next)) {
            let last = run[0].columns.len().saturating_sub(1);
            widen(run, 0..last, width);
        }
        for run in stages.chunk_by_mut(|row, next| row.comment.is_some() && next.comment.is_some())
        {
            let widest = run.iter().map(Row::width).max().unwrap_or_default();
            for row in run.iter_mut().filter(|row| row.comment.is_some()) {
                let missing = widest - row.width();
                if let Some(last) = row.columns.last_mut() {
                    last.push_str(&" ".repeat(missing));
                }
            }
        }
    }
}

/// Gives the columns of all rows the same widths, if that leaves no row wider than `width`.
fn widen(run: &mut [Row<'_>], columns: std::ops::Range<usize>, width: usize) {
    if run.len() < 2 {
        return;
    }
    let size = |row: &Row<'_>, column: usize| row.columns[column].chars().count();
    let widest: Vec<usize> = columns
        .clone()
        .map(|column| run.iter().map(|row| size(row, column)).max().unwrap_or_default())
        .collect();
    let missing = |row: &Row<'_>, column: usize| widest[column - columns.start] - size(row, column);
    let fits = |row: &Row<'_>| {
        row.width() + columns.clone().map(|column| missing(row, column)).sum::<usize>() <= width
    };
    if !run.iter().all(fits) {
        return;
    }
    for row in run {
        for column in columns.clone() {
            let blank = " ".repeat(missing(row, column));
            row.columns[column].push_str(&blank);
        }
    }
}
