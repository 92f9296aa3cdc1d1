//! The reference manual of stages, made from their schemas.

use super::check::describe;
use super::parameters::{self, TYPES};
use super::schema::{Default, Field, FieldType, Header, MethodSchema, Schemas};
use super::value::Quantity;

/// Every kind and method with one line each.
pub fn overview(schemas: &Schemas) -> String {
    let mut text = String::new();
    for kind in schemas.kinds() {
        for schema in schemas.of_kind(kind) {
            let name = format!("{kind} {}", schema.method);
            text.push_str(&format!("{:<24} {}\n", name.trim(), schema.summary));
        }
    }
    text.push_str("\nmsx stages KIND describes one kind in full.\n");
    text
}

/// One kind in full; `None` where there is no such kind.
pub fn kind_page(schemas: &Schemas, kind: &str) -> Option<String> {
    let pages: Vec<String> = schemas.of_kind(kind).map(method_page).collect();
    (!pages.is_empty()).then(|| pages.join("\n\n"))
}

fn method_page(schema: &MethodSchema) -> String {
    let title = format!("{} {}", schema.kind, schema.method);
    let title = title.trim();
    let mut text = format!("{title}: {}\n\n{}\n\n", schema.summary, wrapped(schema.docs, 0));
    text.push_str(&format!("    {}\n", schema.example.replace('\n', "\n    ")));
    if let Header::Stage { role, kinds } = &schema.header {
        text.push_str(&format!("\nAfter the colon: a {} ({role}).\n", kinds.join(" or ")));
    }
    text.push_str("\nFields\n");
    for field in &schema.fields {
        text.push_str(&field_entry(field, 2));
    }
    text.push_str("\nOutputs\n");
    for output in &schema.outputs {
        text.push_str(&format!("  {}: {}\n", output.name, output.doc));
    }
    text.push_str(&format!("\nRevision {}\n", schema.revision));
    text
}

/// What stands beside fields that only say how long to go on.
pub const HORIZON: &str = "Only says how long to go on: another value continues the same training.";

/// A type in words with its range: `a length in images, 1 img to 1000 Mimg`.
pub fn type_line(ty: &FieldType) -> String {
    format!("{}{}", describe(ty), range(ty))
}

/// Type, range and default of a field: `a whole number, 1 to 100 (default 3)`.
pub fn field_line(field: &Field) -> String {
    let default = match &field.default {
        Default::Required => "required".to_owned(),
        Default::Value(value) => format!("default {value}"),
        Default::ExperimentSeed => "default: the experiment's seed".to_owned(),
        Default::Absent => "optional".to_owned(),
        Default::EveryStage => "default: every stage".to_owned(),
    };
    format!("{} ({default})", type_line(&field.ty))
}

/// Whether a field must be written.
pub fn is_required(field: &Field) -> bool {
    matches!(field.default, Default::Required)
}

/// Something that could be written where a value of this type is wanted.
pub fn example(ty: &FieldType) -> String {
    super::check::example(ty)
}

/// The types of parameters, each with a value.
pub fn types() -> impl Iterator<Item = (&'static str, &'static str)> {
    TYPES.into_iter().filter_map(|name| parameters::example(name).map(|example| (name, example)))
}

fn field_entry(field: &Field, indent: usize) -> String {
    let space = " ".repeat(indent);
    let mut text = format!("{space}{}: {}\n", field.name, field_line(field));
    text.push_str(&wrapped(field.doc, indent + 4));
    text.push('\n');
    if field.horizon {
        text.push_str(&wrapped(HORIZON, indent + 4));
        text.push('\n');
    }
    match field.ty.member() {
        FieldType::Record(fields) => {
            fields.iter().for_each(|field| text.push_str(&field_entry(field, indent + 4)));
        }
        FieldType::Choice(variants) => {
            for variant in variants {
                let inner = " ".repeat(indent + 4);
                text.push_str(&format!("{inner}{}: {}\n", variant.name, variant.doc));
                let parameters = variant.parameters.iter();
                parameters.for_each(|field| text.push_str(&field_entry(field, indent + 8)));
            }
        }
        _ => {}
    }
    text
}

fn range(ty: &FieldType) -> String {
    match ty {
        FieldType::Int { min, max } => format!(", {min} to {max}"),
        FieldType::Float { min, max } => format!(", {min} to {max}"),
        FieldType::Quantity { dimension, min, max } => {
            let show = |amount: f64| Quantity { amount, dimension: *dimension };
            format!(", {} to {}", show(*min), show(*max))
        }
        _ => String::new(),
    }
}

/// Text in lines of at most 88 characters behind an indentation.
fn wrapped(text: &str, indent: usize) -> String {
    const WIDTH: usize = 88;
    let space = " ".repeat(indent);
    let mut lines = Vec::new();
    let mut line = space.clone();
    for word in text.split_whitespace() {
        if line.len() + word.len() + 1 > WIDTH && line.len() > indent {
            lines.push(std::mem::replace(&mut line, space.clone()));
        }
        if line.len() > indent {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines.join("\n")
}
