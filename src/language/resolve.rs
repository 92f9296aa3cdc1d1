//! The first look at a tree: the header, names declared twice, parameters and their overrides.

use super::Override;
use super::diagnostic::{Code, Diagnostic};
use super::suggest;
use super::syntax::parse_expression;
use super::syntax::tree::{Expression, Field, Item, Name, Span, Spanned, Term};
use super::value::Dimension;
use std::collections::{BTreeMap, BTreeSet};

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) seed: i64,
}

/// The words for types of parameters.
const TYPES: [&str; 10] =
    ["int", "float", "text", "path", "bool", "images", "pixels", "fraction", "bytes", "seconds"];

/// Reads the header. Without one there is none to go on with, but other mistakes are still found.
pub(super) fn header(items: &[Item], diagnostics: &mut Vec<Diagnostic>) -> Header {
    let mut found: Option<(&Name, Header)> = None;
    for item in items {
        let Item::Experiment { name, fields } = item else { continue };
        if let Some((first, _)) = &found {
            diagnostics.push(
                Diagnostic::new(Code::Header, "a file describes one experiment", name.span.clone())
                    .related(first.span.clone(), "first declared here")
                    .help("put the second experiment into a file of its own"),
            );
            continue;
        }
        found = Some((name, header_fields(name, fields, diagnostics)));
    }
    if let Some((_, header)) = found {
        return header;
    }
    diagnostics.push(
        Diagnostic::new(Code::Header, "the file has no experiment header", 0..0)
            .help("begin with: experiment my_name { title: \"What it asks\", seed: 1 }"),
    );
    Header { name: String::new(), title: None, seed: 0 }
}

fn header_fields(name: &Name, fields: &[Field], diagnostics: &mut Vec<Diagnostic>) -> Header {
    let mut header = Header { name: name.node.clone(), title: None, seed: 0 };
    for field in fields {
        let wrong = |wanted: &str| {
            let message = format!("`{}` must be {wanted}", field.name.node);
            Diagnostic::new(Code::WrongType, message, field.value.span.clone())
        };
        match (field.name.node.as_str(), &field.value.node) {
            ("title", Term::Text(text)) => header.title = Some(text.clone()),
            ("title", _) => diagnostics.push(wrong("a string")),
            ("seed", Term::Number { digits, unit: None }) if digits.parse::<i64>().is_ok() => {
                header.seed = digits.parse().unwrap_or(0);
            }
            ("seed", _) => diagnostics.push(wrong("a whole number of at least 0")),
            (other, _) => diagnostics.push(
                Diagnostic::new(
                    Code::UnknownField,
                    format!("an experiment has no field `{other}`"),
                    field.name.span.clone(),
                )
                .maybe_help(suggest::help(
                    other,
                    "its fields are",
                    ["title", "seed"],
                )),
            ),
        }
    }
    header
}

/// Reports declarations that are read but have no meaning yet.
pub(super) fn not_evaluated(items: &[Item], diagnostics: &mut Vec<Diagnostic>) {
    for item in items {
        let (what, span) = match item {
            Item::Import(import) => ("`use`", &import.path.span),
            Item::Template(template) => ("`template`", &template.name.span),
            Item::Claim(claim) => ("`claim`", &claim.name.span),
            Item::Param { settings, .. } if !settings.is_empty() => {
                ("a block behind a parameter", &settings[0].name.span)
            }
            Item::For { body, .. } => {
                not_evaluated(body, diagnostics);
                continue;
            }
            _ => continue,
        };
        let message = format!("{what} has no meaning in this version of msx");
        diagnostics.push(Diagnostic::new(Code::Syntax, message, span.clone()));
    }
}

/// Reports names that are declared twice where both are in sight. Stages are in sight of the
/// whole file, variables of their block.
pub(super) fn duplicates(items: &[Item], diagnostics: &mut Vec<Diagnostic>) {
    let mut stages = BTreeMap::new();
    stage_names(items, &mut stages, diagnostics);
    variable_names(items, &stages, diagnostics);
}

/// The names of all stages with their places.
pub(super) fn stage_names<'t>(
    items: &'t [Item],
    seen: &mut BTreeMap<&'t str, &'t Span>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for item in items {
        match item {
            Item::Stage(stage) => declare(&stage.name, seen, diagnostics),
            Item::For { body, .. } => {
                misplaced(body, diagnostics);
                stage_names(body, seen, diagnostics);
            }
            _ => {}
        }
    }
}

/// What belongs to the whole file and stands inside a loop.
fn misplaced(body: &[Item], diagnostics: &mut Vec<Diagnostic>) {
    for item in body {
        let (what, name) = match item {
            Item::Experiment { name, .. } => ("the experiment header", name),
            Item::Param { name, .. } => ("a parameter", name),
            _ => continue,
        };
        let message = format!("{what} cannot stand inside a loop");
        diagnostics.push(
            Diagnostic::new(Code::Syntax, message, name.span.clone())
                .help("move it out of the loop; inside, `let` names a value of each round"),
        );
    }
}

fn variable_names<'t>(
    items: &'t [Item],
    around: &BTreeMap<&'t str, &'t Span>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut seen = around.clone();
    for item in items {
        if let Item::Let { name, .. } | Item::Param { name, .. } = item {
            declare(name, &mut seen, diagnostics);
        }
    }
    for item in items {
        if let Item::For { over, body } = item {
            let mut inner = seen.clone();
            for variable in over.iter().flat_map(|over| &over.variables) {
                declare(variable, &mut inner, diagnostics);
            }
            variable_names(body, &inner, diagnostics);
        }
    }
}

fn declare<'t>(
    name: &'t Name,
    seen: &mut BTreeMap<&'t str, &'t Span>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Some(first) = seen.get(name.node.as_str()) {
        diagnostics.push(
            Diagnostic::new(
                Code::Duplicate,
                format!("the name `{}` is declared twice", name.node),
                name.span.clone(),
            )
            .label("declared again here")
            .related((*first).clone(), "first declared here")
            .help("give one of the two another name"),
        );
        return;
    }
    seen.insert(&name.node, &name.span);
}

/// The values of the file's parameters after the command line had its say.
pub(super) fn parameters(
    items: &[Item],
    overrides: &[Override],
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, Expression> {
    let mut values = BTreeMap::new();
    let mut names = BTreeSet::new();
    for item in items {
        let Item::Param { name, type_name, default, .. } = item else { continue };
        names.insert(name.node.as_str());
        if !TYPES.contains(&type_name.node.as_str()) {
            diagnostics.push(
                Diagnostic::new(
                    Code::UnknownName,
                    format!("there is no type `{}`", type_name.node),
                    type_name.span.clone(),
                )
                .maybe_help(suggest::help(&type_name.node, "the types are", TYPES)),
            );
            values.insert(name.node.clone(), default.clone());
            continue;
        }
        check_type(&name.node, &type_name.node, default, Code::WrongType, diagnostics);
        let given = overrides.iter().rev().find(|given| given.name == name.node);
        let value = given.and_then(|given| override_value(given, type_name, diagnostics));
        values.insert(name.node.clone(), value.unwrap_or_else(|| default.clone()));
    }
    for given in overrides {
        if !names.contains(given.name.as_str()) {
            diagnostics.push(
                Diagnostic::new(
                    Code::Override,
                    format!("--set {}: the file has no such parameter", given.name),
                    0..0,
                )
                .maybe_help(suggest::help(
                    &given.name,
                    "its parameters are",
                    names.iter().copied(),
                )),
            );
        }
    }
    values
}

/// The value of a `--set`, at the place of the parameter's type.
fn override_value(
    given: &Override,
    type_name: &Name,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expression> {
    let place = type_name.span.clone();
    let quoted = given.value.starts_with('"');
    if matches!(type_name.node.as_str(), "text" | "path") && !quoted {
        return Some(Spanned { node: Term::Text(given.value.clone()), span: place });
    }
    match parse_expression(&given.value, &place) {
        Ok(value) => {
            let name = format!("--set {}", given.name);
            check_type(&name, &type_name.node, &value, Code::Override, diagnostics).then_some(value)
        }
        Err(_) => {
            let message = format!("--set {}: `{}` is no value", given.name, given.value);
            diagnostics.push(
                Diagnostic::new(Code::Override, message, place)
                    .help(format!("write it as in the file: {}", example(&type_name.node))),
            );
            None
        }
    }
}

/// Whether a unit measures what a type of parameters means. An unknown one is reported where it is
/// evaluated.
fn is_unit_of(type_name: &str, unit: &str) -> bool {
    let dimension = match type_name {
        "images" => Dimension::Images,
        "pixels" => Dimension::Pixels,
        "bytes" => Dimension::Bytes,
        _ => Dimension::Seconds,
    };
    let has = |dimension: &Dimension| dimension.units().iter().any(|(name, _)| *name == unit);
    has(&dimension) || !Dimension::ALL.iter().any(has)
}

/// Whether a literal is of a parameter's type. Expressions are checked where they are used.
fn check_type(
    name: &str,
    type_name: &str,
    value: &Expression,
    code: Code,
    diagnostics: &mut Vec<Diagnostic>,
) -> bool {
    let fits = match &value.node {
        Term::Number { digits, unit } => match type_name {
            "int" => unit.is_none() && digits.parse::<i64>().is_ok(),
            "float" => unit.is_none(),
            "fraction" => unit.as_ref().is_none_or(|unit| unit.node == "%"),
            "text" | "path" | "bool" => false,
            _ => unit.as_ref().is_some_and(|unit| is_unit_of(type_name, &unit.node)),
        },
        Term::Text(_) => matches!(type_name, "text" | "path"),
        Term::Reference(reference) if type_name == "bool" => {
            matches!(reference.name.node.as_str(), "true" | "false")
        }
        Term::List(_) | Term::Tuple(_) | Term::Record(_) | Term::Call { .. } => false,
        _ => true,
    };
    if !fits {
        let message = format!("{name}: this is not of type {type_name}");
        diagnostics.push(
            Diagnostic::new(code, message, value.span.clone())
                .help(format!("write for example {}", example(type_name))),
        );
    }
    fits
}

fn example(type_name: &str) -> &'static str {
    match type_name {
        "int" => "100",
        "float" => "0.001",
        "text" => "\"some text\"",
        "path" => "\"data/images\"",
        "bool" => "true",
        "images" => "12_000 kimg",
        "pixels" => "32px",
        "fraction" => "80%",
        "bytes" => "8 GiB",
        _ => "2 h",
    }
}
