//! What stands beside the text: rounds of loops, sizes of families and selections, and the defaults
//! of fields that a block leaves out.

use super::settings::HintOptions;
use super::templates;
use super::view::View;
use crate::language::schema::{Default, Field};
use crate::language::syntax::tree::{Entry, Item, Stage, Template};
use crate::language::syntax::walk::stages;
use lsp_types::{InlayHint, InlayHintLabel, InlayHintTooltip, Range};

/// Defaults that a hint names; the others are in its tooltip.
const MOST_DEFAULTS: usize = 4;

/// The hints within a range, of the sorts that are wanted.
pub(super) fn hints(view: View<'_, '_>, range: &Range, wanted: HintOptions) -> Vec<InlayHint> {
    let mut hints = Vec::new();
    if wanted.families {
        sizes(view, &mut hints);
    }
    if wanted.defaults {
        let all = stages(view.analysis().items(0)).into_iter();
        hints.extend(all.filter_map(|stage| defaults(view, stage)));
    }
    let within = |hint: &InlayHint| range.start <= hint.position && hint.position <= range.end;
    hints.retain(within);
    hints.sort_by_key(|hint| (hint.position.line, hint.position.character));
    hints
}

fn sizes(view: View<'_, '_>, hints: &mut Vec<InlayHint>) {
    loops(view, view.analysis().items(0), hints);
    for ((start, end), count) in &view.analysis().facts.selected {
        if view.holds(&(*start..*end)) {
            let stages = if *count == 1 { "stage" } else { "stages" };
            let words = format!("the selection leaves {count} {stages}");
            hints.push(size(view, *end, *count, words));
        }
    }
}

/// Behind a declaration, what holds without having been written: `epochs: 100, batch: 48, …`.
fn defaults(view: View<'_, '_>, stage: &Stage) -> Option<InlayHint> {
    // What is spread into a block may hold anything.
    if stage.entries.iter().any(|entry| matches!(entry, Entry::Spread(_))) {
        return None;
    }
    let is_written = |name: &str| {
        let mut entries = stage.entries.iter();
        entries.any(|entry| matches!(entry, Entry::Field(field) if field.name.node == name))
    };
    let all: Vec<String> = match templates::template_of(view, stage) {
        Some(template) => templates::parameters(view, template)
            .iter()
            .filter(|parameter| !is_written(&parameter.name.node))
            .filter_map(|parameter| {
                let default = templates::default(view, parameter)?;
                Some(format!("{}: {default}", parameter.name.node))
            })
            .collect(),
        None => {
            let schema = view.schema_of(stage)?;
            let left_out = schema.fields.iter().filter(|field| !is_written(field.name));
            // How long a training goes on is what its readers ask first.
            let mut left_out: Vec<&Field> = left_out.collect();
            left_out.sort_by_key(|field| !field.horizon);
            let named = left_out.into_iter().filter_map(|field| match &field.default {
                Default::Value(value) => Some(format!("{}: {value}", field.name)),
                _ => None,
            });
            named.collect()
        }
    };
    let mut shown = all.iter().take(MOST_DEFAULTS).cloned().collect::<Vec<String>>().join(", ");
    if all.len() > MOST_DEFAULTS {
        shown.push_str(", …");
    }
    let words = format!("left out, so that these defaults hold:\n{}", all.join("\n"));
    (!all.is_empty()).then(|| hint(view, stage.span.end, shown, words))
}

/// Behind the values of each loop, how many they are, and behind the name of each stage in it how
/// many stages that makes.
fn loops(view: View<'_, '_>, items: &[Item], hints: &mut Vec<InlayHint>) {
    let facts = &view.analysis().facts;
    for item in items {
        match item {
            Item::For { over, body, .. } => {
                for part in over {
                    let place = part.variables.first().map(|name| name.span.start);
                    if let Some(rounds) = place.and_then(|place| facts.rounds.get(&place)) {
                        let words = format!("the loop has {rounds} rounds");
                        hints.push(size(view, part.values.span.end, *rounds, words));
                    }
                }
                loops(view, body, hints);
            }
            Item::Template(Template { body, .. }) => loops(view, body, hints),
            Item::Stage(stage) => {
                let name = &stage.name.span;
                if let Some(members) = facts.members.get(&name.start).filter(|count| **count > 1) {
                    let words = format!("a family of {members} stages");
                    hints.push(size(view, name.end, *members, words));
                }
            }
            _ => {}
        }
    }
}

fn size(view: View<'_, '_>, offset: usize, count: usize, words: String) -> InlayHint {
    hint(view, offset, format!("×{count}"), words)
}

fn hint(view: View<'_, '_>, offset: usize, label: String, words: String) -> InlayHint {
    InlayHint {
        position: view.document.lines.position(view.text(), offset),
        label: InlayHintLabel::String(label),
        kind: None,
        text_edits: None,
        tooltip: Some(InlayHintTooltip::String(words)),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }
}
