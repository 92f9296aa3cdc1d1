//! The long form of every kind of mistake, from the pages under `explain/`.
//!
//! A page is Markdown of one shape: a title, prose, a fenced example that fails
//! (`` ```msx fails ``, perhaps with the options that make it fail), prose, and a fenced example
//! that works (`` ```msx ``). Only what no text can show has no examples.

use super::Code;
use super::suggest;

const FENCE: &str = "```";

/// What one kind of mistake means and how to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The kind of mistake.
    pub code: Code,
    /// One line on what it means.
    pub summary: &'static str,
    /// Why it is so and how to mend it, as Markdown with both examples.
    pub text: &'static str,
}

/// A fenced example of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// Whether it shows the mistake.
    pub fails: bool,
    /// Options of the command line that belong to it, such as `--set epochs=2px`.
    pub options: &'static str,
    /// The whole file.
    pub file: &'static str,
}

impl Explanation {
    /// The explanation of a kind of mistake.
    pub fn of(code: Code) -> Explanation {
        let page = code.page();
        let (title, text) = page.split_once('\n').unwrap_or((page, ""));
        Explanation { code, summary: title.trim_start_matches("# "), text: text.trim() }
    }

    /// The examples, in the order of the page.
    pub fn examples(&self) -> impl Iterator<Item = Example> {
        self.text.split(FENCE).skip(1).step_by(2).map(|block| {
            let (heading, file) = block.split_once('\n').unwrap_or((block, ""));
            let options = heading.strip_prefix("msx fails");
            Example { fails: options.is_some(), options: options.unwrap_or("").trim(), file }
        })
    }

    /// The page for a terminal: examples are indented instead of fenced.
    pub fn page(&self) -> String {
        let mut page = format!("{}: {}\n\n", self.code, self.summary);
        let mut in_example = false;
        for line in self.text.lines() {
            if line.starts_with(FENCE) {
                in_example = !in_example;
            } else if in_example && !line.is_empty() {
                page.push_str(&format!("    {line}\n"));
            } else {
                page.push_str(&format!("{line}\n"));
            }
        }
        page
    }
}

/// Every code with one line each.
pub fn overview() -> String {
    let line =
        |&code: &Code| format!("{:<21} {}\n", code.to_string(), Explanation::of(code).summary);
    let mut text: String = Code::ALL.iter().map(line).collect();
    text.push_str("\nmsx explain CODE tells one in full.\n");
    text
}

/// The code of this name, with or without `msx::` in front.
///
/// # Errors
/// There is none; the message says which one may be meant.
pub fn find(written: &str) -> Result<Code, String> {
    let name = written.trim().trim_start_matches("msx::");
    Code::ALL.iter().copied().find(|code| code.name() == name).ok_or_else(|| {
        let names = Code::ALL.iter().map(|code| code.name());
        let hint = suggest::help(name, "the codes are", names);
        let help = hint.map_or_else(String::new, |hint| hint.text);
        format!("there is no code `{written}`; {help}")
    })
}
