//! From the text of an experiment to a plain list of typed stages.
//!
//! Pure: text and schemas come in as arguments, stages and diagnostics come out. Each phase goes
//! on after a mistake, so that one run reports them all.

mod check;
mod datum;
mod diagnostic;
mod evaluate;
mod expand;
pub mod experiment;
mod follow_up;
mod limits;
pub mod manual;
mod operate;
mod resolve;
pub mod schema;
mod scope;
mod suggest;
pub mod syntax;
pub mod value;

pub use diagnostic::{Code, Diagnostic};

use experiment::Experiment;
use miette::NamedSource;
use schema::Schemas;
use scope::Evaluation;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use syntax::Parsed;
use syntax::tree::Item;

/// A file's name and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name shown in messages.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A value from the command line for a `param`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The parameter.
    pub name: String,
    /// Its value, written as in a file; strings may go without quotes.
    pub value: String,
}

/// A file without mistakes.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// What it describes.
    pub experiment: Experiment,
    /// What is worth a second look.
    pub warnings: Vec<Diagnostic>,
}

/// Parses, resolves, expands and checks a file.
///
/// # Errors
/// Every mistake found, in the order of the text.
pub fn compile(
    source: &Source,
    schemas: &Schemas,
    overrides: &[Override],
) -> Result<Compiled, Vec<Diagnostic>> {
    let Parsed { items, problems } = syntax::parse(&source.text, 0);
    let mut diagnostics = problems.diagnostics;
    let header = resolve::header(&items, &mut diagnostics);
    resolve::not_evaluated(&items, &mut diagnostics);
    resolve::duplicates(&items, &mut diagnostics);
    let parameters = resolve::parameters(&items, overrides, &mut diagnostics);
    let mut names = BTreeMap::new();
    resolve::stage_names(&items, &mut names, &mut Vec::new());
    let stages: BTreeSet<String> = names.keys().map(|name| (*name).to_owned()).collect();

    let mut evaluation = Evaluation { diagnostics, stages, ..Evaluation::default() };
    let instances = expand::expand(&items, &parameters, &mut evaluation);
    let stages = check::check(&instances, schemas, header.seed, &mut evaluation);

    let mut found = evaluation.diagnostics;
    found.extend(unused(&items, &evaluation.used));
    follow_up::remove(&mut found, &source.text, &items, &problems.pieces);
    let (warnings, errors) = sorted(found, source);
    if !errors.is_empty() {
        return Err(errors);
    }
    let title = header.title.unwrap_or_else(|| header.name.clone());
    let experiment = Experiment { name: header.name, title, seed: header.seed, stages };
    Ok(Compiled { experiment, warnings })
}

/// Warnings and errors in the order of the text, each once however many rounds of a loop met it,
/// with their source attached.
fn sorted(found: Vec<Diagnostic>, source: &Source) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let text = Arc::new(NamedSource::new(&source.name, source.text.clone()));
    let mut seen = BTreeSet::new();
    let mut found: Vec<Diagnostic> = found
        .into_iter()
        .filter(|d| {
            seen.insert((d.code, d.span.start, d.span.end, d.message.clone())) || d.span == (0..0)
        })
        .map(|diagnostic| diagnostic.within(&text))
        .collect();
    found.sort_by_key(|diagnostic| diagnostic.span.start);
    found.into_iter().partition(Diagnostic::is_warning)
}

/// Constants and parameters that nothing refers to.
fn unused(items: &[Item], used: &BTreeSet<String>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for item in items {
        match item {
            Item::Let { name, .. } | Item::Param { name, .. } if !used.contains(&name.node) => {
                found.push(
                    Diagnostic::new(
                        Code::Unused,
                        format!("nothing uses `{}`", name.node),
                        name.span.clone(),
                    )
                    .help("use it or remove it"),
                );
            }
            Item::For { body, .. } => found.extend(unused(body, used)),
            _ => {}
        }
    }
    found
}
