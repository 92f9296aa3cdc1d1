//! What stands under the cursor, in words.

use super::standing::Standings;
use super::view::View;
use super::workspace::Workspace;
use crate::language::claims::ClaimSchema;
use crate::language::index::{Mention, Occurrence, SymbolKind};
use crate::language::manual;
use crate::language::schema::{Field, FieldType, MethodSchema};
use crate::language::syntax::tree::Span;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind, Position};

/// What is known of the word at a position.
pub(super) fn hover(
    view: View<'_, '_>,
    position: Position,
    workspace: &Workspace<'_>,
    standings: &Standings,
) -> Option<Hover> {
    let offset = view.offset(position);
    let index = &view.analysis().index;
    let (span, value) = match index.at(offset) {
        Some(found) => {
            let mut text = name(view, found);
            if let Some(standing) = standing(view, found, workspace, standings) {
                text.push_str(&format!("\n\n**Cache:** {standing}"));
            }
            (found.span.clone(), text)
        }
        None => {
            let (span, mention) = index.mention_at(offset)?;
            (span.clone(), word(view, span, *mention))
        }
    };
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    Some(Hover { contents, range: Some(view.range(&span)) })
}

/// What a name was declared as, where, and what it comes to.
fn name(view: View<'_, '_>, found: &Occurrence) -> String {
    let analysis = view.analysis();
    let id = analysis.index.original(found.symbol);
    let symbol = &analysis.index.symbols[id];
    let mut text = format!("```msx\n{}\n```", symbol.signature);
    if let Some(value) = analysis.facts.values.get(&symbol.span.start) {
        text.push_str(&format!("\n\n= `{value}`"));
    }
    let (file, local) = analysis.local(&symbol.whole);
    if symbol.kind == SymbolKind::LoopVariable {
        let source = &analysis.source(file).text;
        let head = source.get(local).and_then(|whole| whole.split_once('{'));
        if let Some((head, _)) = head {
            text = format!("```msx\n{}\n```", head.trim_end());
        }
    }
    if let Some(members) = analysis.facts.members.get(&symbol.span.start)
        && !symbol.loops.is_empty()
    {
        let names = symbol.loops.iter().map(|variable| &*analysis.index.symbols[*variable].name);
        let names = names.collect::<Vec<_>>().join(" and ");
        text.push_str(&format!("\n\nA family of {members} over {names}."));
    }
    if let Some(schema) =
        symbol.stage_kind.as_deref().and_then(|kind| view.vocabulary.schemas.of_kind(kind).next())
    {
        text.push_str(&outputs(schema));
    }
    let place = view.checked.location(&symbol.span);
    let file = &analysis.source(file).name;
    text.push_str(&format!("\n\nDeclared in {file}, line {}.", place.range.start.line + 1));
    text
}

/// How the stages of a name stand in the cache, where it is the name of stages.
fn standing(
    view: View<'_, '_>,
    found: &Occurrence,
    workspace: &Workspace<'_>,
    standings: &Standings,
) -> Option<String> {
    let index = &view.analysis().index;
    let symbol = &index.symbols[index.original(found.symbol)];
    match symbol.kind {
        SymbolKind::Stage => {
            let standing = standings.of(view.document.path.as_deref()?, workspace)?;
            standing.declared_at(symbol.whole.start)
        }
        SymbolKind::Instance if symbol.file == 0 => {
            let standing = standings.of(view.document.path.as_deref()?, workspace)?;
            standing.inside(&symbol.name)
        }
        _ => None,
    }
}

fn outputs(schema: &MethodSchema) -> String {
    let outputs =
        schema.outputs.iter().map(|output| format!("\n- `{}`: {}", output.name, output.doc));
    format!("\n\nOutputs:\n{}", outputs.collect::<String>())
}

/// What a schema says of a word.
fn word(view: View<'_, '_>, span: &Span, mention: Mention<'_>) -> String {
    match mention {
        Mention::Kind(schema) => {
            let methods = view.vocabulary.schemas.of_kind(schema.kind);
            let listed = methods.map(|schema| {
                let name = format!("{} {}", schema.kind, schema.method);
                format!("\n- `{}`: {}", name.trim(), schema.summary)
            });
            let title = format!("**{}**\n{}", schema.kind, listed.collect::<String>());
            format!("{title}\n\n```msx\n{}\n```{}", schema.example, outputs(schema))
        }
        Mention::Method(schema) => format!(
            "**{} {}**: {}\n\n{}\n\n```msx\n{}\n```",
            schema.kind, schema.method, schema.summary, schema.docs, schema.example
        ),
        Mention::Field(known) => field(known),
        Mention::Word(variant) => {
            let parameters = variant.parameters.iter().map(|parameter| {
                format!(
                    "\n- `{}`: {}. {}",
                    parameter.name,
                    manual::field_line(parameter),
                    parameter.doc
                )
            });
            format!("**{}**: {}\n{}", variant.name, variant.doc, parameters.collect::<String>())
        }
        Mention::Output(output) => format!("**{}**: {}", output.name, output.doc),
        Mention::Measure(doc) => doc.to_owned(),
        Mention::Claim(schema) => claim(schema),
        Mention::Unit(dimension) => {
            let units: Vec<&str> = dimension.units().iter().map(|(unit, _)| *unit).collect();
            format!("{}; its units are {}", dimension.describe(), units.join(", "))
        }
        Mention::Type => {
            let written = view.text().get(span.clone()).unwrap_or_default();
            match manual::types().find(|(name, _)| *name == written) {
                Some((name, example)) => format!("the type **{name}**, such as `{example}`"),
                None => format!("`{written}`"),
            }
        }
        Mention::File(file) => view.analysis().source(file).name.clone(),
    }
}

fn field(field: &Field) -> String {
    let mut text = format!("**{}**: {}\n\n{}", field.name, manual::field_line(field), field.doc);
    if field.horizon {
        text.push_str(&format!("\n\n{}", manual::HORIZON));
    }
    match field.ty.member() {
        FieldType::Choice(variants) => {
            let listed = variants.iter().map(|v| format!("\n- `{}`: {}", v.name, v.doc));
            text.push_str(&format!("\n{}", listed.collect::<String>()));
        }
        FieldType::Record(fields) => {
            let listed = fields.iter().map(|inner| {
                format!("\n- `{}`: {}. {}", inner.name, manual::field_line(inner), inner.doc)
            });
            text.push_str(&format!("\n{}", listed.collect::<String>()));
        }
        _ => {}
    }
    text
}

fn claim(schema: &ClaimSchema) -> String {
    let fields = schema
        .fields
        .iter()
        .map(|field| format!("\n- `{}`: {}. {}", field.name, manual::field_line(field), field.doc));
    format!("**{}**: {}\n{}", schema.method, schema.summary, fields.collect::<String>())
}
