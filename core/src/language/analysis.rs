//! What an editor wants to know of a file and all that it imports, however broken they are.

use super::claims::ClaimSchema;
use super::command_line::CommandLine;
use super::diagnostic::Diagnostic;
use super::expand::Expansion;
use super::index::Index;
use super::program::Program;
use super::schema::Schemas;
use super::scope::Evaluation;
use super::source::{Source, Sources};
use super::syntax::tree::{Item, Span};
use super::{Code, WorkedOut, sorted, work_out};
use std::collections::BTreeMap;

/// Everything that a file may say of stages and claims.
#[derive(Debug)]
pub struct Vocabulary {
    /// The stage methods.
    pub schemas: Schemas,
    /// The statements that claims can make.
    pub claims: Vec<ClaimSchema>,
}

impl Vocabulary {
    /// These stage methods, and every kind of claim.
    pub fn new(schemas: Schemas) -> Vocabulary {
        Vocabulary { schemas, claims: super::claims::claims() }
    }
}

/// What was found out about a file and its imports. Places are counted through all files, as in the
/// tree, but for those in diagnostics, which are counted from the beginning of their file.
#[derive(Debug)]
pub struct Analysis<'s> {
    program: Program,
    /// Mistakes and warnings in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Which name means what.
    pub index: Index<'s>,
    /// What evaluation found out.
    pub facts: Facts,
}

/// What only evaluation knows.
#[derive(Debug, Default)]
pub struct Facts {
    /// Values of constants and parameters by the place of their names.
    pub values: BTreeMap<usize, String>,
    /// How many stages each declaration makes, by the place of its name.
    pub members: BTreeMap<usize, usize>,
    /// How many values each loop runs over, by the place of its first variable.
    pub rounds: BTreeMap<usize, usize>,
    /// How many stages each reference with a selection leaves, by its first and last place.
    pub selected: BTreeMap<(usize, usize), usize>,
}

impl Facts {
    fn of(evaluation: &Evaluation<'_>, expansion: &Expansion<'_>) -> Facts {
        let mut members = BTreeMap::new();
        for instance in expansion.instances.iter().filter(|instance| !instance.around.is_trial) {
            *members.entry(instance.stage.name.span.start).or_insert(0) += 1;
        }
        Facts {
            values: evaluation.scopes.iter().flat_map(|scope| scope.values()).collect(),
            members,
            rounds: expansion.rounds.clone(),
            selected: evaluation.selected.clone(),
        }
    }
}

/// Reads and checks a file for an editor. One without an experiment header is taken for a library.
pub fn analyse<'s>(
    source: &Source,
    sources: &dyn Sources,
    vocabulary: &'s Vocabulary,
) -> Analysis<'s> {
    let mut diagnostics = Vec::new();
    let program = Program::read(source, sources, &mut diagnostics);
    let command_line = CommandLine::from(program.end(), &[]);
    let (WorkedOut { mut diagnostics, .. }, facts) =
        work_out(&program, &vocabulary.schemas, &command_line, diagnostics, Facts::of);
    let is_header = |item: &Item| matches!(item, Item::Experiment { .. });
    let items = &program.files[0].items;
    if !items.is_empty() && !items.iter().any(is_header) {
        // What a library declares is for others to use, and it has no header.
        diagnostics.retain(|found| {
            found.code != Code::Unused && !(found.code == Code::Header && found.span.is_empty())
        });
    }
    let (mut found, errors) = sorted(diagnostics, &program, &command_line);
    found.extend(errors);
    let index = Index::new(&program, vocabulary);
    Analysis { program, diagnostics: found, index, facts }
}

impl Analysis<'_> {
    /// How many files were read. The first is the one that was asked for.
    pub fn files(&self) -> usize {
        self.program.files.len()
    }

    /// Name and text of a file.
    pub fn source(&self, file: usize) -> &Source {
        &self.program.files[file].source
    }

    /// The declarations of a file that could be read.
    pub fn items(&self, file: usize) -> &[Item] {
        &self.program.files[file].items
    }

    /// The position of a file's first byte.
    pub fn base(&self, file: usize) -> usize {
        self.program.files[file].base
    }

    /// The file that a place is in, and the place counted from its beginning.
    pub fn local(&self, span: &Span) -> (usize, Span) {
        let file = self.program.index_at(span.start);
        let base = self.base(file);
        (file, span.start - base..span.end.saturating_sub(base))
    }
}
