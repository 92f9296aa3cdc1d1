//! Reports on disk: the template from the store, filled with names, settings and the graph.

use super::errors::Failure;
use super::load::Loaded;
use crate::language::schema::{Default, FieldType, MethodSchema};
use crate::language::value::Value;
use crate::report::{self, Provenance, ProvenanceStage, Setting};
use crate::run::{Outcome, Session, platform};
use crate::share::WITHHELD;
use crate::stages::report_output;
use crate::store;
use std::fs;
use std::path::Path;

/// A page of a finished report.
pub(super) struct Page {
    /// Its file name.
    pub(super) name: String,
    /// Its text.
    pub(super) text: String,
}

/// Writes every finished report of the experiment below `folder`. Gives their names there and their
/// texts.
pub(super) fn publish(
    loaded: &Loaded,
    session: &Session<'_>,
    outcome: &Outcome,
    folder: &Path,
) -> Result<Vec<(String, String)>, Failure> {
    let mut written = Vec::new();
    for Page { name, text } in pages(loaded, session, outcome, Places::Told, &|_, _| true)? {
        let name = format!("{}/{name}", loaded.experiment.name);
        write_if_changed(&folder.join(&name), &text)?;
        written.push((name, text));
    }
    Ok(written)
}

/// Whether a page tells where the user's data lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Places {
    /// As it was given.
    Told,
    /// Paths are left out.
    Hidden,
}

/// Whether the page of a report shows the images that a stage made, both by index, or for `None` those
/// of the data.
pub(super) type Shows<'a> = &'a dyn Fn(usize, Option<usize>) -> bool;

/// The page of every finished report of the experiment.
pub(super) fn pages(
    loaded: &Loaded,
    session: &Session<'_>,
    outcome: &Outcome,
    places: Places,
    shows: Shows<'_>,
) -> Result<Vec<Page>, Failure> {
    let mut pages = Vec::new();
    let (kind, output, file) = report_output();
    for (index, node) in loaded.graph.nodes().iter().enumerate() {
        let Some(key) = outcome.keys[index].filter(|_| node.stage.kind == kind) else { continue };
        let Some(record) = session.store.lookup(&key).map_err(Failure::new)? else {
            session.store.remove_record(&key).map_err(Failure::new)?;
            let label = node.stage.label();
            return Err(Failure::Message(format!(
                "the page of `{label}` is damaged in the cache; run again to make it anew"
            )));
        };
        let blob = record.outputs.get(output).and_then(|files| files.0.get(file));
        let Some(blob) = blob else { continue };
        let template = session.store.read_blob(blob).map_err(Failure::new)?;
        let template = String::from_utf8(template).map_err(Failure::new)?;
        let provenance = provenance(loaded, session, outcome, index, places)?;
        let text = report::publish(&template, &provenance, &|maker| shows(index, maker));
        pages.push(Page { name: file_name(&node.stage.label()), text });
    }
    Ok(pages)
}

/// `page[k: 6]` as a file name.
fn file_name(label: &str) -> String {
    let plain: String = label
        .chars()
        .map(|character| if character.is_alphanumeric() { character } else { '_' })
        .collect();
    format!("{}.html", plain.trim_matches('_'))
}

fn write_if_changed(path: &Path, page: &str) -> Result<(), Failure> {
    if fs::read(path).is_ok_and(|present| present == page.as_bytes()) {
        return Ok(());
    }
    store::write_atomically(path, page.as_bytes())
        .map_err(|error| Failure::Message(format!("{error}; choose another folder with --reports")))
}

fn provenance(
    loaded: &Loaded,
    session: &Session<'_>,
    outcome: &Outcome,
    report: usize,
    places: Places,
) -> Result<Provenance, Failure> {
    let inputs = loaded.graph.resolve_inputs(report, &outcome.outputs).unwrap_or_default();
    let stages = loaded.graph.nodes().iter().zip(&outcome.keys).map(|(node, key)| {
        let stage = &node.stage;
        let schema = loaded.schemas.get(&stage.kind, &stage.method);
        let mut givers: Vec<usize> = stage.inputs.iter().map(|input| input.stage).collect();
        givers.sort_unstable();
        givers.dedup();
        ProvenanceStage {
            name: stage.label(),
            kind: stage.kind.clone(),
            method: stage.method.clone(),
            revision: node.revision,
            key: key.map_or_else(|| "not run".to_owned(), |key| key.hex()),
            settings: stage
                .parameters
                .iter()
                .map(|(name, value)| setting(schema, loaded.experiment.seed, name, value, places))
                .collect(),
            inputs: givers,
        }
    });
    Ok(Provenance {
        title: loaded.experiment.title.clone(),
        stages: stages.collect(),
        inputs: inputs.iter().map(|input| input.input.stage).collect(),
        versions: vec![
            ("msx".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("platform".to_owned(), platform()),
            ("device".to_owned(), session.device.to_string()),
        ],
    })
}

fn setting(
    schema: Option<&MethodSchema>,
    seed: i64,
    name: &str,
    value: &Value,
    places: Places,
) -> Setting {
    let field = schema.and_then(|schema| schema.fields.iter().find(|field| field.name == name));
    let is_default = match field.map(|field| &field.default) {
        Some(Default::Value(default)) => default == value,
        Some(Default::ExperimentSeed) => *value == Value::Int(seed),
        _ => false,
    };
    let is_path = field.is_some_and(|field| matches!(field.ty, FieldType::Path));
    let is_withheld =
        field.is_some_and(|field| field.withholds(value)) || is_path && places == Places::Hidden;
    let value = if is_withheld { WITHHELD.to_owned() } else { value.to_string() };
    Setting { name: name.to_owned(), value, is_default }
}
