//! What the instances of templates give.

use super::view::View;
use crate::language::index::{SymbolId, SymbolKind};
use crate::language::manual;
use crate::language::syntax::tree::{Item, Parameter, Stage};

/// The template that a declaration is an instance of.
pub(super) fn template_of(view: View<'_, '_>, stage: &Stage) -> Option<SymbolId> {
    let index = &view.analysis().index;
    index.template_of(index.at(stage.name.span.start)?.symbol)
}

/// The parameters of a template, in the order of the text.
pub(super) fn parameters<'a>(view: View<'a, '_>, template: SymbolId) -> &'a [Parameter] {
    let symbol = &view.analysis().index.symbols[template];
    let mut items = view.analysis().items(symbol.file).iter();
    let found = items.find_map(|item| match item {
        Item::Template(template) if template.name.span == symbol.span => Some(&template.parameters),
        _ => None,
    });
    found.map_or(&[], Vec::as_slice)
}

/// What holds where an instance leaves a parameter out, as it is written.
pub(super) fn default<'a>(view: View<'a, '_>, parameter: &Parameter) -> Option<&'a str> {
    let (file, local) = view.analysis().local(&parameter.default.as_ref()?.span);
    view.analysis().source(file).text.get(local)
}

/// Something that could be given for a parameter at a place: a value of its type, or a stage of its
/// kind that is in sight there; one stage before a family, and what is declared nearest in front of
/// the place before others.
pub(super) fn example(view: View<'_, '_>, parameter: &Parameter, offset: usize) -> String {
    let wanted = parameter.type_name.node.as_str();
    if let Some((_, example)) = manual::types().find(|(name, _)| *name == wanted) {
        return example.to_owned();
    }
    let index = &view.analysis().index;
    let visible = index.visible(0, offset).into_iter().filter(|(_, symbol)| {
        let symbol = &index.symbols[index.original(*symbol)];
        symbol.kind == SymbolKind::Stage && symbol.stage_kind.as_deref() == Some(wanted)
    });
    let nearest = visible.max_by_key(|(_, symbol)| {
        let symbol = &index.symbols[index.original(*symbol)];
        let is_around = |variable: &SymbolId| index.symbols[*variable].whole.contains(&offset);
        let is_one = symbol.loops.iter().all(is_around);
        let start = symbol.span.start;
        (is_one, start < offset, std::cmp::Reverse(start.abs_diff(offset)))
    });
    nearest.map_or(wanted, |(name, _)| name).to_owned()
}
