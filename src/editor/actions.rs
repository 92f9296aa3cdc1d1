//! Quick fixes: what was meant, what is missing, what nothing uses.

use super::problems::Fix;
use super::templates;
use super::view::View;
use crate::language::index::SymbolKind;
use crate::language::manual;
use crate::language::syntax::tree::{Entry, ImportedNames, Item, Span, Stage};
use crate::language::syntax::walk::stages;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Diagnostic, NumberOrString,
    Range, TextEdit, WorkspaceEdit,
};
use std::collections::HashMap;

/// What can be done about the diagnostics and declarations in a range.
pub(super) fn actions(view: View<'_, '_>, asked: &CodeActionParams) -> Vec<CodeActionOrCommand> {
    let mut actions: Vec<CodeAction> = Vec::new();
    for diagnostic in &asked.context.diagnostics {
        actions.extend(correction(view, diagnostic));
        actions.extend(removal(view, diagnostic));
    }
    let span = view.offset(asked.range.start)..view.offset(asked.range.end);
    let about = |diagnostic: &&Diagnostic| {
        let missing = crate::language::Code::MissingField.to_string();
        diagnostic.code == Some(NumberOrString::String(missing))
    };
    let diagnostics: Vec<Diagnostic> =
        asked.context.diagnostics.iter().filter(about).cloned().collect();
    for stage in stages(view.analysis().items(0)) {
        if stage.span.start <= span.end && span.start <= stage.span.end {
            actions.extend(missing_fields(view, stage, &diagnostics));
        }
    }
    actions.into_iter().map(CodeActionOrCommand::CodeAction).collect()
}

fn action(
    view: View<'_, '_>,
    title: String,
    diagnostics: &[Diagnostic],
    edit: (Range, String),
) -> CodeAction {
    let edits = vec![TextEdit::new(edit.0, edit.1)];
    let changes = HashMap::from([(view.document.uri.clone(), edits)]);
    CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: (!diagnostics.is_empty()).then(|| diagnostics.to_vec()),
        edit: Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }),
        is_preferred: (diagnostics.len() == 1).then_some(true),
        ..CodeAction::default()
    }
}

fn correction(view: View<'_, '_>, diagnostic: &Diagnostic) -> Option<CodeAction> {
    let fix: Fix = serde_json::from_value(diagnostic.data.clone()?).ok()?;
    let title = format!("Write `{}`", fix.instead);
    Some(action(view, title, std::slice::from_ref(diagnostic), (fix.range, fix.instead)))
}

/// Takes out a declaration that nothing uses.
fn removal(view: View<'_, '_>, diagnostic: &Diagnostic) -> Option<CodeAction> {
    let unused = NumberOrString::String(crate::language::Code::Unused.to_string());
    if diagnostic.code != Some(unused) {
        return None;
    }
    let place = view.offset(diagnostic.range.start);
    let symbol = view.analysis().index.at(place).map(|found| found.symbol);
    let imported = imported(view, place);
    let (name, whole) = match (imported, symbol) {
        (Some(found), _) => found,
        (None, Some(symbol)) => {
            let symbol = &view.analysis().index.symbols[symbol];
            // A parameter of a template has instances that give it.
            if symbol.kind == SymbolKind::Argument {
                return None;
            }
            (symbol.name.clone(), whole_lines(view.text(), &symbol.whole))
        }
        (None, None) => return None,
    };
    let edit = (view.range(&whole), String::new());
    Some(action(view, format!("Remove `{name}`"), std::slice::from_ref(diagnostic), edit))
}

/// An imported name with its comma, or the whole import where it is the only one.
fn imported(view: View<'_, '_>, place: usize) -> Option<(String, Span)> {
    let imports = view.analysis().items(0).iter().filter_map(|item| match item {
        Item::Import(import) => Some(import),
        _ => None,
    });
    for import in imports.filter(|import| import.span.contains(&place)) {
        let ImportedNames::Chosen(names) = &import.names else { continue };
        let at = names.iter().position(|name| name.local.span.start == place)?;
        let name = names[at].local.node.clone();
        let span = match (names.get(at + 1), at.checked_sub(1).map(|before| &names[before])) {
            (Some(next), _) => names[at].original.span.start..next.original.span.start,
            (None, Some(before)) => before.local.span.end..names[at].local.span.end,
            (None, None) => whole_lines(view.text(), &import.span),
        };
        return Some((name, span));
    }
    None
}

/// A place with the rest of its lines, where nothing else stands on them.
fn whole_lines(text: &str, span: &Span) -> Span {
    let before = text[..span.start].trim_end_matches([' ', '\t']);
    let after = text[span.end..].trim_start_matches([' ', '\t']);
    let ends = ["\r\n", "\n"].iter().find_map(|end| after.strip_prefix(end));
    match ends {
        Some(rest) if before.is_empty() || before.ends_with('\n') => {
            before.len()..text.len() - rest.len()
        }
        _ => span.clone(),
    }
}

/// Adds every required field or argument that is not there, with a value to be replaced.
fn missing_fields(
    view: View<'_, '_>,
    stage: &Stage,
    diagnostics: &[Diagnostic],
) -> Option<CodeAction> {
    let is_missing = |name: &str| {
        !stage.entries.iter().any(|entry| match entry {
            Entry::Field(written) => written.name.node == name,
            // What is spread may hold it.
            Entry::Spread(_) => true,
        })
    };
    let missing: Vec<(&str, String)> = match templates::template_of(view, stage) {
        Some(template) => templates::parameters(view, template)
            .iter()
            .filter(|parameter| parameter.default.is_none() && is_missing(&parameter.name.node))
            .map(|parameter| {
                let example = templates::example(view, parameter, stage.span.start);
                (parameter.name.node.as_str(), example)
            })
            .collect(),
        None => view
            .schema_of(stage)?
            .fields
            .iter()
            .filter(|field| manual::is_required(field) && is_missing(field.name))
            .map(|field| (field.name, manual::example(&field.ty)))
            .collect(),
    };
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    let written = missing.iter().map(|(name, example)| format!("{name}: {example}"));
    let edit = insertion(view.text(), stage, &written.collect::<Vec<String>>())?;
    let title = format!("Add {}", names.join(", "));
    Some(action(view, title, diagnostics, (view.range(&edit.0), edit.1)))
}

/// Where and how fields are added: on lines of their own in a block over several lines.
fn insertion(text: &str, stage: &Stage, fields: &[String]) -> Option<(Span, String)> {
    let whole = text.get(stage.span.clone())?;
    let close = stage.span.start + whole.rfind('}')?;
    let inside = text[..close].trim_end();
    let line = text[..stage.span.start].rfind('\n').map_or(0, |end| end + 1);
    let indent: String = text[line..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let is_empty = inside.ends_with('{');
    let body_has_lines = text[inside.len()..close].contains('\n');
    let added = if body_has_lines {
        let lines: Vec<String> = fields.iter().map(|f| format!("\n{indent}    {f}")).collect();
        format!("{}\n{indent}", lines.concat())
    } else {
        let comma = if is_empty || inside.ends_with(',') { " " } else { ", " };
        format!("{comma}{} ", fields.join(", "))
    };
    Some((inside.len()..close, added))
}
