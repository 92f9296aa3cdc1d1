//! Numbers that stand beside the text: rounds of loops, sizes of families and selections.

use super::view::View;
use crate::language::syntax::tree::{Item, Template};
use lsp_types::{InlayHint, InlayHintLabel, InlayHintTooltip, Range};

/// The hints within a range.
pub(super) fn hints(view: View<'_, '_>, range: &Range) -> Vec<InlayHint> {
    let mut hints = Vec::new();
    loops(view, view.analysis().items(0), &mut hints);
    for ((start, end), count) in &view.analysis().facts.selected {
        if view.holds(&(*start..*end)) {
            let stages = if *count == 1 { "stage" } else { "stages" };
            hints.push(hint(view, *end, *count, format!("the selection leaves {count} {stages}")));
        }
    }
    let within = |hint: &InlayHint| range.start <= hint.position && hint.position <= range.end;
    hints.retain(within);
    hints.sort_by_key(|hint| (hint.position.line, hint.position.character));
    hints
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
                        hints.push(hint(view, part.values.span.end, *rounds, words));
                    }
                }
                loops(view, body, hints);
            }
            Item::Template(Template { body, .. }) => loops(view, body, hints),
            Item::Stage(stage) => {
                let name = &stage.name.span;
                if let Some(members) = facts.members.get(&name.start).filter(|count| **count > 1) {
                    let words = format!("a family of {members} stages");
                    hints.push(hint(view, name.end, *members, words));
                }
            }
            _ => {}
        }
    }
}

fn hint(view: View<'_, '_>, offset: usize, count: usize, words: String) -> InlayHint {
    InlayHint {
        position: view.document.lines.position(view.text(), offset),
        label: InlayHintLabel::String(format!("×{count}")),
        kind: None,
        text_edits: None,
        tooltip: Some(InlayHintTooltip::String(words)),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }
}
