//! Every declaration with its place, and the blocks that names belong to.

use super::{Behind, Block, Index, Occurrence, Symbol, SymbolId, SymbolKind};
use crate::language::parameters::is_type;
use crate::language::program::Program;
use crate::language::syntax::tree::{
    Import, ImportedNames, Item, Name, Reference, Span, Stage, Template,
};
use std::collections::BTreeMap;

/// Declares the names of all files, then what they import from each other.
pub(super) fn declare(program: &Program, index: &mut Index<'_>) {
    for (number, file) in program.files.iter().enumerate() {
        let span = file.base..file.base + file.source.text.len();
        let stages = Some(BTreeMap::new());
        index.blocks.push(Block { span, file: number, stages, ..Block::default() });
    }
    for (number, file) in program.files.iter().enumerate() {
        let mut declarer = Declarer { index, file: number, block: number, loops: Vec::new() };
        declarer.items(&file.items);
    }
    for (number, file) in program.files.iter().enumerate() {
        for (import, target) in file.imports() {
            Declarer { index, file: number, block: number, loops: Vec::new() }
                .import(import, target);
        }
    }
}

/// Declares what stands in one block.
struct Declarer<'a, 's> {
    index: &'a mut Index<'s>,
    file: usize,
    block: usize,
    loops: Vec<SymbolId>,
}

impl Declarer<'_, '_> {
    fn symbol(&mut self, name: &Name, kind: SymbolKind, whole: &Span, signature: String) -> usize {
        let symbol = self.index.symbols.len();
        self.index.symbols.push(Symbol {
            name: name.node.clone(),
            kind,
            file: self.file,
            span: name.span.clone(),
            whole: whole.clone(),
            signature,
            stage_kind: None,
            loops: self.loops.clone(),
            target: None,
        });
        self.index.occurrences.push(Occurrence { span: name.span.clone(), symbol });
        symbol
    }

    fn variable(&mut self, name: &Name, symbol: SymbolId) {
        let variables = &mut self.index.blocks[self.block].variables;
        variables.entry(name.node.clone()).or_insert(symbol);
    }

    /// A name of the whole file that is neither stage nor variable.
    fn other(&mut self, name: &Name, symbol: SymbolId) {
        let others = &mut self.index.blocks[self.file].others;
        others.entry(name.node.clone()).or_insert(symbol);
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            match item {
                Item::Import(_) => {}
                Item::Experiment { name, span, .. } => {
                    let signature = format!("experiment {}", name.node);
                    self.symbol(name, SymbolKind::Experiment, span, signature);
                }
                Item::Param { name, type_name, span, .. } => {
                    let signature = format!("param {}: {}", name.node, type_name.node);
                    let symbol = self.symbol(name, SymbolKind::Parameter, span, signature);
                    self.variable(name, symbol);
                }
                Item::Let { name, span, .. } => {
                    let signature = format!("let {}", name.node);
                    let symbol = self.symbol(name, SymbolKind::Constant, span, signature);
                    self.variable(name, symbol);
                }
                Item::For { over, body, span } => {
                    let block = self.inner(span, None);
                    let outside = std::mem::replace(&mut self.block, block);
                    let depth = self.loops.len();
                    for name in over.iter().flat_map(|over| &over.variables) {
                        let signature = format!("for {}", name.node);
                        let symbol = self.symbol(name, SymbolKind::LoopVariable, span, signature);
                        self.variable(name, symbol);
                        self.loops.push(symbol);
                    }
                    self.items(body);
                    self.loops.truncate(depth);
                    self.block = outside;
                }
                Item::Template(template) => self.template(template),
                Item::Claim(claim) => {
                    let signature = format!("claim {}: {}", claim.name.node, claim.method.node);
                    self.symbol(&claim.name, SymbolKind::Claim, &claim.span, signature);
                }
                Item::Stage(stage) => self.stage(stage),
            }
        }
    }

    /// A new block inside the one at hand.
    fn inner(&mut self, span: &Span, stages: Option<BTreeMap<String, SymbolId>>) -> usize {
        let around = Some(self.block);
        let block =
            Block { span: span.clone(), around, file: self.file, stages, ..Block::default() };
        self.index.blocks.push(block);
        self.index.blocks.len() - 1
    }

    fn template(&mut self, template: &Template) {
        let Template { name, parameters, body, span } = template;
        let listed: Vec<String> = parameters
            .iter()
            .map(|parameter| format!("{}: {}", parameter.name.node, parameter.type_name.node))
            .collect();
        let signature = format!("template {}({})", name.node, listed.join(", "));
        let symbol = self.symbol(name, SymbolKind::Template, span, signature);
        self.other(name, symbol);
        let around = Some(self.file);
        let inner = self.inner(span, Some(BTreeMap::new()));
        self.index.blocks[inner].around = around;
        self.index.templates.insert(symbol, inner);
        let outside = std::mem::replace(&mut self.block, inner);
        let loops = std::mem::take(&mut self.loops);
        for parameter in parameters {
            let type_name = &parameter.type_name.node;
            let whole = parameter.name.span.start..parameter.type_name.span.end;
            let signature = format!("{}: {type_name}", parameter.name.node);
            let argument = self.symbol(&parameter.name, SymbolKind::Argument, &whole, signature);
            if !is_type(type_name) {
                self.index.symbols[argument].stage_kind = Some(type_name.clone());
            }
            self.variable(&parameter.name, argument);
        }
        self.items(body);
        self.loops = loops;
        self.block = outside;
    }

    fn stage(&mut self, stage: &Stage) {
        let signature = match &stage.header {
            Some(header) => {
                format!("{} {}: {}", stage.kind.node, stage.name.node, written(&header.node))
            }
            None => format!("{} {}", stage.kind.node, stage.name.node),
        };
        let symbol = self.symbol(&stage.name, SymbolKind::Stage, &stage.span, signature);
        self.index.symbols[symbol].stage_kind = Some(stage.kind.node.clone());
        let mut block = self.block;
        while self.index.blocks[block].stages.is_none() {
            block = self.index.blocks[block].around.unwrap_or(self.file);
        }
        let stages = self.index.blocks[block].stages.get_or_insert_default();
        stages.entry(stage.name.node.clone()).or_insert(symbol);
    }

    fn import(&mut self, import: &Import, target: Option<usize>) {
        match &import.names {
            ImportedNames::Namespace(name) => {
                let signature = format!("use \"{}\" as {}", import.path.node, name.node);
                let symbol = self.symbol(name, SymbolKind::Namespace, &import.span, signature);
                self.index.symbols[symbol].target = target.map(Behind::File);
                self.other(name, symbol);
            }
            ImportedNames::Chosen(chosen) => {
                for imported in chosen {
                    let original = target
                        .and_then(|file| self.index.declared_as(file, &imported.original.node));
                    let Some(original) = original else { continue };
                    let span = imported.original.span.clone();
                    self.index.occurrences.push(Occurrence { span, symbol: original });
                    let mut known_as = original;
                    if imported.original.span != imported.local.span {
                        let whole = imported.original.span.start..imported.local.span.end;
                        let signature = self.index.symbols[original].signature.clone();
                        let local = &imported.local;
                        known_as = self.symbol(local, SymbolKind::Alias, &whole, signature);
                        self.index.symbols[known_as].target = Some(Behind::Original(original));
                    }
                    self.other(&imported.local, known_as);
                }
            }
        }
    }
}

impl Index<'_> {
    /// What a file itself declares under a name.
    pub(super) fn declared_as(&self, file: usize, name: &str) -> Option<SymbolId> {
        let Block { variables, stages, others, .. } = &self.blocks[file];
        let stages = stages.iter().find_map(|stages| stages.get(name));
        let own = |symbol: &&SymbolId| self.symbols[**symbol].file == file;
        variables.get(name).or(stages).or(others.get(name)).filter(own).copied()
    }
}

/// A reference as it is written, its selections left out.
fn written(reference: &Reference) -> &str {
    &reference.name.node
}
