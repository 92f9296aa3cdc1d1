//! Parameters: their types, what the command line says, and what their blocks ask of a value.

use super::Override;
use super::command_line::CommandLine;
use super::datum::{Datum, Kind};
use super::diagnostic::{Code, Diagnostic};
use super::names::{Names, Target};
use super::operate;
use super::scope::{Evaluation, Scope};
use super::suggest;
use super::syntax::parse_expression;
use super::syntax::tree::{Expression, Field, Item, Name, Operator, Span, Spanned, Term};
use super::value::Dimension;
use std::collections::BTreeMap;

/// The words for types.
pub(super) const TYPES: [&str; 12] = [
    "int", "float", "text", "path", "word", "bool", "images", "pixels", "fraction", "bytes",
    "seconds", "degrees",
];

/// A parameter as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterInfo {
    /// The name that `--set` knows it by.
    pub name: String,
    /// The word for its type.
    pub type_name: String,
    /// What it is for, where the file says so.
    pub doc: Option<String>,
}

/// A parameter in its file.
struct Declared<'t> {
    file: usize,
    name: &'t Name,
    type_name: &'t Name,
    default: &'t Expression,
    settings: &'t [Field],
}

/// Values from the command line, by the place of the parameter that takes each.
#[derive(Debug, Default)]
pub(super) struct Given(BTreeMap<usize, Expression>);

/// Whether a word is the type of a value, and not of a stage.
pub(super) fn is_type(word: &str) -> bool {
    TYPES.contains(&word)
}

fn declared<'t>(names: &Names<'t>) -> Vec<Declared<'t>> {
    let mut found = Vec::new();
    for (file, read) in names.program.files.iter().enumerate() {
        for item in &read.items {
            if let Item::Param { name, type_name, default, settings, .. } = item {
                found.push(Declared { file, name, type_name, default, settings });
            }
        }
    }
    found
}

impl Declared<'_> {
    /// The names that reach it from the command line: its own, or those that the experiment
    /// imports it by.
    fn reached_by(&self, names: &Names<'_>) -> Vec<String> {
        if self.file == 0 {
            return vec![self.name.node.clone()];
        }
        let imports = names.files[0].imports.iter();
        imports
            .filter_map(|(local, imported)| match imported.target {
                Target::Name(file, name) if file == self.file && name == self.name.node => {
                    Some((*local).to_owned())
                }
                Target::File(file) if file == self.file => {
                    Some(format!("{local}.{}", self.name.node))
                }
                _ => None,
            })
            .collect()
    }

    fn doc(&self) -> Option<&str> {
        self.settings.iter().find_map(|field| match &field.value.node {
            Term::Text(text) if field.name.node == "doc" => Some(text.as_str()),
            _ => None,
        })
    }
}

/// Every parameter that the command line reaches.
pub(super) fn infos(names: &Names<'_>) -> Vec<ParameterInfo> {
    let each = |parameter: Declared<'_>| {
        let info = |name| ParameterInfo {
            name,
            type_name: parameter.type_name.node.clone(),
            doc: parameter.doc().map(str::to_owned),
        };
        parameter.reached_by(names).into_iter().map(info).collect::<Vec<_>>()
    };
    declared(names).into_iter().flat_map(each).collect()
}

/// Reads the values from the command line.
pub(super) fn given(
    command_line: &CommandLine<'_>,
    names: &Names<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Given {
    let parameters = declared(names);
    let mut known = Vec::new();
    let mut values = BTreeMap::new();
    for parameter in &parameters {
        let reached_by = parameter.reached_by(names);
        let last = command_line.overrides().rfind(|(given, ..)| reached_by.contains(&given.name));
        if let Some((given, _, place)) = last
            && is_type(&parameter.type_name.node)
        {
            let value = value(given, &place, parameter, diagnostics);
            values.extend(value.map(|value| (parameter.name.span.start, value)));
        }
        known.extend(reached_by);
    }
    for (given, place, _) in command_line.overrides() {
        if !known.contains(&given.name) {
            let message = format!("the file has no parameter `{}`", given.name);
            let known = known.iter().map(String::as_str);
            diagnostics.push(
                Diagnostic::new(Code::Override, message, place)
                    .help("declare it: param name: int = 100")
                    .maybe_help(suggest::help(&given.name, "its parameters are", known)),
            );
        }
    }
    Given(values)
}

/// The value of a `--set`, at its place on the command line.
fn value(
    given: &Override,
    place: &Span,
    parameter: &Declared<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expression> {
    let type_name = parameter.type_name.node.as_str();
    if matches!(type_name, "text" | "path") && !given.value.starts_with('"') {
        return Some(Spanned { node: Term::Text(given.value.clone()), span: place.clone() });
    }
    match parse_expression(&given.value, place.start) {
        Ok(value) => Some(value),
        Err(problem) => {
            let message = format!("`{}` is no value", given.value);
            let help =
                format!("write it as in the file: {}", example(type_name).unwrap_or_default());
            let mut diagnostic = Diagnostic::new(Code::Override, message, problem.span)
                .help(with_doc(help, parameter.doc()));
            diagnostic.label = problem.label;
            diagnostics.push(diagnostic);
            None
        }
    }
}

fn with_doc(help: String, doc: Option<&str>) -> String {
    match doc {
        Some(doc) => format!("{help} ({doc})"),
        None => help,
    }
}

/// Declares the constants and parameters of every file.
pub(super) fn declare<'t>(given: &'t Given, evaluation: &mut Evaluation<'t>) {
    for (file, read) in evaluation.names.program.files.iter().enumerate() {
        let scope = &evaluation.scopes[file];
        for item in &read.items {
            match item {
                Item::Let { name, value, .. } => scope.define(name, value),
                Item::Param { name, default, .. } => {
                    let given = given.0.get(&name.span.start);
                    scope.define(name, given.unwrap_or(default));
                }
                _ => {}
            }
        }
    }
}

/// Checks every parameter's value against its type and block, gives it its final form, and looks for
/// mistakes in constants.
pub(super) fn check<'t>(given: &'t Given, evaluation: &mut Evaluation<'t>) {
    for parameter in declared(evaluation.names) {
        let type_name = &parameter.type_name.node;
        if !is_type(type_name) {
            evaluation.diagnostics.push(
                Diagnostic::new(
                    Code::UnknownName,
                    format!("there is no type `{type_name}`"),
                    parameter.type_name.span.clone(),
                )
                .maybe_help(suggest::help(type_name, "the types are", TYPES)),
            );
            continue;
        }
        let scope = evaluation.scopes[parameter.file].clone();
        let (name, default) = (&parameter.name.node, parameter.default);
        let mut datum = checked(&parameter, name, default, Code::WrongType, &scope, evaluation);
        if let Some(value) = given.0.get(&parameter.name.span.start) {
            datum = checked(&parameter, name, value, Code::Override, &scope, evaluation);
        }
        scope.bind(parameter.name, datum);
    }
    for (file, read) in evaluation.names.program.files.iter().enumerate() {
        let scope = evaluation.scopes[file].clone();
        for item in &read.items {
            if let Item::Let { name, .. } = item {
                scope.try_out(name, evaluation);
            }
        }
    }
}

fn checked<'t>(
    parameter: &Declared<'t>,
    name: &str,
    value: &Expression,
    code: Code,
    scope: &Scope<'t>,
    evaluation: &mut Evaluation<'t>,
) -> Datum {
    let datum = scope.evaluate(value, evaluation);
    let place = datum.span.clone();
    let doc = if code == Code::Override { parameter.doc() } else { None };
    let typed = typed(name, &parameter.type_name.node, datum, code, evaluation.names)
        .and_then(|datum| allowed(parameter, name, datum, code, scope, evaluation));
    typed.unwrap_or_else(|mut problem| {
        problem.help = problem.help.map(|help| with_doc(help, doc));
        evaluation.diagnostics.push(*problem);
        Datum::invalid(place)
    })
}

/// A value as a type has it, or what is wrong with it.
pub(super) fn typed(
    name: &str,
    type_name: &str,
    datum: Datum,
    code: Code,
    names: &Names<'_>,
) -> Result<Datum, Box<Diagnostic>> {
    let Datum { kind, span } = datum;
    let fits = match (type_name, &kind) {
        (_, Kind::Invalid) => true,
        ("int", Kind::Number(number)) => number.dimension.is_none() && number.whole.is_some(),
        ("float", Kind::Number(number)) => number.dimension.is_none(),
        ("fraction", Kind::Number(number)) => {
            number.dimension.is_none_or(|dimension| dimension == Dimension::Fraction)
        }
        (_, Kind::Number(number)) => {
            number.dimension.is_some() && number.dimension == dimension(type_name)
        }
        ("text" | "path", Kind::Text(_) | Kind::Path(_)) => true,
        ("bool", Kind::Word(word)) => word == "true" || word == "false",
        ("word", Kind::Word(_)) => true,
        ("word", Kind::Stages(stages)) => stages.as_word().is_some(),
        _ => false,
    };
    if !fits {
        let message = format!("`{name}` is of type {type_name}, this value is not");
        let help = format!("write for example {}", example(type_name).unwrap_or_default());
        return Err(Box::new(Diagnostic::new(code, message, span).help(help)));
    }
    let kind = match (type_name, kind) {
        ("path", Kind::Text(path)) => Kind::Path(names.anchored(&path, &span)),
        ("word", Kind::Stages(stages)) => {
            Kind::Word(stages.as_word().unwrap_or_default().to_owned())
        }
        (_, kind) => kind,
    };
    Ok(Datum { kind, span })
}

/// A value that the block of its parameter allows, or what is wrong with it.
fn allowed<'t>(
    parameter: &Declared<'t>,
    name: &str,
    datum: Datum,
    code: Code,
    scope: &Scope<'t>,
    evaluation: &mut Evaluation<'t>,
) -> Result<Datum, Box<Diagnostic>> {
    let code = if code == Code::Override { code } else { Code::OutOfRange };
    for field in parameter.settings {
        let limit = match (field.name.node.as_str(), &field.value.node) {
            ("doc", Term::Text(_)) => continue,
            ("range", Term::Range { first, last, step: None }) => {
                let least = scope.evaluate(first, evaluation);
                outside(&datum, &least, &scope.evaluate(last, evaluation))?
            }
            ("one_of", Term::List(choices)) => {
                let choice = |choice| scope.evaluate(choice, evaluation);
                not_among(&datum, &choices.iter().map(choice).collect::<Vec<Datum>>())
            }
            (setting, _) => {
                evaluation.diagnostics.push(wrong_setting(setting, field));
                continue;
            }
        };
        if let Some((message, help)) = limit {
            let message = format!("{name}: {message}");
            return Err(Box::new(
                Diagnostic::new(code, message, datum.span)
                    .related(field.name.span.clone(), "as said here")
                    .help(help),
            ));
        }
    }
    Ok(datum)
}

/// What is wrong with a value outside a range, and what to do.
fn outside(
    datum: &Datum,
    least: &Datum,
    most: &Datum,
) -> Result<Option<(String, String)>, Box<Diagnostic>> {
    for (operator, bound) in [(Operator::AtLeast, least), (Operator::AtMost, most)] {
        match operate::operation(operator, datum, bound, &bound.span) {
            Ok(Kind::Word(holds)) if holds == "false" => {
                let (least, most) = (shown(least), shown(most));
                let message = format!("{} lies outside {least}..{most}", shown(datum));
                return Ok(Some((message, format!("give a value from {least} to {most}"))));
            }
            Ok(_) | Err(None) => {}
            Err(Some(problem)) => return Err(problem),
        }
    }
    Ok(None)
}

/// What is wrong with a value that is none of the choices, and what to do.
fn not_among(datum: &Datum, choices: &[Datum]) -> Option<(String, String)> {
    let own = shown(datum);
    let words: Vec<String> = choices.iter().map(shown).collect();
    let is_unknown = |datum: &Datum| datum.is_invalid();
    if words.contains(&own) || is_unknown(datum) || choices.iter().any(is_unknown) {
        return None;
    }
    let help = suggest::help(&own, "the choices are", words.iter().map(String::as_str));
    Some((format!("{own} is none of the choices"), help.map(|hint| hint.text).unwrap_or_default()))
}

fn shown(datum: &Datum) -> String {
    datum.as_binding().map_or_else(|| datum.describe(), |value| value.to_string())
}

fn wrong_setting(setting: &str, field: &Field) -> Diagnostic {
    let wanted = match setting {
        "doc" => "a string, such as \"Epochs of every classifier\"",
        "range" => "a range, such as 1..500",
        "one_of" => "a list, such as [cpd, prog]",
        _ => {
            let message = format!("a parameter has no field `{setting}`");
            return Diagnostic::new(Code::UnknownField, message, field.name.span.clone())
                .maybe_help(suggest::help(setting, "its fields are", ["range", "one_of", "doc"]));
        }
    };
    let message = format!("`{setting}` must be {wanted}");
    Diagnostic::new(Code::WrongType, message, field.value.span.clone())
        .help("write param epochs: int = 100 { range: 1..500 }")
}

fn dimension(type_name: &str) -> Option<Dimension> {
    Some(match type_name {
        "images" => Dimension::Images,
        "pixels" => Dimension::Pixels,
        "bytes" => Dimension::Bytes,
        "seconds" => Dimension::Seconds,
        "degrees" => Dimension::Degrees,
        _ => return None,
    })
}

/// A value of a type; nothing for what is no type.
pub(super) fn example(type_name: &str) -> Option<&'static str> {
    Some(match type_name {
        "int" => "100",
        "float" => "0.001",
        "text" => "\"some text\"",
        "path" => "\"data/images\"",
        "word" => "cpd",
        "bool" => "true",
        "images" => "12_000 kimg",
        "pixels" => "32px",
        "fraction" => "80%",
        "bytes" => "8 GiB",
        "seconds" => "2 h",
        "degrees" => "10 deg",
        _ => return None,
    })
}
