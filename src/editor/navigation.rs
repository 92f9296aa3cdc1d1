//! From names to declarations and back, over all files that import each other.

use super::lexer::{TokenKind, tokens};
use super::server::Refused;
use super::view::View;
use super::workspace::{Checked, Workspace};
use crate::language::index::{Mention, SymbolId, SymbolKind};
use lsp_types::{
    DocumentHighlight, DocumentHighlightKind, Location, Position, Range, TextEdit, Uri,
    WorkspaceEdit,
};
use std::collections::{BTreeMap, HashMap};

/// Where a name, or the file of an import, stands.
pub(super) fn definition(view: View<'_, '_>, position: Position) -> Option<Location> {
    let offset = view.offset(position);
    let index = &view.analysis().index;
    if let Some(found) = index.at(offset) {
        let original = &index.symbols[index.original(found.symbol)];
        return Some(view.checked.location(&original.span));
    }
    match index.mention_at(offset)? {
        (_, Mention::File(file)) => Some(view.checked.location_in(*file, &(0..0))),
        _ => None,
    }
}

/// The same name in the same file.
pub(super) fn highlights(view: View<'_, '_>, position: Position) -> Vec<DocumentHighlight> {
    let index = &view.analysis().index;
    let Some(symbol) = index.at(view.offset(position)).map(|found| found.symbol) else {
        return Vec::new();
    };
    let places = index.occurrences.iter().filter(|found| found.symbol == symbol);
    places
        .filter(|found| view.holds(&found.span))
        .map(|found| DocumentHighlight {
            range: view.range(&found.span),
            kind: Some(DocumentHighlightKind::TEXT),
        })
        .collect()
}

/// Every place that names what is at a position.
pub(super) fn references(
    workspace: &Workspace<'_>,
    view: View<'_, '_>,
    position: Position,
    with_declaration: bool,
) -> Vec<Location> {
    let found = view.analysis().index.at(view.offset(position));
    let Some(symbol) = found.map(|found| found.symbol) else { return Vec::new() };
    let declared = view.checked.location(&view.analysis().index.symbols[symbol].span);
    let places = Places::of(workspace, view.checked, symbol).0;
    let all = places.into_iter().flat_map(|(uri, ranges)| {
        ranges.into_iter().map(move |range| Location::new(uri.clone(), range))
    });
    all.filter(|place| with_declaration || *place != declared).collect()
}

/// The place of a name that can be renamed.
pub(super) fn prepare_rename(
    view: View<'_, '_>,
    position: Position,
) -> Result<Option<Range>, Refused> {
    let found = view.analysis().index.at(view.offset(position));
    Ok(found.map(|found| view.range(&found.span)))
}

/// The edits that give a declaration another name everywhere.
pub(super) fn rename(
    workspace: &Workspace<'_>,
    view: View<'_, '_>,
    position: Position,
    name: &str,
) -> Result<WorkspaceEdit, Refused> {
    let index = &view.analysis().index;
    let found = index.at(view.offset(position));
    let found =
        found.ok_or_else(|| Refused::because("only a name that a file declares can be renamed"))?;
    valid(name)?;
    let symbol = &index.symbols[found.symbol];
    let places = Places::of(workspace, view.checked, found.symbol);
    if name != symbol.name {
        for checked in workspace.with_word(&symbol.name) {
            let declared = view.checked.location(&symbol.span);
            if let Some(own) = declared_at(&checked, &declared) {
                free(&checked, own, name)?;
            }
        }
    }
    let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
    for (uri, ranges) in places.0 {
        let edits = ranges.into_iter().map(|range| TextEdit::new(range, name.to_owned()));
        changes.insert(uri, edits.collect());
    }
    Ok(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
}

/// Refuses what is no name.
fn valid(name: &str) -> Result<(), Refused> {
    let parts = tokens(name);
    let is_name = matches!(parts.as_slice(), [only] if only.kind == TokenKind::Word
        && only.span == (0..name.len()));
    if is_name {
        return Ok(());
    }
    let reason = format!("`{name}` is no name: write letters, digits and _, a letter first");
    Err(Refused::because(reason))
}

/// Refuses a name that means something else wherever the old one is used.
fn free(checked: &Checked<'_>, symbol: SymbolId, name: &str) -> Result<(), Refused> {
    let index = &checked.analysis.index;
    let uses = index.occurrences.iter().filter(|found| found.symbol == symbol);
    for found in uses {
        let (file, _) = checked.analysis.local(&found.span);
        if let Some(other) = index.meaning(file, found.span.start, name) {
            return Err(taken(checked, other, name));
        }
    }
    // A name inside may hide the new one where the old one is used.
    let clash = (0..index.symbols.len()).find(|other| {
        let other = &index.symbols[*other];
        let own = &index.symbols[symbol];
        other.name == name
            && other.file == own.file
            && matches!(own.kind, SymbolKind::Constant | SymbolKind::Parameter | SymbolKind::Stage)
            && !matches!(other.kind, SymbolKind::Experiment)
    });
    clash.map_or(Ok(()), |other| Err(taken(checked, other, name)))
}

fn taken(checked: &Checked<'_>, other: SymbolId, name: &str) -> Refused {
    let other = &checked.analysis.index.symbols[other];
    let place = checked.location(&other.span);
    let source = &checked.analysis.source(other.file).name;
    let line = place.range.start.line + 1;
    Refused::because(format!("`{name}` is taken: {} in {source}, line {line}", other.signature))
}

/// The declaration at a place.
fn declared_at(checked: &Checked<'_>, place: &Location) -> Option<SymbolId> {
    checked.uris.contains(&place.uri).then_some(())?;
    let symbols = &checked.analysis.index.symbols;
    symbols.iter().position(|symbol| checked.location(&symbol.span) == *place)
}

/// The places that name one declaration, by file and in order.
struct Places(BTreeMap<Uri, Vec<Range>>);

impl Places {
    fn of(workspace: &Workspace<'_>, checked: &Checked<'_>, symbol: SymbolId) -> Places {
        let symbol = &checked.analysis.index.symbols[symbol];
        let declared = checked.location(&symbol.span);
        let mut places = Places(BTreeMap::new());
        for other in workspace.with_word(&symbol.name) {
            if let Some(own) = declared_at(&other, &declared) {
                places.add(&other, own);
            }
        }
        for ranges in places.0.values_mut() {
            ranges.sort_by_key(|range| (range.start.line, range.start.character));
            ranges.dedup();
        }
        places
    }

    fn add(&mut self, checked: &Checked<'_>, symbol: SymbolId) {
        let found = checked.analysis.index.occurrences.iter();
        for occurrence in found.filter(|occurrence| occurrence.symbol == symbol) {
            let Location { uri, range } = checked.location(&occurrence.span);
            self.0.entry(uri).or_default().push(range);
        }
    }
}
