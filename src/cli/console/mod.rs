//! Everything that the program prints goes through here, so that no text from a file acts on a terminal.
//!
//! All text is made [`visible`] first. Colours of our own come around it by type ([`Styled`]). What a
//! library renders with colours of its own is printed in colour only if nothing in it acts on a terminal
//! ([`rendered`]).

/// Prints a message on standard error. All lines but the first are indented, so that no text from a
/// file looks like a message.
macro_rules! say {
    ($($words:tt)*) => { $crate::cli::console::Styled::of(&format!($($words)*)).say() };
}

/// Prints one line on standard output. A line break in it is written out, as is every other character
/// that acts on a terminal.
macro_rules! out {
    ($($words:tt)*) => { $crate::cli::console::line(&format!($($words)*)) };
}

mod gauge;
mod json;
mod rendered;
mod visible;

pub(super) use gauge::{Gauge, Gauges};
pub(super) use json::{document, line as json_line};
pub(super) use rendered::{parse, report};

use super::FAILED;
use super::errors::Failure;
use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::panic::PanicHookInfo;
use visible::{Lines, visible};

/// Harmless text with colours of our own around parts of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Styled(String);

impl Styled {
    /// Text without colours.
    pub(super) fn of(text: &str) -> Styled {
        Styled::default().and(text)
    }

    /// The same with text without colours behind it.
    pub(super) fn and(mut self, text: &str) -> Styled {
        self.push(text);
        self
    }

    /// The same with text in a style behind it.
    pub(super) fn and_styled(mut self, style: Style, text: &str) -> Styled {
        self.push_styled(style, text);
        self
    }

    pub(super) fn push(&mut self, text: &str) {
        self.0.push_str(&continued(text));
    }

    pub(super) fn push_styled(&mut self, style: Style, text: &str) {
        self.0.push_str(&format!("{style}{}{style:#}", continued(text)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Prints it on standard error. A reader that went away or a full disk behind it ends the output,
    /// not the work.
    pub(super) fn say(&self) {
        let _ = writeln!(anstream::stderr(), "{}", self.0);
    }

    /// Prints it on standard output, without blanks at its end.
    pub(super) fn out(&self) {
        print(&format!("{}\n", self.0.trim_end()));
    }
}

/// Makes text harmless, and indents all lines but the first, so that none of them looks like a message.
fn continued(text: &str) -> String {
    let shown = visible(text, Lines::Several);
    let mut lines = shown.split('\n');
    let first = lines.next().unwrap_or_default();
    let is_indented = |line: &str| line.is_empty() || line.starts_with(' ');
    let indent = if lines.clone().all(is_indented) { "" } else { "  " };
    lines.fold(first.to_owned(), |text, line| match line {
        "" => text + "\n",
        line => text + "\n" + indent + line,
    })
}

/// Prints one line on standard output; see `out!`.
pub(super) fn line(text: &str) {
    print(&format!("{}\n", visible(text, Lines::One)));
}

/// Prints text with its own line breaks on standard output, such as a page of the manual.
pub(super) fn text(text: &str) {
    print(&visible(text, Lines::Several));
}

/// Hands text on to another program as it is, byte by byte. On a terminal it is printed as by [`text`].
///
/// # Errors
/// It cannot be written; a reader that went away is no failure.
pub(super) fn hand_on(text: &str) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        return write_out(&visible(text, Lines::Several));
    }
    let mut output = io::stdout().lock();
    is_written(output.write_all(text.as_bytes()).and_then(|()| output.flush()))
}

/// Whether people read standard error as it is written.
pub(super) fn has_reader() -> bool {
    io::stderr().is_terminal()
}

/// Whether standard output shows colours.
pub(super) fn has_colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Prints what the standard library would print of a panic. The message may quote text from a file.
pub(super) fn tell_panic(panic: &PanicHookInfo<'_>) {
    say!("{panic}");
    let trace = std::backtrace::Backtrace::capture();
    if trace.status() == std::backtrace::BacktraceStatus::Captured {
        say!("{trace}");
    }
}

/// Prints harmless text. If that fails, the answer is lost, and the process ends with an error.
fn print(text: &str) {
    if let Err(failure) = write_out(text) {
        failure.print();
        std::process::exit(i32::from(FAILED));
    }
}

/// Writes harmless text on standard output, without the colours where they are not wanted.
fn write_out(text: &str) -> Result<(), Failure> {
    let mut output = anstream::stdout().lock();
    is_written(output.write_all(text.as_bytes()).and_then(|()| output.flush()))
}

fn is_written(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Message(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
