//! What a file declares, and what of it can be folded away.

use super::lexer::TokenKind;
use super::view::View;
use crate::language::syntax::tree::{Item, Name, Span};
use lsp_types::{DocumentSymbol, FoldingRange, FoldingRangeKind, SymbolKind};

/// The declarations of a file, those in loops and templates below these.
pub(super) fn symbols(view: View<'_, '_>) -> Vec<DocumentSymbol> {
    each(view, view.analysis().items(0))
}

fn each(view: View<'_, '_>, items: &[Item]) -> Vec<DocumentSymbol> {
    items.iter().filter_map(|item| symbol(view, item)).collect()
}

fn symbol(view: View<'_, '_>, item: &Item) -> Option<DocumentSymbol> {
    let named = |name: &Name, span: &Span, kind, detail: String, inner| {
        entry(view, &name.node, (&name.span, span), kind, (detail, inner))
    };
    let nothing = Vec::new;
    Some(match item {
        Item::Import(import) => {
            let places = (&import.path.span, &import.span);
            entry(
                view,
                &import.path.node,
                places,
                SymbolKind::MODULE,
                ("use".to_owned(), nothing()),
            )
        }
        Item::Experiment { name, span, .. } => {
            named(name, span, SymbolKind::NAMESPACE, "experiment".to_owned(), nothing())
        }
        Item::Param { name, type_name, span, .. } => {
            let detail = format!("param: {}", type_name.node);
            named(name, span, SymbolKind::CONSTANT, detail, nothing())
        }
        Item::Let { name, span, .. } => {
            named(name, span, SymbolKind::CONSTANT, "let".to_owned(), nothing())
        }
        Item::For { over, body, span } => {
            let variables = over.iter().flat_map(|over| &over.variables);
            let names: Vec<&str> = variables.clone().map(|name| name.node.as_str()).collect();
            let first = variables.into_iter().next()?;
            let last = &over.last()?.variables.last()?.span;
            let place = first.span.start..last.end;
            let name = format!("for {}", names.join(", "));
            entry(view, &name, (&place, span), SymbolKind::ARRAY, (String::new(), each(view, body)))
        }
        Item::Template(template) => {
            let inner = each(view, &template.body);
            let detail = "template".to_owned();
            named(&template.name, &template.span, SymbolKind::FUNCTION, detail, inner)
        }
        Item::Claim(claim) => {
            let detail = format!("claim {}", claim.method.node);
            named(&claim.name, &claim.span, SymbolKind::BOOLEAN, detail, nothing())
        }
        Item::Stage(stage) => {
            let header = stage.header.as_ref();
            let header = header.map(|header| format!(" {}", header.node.name.node));
            let detail = format!("{}{}", stage.kind.node, header.unwrap_or_default());
            named(&stage.name, &stage.span, SymbolKind::OBJECT, detail, nothing())
        }
    })
}

fn entry(
    view: View<'_, '_>,
    name: &str,
    (own, whole): (&Span, &Span),
    kind: SymbolKind,
    (detail, inner): (String, Vec<DocumentSymbol>),
) -> DocumentSymbol {
    #[allow(deprecated, reason = "the struct has no other constructor")]
    DocumentSymbol {
        name: name.to_owned(),
        detail: (!detail.is_empty()).then_some(detail),
        kind,
        tags: None,
        deprecated: None,
        range: view.range(whole),
        selection_range: view.range(own),
        children: (!inner.is_empty()).then_some(inner),
    }
}

/// Brackets over several lines, and runs of comments.
pub(super) fn folds(view: View<'_, '_>) -> Vec<FoldingRange> {
    let mut folds = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut comment: Option<(usize, usize)> = None;
    let tokens = view.tokens();
    let line = |offset| view.document.lines.line(offset);
    let mut last_line = usize::MAX;
    for token in &tokens {
        let at = line(token.span.start);
        if token.kind == TokenKind::Comment && at != last_line {
            comment = match comment {
                Some((first, last)) if last + 1 == at => Some((first, at)),
                other => {
                    folds.extend(other.and_then(|(first, last)| fold(first, last, true)));
                    Some((at, at))
                }
            };
        }
        match token.kind {
            TokenKind::Sign('{' | '[' | '(') => open.push(at),
            TokenKind::Sign('}' | ']' | ')') => {
                // The closing bracket stays in sight.
                let fold = open.pop().and_then(|first| fold(first, at.saturating_sub(1), false));
                folds.extend(fold);
            }
            _ => {}
        }
        last_line = at;
    }
    folds.extend(comment.and_then(|(first, last)| fold(first, last, true)));
    folds.sort_by_key(|fold| (fold.start_line, fold.end_line));
    folds.dedup_by_key(|fold| fold.start_line);
    folds
}

fn fold(first: usize, last: usize, is_comment: bool) -> Option<FoldingRange> {
    (first < last).then(|| FoldingRange {
        start_line: first as u32,
        end_line: last as u32,
        kind: is_comment.then_some(FoldingRangeKind::Comment),
        ..FoldingRange::default()
    })
}
