//! The description of a bundle as a research object: RO-Crate 1.1 with the terms of Process Run
//! Crate 0.5.

use super::Lock;
use super::bundle::{EXPERIMENT, LOCK};
use super::output::Kind;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use url::Url;
use zip::ZipArchive;

/// The name that the specification asks for.
pub const FILE: &str = "ro-crate-metadata.json";
const CONTEXT: &str = "https://w3id.org/ro/crate/1.1/context";
const SPECIFICATION: &str = "https://w3id.org/ro/crate/1.1";
const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";
const SOFTWARE: &str = env!("CARGO_PKG_REPOSITORY");
const RUN: &str = "#run";
/// Bytes of metadata or a lock beyond which an archive is none of ours.
const LARGEST: u64 = 64 << 20;

/// An archive with a lock, and with metadata that name msx and exactly the files that are in it.
pub const BUNDLE: Kind = Kind { name: "a bundle", is_data: false, is_ours: is_bundle };

/// What is said of the whole.
#[derive(Debug, Clone)]
pub struct Description {
    /// The experiment's title.
    pub title: String,
    /// When its run began and ended.
    pub when: (Timestamp, Timestamp),
    /// The experiment file, relative to its folder in the bundle.
    pub file: String,
    /// How many stages it has.
    pub stages: usize,
    /// The address of the licence that it is given away under.
    pub license: Option<String>,
}

/// The metadata of these files.
pub fn metadata(description: &Description, names: &[&str]) -> Value {
    let mut graph = vec![json!({
        "@id": FILE,
        "@type": "CreativeWork",
        "conformsTo": { "@id": SPECIFICATION },
        "about": { "@id": "./" },
    })];
    graph.push(root(description, names));
    graph.extend(description.license.as_ref().map(|license| {
        json!({
            "@id": license,
            "@type": "CreativeWork",
            "name": license,
            "description": "The licence of this research object",
        })
    }));
    graph.push(json!({
        "@id": PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }));
    graph.push(json!({
        "@id": SOFTWARE,
        "@type": "SoftwareApplication",
        "name": "msx",
        "url": SOFTWARE,
        "version": env!("CARGO_PKG_VERSION"),
    }));
    graph.push(run(description, names));
    graph.extend(names.iter().map(|name| file_entity(name)));
    json!({ "@context": CONTEXT, "@graph": graph })
}

fn is_bundle(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let Ok(mut archive) = ZipArchive::new(BufReader::new(file)) else { return false };
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let mut text = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
        Some(text)
    };
    let is_lock = text(LOCK).is_some_and(|text| Lock::from_text(&text).is_ok());
    let metadata = text(FILE).and_then(|text| serde_json::from_str::<Value>(&text).ok());
    is_lock && metadata.is_some_and(|metadata| describes(&metadata, &names))
}

/// Whether metadata are those that msx gave a bundle of these files.
fn describes(metadata: &Value, names: &[String]) -> bool {
    let entities = metadata["@graph"].as_array().map(Vec::as_slice).unwrap_or_default();
    let software = |entity: &Value| {
        entity["@type"] == "SoftwareApplication"
            && entity["@id"] == SOFTWARE
            && entity["name"] == "msx"
    };
    let root = entities.iter().find(|entity| entity["@id"] == "./");
    let parts = root.and_then(|root| root["hasPart"].as_array());
    let listed: Option<BTreeSet<&str>> =
        parts.and_then(|parts| parts.iter().map(|part| part["@id"].as_str()).collect());
    let held: BTreeSet<String> =
        names.iter().filter(|name| *name != FILE).map(|name| address(name)).collect();
    entities.iter().any(software)
        && listed.is_some_and(|listed| listed.into_iter().eq(held.iter().map(String::as_str)))
}

/// The bundle as a whole.
fn root(description: &Description, names: &[&str]) -> Value {
    let Description { title, when, file, stages, license } = description;
    let mut root = json!({
        "@id": "./",
        "@type": "Dataset",
        "name": title,
        "description": format!("An experiment of msx in {stages} stages with what it found: {title}"),
        "datePublished": second(when.1),
        "conformsTo": { "@id": PROFILE },
        "mainEntity": { "@id": address(&format!("{EXPERIMENT}/{file}")) },
        "hasPart": references(names, |_| true),
        "mentions": { "@id": RUN },
    });
    if let Some(license) = license {
        root["license"] = json!({ "@id": license });
    }
    root
}

/// What msx did: from the experiment and its lock to everything else.
fn run(description: &Description, names: &[&str]) -> Value {
    let Description { when, file, stages, .. } = description;
    let is_input = |name: &str| name == LOCK || name.starts_with(&format!("{EXPERIMENT}/"));
    json!({
        "@id": RUN,
        "@type": "CreateAction",
        "name": format!("The run of {file}"),
        "description": format!("msx runs the {stages} stages of {file}"),
        "instrument": { "@id": SOFTWARE },
        "object": references(names, is_input),
        "result": references(names, |name| !is_input(name)),
        "startTime": second(when.0),
        "endTime": second(when.1),
    })
}

fn references(names: &[&str], is_wanted: impl Fn(&str) -> bool) -> Vec<Value> {
    let wanted = names.iter().filter(|name| is_wanted(name));
    wanted.map(|name| json!({ "@id": address(name) })).collect()
}

/// In ISO 8601 to the second, as the validators of research objects read it.
fn second(when: Timestamp) -> String {
    when.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn file_entity(name: &str) -> Value {
    let format = match name.rsplit('.').next() {
        Some("json") => "application/json",
        Some("html") => "text/html",
        Some("msx") => "text/plain",
        Some("lock") => "application/toml",
        _ => "application/octet-stream",
    };
    json!({
        "@id": address(name),
        "@type": "File",
        "name": name.rsplit('/').next().unwrap_or(name),
        "encodingFormat": format,
    })
}

/// A name as a relative address, with what addresses may not hold written out.
fn address(name: &str) -> String {
    let path = Url::parse("file:///").map(|mut url| {
        url.set_path(name);
        url.path().trim_start_matches('/').to_owned()
    });
    path.unwrap_or_else(|_| name.to_owned())
}
