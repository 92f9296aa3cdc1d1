//! From a path on the command line to a checked graph.

use super::Overrides;
use super::errors::{Failure, print_diagnostics};
use crate::graph::Graph;
use crate::language::experiment::Experiment;
use crate::language::schema::Schemas;
use crate::language::syntax::{self, tree::Item};
use crate::language::{self, Override, Source};
use crate::learn::device::Device;
use crate::run::Session;
use crate::stages::{self, Method};
use crate::store::Store;
use std::fs;
use std::path::{Path, PathBuf};

/// A checked file.
pub(super) struct Loaded {
    pub(super) experiment: Experiment,
    pub(super) graph: Graph,
    pub(super) schemas: Schemas,
    /// The file, absolute.
    pub(super) path: PathBuf,
    /// Values from the command line, their paths absolute.
    pub(super) set: Vec<(String, String)>,
}

impl Loaded {
    /// The folder that the file's paths are relative to.
    pub(super) fn base(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// The experiment bound to what a plan or a run needs.
    pub(super) fn session<'a>(
        &'a self,
        methods: &'a [Box<dyn Method>],
        store: &'a Store,
        device: Device,
        verify_files: bool,
    ) -> Result<Session<'a>, Failure> {
        Session::prepare(&self.graph, methods, store, self.base(), device, verify_files)
            .map_err(Failure::new)
    }
}

/// Splits `name=value`.
pub(super) fn parse_set(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write it as NAME=VALUE, for example --set epochs=3".to_owned()),
    }
}

/// Reads, checks and expands a file; prints its warnings.
pub(super) fn load(file: &Path, overrides: &Overrides) -> Result<Loaded, Failure> {
    let path = file
        .canonicalize()
        .map_err(|error| Failure::Message(format!("cannot open {}: {error}", file.display())))?;
    let text = read(file)?;
    let source = Source { name: file.display().to_string(), text };
    let schemas = stages::schemas();
    let set = with_absolute_paths(overrides, &source.text);
    let compiled = language::compile(&source, &schemas, &set).map_err(Failure::Diagnostics)?;
    print_diagnostics(&compiled.warnings);
    let graph = Graph::build(&compiled.experiment, &schemas).map_err(Failure::new)?;
    let set = set.into_iter().map(|given| (given.name, given.value)).collect();
    Ok(Loaded { experiment: compiled.experiment, graph, schemas, path, set })
}

fn read(file: &Path) -> Result<String, Failure> {
    let bytes = fs::read(file)
        .map_err(|error| Failure::Message(format!("cannot read {}: {error}", file.display())))?;
    String::from_utf8(bytes).map_err(|error| {
        Failure::Message(format!(
            "{} is not UTF-8 text: byte {} is not valid; save the file as UTF-8",
            file.display(),
            error.utf8_error().valid_up_to()
        ))
    })
}

/// Paths on the command line are relative to the working folder, those in a file to the file.
/// Paths never enter a key, so it does not matter that they become absolute.
fn with_absolute_paths(overrides: &Overrides, text: &str) -> Vec<Override> {
    let items = syntax::parse(text, 0).items;
    let is_path = |wanted: &str| {
        items.iter().any(|item| match item {
            Item::Param { name, type_name, .. } => name.node == wanted && type_name.node == "path",
            _ => false,
        })
    };
    overrides
        .set
        .iter()
        .map(|(name, value)| {
            let value = match std::path::absolute(value.trim_matches('"')) {
                Ok(path) if is_path(name) => path.display().to_string(),
                _ => value.clone(),
            };
            Override { name: name.clone(), value }
        })
        .collect()
}
