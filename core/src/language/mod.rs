//! From the text of an experiment to a plain list of typed stages.
//!
//! Pure: text and schemas come in as arguments, stages and diagnostics come out. Each phase goes
//! on after a mistake, so that one run reports them all.

pub mod analysis;
mod check;
pub mod claims;
mod code;
mod command_line;
mod datum;
mod diagnostic;
mod evaluate;
mod excerpt;
mod expand;
pub mod experiment;
pub mod explain;
mod follow_up;
pub mod format;
pub mod index;
mod instantiate;
mod limits;
pub mod manual;
mod names;
mod operate;
mod parameters;
mod position;
mod program;
mod resolve;
mod rings;
pub mod schema;
mod scope;
mod source;
mod stages;
pub mod suggest;
pub mod syntax;
mod unused;
pub mod value;

pub use command_line::COMMAND_LINE;
pub use diagnostic::{Code, Correction, Diagnostic, Place};
pub use parameters::ParameterInfo;
pub use position::Position;
pub use source::{Alone, Refusal, Source, Sources};

use command_line::CommandLine;
use expand::Expansion;
use experiment::{Experiment, TypedClaim, TypedStage};
use names::Names;
use program::Program;
use resolve::Header;
use schema::Schemas;
use scope::Evaluation;
use std::collections::BTreeSet;

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

/// Parses, resolves, expands and checks a file and all that it imports.
///
/// # Errors
/// Every mistake found, file by file in the order of the text.
pub fn compile(
    source: &Source,
    sources: &dyn Sources,
    schemas: &Schemas,
    overrides: &[Override],
) -> Result<Compiled, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let program = Program::read(source, sources, &mut diagnostics);
    let command_line = CommandLine::from(program.end(), overrides);
    let (worked_out, ()) = work_out(&program, schemas, &command_line, diagnostics, |_, _| ());
    let WorkedOut { header, stages, claims, diagnostics } = worked_out;
    let (warnings, errors) = sorted(diagnostics, &program, &command_line);
    if !errors.is_empty() {
        return Err(errors);
    }
    let title = header.title.unwrap_or_else(|| header.name.clone());
    let experiment = Experiment { name: header.name, title, seed: header.seed, stages, claims };
    Ok(Compiled { experiment, warnings })
}

/// What the files come to, mistakes included.
struct WorkedOut {
    header: Header,
    stages: Vec<TypedStage>,
    claims: Vec<TypedClaim>,
    diagnostics: Vec<Diagnostic>,
}

/// Resolves, expands and checks the files; `look` sees how each value and stage came about.
fn work_out<T>(
    program: &Program,
    schemas: &Schemas,
    command_line: &CommandLine<'_>,
    mut diagnostics: Vec<Diagnostic>,
    look: impl FnOnce(&Evaluation<'_>, &Expansion<'_>) -> T,
) -> (WorkedOut, T) {
    let header = resolve::header(&program.files[0].items, &mut diagnostics);
    for file in &program.files {
        resolve::duplicates(&file.items, &mut diagnostics);
    }
    let names = Names::new(program, &mut diagnostics);
    let given = parameters::given(command_line, &names, &mut diagnostics);

    let mut evaluation = Evaluation::new(&names, diagnostics);
    parameters::declare(&given, &mut evaluation);
    parameters::check(&given, &mut evaluation);
    let expansion = expand::expand(&mut evaluation);
    let (stages, claims) = check::check(&expansion, schemas, header.seed, &mut evaluation);

    let seen = look(&evaluation, &expansion);
    let mut diagnostics = std::mem::take(&mut evaluation.diagnostics);
    diagnostics.extend(unused::unused(&names, &evaluation.used));
    follow_up::remove(&mut diagnostics, program);
    (WorkedOut { header, stages, claims, diagnostics }, seen)
}

/// The parameters that the command line can give another value to. Mistakes are passed over.
pub fn parameters(source: &Source, sources: &dyn Sources) -> Vec<ParameterInfo> {
    let mut diagnostics = Vec::new();
    let program = Program::read(source, sources, &mut diagnostics);
    parameters::infos(&Names::new(&program, &mut diagnostics))
}

/// Warnings and errors in the order of the texts and then of the command line, each once however
/// many rounds of a loop met it, with their sources attached.
fn sorted(
    mut found: Vec<Diagnostic>,
    program: &Program,
    command_line: &CommandLine<'_>,
) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    found.retain(|d| seen.insert((d.code, d.span.start, d.span.end, d.message.clone())));
    found.sort_by_key(|diagnostic| diagnostic.span.start);
    let mut texts = program.texts();
    command_line.add_to(&mut texts);
    let (warnings, errors) = found.into_iter().partition(Diagnostic::is_warning);
    let whole = |found| {
        limits::told(found).into_iter().map(|diagnostic| diagnostic.within(&texts)).collect()
    };
    (whole(warnings), whole(errors))
}
