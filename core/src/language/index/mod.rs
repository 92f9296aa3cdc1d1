//! Which name means what, worked out from the tree alone.
//!
//! Evaluation knows this too, but only of what it comes by: not of templates without an instance,
//! of loops over nothing, or of a condition's other side. Editors want to know it everywhere.

mod declare;
mod resolve;

use super::analysis::Vocabulary;
use super::claims::ClaimSchema;
use super::program::Program;
use super::schema::{Field, MethodSchema, Output, Variant};
use super::syntax::tree::Span;
use super::value::Dimension;
use std::collections::BTreeMap;

/// Number of a declaration in [`Index::symbols`].
pub type SymbolId = usize;

/// What a name was declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    /// The experiment.
    Experiment,
    /// `let`
    Constant,
    /// `param`
    Parameter,
    /// A variable of `for`.
    LoopVariable,
    /// A stage.
    Stage,
    /// An instance of a template.
    Instance,
    /// A template.
    Template,
    /// A parameter of a template.
    Argument,
    /// A whole file under a name of its own.
    Namespace,
    /// A name of another file under another name.
    Alias,
    /// A claim.
    Claim,
}

/// A declared name.
#[derive(Debug)]
pub struct Symbol {
    /// The name.
    pub name: String,
    /// What it was declared as.
    pub kind: SymbolKind,
    /// The file that declares it.
    pub file: usize,
    /// Where its name stands.
    pub span: Span,
    /// The whole declaration.
    pub whole: Span,
    /// The declaration in short, such as `gan g: cpd`.
    pub signature: String,
    /// The kind of the stage that it is, where it is one.
    pub stage_kind: Option<String>,
    /// The loop variables around it, from the outermost inwards.
    pub loops: Vec<SymbolId>,
    /// The template, the file's first declaration or the original that stands behind it.
    pub(super) target: Option<Behind>,
}

/// What stands behind a name that is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behind {
    /// A template, for an instance of it.
    Template(SymbolId),
    /// A file, for a namespace.
    File(usize),
    /// A declaration under another name.
    Original(SymbolId),
}

/// A place that names a declaration.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// Where.
    pub span: Span,
    /// What it names.
    pub symbol: SymbolId,
}

/// A word that a schema gives its meaning.
#[derive(Debug, Clone, Copy)]
pub enum Mention<'s> {
    /// A stage kind, by any of its methods.
    Kind(&'s MethodSchema),
    /// A method.
    Method(&'s MethodSchema),
    /// A field of a stage, record, choice or claim.
    Field(&'s Field),
    /// A choice.
    Word(&'s Variant),
    /// An output of a stage.
    Output(&'s Output),
    /// A number that an output holds, with its description.
    Measure(&'static str),
    /// A kind of claim.
    Claim(&'s ClaimSchema),
    /// A unit.
    Unit(Dimension),
    /// The type of a parameter.
    Type,
    /// The path of an import, where its file could be read.
    File(usize),
}

/// A part of the text with names of its own.
#[derive(Debug, Default)]
pub(super) struct Block {
    span: Span,
    around: Option<usize>,
    file: usize,
    variables: BTreeMap<String, SymbolId>,
    /// Stages of a file or template; a loop's belong to what is around it.
    stages: Option<BTreeMap<String, SymbolId>>,
    /// Templates and imports of a file.
    others: BTreeMap<String, SymbolId>,
}

/// All names of an experiment's files.
#[derive(Debug, Default)]
pub struct Index<'s> {
    /// Every declaration.
    pub symbols: Vec<Symbol>,
    /// Every place that names one, declarations themselves among them, by position.
    pub occurrences: Vec<Occurrence>,
    /// Every word that a schema explains, by position.
    pub mentions: Vec<(Span, Mention<'s>)>,
    /// The block of each file comes first.
    blocks: Vec<Block>,
    /// The block of each template.
    templates: BTreeMap<SymbolId, usize>,
}

impl<'s> Index<'s> {
    pub(super) fn new(program: &Program, vocabulary: &'s Vocabulary) -> Index<'s> {
        let mut index = Index::default();
        declare::declare(program, &mut index);
        resolve::resolve(program, vocabulary, &mut index);
        index.occurrences.sort_by_key(|occurrence| occurrence.span.start);
        index.mentions.sort_by_key(|(span, _)| span.start);
        index
    }

    /// What is named at a position.
    pub fn at(&self, position: usize) -> Option<&Occurrence> {
        let after = self.occurrences.partition_point(|found| found.span.start <= position);
        let found = self.occurrences[..after].last()?;
        (position <= found.span.end).then_some(found)
    }

    /// The word of a schema at a position.
    pub fn mention_at(&self, position: usize) -> Option<&(Span, Mention<'s>)> {
        let after = self.mentions.partition_point(|(span, _)| span.start <= position);
        self.mentions[..after].last().filter(|(span, _)| position <= span.end)
    }

    /// The declaration that a name stands for in the end, behind other names for it.
    pub fn original(&self, mut symbol: SymbolId) -> SymbolId {
        while let Some(Behind::Original(behind)) = self.symbols[symbol].target {
            symbol = behind;
        }
        symbol
    }

    /// The template that a declaration is an instance of.
    pub fn template_of(&self, symbol: SymbolId) -> Option<SymbolId> {
        match self.symbols[self.original(symbol)].target {
            Some(Behind::Template(template)) => Some(template),
            _ => None,
        }
    }

    /// The file that a namespace stands for.
    pub fn file_of(&self, symbol: SymbolId) -> Option<usize> {
        match self.symbols[symbol].target {
            Some(Behind::File(file)) => Some(file),
            _ => None,
        }
    }

    /// The parameters of a template and what it declares, in the order of the text.
    pub fn inside(&self, template: SymbolId) -> Vec<SymbolId> {
        self.templates.get(&template).map_or(Vec::new(), |block| self.own(*block))
    }

    /// What a file declares and imports.
    pub fn declared(&self, file: usize) -> Vec<SymbolId> {
        self.own(file)
    }

    fn own(&self, block: usize) -> Vec<SymbolId> {
        let Block { variables, stages, others, .. } = &self.blocks[block];
        let stages = stages.iter().flat_map(|stages| stages.values());
        let mut own: Vec<SymbolId> =
            variables.values().chain(stages).chain(others.values()).copied().collect();
        own.sort_unstable();
        own
    }

    /// Every name that can be used at a position, the innermost first, each once.
    pub fn visible(&self, file: usize, position: usize) -> Vec<(&str, SymbolId)> {
        let mut seen: BTreeMap<&str, SymbolId> = BTreeMap::new();
        let mut names = Vec::new();
        let mut next = Some(self.block_at(file, position));
        while let Some(block) = next {
            let Block { variables, stages, others, around, .. } = &self.blocks[block];
            let stages = stages.iter().flatten();
            for (name, symbol) in variables.iter().chain(stages).chain(others) {
                if !seen.contains_key(name.as_str()) {
                    seen.insert(name, *symbol);
                    names.push((name.as_str(), *symbol));
                }
            }
            next = *around;
        }
        names
    }

    /// What a name means at a position.
    pub fn meaning(&self, file: usize, position: usize, name: &str) -> Option<SymbolId> {
        let visible = self.visible(file, position);
        visible.into_iter().find(|(known, _)| *known == name).map(|(_, symbol)| symbol)
    }

    /// The innermost block around a position.
    fn block_at(&self, file: usize, position: usize) -> usize {
        let holds = |block: &Block| {
            block.file == file && block.span.start <= position && position <= block.span.end
        };
        let inner = self.blocks.iter().enumerate().filter(|(_, block)| holds(block));
        let narrowest = inner.min_by_key(|(_, block)| block.span.end - block.span.start);
        narrowest.map_or(file, |(number, _)| number)
    }
}
