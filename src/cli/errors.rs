//! How a command fails, and how that is shown.

use super::console::{self, Styled};
use crate::language::{Code, Diagnostic};

/// Why a command did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// The file has errors.
    Diagnostics(Vec<Diagnostic>),
    /// Anything else, in words that name place and remedy.
    Message(String),
    /// Already told, such as a failed stage of a run.
    Told,
    /// Already told, with an exit code of the command's own.
    Exit(u8),
    /// The user interrupted.
    Interrupted,
}

impl Failure {
    /// Wraps any error whose message already names place and remedy.
    pub fn new(error: impl std::fmt::Display) -> Failure {
        Failure::Message(error.to_string())
    }

    /// Tells the user on standard error.
    pub fn print(&self) {
        match self {
            Failure::Diagnostics(diagnostics) => print_diagnostics(diagnostics),
            Failure::Message(message) => {
                Styled::default().and_styled(ERROR, "error:").and(" ").and(message).say();
            }
            Failure::Told | Failure::Exit(_) | Failure::Interrupted => {}
        }
    }
}

const ERROR: anstyle::Style =
    anstyle::Style::new().bold().fg_color(Some(anstyle::Color::Ansi(anstyle::AnsiColor::Red)));

/// Codes that the last line names before it stops.
const MOST_NAMED: usize = 3;

/// Renders diagnostics on standard error, and says where to learn more about them.
pub fn print_diagnostics(diagnostics: &[Diagnostic]) {
    render(diagnostics);
    tell_more(diagnostics);
}

/// Renders diagnostics on standard error, in colour on a terminal.
pub fn render(diagnostics: &[Diagnostic]) {
    diagnostics.iter().for_each(console::report);
}

/// Says once, behind all that was told, where to learn more.
pub fn tell_more<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) {
    let mut codes: Vec<Code> = Vec::new();
    for diagnostic in diagnostics {
        if !codes.contains(&diagnostic.code) {
            codes.push(diagnostic.code);
        }
    }
    let Some((first, others)) = codes.split_first() else { return };
    let what = if codes.iter().all(|code| code.is_warning()) { "a warning" } else { "an error" };
    let mut named: Vec<String> =
        others.iter().take(MOST_NAMED - 1).map(ToString::to_string).collect();
    if codes.len() > MOST_NAMED {
        named.push(format!("{} more", codes.len() - MOST_NAMED));
    }
    let others =
        if named.is_empty() { String::new() } else { format!(" (also {})", named.join(", ")) };
    say!("for more about {what}: msx explain {first}{others}");
}
