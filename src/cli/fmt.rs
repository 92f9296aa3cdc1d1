//! `msx fmt`

use super::console::{self, Styled};
use super::errors::{Failure, print_diagnostics};
use crate::language::format::{Formatted, WIDTH, format};
use crate::language::{Refusal, Source};
use crate::project::{folder, read, read_from, real};
use crate::share::output::take_after;
use clap::Args;
use similar::{ChangeTag, TextDiff};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// The path that stands for standard input and output.
const STANDARD: &str = "-";
/// Lines of a difference beyond which it is cut short.
const LONGEST_DIFFERENCE: usize = 24;

const REMOVED: anstyle::Style =
    anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(anstyle::AnsiColor::Red)));
const ADDED: anstyle::Style =
    anstyle::Style::new().fg_color(Some(anstyle::Color::Ansi(anstyle::AnsiColor::Green)));

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files, folders to look through for .msx files, or - for standard input and output
    #[arg(required = true, value_hint = clap::ValueHint::AnyPath)]
    paths: Vec<PathBuf>,
    /// Change nothing; show what would change, and fail if anything would
    #[arg(long)]
    check: bool,
    /// Columns of a line
    #[arg(long, value_name = "N", default_value_t = WIDTH as u16)]
    #[arg(value_parser = clap::value_parser!(u16).range(20..=1000))]
    width: u16,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut is_well = true;
    for path in &arguments.paths {
        for file in files(path)? {
            is_well &= match format_file(&file, arguments) {
                Ok(is_well) => is_well,
                Err(failure) => {
                    failure.print();
                    false
                }
            };
        }
    }
    if is_well { Ok(()) } else { Err(Failure::Told) }
}

/// The files that a path of the command line stands for.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path == Path::new(STANDARD) || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(is_looked_at) {
        let entry = entry.map_err(Failure::new)?;
        if is_source(entry.path()) && entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "msx")
}

/// Hidden files and folders are not the user's text, and results are kept in `cache`.
fn is_looked_at(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let is_cache = name == "cache" && entry.file_type().is_dir();
    entry.depth() == 0 || !(name.starts_with('.') || is_cache)
}

/// Formats one file, and says whether all was well with it.
fn format_file(path: &Path, arguments: &Arguments) -> Result<bool, Failure> {
    let is_standard = path == Path::new(STANDARD);
    let failed = |error: &dyn std::fmt::Display| {
        Failure::Message(format!("cannot format {}: {error}", path.display()))
    };
    if !is_standard && !is_source(&real(path)) {
        return Err(failed(&"its name does not end in .msx; only such files are rewritten"));
    }
    let before = if is_standard { read_from(io::stdin().lock()) } else { read(path) };
    let before = before.map_err(|Refusal { reason, help }| failed(&format!("{reason}; {help}")))?;
    let source = Source::new(path.display().to_string(), before);
    let Formatted { text: after, problems } = format(&source, usize::from(arguments.width));
    print_diagnostics(&problems);
    let differs = source.text != after;
    if arguments.check {
        if differs {
            show_difference(&source, &after);
        }
        return Ok(problems.is_empty() && !differs);
    }
    if is_standard {
        console::hand_on(&after)?;
    } else if differs {
        replace(path, &source.text, &after).map_err(|error| failed(&error))?;
        say!("formatted {}", path.display());
    }
    Ok(problems.is_empty())
}

/// Replaces a file's text by way of a temporary file beside it, so that it is never half written.
/// A link stays a link, and permissions stay as they are, and so does the owner where that is allowed.
fn replace(path: &Path, before: &str, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let folder = folder(&path);
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    take_after(temporary.path(), &fs::metadata(&path)?)?;
    temporary.as_file().sync_all()?;
    if fs::read(&path)? != before.as_bytes() {
        return Err(io::Error::other("it changed meanwhile; run the command again"));
    }
    temporary.persist(&path)?;
    File::open(folder)?.sync_all()
}

/// Prints a file's name and the lines that would change.
fn show_difference(before: &Source, after: &str) {
    out!("{}", before.name);
    let difference = TextDiff::from_lines(before.text.as_str(), after);
    let changes = difference.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    let mut left_out = 0;
    for (index, change) in changes.enumerate() {
        if index >= LONGEST_DIFFERENCE {
            left_out += 1;
            continue;
        }
        let (sign, style, line) = match change.tag() {
            ChangeTag::Insert => ('+', ADDED, change.new_index()),
            _ => ('-', REMOVED, change.old_index()),
        };
        let line = line.map_or(0, |line| line + 1);
        let text = change.value().trim_end_matches(['\r', '\n']);
        let words = format!("{sign} {text}");
        Styled::of(&format!("{line:>5} ")).and_styled(style, &words).out();
    }
    if left_out > 0 {
        out!("      and {left_out} more lines");
    }
}
