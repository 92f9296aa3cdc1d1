//! The one style of msx files. Text comes in, text goes out; nothing but blank space, commas and
//! the ends of lines changes.
//!
//! `gather` makes words, brackets and members of the grammar's pieces, with each comment at its
//! member; `layout` writes them; `columns` aligns what stands on adjacent lines.

mod columns;
mod flat;
mod gather;
mod groups;
mod layout;
mod tree;

use super::diagnostic::Texts;
use super::excerpt::Text;
use super::limits::told;
use super::syntax;
use super::{Diagnostic, Source};
use miette::NamedSource;
use std::borrow::Cow;
use std::sync::Arc;

/// Columns of a line, where no other number is wanted.
pub const WIDTH: usize = 100;

/// A file in the one style.
#[derive(Debug, Clone)]
pub struct Formatted {
    /// Its text.
    pub text: String,
    /// Pieces that could not be read, which stay as they were written.
    pub problems: Vec<Diagnostic>,
}

/// Formats a file for lines of `width` columns, which only comments, strings and what cannot be
/// broken exceed.
pub fn format(source: &Source, width: usize) -> Formatted {
    let (mark, text) = match source.text.strip_prefix('\u{feff}') {
        Some(text) => ("\u{feff}", text),
        None => ("", source.text.as_str()),
    };
    let has_carriage_returns = text.split_once('\n').is_some_and(|(line, _)| line.ends_with('\r'));
    let plain = with_plain_line_ends(text);
    let matches = syntax::matches(&plain);
    // The marks at the ends of lines make no difference to what can be read.
    let problems = match &matches {
        Some(matches) if matches.are_whole() => Vec::new(),
        _ => problems(source),
    };
    let Some(matches) = matches else {
        return Formatted { text: source.text.clone(), problems };
    };
    let mut laid_out = layout::file(&gather::gather(&plain, &matches), width);
    if !matches.are_whole() {
        laid_out = settled(laid_out, width).unwrap_or_else(|| plain.into_owned());
    }
    let laid_out = if has_carriage_returns { laid_out.replace('\n', "\r\n") } else { laid_out };
    Formatted { text: format!("{mark}{laid_out}"), problems }
}

/// Rounds after which a text with broken pieces counts as one that never comes to rest.
const ROUNDS: usize = 8;

/// Where a broken piece ends depends on its lines, so that another round may know more of a text than
/// the one that wrote it. Goes on until nothing moves, or gives up.
fn settled(mut text: String, width: usize) -> Option<String> {
    for _ in 0..ROUNDS {
        let matches = syntax::matches(&text)?;
        let again = layout::file(&gather::gather(&text, &matches), width);
        if again == text {
            return Some(text);
        }
        text = again;
    }
    None
}

/// The text with `\n` at the end of each line, however many `\r` stand in front of it.
fn with_plain_line_ends(text: &str) -> Cow<'_, str> {
    if !text.contains("\r\n") {
        return text.into();
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let (last, ended) = lines.split_last().unwrap_or((&"", &[]));
    let mut plain: String =
        ended.iter().flat_map(|line| [line.trim_end_matches('\r'), "\n"]).collect();
    plain.push_str(last);
    plain.into()
}

fn problems(source: &Source) -> Vec<Diagnostic> {
    let named = NamedSource::new(&source.name, Text(source.text.clone()));
    let texts = Texts(vec![(0, Arc::new(named))]);
    let problems = told(syntax::parse(&source.text, 0).problems.diagnostics);
    problems.into_iter().map(|problem| problem.within(&texts)).collect()
}
