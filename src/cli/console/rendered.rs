//! What libraries render with colours of their own: messages with quoted source, and help and errors of
//! the command line.
//!
//! Colours of a library stand in one text with what it quotes, and cannot be told from colours in the
//! quotation. So the text is rendered without colours first, and with them only if nothing in it acts on
//! a terminal.

use super::visible::{Lines, is_visible, visible};
use super::{continued, has_reader, print};
use crate::language::Diagnostic;
use clap::Parser;
use clap::builder::Styles;
use miette::{GraphicalReportHandler, GraphicalTheme};
use std::io::Write;
use std::process::exit;

/// The line above a place in another file.
const ELSEWHERE: &str = "Advice: ";

/// Renders a message with its places on standard error, in colour on a terminal.
pub(in crate::cli) fn report(diagnostic: &Diagnostic) {
    let plain = render(diagnostic, GraphicalTheme::unicode_nocolor());
    let colours = has_reader() && std::env::var_os("NO_COLOR").is_none();
    // Every line of the layout begins with a margin. One that does not comes from the name of a file.
    let is_laid_out = |line: &str| line.is_empty() || line.starts_with(' ') || line == ELSEWHERE;
    let text = if !plain.split('\n').skip(1).all(is_laid_out) {
        continued(&plain)
    } else if colours && is_visible(&plain, Lines::Several) {
        render(diagnostic, GraphicalTheme::unicode())
    } else {
        visible(&plain, Lines::Several).into_owned()
    };
    let _ = writeln!(anstream::stderr(), "{text}");
}

fn render(diagnostic: &Diagnostic, theme: GraphicalTheme) -> String {
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false);
    let mut text = String::new();
    match handler.render_report(&mut text, diagnostic) {
        Ok(()) => text,
        Err(_) => diagnostic.to_string(),
    }
}

/// Parses the command line. If it is wrong or asks for help, that is printed, and the process ends.
pub(in crate::cli) fn parse<C: Parser>() -> C {
    let error = match C::try_parse() {
        Ok(parsed) => return parsed,
        Err(error) => error,
    };
    let uncoloured = C::command().styles(Styles::plain()).try_get_matches().err();
    let plain = uncoloured.as_ref().unwrap_or(&error).render().ansi().to_string();
    let text = if is_visible(&plain, Lines::Several) {
        error.render().ansi().to_string()
    } else {
        visible(&plain, Lines::Several).into_owned()
    };
    if error.use_stderr() {
        let _ = write!(anstream::stderr(), "{text}");
    } else {
        print(&text);
    }
    exit(error.exit_code())
}
