//! Values that stay with whoever wrote them: what pages, locks and bundles have in their place, and how
//! the text of an experiment is written without them.

use super::Text;
use crate::graph::{Fingerprint, Node};
use crate::language::schema::MethodSchema;
use crate::language::value::Value;
use std::collections::BTreeMap;

/// What stands in place of a value.
pub const WITHHELD: &str = "(withheld)";

/// Why an experiment cannot be written down without its secrets.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{field}` cannot be withheld, because {reason}; write it as a text of its own, once, or declare a \
     `param` for it and give it with --set"
)]
pub struct CannotWithhold {
    /// The stage and its field.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// The secret values of stages, each with the fields that have it, as `stage.field`.
pub fn secrets<'a>(
    stages: impl Iterator<Item = (&'a Node, MethodSchema)>,
) -> BTreeMap<String, Vec<String>> {
    let mut secrets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (node, schema) in stages {
        for field in &schema.fields {
            if let Some(value @ Value::Text(text)) = node.stage.parameters.get(field.name)
                && field.withholds(value)
            {
                let label = format!("{}.{}", node.stage.label(), field.name);
                secrets.entry(text.clone()).or_default().push(label);
            }
        }
    }
    secrets
}

/// A fingerprint without its secrets.
pub fn without_secrets(print: &Fingerprint, schema: Option<&MethodSchema>) -> Fingerprint {
    let mut print = print.clone();
    for field in schema.iter().flat_map(|schema| &schema.fields) {
        if print.parameters.get(field.name).is_some_and(|value| field.withholds(value)) {
            print.parameters.insert(field.name.to_owned(), Value::Text(WITHHELD.to_owned()));
        }
    }
    print
}

/// The text of an experiment with a mark in place of each secret. `text.secret` says which field each
/// mark is of.
///
/// # Errors
/// A secret is put together from parts, or stands somewhere else as well.
pub fn withhold(
    mut text: Text,
    secrets: &BTreeMap<String, Vec<String>>,
) -> Result<Text, CannotWithhold> {
    for (secret, fields) in secrets {
        let literal = literal(secret);
        let found = text.files.values().any(|file| file.contains(&literal));
        // What came from the command line is left out of `text.set`.
        if found {
            let mark = literal_mark(text.secret.len());
            text.files.values_mut().for_each(|file| *file = file.replace(&literal, &mark));
            text.secret.push(fields[0].clone());
        }
        let remains = |file: &&String| file.contains(secret.as_str());
        if let Some((name, _)) = text.files.iter().find(|(_, file)| remains(file)) {
            return Err(CannotWithhold {
                field: fields[0].clone(),
                reason: format!("its value stands elsewhere in {name}, such as in a comment"),
            });
        }
        if !found && !text.withheld.values().any(|value| value.trim_matches('"') == secret) {
            return Err(CannotWithhold {
                field: fields[0].clone(),
                reason: "its value is put together from parts".to_owned(),
            });
        }
    }
    Ok(text)
}

/// The text of a file with its secrets, in the order of their marks.
pub fn give_back(file: &str, secrets: &[String]) -> String {
    let numbered = secrets.iter().enumerate();
    numbered.fold(file.to_owned(), |file, (number, secret)| {
        file.replace(&literal_mark(number), &literal(secret))
    })
}

/// `"(withheld)"`, and `"(withheld 2)"` for the second secret of an experiment.
fn literal_mark(number: usize) -> String {
    match number {
        0 => format!("\"{WITHHELD}\""),
        number => format!("\"{} {})\"", WITHHELD.trim_end_matches(')'), number + 1),
    }
}

/// A text as it is written in a file.
fn literal(text: &str) -> String {
    let mut written = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' | '{' | '}' => written.extend(['\\', character]),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            other => written.push(other),
        }
    }
    written.push('"');
    written
}
