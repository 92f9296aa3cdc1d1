//! From a path on the command line to a checked graph.

use super::Reading;
use super::errors::{Failure, print_diagnostics};
use crate::graph::Graph;
use crate::language::experiment::Experiment;
use crate::language::schema::Schemas;
use crate::language::{self, Compiled, Diagnostic, Override, ParameterInfo, Source};
use crate::project::{self, Imported, ProjectFiles, Remembering, Seen, folder};
use crate::share::output::Inputs;
use crate::stages;
use crate::store::LastRun;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A checked file.
pub(super) struct Loaded {
    /// Header and claims; the stages are in the graph.
    pub(super) experiment: Experiment,
    pub(super) graph: Graph,
    pub(super) schemas: Schemas,
    /// The file, absolute.
    pub(super) path: PathBuf,
    /// The folder that imports stay in, where it was given; absolute.
    pub(super) project: Option<PathBuf>,
    /// Values from the command line, their paths absolute.
    pub(super) given: Vec<Override>,
    /// The parameters of the file, where any was given.
    pub(super) parameters: Vec<ParameterInfo>,
    /// The experiment file, relative to its project.
    pub(super) name_in_project: String,
    /// The text of every file of the language, by its name relative to the project.
    pub(super) texts: BTreeMap<String, String>,
    /// Labels of the stages that were not asked for.
    pub(super) left_out: Vec<String>,
    /// Whether something in the file is worth a second look, which was told.
    pub(super) has_warnings: bool,
    /// The experiment file as it was read.
    pub(super) source: Source,
    /// What its imports gave.
    pub(super) imported: Vec<Imported>,
    /// All that the experiment is read from, also by stages that were not asked for.
    pub(super) inputs: Inputs,
}

impl Loaded {
    /// The folder that the file's paths are relative to.
    pub(super) fn base(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// What is noted of a run of it.
    pub(super) fn as_last_run(&self) -> LastRun {
        LastRun { file: self.path.clone(), project: self.project.clone(), set: self.set() }
    }

    /// Values from the command line, their paths absolute, by name.
    pub(super) fn set(&self) -> Vec<(String, String)> {
        self.given.iter().map(|given| (given.name.clone(), given.value.clone())).collect()
    }

    /// The stages that a text from the command line names, at least one.
    pub(super) fn find(&self, text: &str) -> Result<Vec<usize>, Failure> {
        let found = self.graph.find(text);
        if !found.is_empty() {
            return Ok(found);
        }
        let nodes = self.graph.nodes().iter();
        let names = nodes.flat_map(|node| [node.stage.label(), node.stage.name.clone()]);
        let near = |name: &String| strsim::jaro(name, text);
        match names.max_by(|a, b| near(a).total_cmp(&near(b))) {
            Some(nearest) => Err(Failure::Message(format!(
                "there is no stage `{text}`; did you mean `{nearest}`?"
            ))),
            None => Err(Failure::Message("the experiment has no stages".to_owned())),
        }
    }

    /// The same file with the named stages and what they need alone; all of it for no names.
    pub(super) fn only(self, names: &[String]) -> Result<Loaded, Failure> {
        if names.is_empty() {
            return Ok(self);
        }
        let mut goals = Vec::new();
        for name in names {
            goals.extend(self.find(name)?);
        }
        let kept = self.graph.with_givers(&goals);
        let labels = self.graph.nodes().iter().map(|node| node.stage.label()).enumerate();
        let left_out = labels.filter(|(index, _)| kept.binary_search(index).is_err());
        let left_out = left_out.map(|(_, label)| label).collect();
        let stages = self.graph.into_stages();
        let mut experiment = Experiment { stages, ..self.experiment }.only(&kept);
        let graph = Graph::build(std::mem::take(&mut experiment.stages), &self.schemas);
        let graph = graph.map_err(Failure::new)?;
        Ok(Loaded { experiment, graph, left_out, ..self })
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
    let read = read(file, &schemas, reading).map_err(Failure::Diagnostics)?;
    let Compiled { mut experiment, warnings } = read.compiled;
    print_diagnostics(&warnings);
    let graph = Graph::build(std::mem::take(&mut experiment.stages), &schemas);
    let graph = graph.map_err(Failure::new)?;
    let project = reading.project.as_deref().map(std::path::absolute).transpose();
    let inputs = inputs(&read.path, &read.imported, &graph);
    Ok(Loaded {
        experiment,
        graph,
        schemas,
        path: read.path,
        project: project.map_err(Failure::new)?,
        given: read.given,
        parameters: read.parameters,
        name_in_project: read.name_in_project,
        texts: read.texts,
        left_out: Vec::new(),
        has_warnings: !warnings.is_empty(),
        source: read.source,
        imported: read.imported,
        inputs,
    })
}

fn inputs(file: &Path, imported: &[Imported], graph: &Graph) -> Inputs {
    let base = folder(file);
    // Names of imports are relative to where the user stands.
    let imports = imported.iter().map(|import| PathBuf::from(&import.source.name));
    let data: BTreeSet<&str> =
        graph.nodes().iter().flat_map(|node| node.paths.values()).map(String::as_str).collect();
    let data = data.into_iter().map(|path| base.join(path));
    Inputs::new(std::iter::once(file.to_owned()).chain(imports).chain(data))
}

/// A file without mistakes, with the values from the command line.
pub(super) struct Read {
    pub(super) compiled: Compiled,
    given: Vec<Override>,
    parameters: Vec<ParameterInfo>,
    path: PathBuf,
    name_in_project: String,
    texts: BTreeMap<String, String>,
    source: Source,
    imported: Vec<Imported>,
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
    let parameters =
        if reading.set.is_empty() { Vec::new() } else { language::parameters(&source, &files) };
    let given = with_absolute_paths(reading, &parameters, project::folder(files.root()));
    let remembering = Remembering::new(&files, &source);
    let compiled = language::compile(&source, &remembering, schemas, &given)?;
    let name_in_project = files.within(files.root());
    let Seen { texts, imports: imported } = remembering.into_seen();
    let path = files.root().to_owned();
    Ok(Read { compiled, given, parameters, path, name_in_project, texts, source, imported })
}

fn is_path(name: &str, parameters: &[ParameterInfo]) -> bool {
    parameters.iter().any(|parameter| parameter.name == name && parameter.type_name == "path")
}

/// A path as a value of the language, which is text: absolute, or relative to the file where that is
/// not UTF-8 and a folder above both is the reason.
fn in_words(path: &Path, base: &Path) -> String {
    if let Some(text) = path.to_str() {
        return text.to_owned();
    }
    let shared = path.components().zip(base.components()).take_while(|(one, other)| one == other);
    let shared = shared.count();
    let up = base.components().skip(shared).map(|_| "..");
    let down = path.components().skip(shared).map(|part| part.as_os_str().to_string_lossy());
    up.map(Into::into).chain(down).collect::<Vec<_>>().join("/")
}

/// Paths on the command line are relative to the working folder, those in a file to the file.
/// Paths never enter a key, so it does not matter that they become absolute.
fn with_absolute_paths(
    reading: &Reading,
    parameters: &[ParameterInfo],
    base: &Path,
) -> Vec<Override> {
    reading
        .set
        .iter()
        .map(|(name, value)| {
            let value = match std::path::absolute(value.trim_matches('"')) {
                Ok(path) if is_path(name, parameters) => in_words(&path, base),
                _ => value.clone(),
            };
            Override { name: name.clone(), value }
        })
        .collect()
}
