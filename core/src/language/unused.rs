//! Declarations that nothing refers to.

use super::diagnostic::{Code, Diagnostic};
use super::names::{Imported, Names, Target};
use super::syntax::tree::{ImportedNames, Item, Name};
use std::collections::BTreeSet;

/// Constants, parameters, templates and imports of the experiment that nothing uses. What a library
/// declares is for others to use.
pub(super) fn unused(names: &Names<'_>, used: &BTreeSet<usize>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let items = &names.program.files[0].items;
    bindings(items, used, &mut found);
    for item in items {
        match item {
            Item::Template(template) if used.contains(&template.name.span.start) => {
                for parameter in &template.parameters {
                    check(&parameter.name, used, &mut found);
                }
                bindings(&template.body, used, &mut found);
            }
            Item::Template(template) => check(&template.name, used, &mut found),
            Item::Import(import) => match &import.names {
                ImportedNames::Namespace(name) => check(name, used, &mut found),
                ImportedNames::Chosen(chosen) => {
                    // An imported stage becomes one of the experiment, and the command line
                    // reaches an imported parameter.
                    let has_effect = |imported: &Imported<'_>| match imported.target {
                        Target::Name(file, name) => names.is_stage_or_parameter(file, name),
                        _ => false,
                    };
                    let imports = &names.files[0].imports;
                    for name in chosen.iter().map(|name| &name.local) {
                        if !imports.get(name.node.as_str()).is_some_and(has_effect) {
                            check(name, used, &mut found);
                        }
                    }
                }
            },
            _ => {}
        }
    }
    found
}

fn bindings(items: &[Item], used: &BTreeSet<usize>, found: &mut Vec<Diagnostic>) {
    for item in items {
        match item {
            Item::Let { name, .. } | Item::Param { name, .. } => check(name, used, found),
            Item::For { body, .. } => bindings(body, used, found),
            _ => {}
        }
    }
}

fn check(name: &Name, used: &BTreeSet<usize>, found: &mut Vec<Diagnostic>) {
    if !used.contains(&name.span.start) {
        let message = format!("nothing uses `{}`", name.node);
        found.push(
            Diagnostic::new(Code::Unused, message, name.span.clone()).help("use it or remove it"),
        );
    }
}
