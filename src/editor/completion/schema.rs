//! What the schemas know: kinds, methods, fields, words, units, types.

use super::Offer;
use super::place::{Place, Slot};
use crate::editor::templates;
use crate::editor::view::View;
use crate::language::manual;
use crate::language::schema::{Field, FieldType, Header, Variant};
use crate::language::syntax::tree::Parameter;
use crate::language::value::Dimension;
use lsp_types::CompletionItemKind as Kind;

/// The words that begin a declaration which is no stage, each with what it looks like.
const DECLARATIONS: [(&str, &str); 7] = [
    ("experiment", "experiment name { title: \"…\", seed: 1 }"),
    ("use", "use \"lib/file.msx\" { name }"),
    ("param", "param name: int = 100"),
    ("let", "let name = value"),
    ("for", "for k in [2, 4] { … }"),
    ("template", "template name(fold: subset) { … }"),
    ("claim", "claim name: trend(…)"),
];

pub(super) fn offer(place: &Place<'_, '_>, view: View<'_, '_>, offers: &mut Vec<Offer>) {
    match &place.slot {
        Slot::Item => items(view, offers),
        Slot::Header(kind) => methods(kind, view, offers),
        Slot::Type { of_template } => types(*of_template, view, offers),
        Slot::Claim => offers.extend(view.vocabulary.claims.iter().map(|schema| {
            Offer::new(schema.method, Kind::FUNCTION, 0).detail(schema.summary).snippet(
                &format!("{}(", schema.method),
                "…",
                ")",
            )
        })),
        Slot::Field => fields(place, view, offers),
        Slot::Value { ty, or_name } => {
            if let Some(ty) = ty {
                values(ty, offers);
            }
            if *or_name {
                // A value alone is shorter than one with its name.
                let named = offers.len();
                fields(place, view, offers);
                offers[named..].iter_mut().for_each(|offer| offer.rank += 1);
            }
        }
        Slot::Argument(type_name) => argument_values(type_name, offers),
        Slot::Unit(ty) => units(*ty, offers),
        Slot::Template { .. } | Slot::Member { .. } | Slot::Selector(_) | Slot::Nothing => {}
    }
}

fn items(view: View<'_, '_>, offers: &mut Vec<Offer>) {
    let schemas = &view.vocabulary.schemas;
    for kind in schemas.kinds() {
        let methods: Vec<_> = schemas.of_kind(kind).collect();
        let Some(first) = methods.first() else { continue };
        let summary = match first.header {
            Header::Method => {
                let names: Vec<&str> = methods.iter().map(|schema| schema.method).collect();
                format!("methods: {}", names.join(", "))
            }
            _ => first.summary.to_owned(),
        };
        let docs = format!("{}\n\n```msx\n{}\n```", first.docs, first.example);
        offers.push(Offer::new(kind, Kind::CLASS, 0).detail(summary).docs(docs));
    }
    for (word, example) in DECLARATIONS {
        offers.push(Offer::new(word, Kind::KEYWORD, 2).detail(example));
    }
}

fn methods(kind: &str, view: View<'_, '_>, offers: &mut Vec<Offer>) {
    for schema in view.vocabulary.schemas.of_kind(kind) {
        if let Header::Method = schema.header {
            let docs = format!("{}\n\n```msx\n{}\n```", schema.docs, schema.example);
            let offer = Offer::new(schema.method, Kind::METHOD, 0);
            offers.push(offer.detail(schema.summary).docs(docs));
        }
    }
}

fn types(of_template: bool, view: View<'_, '_>, offers: &mut Vec<Offer>) {
    for (name, example) in manual::types() {
        offers.push(Offer::new(name, Kind::TYPE_PARAMETER, 1).detail(format!("such as {example}")));
    }
    if of_template {
        let kinds = view.vocabulary.schemas.kinds().into_iter();
        offers.extend(kinds.map(|kind| Offer::new(kind, Kind::CLASS, 0).detail("a stage")));
    }
}

/// Fields and parameters that are not written yet, required ones first.
fn fields(place: &Place<'_, '_>, view: View<'_, '_>, offers: &mut Vec<Offer>) {
    let missing = |name: &str| !place.written.contains(&name);
    for field in place.fields.iter().filter(|field| missing(field.name)) {
        offers.push(field_offer(field));
    }
    for setting in place.settings.iter().filter(|setting| missing(setting.name)) {
        let offer = Offer::new(setting.name, Kind::FIELD, 0).detail(setting.doc);
        offers.push(offer.snippet(&format!("{}: ", setting.name), setting.example, ""));
    }
    let parameters = place.template.map_or(&[][..], |known| templates::parameters(view, known));
    for parameter in parameters.iter().filter(|parameter| missing(&parameter.name.node)) {
        offers.push(argument_offer(view, parameter, place.offset));
    }
}

fn argument_offer(view: View<'_, '_>, parameter: &Parameter, offset: usize) -> Offer {
    let (name, type_name) = (&parameter.name.node, &parameter.type_name.node);
    let default = templates::default(view, parameter);
    let detail = match default {
        Some(default) => format!("{type_name} (default {default})"),
        None => format!("{type_name} (required)"),
    };
    Offer::new(name, Kind::FIELD, u8::from(default.is_some())).detail(detail).snippet(
        &format!("{name}: "),
        &templates::example(view, parameter, offset),
        "",
    )
}

/// Words and an example of a type of values.
fn argument_values(type_name: &str, offers: &mut Vec<Offer>) {
    if type_name == "bool" {
        values(&FieldType::Bool, offers);
    } else if let Some((name, example)) = manual::types().find(|(name, _)| *name == type_name) {
        offers.push(Offer::new(example, Kind::VALUE, 4).detail(name));
    }
}

fn field_offer(field: &Field) -> Offer {
    let rank = u8::from(!manual::is_required(field));
    Offer::new(field.name, Kind::FIELD, rank)
        .detail(manual::field_line(field))
        .docs(field.doc)
        .snippet(&format!("{}: ", field.name), &manual::example(&field.ty), "")
}

/// Words and examples of a type.
fn values(ty: &FieldType, offers: &mut Vec<Offer>) {
    match ty {
        FieldType::Bool => {
            offers.extend(["true", "false"].map(|word| Offer::new(word, Kind::ENUM_MEMBER, 0)))
        }
        FieldType::Choice(variants) => offers.extend(variants.iter().map(word)),
        FieldType::OneOf(numbers) => offers.extend(
            numbers.iter().map(|number| Offer::new(number.to_string(), Kind::ENUM_MEMBER, 0)),
        ),
        FieldType::List(_) | FieldType::Several { .. } => values(ty.member(), offers),
        FieldType::Int { .. }
        | FieldType::Float { .. }
        | FieldType::Quantity { .. }
        | FieldType::Text
        | FieldType::Path => {
            let offer = Offer::new(manual::example(ty), Kind::VALUE, 4);
            offers.push(offer.detail(manual::type_line(ty)));
        }
        _ => {}
    }
}

fn word(variant: &Variant) -> Offer {
    let offer = Offer::new(variant.name, Kind::ENUM_MEMBER, 0).detail(variant.doc);
    match variant.parameters.first() {
        Some(first) => {
            let before = format!("{}(", variant.name);
            offer.snippet(&before, &manual::example(&first.ty), ")")
        }
        None => offer,
    }
}

/// Units, those that fit alone where it is known which do.
fn units(ty: Option<&FieldType>, offers: &mut Vec<Offer>) {
    let fitting: Vec<Dimension> = match ty {
        Some(FieldType::Quantity { dimension, .. }) => vec![*dimension],
        Some(_) => Vec::new(),
        None => Dimension::ALL.to_vec(),
    };
    for dimension in fitting {
        for (unit, _) in dimension.units() {
            offers.push(Offer::new(*unit, Kind::UNIT, 0).detail(dimension.describe()));
        }
    }
}
