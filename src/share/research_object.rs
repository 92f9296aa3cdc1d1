//! The description of a bundle as a research object: RO-Crate 1.1 with the terms of Process Run
//! Crate 0.5.

use super::bundle::{EXPERIMENT, LOCK};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

/// The name that the specification asks for.
pub const FILE: &str = "ro-crate-metadata.json";
const CONTEXT: &str = "https://w3id.org/ro/crate/1.1/context";
const SPECIFICATION: &str = "https://w3id.org/ro/crate/1.1";
const PROFILE: &str = "https://w3id.org/ro/wfrun/process/0.5";
const SOFTWARE: &str = env!("CARGO_PKG_REPOSITORY");
const RUN: &str = "#run";

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
