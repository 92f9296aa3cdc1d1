//! A word above each stage that runs it.
//!
//! The server runs nothing itself: a run may take a day and belongs into a terminal that outlives
//! the editor. The client knows the command `msx.run`, whose arguments are those of `msx run`: the
//! file, then the stages.

use super::templates::template_of;
use super::view::View;
use crate::language::index::{Index, SymbolId, SymbolKind};
use crate::language::syntax::tree::{Item, Name, Span};
use lsp_types::{CodeLens, Command};
use serde_json::Value;
use std::path::Path;

const RUN: &str = "msx.run";
/// An instance that makes more families than this has no lens of its own.
const MOST_NAMES: usize = 100;

/// The lenses of an experiment that lies on disk. A library alone cannot run.
pub(super) fn lenses(view: View<'_, '_>) -> Vec<CodeLens> {
    let items = view.analysis().items(0);
    let is_header = |item: &Item| matches!(item, Item::Experiment { .. });
    let mut lenses = Vec::new();
    if let Some(file) = view.document.path.as_deref().filter(|_| items.iter().any(is_header)) {
        each(view, file, items, &mut lenses);
    }
    lenses
}

fn each(view: View<'_, '_>, file: &Path, items: &[Item], lenses: &mut Vec<CodeLens>) {
    let index = &view.analysis().index;
    for item in items {
        match item {
            Item::Experiment { name, span, .. } => {
                lenses.push(lens(view, file, (span, name), "Run this experiment", Vec::new()));
            }
            Item::For { body, .. } => each(view, file, body, lenses),
            Item::Stage(stage) => {
                let place = (&stage.span, &stage.name);
                let name = &stage.name.node;
                // A loop over nothing makes no stage that could run.
                let is_made = view.analysis().facts.members.contains_key(&stage.name.span.start);
                if let Some(template) = template_of(view, stage) {
                    let mut stages = Vec::new();
                    let whole = inside(index, template, name, &[], &mut stages);
                    if whole.is_some() && !stages.is_empty() {
                        lenses.push(lens(view, file, place, "Run these stages", stages));
                    }
                } else if is_made {
                    lenses.push(lens(view, file, place, "Run this stage", vec![name.clone()]));
                }
            }
            _ => {}
        }
    }
}

/// Adds the families that an instance of a template makes, by the names that the command line knows;
/// nothing where the template makes itself.
fn inside(
    index: &Index<'_>,
    template: SymbolId,
    instance: &str,
    around: &[SymbolId],
    names: &mut Vec<String>,
) -> Option<()> {
    if around.contains(&template) || names.len() > MOST_NAMES {
        return None;
    }
    let around = [around, &[template]].concat();
    for inner in index.inside(template) {
        let symbol = &index.symbols[inner];
        let name = format!("{instance}.{}", symbol.name);
        match (symbol.kind, index.template_of(inner)) {
            (SymbolKind::Instance, Some(further)) => {
                inside(index, further, &name, &around, names)?;
            }
            (SymbolKind::Stage, _) => names.push(name),
            _ => {}
        }
    }
    Some(())
}

fn lens(
    view: View<'_, '_>,
    file: &Path,
    (whole, name): (&Span, &Name),
    title: &str,
    stages: Vec<String>,
) -> CodeLens {
    let file = file.display().to_string();
    let arguments = std::iter::once(file).chain(stages).map(Value::String).collect();
    CodeLens {
        range: view.range(&(whole.start..name.span.end)),
        command: Some(Command {
            title: title.to_owned(),
            command: RUN.to_owned(),
            arguments: Some(arguments),
        }),
        data: None,
    }
}
