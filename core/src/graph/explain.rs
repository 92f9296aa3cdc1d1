//! Why a stage is stale, in the words of the field.

use super::{Fingerprint, InputDigest};
use crate::language::value::{Fields, Value};
use std::fmt;

/// One difference between an earlier fingerprint and the present one.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A parameter has another value; `None` where it was or is absent.
    Parameter {
        /// Its name; nested fields are joined by dots.
        name: String,
        /// The value of then.
        before: Option<Value>,
        /// The value of now.
        after: Option<Value>,
    },
    /// An input has other content, or is there on one side only.
    Input {
        /// Its role.
        role: String,
        /// Whether it was there and whether it is there.
        presence: (bool, bool),
    },
    /// The user's files behind a field have other content.
    Files {
        /// The field.
        role: String,
    },
    /// The stage is of another kind or method.
    Method {
        /// `kind.method` of then.
        before: String,
        /// `kind.method` of now.
        after: String,
    },
    /// The method's code has a new revision.
    Revision {
        /// The revision of then.
        before: u32,
        /// The revision of now.
        after: u32,
    },
    /// It ran on a device that computes other bits.
    Arithmetic {
        /// The family of then.
        before: String,
        /// The family of now.
        after: String,
    },
    /// The result was made by a version of msx that wrote fingerprints differently.
    Format,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Parameter { name, before, after } => {
                write!(formatter, "{name}: {} → {}", or_absent(before), or_absent(after))
            }
            Change::Input { role, presence: (false, _) } => {
                write!(formatter, "input {role} is new")
            }
            Change::Input { role, presence: (_, false) } => {
                write!(formatter, "input {role} is gone")
            }
            Change::Input { role, .. } => write!(formatter, "input {role} has other content"),
            Change::Files { role } => write!(formatter, "the files at {role} have other content"),
            Change::Method { before, after } => write!(formatter, "method: {before} → {after}"),
            Change::Revision { before, after } => {
                write!(formatter, "the method was revised in msx: {before} → {after}")
            }
            Change::Arithmetic { before, after } => {
                write!(formatter, "device family: {before} → {after}")
            }
            Change::Format => formatter.write_str("made by an incompatible version of msx"),
        }
    }
}

fn or_absent(value: &Option<Value>) -> String {
    value.as_ref().map_or_else(|| "(absent)".to_owned(), Value::to_string)
}

/// Differences on one line.
pub fn words(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Every difference, parameters first. Empty for equal fingerprints.
pub fn changes(before: &Fingerprint, after: &Fingerprint) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.format != after.format {
        changes.push(Change::Format);
    }
    let name = |print: &Fingerprint| format!("{} {}", print.kind, print.method).trim().to_owned();
    if name(before) != name(after) {
        changes.push(Change::Method { before: name(before), after: name(after) });
    }
    compare_fields("", &before.parameters, &after.parameters, &mut changes);
    compare_inputs(&before.inputs, &after.inputs, &mut changes);
    for file in &after.files {
        if !before.files.contains(file) {
            changes.push(Change::Files { role: file.role.clone() });
        }
    }
    for file in &before.files {
        if !after.files.iter().any(|other| other.role == file.role) {
            changes.push(Change::Input { role: file.role.clone(), presence: (true, false) });
        }
    }
    if before.revision != after.revision {
        changes.push(Change::Revision { before: before.revision, after: after.revision });
    }
    if before.arithmetic != after.arithmetic {
        changes.push(Change::Arithmetic {
            before: before.arithmetic.clone(),
            after: after.arithmetic.clone(),
        });
    }
    changes
}

pub(super) fn compare_fields(
    prefix: &str,
    before: &Fields,
    after: &Fields,
    changes: &mut Vec<Change>,
) {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let path = format!("{prefix}{name}");
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(Value::Record(old)), Some(Value::Record(new))) => {
                compare_fields(&format!("{path}."), old, new, changes);
            }
            (old, new) => changes.push(Change::Parameter {
                name: path,
                before: old.cloned(),
                after: new.cloned(),
            }),
        }
    }
}

fn compare_inputs(before: &[InputDigest], after: &[InputDigest], changes: &mut Vec<Change>) {
    let mut roles: Vec<&String> = before.iter().chain(after).map(|input| &input.role).collect();
    roles.sort();
    roles.dedup();
    for role in roles {
        let of = |inputs: &[InputDigest]| -> Vec<super::Digest> {
            inputs.iter().filter(|input| &input.role == role).map(|input| input.digest).collect()
        };
        let (old, new) = (of(before), of(after));
        if old != new {
            changes.push(Change::Input {
                role: role.clone(),
                presence: (!old.is_empty(), !new.is_empty()),
            });
        }
    }
}
