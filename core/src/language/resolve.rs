//! The first look at a tree: the header, and names declared twice.

use super::diagnostic::{Code, Diagnostic};
use super::suggest;
use super::syntax::tree::{Field, Import, ImportedNames, Item, Name, Span, Template, Term};
use std::collections::BTreeMap;

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) seed: i64,
}

/// Reads the header. Without one there is none to go on with, but other mistakes are still found.
pub(super) fn header(items: &[Item], diagnostics: &mut Vec<Diagnostic>) -> Header {
    let mut found: Option<(&Name, Header)> = None;
    for item in items {
        let Item::Experiment { name, fields, .. } = item else { continue };
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

/// Reports names that are declared twice where both are in sight. Stages, templates, claims and
/// imports are in sight of the whole file, variables of their block.
pub(super) fn duplicates(items: &[Item], diagnostics: &mut Vec<Diagnostic>) {
    let mut seen = BTreeMap::new();
    for name in items.iter().flat_map(outermost_names) {
        declare(name, &mut seen, diagnostics);
    }
    stage_names(items, &mut seen, diagnostics);
    variable_names(items, &mut seen, diagnostics);
    for item in items {
        if let Item::Template(template) = item {
            template_names(template, diagnostics);
        }
    }
}

/// What a declaration names that can only stand outside of loops and templates.
fn outermost_names(item: &Item) -> Vec<&Name> {
    match item {
        Item::Template(template) => vec![&template.name],
        Item::Claim(claim) => vec![&claim.name],
        Item::Import(Import { names: ImportedNames::Namespace(name), .. }) => vec![name],
        Item::Import(Import { names: ImportedNames::Chosen(names), .. }) => {
            names.iter().map(|name| &name.local).collect()
        }
        _ => Vec::new(),
    }
}

/// A template sees its file, but its own names win, so only these are compared.
fn template_names(template: &Template, diagnostics: &mut Vec<Diagnostic>) {
    misplaced(&template.body, "a template", diagnostics);
    let mut seen = BTreeMap::new();
    for parameter in &template.parameters {
        declare(&parameter.name, &mut seen, diagnostics);
    }
    stage_names(&template.body, &mut seen, diagnostics);
    variable_names(&template.body, &mut seen, diagnostics);
}

fn stage_names<'t>(
    items: &'t [Item],
    seen: &mut BTreeMap<&'t str, &'t Span>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for item in items {
        match item {
            Item::Stage(stage) => {
                declare(&stage.name, seen, diagnostics);
            }
            Item::For { body, .. } => {
                misplaced(body, "a loop", diagnostics);
                stage_names(body, seen, diagnostics);
            }
            _ => {}
        }
    }
}

/// What belongs to the whole file and stands inside a loop or template.
fn misplaced(body: &[Item], inside: &str, diagnostics: &mut Vec<Diagnostic>) {
    for item in body {
        let (what, place) = match item {
            Item::Experiment { name, .. } => ("the experiment header", &name.span),
            Item::Param { name, .. } => ("a parameter", &name.span),
            Item::Template(template) => ("a template", &template.name.span),
            Item::Claim(claim) => ("a claim", &claim.name.span),
            Item::Import(import) => ("an import", &import.path.span),
            _ => continue,
        };
        let message = format!("{what} cannot stand inside {inside}");
        let help = format!("move it out of {}", inside.replace("a ", "the "));
        let help = match item {
            Item::Param { .. } => format!("{help}; inside, `let` names a value of each round"),
            _ => help,
        };
        diagnostics.push(Diagnostic::new(Code::Syntax, message, place.clone()).help(help));
    }
}

/// Names of a block are in sight until it ends.
fn variable_names<'t>(
    items: &'t [Item],
    seen: &mut BTreeMap<&'t str, &'t Span>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut own: Vec<&'t Name> = Vec::new();
    for item in items {
        if let Item::Let { name, .. } | Item::Param { name, .. } = item {
            own.extend(declare(name, seen, diagnostics));
        }
    }
    for item in items {
        if let Item::For { over, body, .. } = item {
            let variables = over.iter().flat_map(|over| &over.variables);
            let added: Vec<&'t Name> =
                variables.filter_map(|name| declare(name, seen, diagnostics)).collect();
            variable_names(body, seen, diagnostics);
            for name in added {
                seen.remove(name.node.as_str());
            }
        }
    }
    for name in own {
        seen.remove(name.node.as_str());
    }
}

/// Adds a name to those in sight; gives it back where it is new.
fn declare<'t>(
    name: &'t Name,
    seen: &mut BTreeMap<&'t str, &'t Span>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<&'t Name> {
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
        return None;
    }
    seen.insert(&name.node, &name.span);
    Some(name)
}
