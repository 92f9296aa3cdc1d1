//! What was found as SARIF 2.1.0, the OASIS format that code hosts and editors read.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>; the numbers of sections
//! below are its own.

use super::Checked;
use crate::language::explain::Explanation;
use crate::language::{COMMAND_LINE, Code, Diagnostic, Place};
use serde_json::{Value, json};
use std::path::{Component, Path};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A log file (3.13) of one run (3.14).
pub(super) fn document(checked: &[Checked<'_>]) -> Value {
    let results: Vec<Value> = checked
        .iter()
        .flat_map(|file| file.diagnostics.iter().map(|found| result(file.file, found)))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "msx",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().map(|&code| rule(code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A reporting descriptor (3.49).
fn rule(code: Code) -> Value {
    let explanation = Explanation::of(code);
    json!({
        "id": code.to_string(),
        "shortDescription": { "text": explanation.summary },
        "help": { "text": explanation.page(), "markdown": explanation.text },
        "defaultConfiguration": { "level": level(code) },
    })
}

fn level(code: Code) -> &'static str {
    if code.is_warning() { "warning" } else { "error" }
}

/// A result (3.27). What to do has no property of its own and ends the message.
fn result(file: &Path, diagnostic: &Diagnostic) -> Value {
    let help = diagnostic.help.iter().map(|help| format!("\n{help}"));
    let message: String = std::iter::once(diagnostic.message.clone()).chain(help).collect();
    // What stands on the command line has no place in a file.
    let is_in_file = |place: &&Place<'_>| place.file != COMMAND_LINE;
    let places = diagnostic.places();
    let primary = places.first().filter(is_in_file);
    let related = places.iter().skip(1).filter(is_in_file);
    json!({
        "ruleId": diagnostic.code.to_string(),
        "ruleIndex": Code::ALL.iter().position(|code| *code == diagnostic.code),
        "level": level(diagnostic.code),
        "message": { "text": message },
        "locations": [location(file, primary)],
        "relatedLocations": related.map(|place| location(file, Some(place))).collect::<Vec<_>>(),
    })
}

/// A location (3.28); the whole file where there is no place in it.
fn location(file: &Path, place: Option<&Place<'_>>) -> Value {
    let file = place.map_or(file, |place| Path::new(place.file));
    let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
    let mut location = serde_json::Map::new();
    if let Some(place) = place {
        physical["region"] = json!({
            "startLine": place.start.line,
            "startColumn": place.start.column,
            "endLine": place.end.line,
            "endColumn": place.end.column,
            "byteOffset": place.start.byte,
            "byteLength": place.end.byte - place.start.byte,
        });
        if let Some(label) = place.label {
            location.insert("message".to_owned(), json!({ "text": label }));
        }
    }
    location.insert("physicalLocation".to_owned(), physical);
    Value::Object(location)
}

/// A path as a URI reference, relative to the working folder where it lies below it.
fn uri(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(encoded(&name.to_string_lossy())),
        Component::ParentDir => Some("..".to_owned()),
        Component::Prefix(prefix) => Some(encoded(&prefix.as_os_str().to_string_lossy())),
        Component::CurDir | Component::RootDir => None,
    });
    let relative = parts.collect::<Vec<_>>().join("/");
    if path.is_absolute() { format!("file:///{relative}") } else { relative }
}

/// Percent-encoding of all but the unreserved characters of RFC 3986.
fn encoded(part: &str) -> String {
    let mut encoded = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
