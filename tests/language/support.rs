//! Files from text, and what is compared of them.

use msx::language::value::Value;
use msx::language::{Compiled, Diagnostic, Source, compile};

/// Compiles one file.
pub fn compiled(text: &str) -> Result<Compiled, Vec<Diagnostic>> {
    let source = Source { name: "test.msx".to_owned(), text: text.to_owned() };
    compile(&source, &msx::stages::schemas(), &[])
}

/// Compiles a file without mistakes.
pub fn must_compile(text: &str) -> Compiled {
    compiled(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// The messages of a file with mistakes.
pub fn messages(text: &str) -> Vec<String> {
    let errors = compiled(text).expect_err("it has mistakes");
    errors.iter().map(ToString::to_string).collect()
}

/// Labels of all stages.
pub fn labels(compiled: &Compiled) -> Vec<String> {
    compiled.experiment.stages.iter().map(|stage| stage.label()).collect()
}

/// What the expression is worth where a field of this name of a data set takes it.
pub fn value_of(field: &str, expression: &str) -> Value {
    let (method, extra) = if field == "path" { ("folder", "") } else { ("phantom", "") };
    let text = format!(
        "experiment e {{ seed: 1 }}\ndataset d: {method} {{ {field}: {expression} {extra} }}"
    );
    must_compile(&text).experiment.stages[0].parameters[field].clone()
}
