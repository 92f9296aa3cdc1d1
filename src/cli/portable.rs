//! What may be said to others of how an experiment was asked for: its text, and what was given on the
//! command line, without places on this machine and without secrets.

use super::Reading;
use super::errors::Failure;
use super::load::{self, Loaded};
use crate::language::Override;
use crate::language::experiment::TypedStage;
use crate::language::schema::{FieldType, Schemas};
use crate::language::value::Value;
use crate::share::{Text, secrets, withhold};
use crate::stages;

/// Stands behind a value to see where it goes: nobody writes this character, which is for private use.
const TRACER: char = '\u{f8ff}';

/// See the module. The experiment was read with these arguments.
pub(super) fn text(loaded: &Loaded, reading: &Reading) -> Result<Text, Failure> {
    let mut text = Text {
        file: loaded.name_in_project.clone(),
        files: loaded.texts.clone(),
        ..Text::default()
    };
    for given in &loaded.given {
        match is_private(given, loaded, reading) {
            true => text.withheld.insert(given.name.clone(), given.value.clone()),
            false => text.set.insert(given.name.clone(), given.value.clone()),
        };
    }
    let nodes = loaded.graph.nodes().iter();
    let known = nodes.filter_map(|node| {
        let schema = loaded.schemas.get(&node.stage.kind, &node.stage.method)?;
        Some((node, schema.clone()))
    });
    withhold(text, &secrets(known)).map_err(Failure::new)
}

/// Whether a value from the command line names a place, or becomes part of one or of a secret.
fn is_private(given: &Override, loaded: &Loaded, reading: &Reading) -> bool {
    let parameter = loaded.parameters.iter().find(|parameter| parameter.name == given.name);
    let type_name = parameter.map_or("", |parameter| parameter.type_name.as_str());
    // A string may name a place as well.
    let is_place = given.value.trim_matches('"').starts_with(['/', '~']);
    is_place || type_name == "path" || type_name == "text" && goes_private(given, loaded, reading)
}

/// Whether a text ends up in a path or in a secret: the experiment is read once more with a mark behind
/// the text, and where the mark arrives, so does the text.
fn goes_private(given: &Override, loaded: &Loaded, reading: &Reading) -> bool {
    let schemas = stages::schemas();
    let traced = |(name, value): &(String, String)| match *name == given.name {
        true => (name.clone(), with_tracer(value)),
        false => (name.clone(), value.clone()),
    };
    let set = reading.set.iter().map(traced).collect();
    let reading = Reading { set, project: reading.project.clone() };
    match load::read(&loaded.path, &schemas, &reading) {
        Ok(read) => {
            read.compiled.experiment.stages.iter().any(|stage| shows_tracer(stage, &schemas))
        }
        // The file takes some values only. Then its stages show whether this one is in a path.
        Err(_) => {
            let value = given.value.trim_matches('"');
            let mut stages = loaded.graph.nodes().iter().map(|node| &node.stage);
            stages.any(|stage| private_texts(stage, &schemas).any(|text| text.contains(value)))
        }
    }
}

fn with_tracer(value: &str) -> String {
    match value.strip_suffix('"') {
        Some(begin) if begin.starts_with('"') => format!("{begin}{TRACER}\""),
        _ => format!("{value}{TRACER}"),
    }
}

fn shows_tracer(stage: &TypedStage, schemas: &Schemas) -> bool {
    private_texts(stage, schemas).any(|text| text.contains(TRACER))
}

/// The paths and secrets of a stage.
fn private_texts<'a>(
    stage: &'a TypedStage,
    schemas: &Schemas,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let schema = schemas.get(&stage.kind, &stage.method);
    let fields = schema.iter().flat_map(|schema| &schema.fields);
    let private = fields.filter(|field| field.secret || matches!(field.ty, FieldType::Path));
    let texts: Vec<&str> = private
        .filter_map(|field| match stage.parameters.get(field.name)? {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    texts.into_iter()
}
