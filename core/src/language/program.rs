//! All files of an experiment in one space of positions: each file begins where the one before it
//! ends, so that a place alone says which file it is in.

use super::diagnostic::{Code, Diagnostic, Texts};
use super::excerpt::Text;
use super::limits::MOST_FILES;
use super::source::{Source, Sources};
use super::suggest::way;
use super::syntax;
use super::syntax::tree::{Import, Item, Span};
use miette::NamedSource;
use std::sync::Arc;

/// A file that was read.
#[derive(Debug)]
pub(super) struct File {
    pub(super) source: Source,
    /// Position of its first byte.
    pub(super) base: usize,
    pub(super) items: Vec<Item>,
    /// Pieces that could not be read.
    pub(super) broken: Vec<Span>,
    /// The file of each import, in the order of the text; nothing where it cannot be had.
    targets: Vec<Option<usize>>,
}

impl File {
    /// Its imports with the files that they name.
    pub(super) fn imports(&self) -> impl Iterator<Item = (&Import, Option<usize>)> {
        imports(&self.items).zip(self.targets.iter().copied())
    }
}

fn imports(items: &[Item]) -> impl Iterator<Item = &Import> {
    items.iter().filter_map(|item| match item {
        Item::Import(import) => Some(import),
        _ => None,
    })
}

/// The first file and all that it imports, each once.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// The first file is the experiment.
    pub(super) files: Vec<File>,
    /// Indices such that every file stands after all that it imports.
    pub(super) order: Vec<usize>,
}

impl Program {
    /// Reads a file and all that it imports.
    pub(super) fn read(
        root: &Source,
        sources: &dyn Sources,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Program {
        let mut reader =
            Reader { sources, program: Program::default(), open: Vec::new(), diagnostics };
        reader.read(root.clone());
        reader.program
    }

    /// The first position behind all files; one stays free between two, because a message may
    /// point at the end of a file.
    pub(super) fn end(&self) -> usize {
        self.files.last().map_or(0, |last| last.base + last.source.text.len() + 1)
    }

    /// The index of the file that a place is in.
    pub(super) fn index_at(&self, position: usize) -> usize {
        self.files.partition_point(|file| file.base <= position).saturating_sub(1)
    }

    /// The name and text of every file, for messages.
    pub(super) fn texts(&self) -> Texts {
        let named = |file: &File| {
            let source = NamedSource::new(&file.source.name, Text(file.source.text.clone()));
            (file.base, Arc::new(source))
        };
        Texts(self.files.iter().map(named).collect())
    }

    /// The text at a place.
    pub(super) fn text_at(&self, span: &Span) -> Option<&str> {
        let file = self.files.get(self.index_at(span.start))?;
        file.source.text.get(span.start - file.base..span.end.checked_sub(file.base)?)
    }
}

struct Reader<'a> {
    sources: &'a dyn Sources,
    program: Program,
    /// The files whose imports are being read, from the first to the one at hand.
    open: Vec<usize>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read(&mut self, source: Source) -> usize {
        let base = self.program.end();
        let parsed = syntax::parse_for(self.sources, &source.text, base);
        self.diagnostics.extend(parsed.problems.diagnostics);
        let own = self.program.files.len();
        let imports: Vec<Import> = imports(&parsed.items).cloned().collect();
        let broken = parsed.problems.pieces;
        let targets = Vec::new();
        self.program.files.push(File { source, base, items: parsed.items, broken, targets });
        self.open.push(own);
        for import in imports {
            let target = self.target(own, &import);
            self.program.files[own].targets.push(target);
        }
        self.open.pop();
        self.program.order.push(own);
        own
    }

    fn target(&mut self, from: usize, import: &Import) -> Option<usize> {
        let path = &import.path;
        let source = match self.sources.resolve(&self.program.files[from].source, &path.node) {
            Ok(source) => source,
            Err(refusal) => {
                let message = format!("cannot import \"{}\": {}", path.node, refusal.reason);
                self.diagnostics.push(
                    Diagnostic::new(Code::Import, message, path.span.clone()).help(refusal.help),
                );
                return None;
            }
        };
        let known = self.program.files.iter().position(|file| file.source.name == source.name);
        match known {
            Some(target) if self.open.contains(&target) => {
                self.circle(target, import);
                None
            }
            Some(target) => Some(target),
            None if self.program.files.len() >= MOST_FILES => {
                let message = format!("the experiment has more than {MOST_FILES} files");
                self.diagnostics.push(
                    Diagnostic::new(Code::TooLarge, message, path.span.clone())
                        .help("bring several libraries into one file"),
                );
                None
            }
            None => Some(self.read(source)),
        }
    }

    fn circle(&mut self, target: usize, import: &Import) {
        let circle = self.open.iter().skip_while(|&&file| file != target);
        let names: Vec<&str> =
            circle.map(|&file| self.program.files[file].source.name.as_str()).collect();
        let message = format!("the imports go round in a circle: {}", way(&names));
        self.diagnostics.push(
            Diagnostic::new(Code::Cycle, message, import.path.span.clone())
                .help("move what both files need into a third one that both import"),
        );
    }
}
