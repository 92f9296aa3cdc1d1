//! Files from text, and what is compared of them.

use msx::graph::{Digest, Graph, OutputDigests};
use msx::language::value::Value;
use msx::language::{Compiled, Diagnostic, Override, Refusal, Source, Sources, compile};
use std::collections::BTreeSet;

/// Libraries by name; the folder of each is the part of its name before the last slash.
pub struct Files<'a>(pub &'a [(&'a str, &'a str)]);

impl Sources for Files<'_> {
    fn resolve(&self, _: &Source, path: &str) -> Result<Source, Refusal> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        let (name, text) = found.ok_or_else(|| Refusal {
            reason: "there is no such file".to_owned(),
            help: "write another".to_owned(),
        })?;
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        Ok(Source { folder: folder.to_owned(), ..Source::new(*name, *text) })
    }
}

/// Compiles a file with libraries and values from the command line.
pub fn compiled_with(
    text: &str,
    files: &[(&str, &str)],
    set: &[(&str, &str)],
) -> Result<Compiled, Vec<Diagnostic>> {
    let overrides: Vec<Override> = set
        .iter()
        .map(|(name, value)| Override { name: (*name).to_owned(), value: (*value).to_owned() })
        .collect();
    let source = Source::new("test.msx", text);
    compile(&source, &Files(files), &msx::stages::schemas(), &overrides)
}

/// Compiles one file.
pub fn compiled(text: &str) -> Result<Compiled, Vec<Diagnostic>> {
    compiled_with(text, &[], &[])
}

/// Compiles a file without mistakes.
pub fn must_compile(text: &str) -> Compiled {
    must_compile_with(text, &[])
}

/// Compiles a file and its libraries, all without mistakes.
pub fn must_compile_with(text: &str, files: &[(&str, &str)]) -> Compiled {
    compiled_with(text, files, &[]).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// The messages of a file with mistakes.
pub fn messages(text: &str) -> Vec<String> {
    messages_with(text, &[], &[])
}

/// The messages of a file with mistakes in it or its libraries.
pub fn messages_with(text: &str, files: &[(&str, &str)], set: &[(&str, &str)]) -> Vec<String> {
    let errors = compiled_with(text, files, set).expect_err("it has mistakes");
    errors.iter().map(ToString::to_string).collect()
}

/// Labels of all stages.
pub fn labels(compiled: &Compiled) -> Vec<String> {
    compiled.experiment.stages.iter().map(|stage| stage.label()).collect()
}

/// The keys of all stages, had each given bytes that follow from its key alone.
pub fn keys(compiled: &Compiled) -> BTreeSet<String> {
    let schemas = msx::stages::schemas();
    let graph =
        Graph::build(compiled.experiment.stages.clone(), &schemas).expect("the schemas fit");
    let mut outputs: Vec<Option<OutputDigests>> = vec![None; graph.nodes().len()];
    let mut keys = BTreeSet::new();
    for &index in graph.order() {
        let inputs = graph.resolve_inputs(index, &outputs).expect("givers come first");
        let key = graph.fingerprint(index, &inputs, Vec::new(), "").key().hex();
        let stage = &graph.nodes()[index].stage;
        let schema = schemas.get(&stage.kind, &stage.method).expect("it was checked");
        let output = |name: &str| {
            (name.to_owned(), Digest::derive("test", format!("{key} {name}").as_bytes()))
        };
        outputs[index] = Some(schema.outputs.iter().map(|o| output(o.name)).collect());
        keys.insert(key);
    }
    keys
}

/// What the expression is worth where a field of this name of a data set takes it.
pub fn value_of(field: &str, expression: &str) -> Value {
    let method = if field == "path" { "folder" } else { "phantom" };
    let text =
        format!("experiment e {{ seed: 1 }}\ndataset d: {method} {{ {field}: {expression} }}");
    must_compile(&text).experiment.stages[0].parameters[field].clone()
}
