//! From a path on the command line to a checked graph.

use super::Reading;
use super::errors::{Failure, print_diagnostics};
use crate::graph::Graph;
use crate::language::experiment::Experiment;
use crate::language::schema::Schemas;
use crate::language::{self, Compiled, Diagnostic, Override, ParameterInfo};
use crate::learn::device::Device;
use crate::project::ProjectFiles;
use crate::run::Session;
use crate::stages::{self, Method};
use crate::store::Store;
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

/// Reads, checks and expands a file with all that it imports; prints its warnings.
pub(super) fn load(file: &Path, reading: &Reading) -> Result<Loaded, Failure> {
    let schemas = stages::schemas();
    let Read { compiled, set, path } =
        read(file, &schemas, reading).map_err(Failure::Diagnostics)?;
    print_diagnostics(&compiled.warnings);
    let graph = Graph::build(&compiled.experiment, &schemas).map_err(Failure::new)?;
    let set = set.into_iter().map(|given| (given.name, given.value)).collect();
    Ok(Loaded { experiment: compiled.experiment, graph, schemas, path, set })
}

/// A file without mistakes, with the values from the command line.
pub(super) struct Read {
    pub(super) compiled: Compiled,
    set: Vec<Override>,
    path: PathBuf,
}

/// Reads and checks a file with all that it imports. What keeps the file from being read is a
/// diagnostic like any other.
pub(super) fn read(
    file: &Path,
    schemas: &Schemas,
    reading: &Reading,
) -> Result<Read, Vec<Diagnostic>> {
    let (files, source) =
        ProjectFiles::open(file, reading.project.as_deref()).map_err(|problem| vec![*problem])?;
    // Asking for the parameters reads all files once more.
    let set = if reading.set.is_empty() {
        Vec::new()
    } else {
        with_absolute_paths(reading, &language::parameters(&source, &files))
    };
    let compiled = language::compile(&source, &files, schemas, &set)?;
    Ok(Read { compiled, set, path: files.root().to_owned() })
}

/// Paths on the command line are relative to the working folder, those in a file to the file.
/// Paths never enter a key, so it does not matter that they become absolute.
fn with_absolute_paths(reading: &Reading, parameters: &[ParameterInfo]) -> Vec<Override> {
    let is_path = |wanted: &str| {
        parameters.iter().any(|parameter| parameter.name == wanted && parameter.type_name == "path")
    };
    reading
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
